import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.ui.viewer.scalebar import choose, length_in_words


@given(st.floats(1e-4, 1e6))
def test_the_bar_is_one_two_or_five_times_a_power_of_ten_and_fits(longest):
    bar = choose(longest, is_calibrated=True)
    digit = bar.length / 10 ** math.floor(math.log10(bar.length) + 1e-9)
    assert any(math.isclose(digit, step) for step in (1, 2, 5))
    assert longest / 2.5 - 1e-12 <= bar.length <= longest


@pytest.mark.parametrize(
    ("length", "words"),
    [
        (5, "5\u202fµm"), (100, "100\u202fµm"), (0.5, "500\u202fnm"), (0.002, "2\u202fnm"),
        (2000, "2\u202fmm"), (1, "1\u202fµm"), (20000, "2\u202fcm"),
    ],
)  # fmt: skip
def test_a_length_is_said_in_the_unit_that_suits_it(length, words):
    assert length_in_words(length) == words


def test_an_uncalibrated_bar_says_so():
    assert choose(130, is_calibrated=False).text == "100 px, uncalibrated"
    assert choose(0.5, is_calibrated=False) is None
