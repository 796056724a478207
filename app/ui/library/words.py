"""What a model card says, as sentences and rows to show; no Qt."""

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files

from app.library.card import Measured, ModelCard, Tuned
from app.library.store import Library, State
from app.text import _, ngettext
from app.ui.jobs.words import Sign
from models.knobs import N_

STATES: dict[State, Sign] = {
    "built in": Sign(N_("Built in"), "tick", "good"),
    "installed": Sign(N_("Installed"), "tick", "good"),
    "damaged": Sign(N_("Damaged"), "cross", "bad"),
    "missing": Sign(N_("Missing (drive not connected)"), "warning", "warning"),
}
MODALITIES = {
    "any": N_("any image"),
    "fluorescence": N_("fluorescence"),
    "electron": N_("electron microscopy"),
    "brightfield": N_("brightfield"),
}
LICENCES = {
    "BSD-3-Clause": N_(
        "You may use it for anything, also commercially; keep the name of its makers with it."
    ),
    "MIT": N_("You may use it for anything, also commercially; keep the name of its makers with it."),
    "Apache-2.0": N_("You may use it for anything, also commercially; keep the name of its makers with it."),
    "CC-BY-4.0": N_("You may use it for anything, also commercially, if you name its makers."),
    "CC0-1.0": N_("You may use it for anything without asking."),
    "CC-BY-NC-4.0": N_("Not for commercial use; name its makers."),
}
TUNED: dict[Tuned, str] = {
    "no": "",
    "blind": N_("strength from the image alone"),
    "truth": N_("strength chosen with the clean image in hand"),
}
OWN = "this model"
MEASURED_HEADINGS = (N_("Method"), N_("Images"), N_("PSNR"), N_("PSNR, best fit"), N_("SSIM"), N_("NRMSE"))


@dataclass(frozen=True, slots=True)
class Shelf:
    """One model of the library with its state and, if there is one, its picture as PNG bytes."""

    card: ModelCard
    state: State
    picture: bytes = b""


def shelves(library: Library) -> tuple[Shelf, ...]:
    """Look through the library, checking every file; for a thread."""
    return tuple(Shelf(card, library.state(card.id), _picture(card)) for card in library.cards())


def facts(card: ModelCard) -> Iterator[tuple[str, str]]:
    """Yield what is to be known of a model, in pairs of name and value."""
    yield _("Made for"), _(MODALITIES[card.modality])
    yield _("Pixel size"), _pixel_sizes(card)
    if card.noise:
        yield _("Noise"), _(card.noise)
    yield _("Channels"), _channels(card)
    if card.scale > 1:
        yield _("Result"), _("{scale} × finer pixels in both directions").format(scale=card.scale)
    if card.frames > 1:
        words = _("{frames} neighbouring time points are seen for each; a single picture is restored alone")
        yield _("Movies"), words.format(frames=card.frames)
    if card.trained_on:
        yield _("Trained on"), "\n".join(card.trained_on)
    if card.credits:
        yield _("Credits"), "\n".join(card.credits)
    if card.speed is not None:
        yield (
            _("Speed"),
            _("{speed:.2g} megapixels per second on {device}").format(
                speed=card.speed.megapixels_per_s, device=card.speed.device
            ),
        )
    yield _("Version"), card.version
    if card.size:
        yield _("Size"), _("{size:.1f} MB").format(size=card.size / 1e6)
    if card.sha256:
        yield _("SHA-256"), " ".join(card.sha256[start : start + 16] for start in range(0, 64, 16))


def licence_sentence(card: ModelCard) -> str:
    """Return the licence with its meaning in words."""
    meaning = LICENCES.get(card.licence)
    words = _(meaning) if meaning else _(card.licence_words)
    return _("{licence}: {meaning}").format(licence=card.licence, meaning=words)


def verdict(card: ModelCard) -> str:
    """Say in one sentence how much better the model was than the best simple filter; empty if unmeasured."""
    told = (_verdict(card.measured, is_real=is_real) for is_real in (True, False))
    return " ".join(sentence for sentence in told if sentence)


def _verdict(rows: tuple[Measured, ...], *, is_real: bool) -> str:
    """Compare with filters that were not shown the truth, on real images or on those made by the program."""
    kind = [row for row in rows if row.is_real == is_real and row.in_purpose]
    gains = []
    for on in dict.fromkeys(row.on for row in kind):
        own = [row.psnr_fit for row in kind if row.on == on and row.method == OWN]
        others = [row.psnr_fit for row in kind if row.on == on and row.method != OWN and row.tuned != "truth"]
        if own and others:
            gains.append(own[0] - max(others))
    if not gains:
        return ""
    where = _("real poor images") if is_real else _("images made poor by the program")
    return ngettext(
        "{mean:+.1f} dB against the best simple filter in {n} test on {where} that it never saw.",
        "{mean:+.1f} dB on average ({low:+.1f} to {high:+.1f}) against the best simple filter in {n} tests"
        " on {where} that it never saw.",
        len(gains),
    ).format(mean=sum(gains) / len(gains), low=min(gains), high=max(gains), n=len(gains), where=where)


def measured_rows(rows: tuple[Measured, ...]) -> Iterator[tuple[str, ...]]:
    """Yield the cells of the table of measurements."""
    for row in rows:
        method = _(row.method)
        if row.tuned != "no":
            method = _("{method} ({tuned})").format(method=method, tuned=_(TUNED[row.tuned]))
        yield (
            method,
            str(row.images),
            f"{row.psnr:.2f} dB",
            f"{row.psnr_fit:.2f} dB",
            f"{row.ssim:.3f}",
            f"{row.nrmse:.3f}",
        )


def _pixel_sizes(card: ModelCard) -> str:
    if card.pixel_size_um is None:
        return _("any")
    low, high = card.pixel_size_um
    if high < 0.05:
        return _("{low:.3g} to {high:.3g} nm").format(low=low * 1000, high=high * 1000)
    return _("{low:.3g} to {high:.3g} µm").format(low=low, high=high)


def _channels(card: ModelCard) -> str:
    if card.channels_in == 1:
        return _("any number, each by itself")
    return _("exactly {n}, seen together").format(n=card.channels_in)


def _picture(card: ModelCard) -> bytes:
    file = files("resources") / "catalogue" / f"{card.id}.png"
    return file.read_bytes() if file.is_file() else b""
