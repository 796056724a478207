"""What the Train room says: the word of state beside each step, summaries and warnings; no Qt."""

from __future__ import annotations

from app.text import _, ngettext
from app.ui.jobs.words import Sign
from app.ui.names import shown_name
from app.ui.training.plan import ENOUGH, Chosen, Plan, Role
from models.knobs import N_

ROLES: dict[Role, Sign] = {
    "learn": Sign(N_("to learn"), "train", "quiet"),
    "tune": Sign(N_("set aside to choose"), "lock", "good"),
    "test": Sign(N_("set aside to test"), "lock", "good"),
    "left out": Sign(N_("left out"), "minus", "warning"),
}
SHORT: dict[Role, str] = {
    "learn": N_("learn"),
    "tune": N_("choose"),
    "test": N_("test"),
    "left out": N_("left out"),
}
MENU: dict[Role, str] = {
    "learn": N_("Learn from it"),
    "tune": N_("Set aside to choose the best state"),
    "test": N_("Set aside to test"),
    "left out": N_("Leave out"),
}
ROLE_HELP: dict[Role, str] = {
    "learn": N_("The model learns from it."),
    "tune": N_("Never learnt from; the best state of the training is chosen by it."),
    "test": N_("Never seen before the verdict, which is made on it."),
    "left out": N_("Not used at all."),
}
WHY_NOT: dict[str, str] = {
    "test": N_("Something must be set aside: what the model learnt from cannot show how good it is. "
               "Set another image aside first."),
    "learn": N_("Something must be left to learn from."),
}  # fmt: skip

NAMED = 2  # samples that are named in a sentence
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
    if not plan.needs_match:
        return _sign(DONE, _("not needed"))
    if plan.way == "sliders":
        return _sign(DONE, _("set by hand"))
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


def summary(plan: Plan) -> str:
    """Say what the images are for: ``"8 to learn, 1 to choose the best state, 2 from slide C to test"``."""
    learn, tune, test = plan.of("learn"), plan.of("tune"), plan.of("test")
    parts = [_("{n} to learn").format(n=len(learn))]
    if tune:
        aside = _("{n}{samples} to choose the best state")
        parts.append(aside.format(n=len(tune), samples=_from(plan, tune)))
    parts.append(_("{n}{samples} to test").format(n=len(test), samples=_from(plan, test)))
    return ", ".join(parts)


def _from(plan: Plan, some: tuple[Chosen, ...]) -> str:
    """Name the samples of images that were set aside, if they are samples of their own."""
    samples = list(dict.fromkeys(one.sample for one in some))
    if len(plan.samples) < 2 or not samples:
        return ""
    if len(samples) <= NAMED:
        return " " + _("from {samples}").format(samples=_(" and ").join(shown_name(s, 24) for s in samples))
    return " " + _("from {n} samples").format(n=len(samples))
