"""What a number of right answers means; free of Qt."""

from math import comb

from app.text import _
from app.ui.jobs.words import Sign
from models.knobs import N_
from models.training import recipe_text
from models.training.strengths import Strengths

TAIL = 0.025  # chance on each side that guessing is farther off


def by_guessing(total: int) -> tuple[int, int]:
    """Return how many of `total` are right by guessing alone, nineteen times out of twenty."""
    below = 0.0
    for right in range(total + 1):
        below += comb(total, right) / 2**total
        if below > TAIL:
            return right, total - right
    return 0, total


def result_words(right: int, total: int) -> str:
    """Say what it means to have been right so many times."""
    low, high = by_guessing(total)
    count = _("You were right {right} of {total} times; by guessing alone one gets {low} to {high}.").format(
        right=right, total=total, low=low, high=high
    )
    if right > high:
        meaning = _("You can tell them apart: the meters show in what they differ.")
    elif right < low:
        meaning = _("You see a difference, but took the real ones for made and the made ones for real.")
    else:
        meaning = _("You cannot tell them apart.")
    return f"{count} {meaning}"


def classifier_words(accuracy: float | None) -> str:
    """Say what a small classifier's share of right answers means; None: it was not asked."""
    if accuracy is None:
        return _("Changed by hand: the small classifier was not asked. Try for yourself.")
    percent = round(accuracy * 100)
    sentence = next(words for most, words in VERDICTS if percent <= most)
    return _(sentence).format(percent=percent)


def classifier_sign(accuracy: float | None) -> Sign:
    """Return the shape and colour that go with the words."""
    if accuracy is None:
        return NOT_ASKED
    percent = round(accuracy * 100)
    return next(sign for most, sign in SIGNS if percent <= most)


def scale_words(strengths: Strengths) -> tuple[str, ...]:
    """Say so where a model cannot enlarge as often as pixels are fewer."""
    learnt = recipe_text.scale_of(recipe_text.Wanted(id="", name="", way="made bad", strengths=strengths))
    if learnt == strengths.scale:
        return ()
    words = _(
        "The bad image has {n} times fewer pixels along each side; models enlarge 1, 2 or 4 times. "
        "This one will enlarge {learnt} times."
    )
    return (words.format(n=strengths.scale, learnt=learnt),)


NOT_ASKED = Sign(N_("Not tested"), "ring", "quiet")
SIGNS = (  # up to so many percent
    (65, Sign(N_("They look alike"), "tick", "good")),
    (75, Sign(N_("They look nearly alike"), "ring", "quiet")),
    (100, Sign(N_("They look different"), "warning", "warning")),
)
VERDICTS = (  # up to so many percent
    (
        65,
        N_(
            "A small classifier, trained to tell real from made, is right for {percent} of 100 patches: "
            "it can hardly tell them apart."
        ),
    ),
    (
        75,
        N_(
            "A small classifier, trained to tell real from made, is right for {percent} of 100 patches: "
            "it can tell them apart sometimes."
        ),
    ),
    (
        100,
        N_(
            "A small classifier, trained to tell real from made, is right for {percent} of 100 patches: "
            "the made ones look different. You can go on; this is written into the model's card."
        ),
    ),
)
