"""What the Train room says: the word of state beside each step, summaries and warnings; no Qt."""

from __future__ import annotations

from app.text import _, ngettext
from app.ui.jobs.words import Sign
from app.ui.training.plan import ENOUGH, Plan
from models.knobs import N_

DONE, OPEN, LOOK = ("tick", "good"), ("ring", "quiet"), ("warning", "warning")


def _sign(look: tuple[str, str], word: str) -> Sign:
    return Sign(word, *look)


def good_state(plan: Plan) -> Sign:
    """Say how far the choice of good images is."""
    used, left_out = len(plan.used), len(plan.of("left out"))
    if not plan.good:
        return _sign(OPEN, _("none yet"))
    if used < ENOUGH:
        return _sign(LOOK, ngettext("only {n} image", "only {n} images", used).format(n=used))
    if left_out:
        words = _("{n} of {all} left out").format(n=left_out, all=len(plan.good))
        return _sign(DONE, words)
    return _sign(DONE, ngettext("{n} image", "{n} images", used).format(n=used))


def bad_state(plan: Plan) -> Sign:
    """Say how far the choice of a bad image is."""
    count = len(plan.bad)
    if plan.way == "bad image" and count:
        return _sign(DONE, ngettext("{n} image", "{n} images", count).format(n=count))
    if plan.way == "sliders":
        return _sign(DONE, _("set by hand"))
    if plan.way == "noisy":
        return _sign(DONE, _("not needed"))
    pairs = len(plan.partners)
    if plan.way == "pairs" and plan.paired:
        words = ngettext("{n} pair", "{n} pairs", pairs).format(n=pairs)
        return _sign(DONE if plan.used and pairs == len(plan.used) else LOOK, words)
    return _sign(OPEN, _("none yet"))


def match_state(plan: Plan) -> Sign:
    """Say whether the making bad was fitted."""
    if plan.way in ("pairs", "noisy"):
        return _sign(DONE, _("not needed"))
    return _sign(DONE, _("fitted")) if plan.is_matched else _sign(OPEN, _("not yet"))


LEARNING: dict[str, tuple[tuple[str, str], str]] = {
    "waiting": (OPEN, N_("waits")),
    "running": (("play", "good"), N_("learning")),
    "paused": (("pause", "quiet"), N_("paused")),
    "interrupted": (LOOK, N_("interrupted")),
    "failed": (("cross", "bad"), N_("failed")),
    "cancelled": (DONE, N_("stopped")),
    "finished": (DONE, N_("finished")),
}


def learn_state(plan: Plan) -> Sign:
    """Say how far the training is."""
    look, word = LEARNING.get(plan.run.state if plan.run else "", (OPEN, N_("not yet")))
    return _sign(look, _(word))


def verdict_state(plan: Plan) -> Sign:
    """Say whether there is a verdict."""
    is_over = plan.run is not None and plan.run.state in ("finished", "cancelled")
    return _sign(DONE, _("see it")) if is_over else _sign(OPEN, _("not yet"))
