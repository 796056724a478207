import pytest

from app.ui.training.odds import by_guessing, classifier_sign, classifier_words, result_words, scale_words
from models.training.strengths import Strengths


@pytest.mark.parametrize(("total", "expected"), [(20, (6, 14)), (10, (2, 8)), (1, (0, 1)), (0, (0, 0))])
def test_guessing_gets_so_many_right(total, expected):
    assert by_guessing(total) == expected


def test_the_result_is_told_with_what_guessing_would_get():
    told = "You were right 12 of 20 times; by guessing alone one gets 6 to 14. You cannot tell them apart."
    assert result_words(12, 20) == told
    assert "You can tell them apart" in result_words(15, 20)
    assert "took the real ones for made" in result_words(5, 20)


@pytest.mark.parametrize(
    ("accuracy", "part", "shape"),
    [
        (0.46, "46 of 100 patches: it can hardly tell them apart.", "tick"),
        (0.65, "65 of 100 patches: it can hardly tell them apart.", "tick"),
        (0.70, "70 of 100 patches: it can tell them apart sometimes.", "ring"),
        (0.93, "93 of 100 patches: the made ones look different. You can go on;", "warning"),
        (1.0, "100 of 100 patches", "warning"),
    ],
)
def test_the_programs_own_verdict_is_a_sentence_with_a_sign(accuracy, part, shape):
    assert part in classifier_words(accuracy)
    assert classifier_sign(accuracy).shape == shape


def test_a_classifier_that_was_not_asked_gives_no_verdict():
    assert classifier_words(None).startswith("Changed by hand: the small classifier was not asked.")
    assert classifier_sign(None).shape == "ring"


def test_a_scale_that_no_model_has_is_said():
    assert scale_words(Strengths(scale=2)) == ()
    assert scale_words(Strengths(scale=3))[0].endswith("This one will enlarge 2 times.")
