"""A verdict in words, rows and shapes; free of Qt."""

import math
from collections.abc import Iterator

from app.text import _, ngettext
from app.ui.jobs.words import Sign
from models.knobs import N_
from models.training.strengths import Matched
from models.training.verdict import SIMPLE, SIMPLE_WORDS, Case, State, Verdict

HEADINGS = (
    N_("Image"),
    N_("Sample"),
    N_("Bad image"),
    N_("As it came"),
    N_("Best simple filter"),
    N_("Model"),
    N_("Difference"),
)
SIGNS: dict[State, Sign] = {
    "better": Sign(N_("Better than the best simple filter"), "tick", "good"),
    "no better": Sign(N_("No better than the best simple filter"), "ring", "quiet"),
    "worse": Sign(N_("Worse than the best simple filter"), "cross", "bad"),
    "too few": Sign(N_("Too few images for a verdict"), "warning", "warning"),
}
POOR = 0.75  # share of patches that a classifier sorts rightly, above which a match is poor


def rows(verdict: Verdict) -> Iterator[tuple[str, ...]]:
    """Yield the cells of the table, the case that speaks most against the model first."""
    for case in sorted(verdict.cases, key=lambda one: one.gain_db):
        yield (
            case.name,
            case.sample,
            _("real") if case.is_real else _("made"),
            psnr_words(case.input_psnr),
            f"{score_words(case.simple_psnr, case.simple_ssim)}, {filter_words(case)}",
            score_words(case.model_psnr, case.model_ssim),
            _("{gain} dB").format(gain=f"{case.gain_db:+.1f}".replace("-", "−")),
        )


def filter_words(case: Case) -> str:
    """Name the simple filter."""
    return _(SIMPLE_WORDS.get(case.simple_name, SIMPLE))


def score_words(psnr: float, ssim: float) -> str:
    """Say both scores of one picture, each on a line."""
    return f"{psnr_words(psnr)}\n{_('SSIM')} {'–' if math.isnan(ssim) else f'{ssim:.2f}'}"


def psnr_words(psnr: float) -> str:
    """Say how near a picture is to the truth."""
    return "–" if math.isnan(psnr) else _("{psnr} dB").format(psnr=f"{psnr:.1f}")


def remarks(matched: Matched | None, trained_on: int = 0) -> Iterator[str]:
    """Yield what else there is to know before the model is used."""
    if matched is not None and matched.accuracy is not None and matched.accuracy > POOR:
        yield _(
            "The images it learned from look different from your bad image, so it may do worse there "
            "than here. This is written into its card."
        )
    if 0 < trained_on < FEW:
        yield ngettext(
            "It learned from {n} image only; more images make it safer.",
            "It learned from {n} images only; more images make it safer.",
            trained_on,
        ).format(n=trained_on)


FEW = 5
