"""The verdict: enough units or no word, the interval keeps its promise, the sentence says what was tested."""

import json
import math
import sys
from dataclasses import replace
from subprocess import run

import numpy as np
import pytest

from models.training.verdict import (
    Case,
    VerdictUnreadable,
    conclude,
    from_json,
    interval_of_median,
    read_verdict,
    sentence,
    to_json,
)


def case(gain, name="a.tif", sample="dish 1", is_real=True, simple="gaussian"):
    return Case(name, sample, is_real, 25.0 + gain, 0.8, 25.0, 0.7, simple, 20.0)


def cases(gains, samples=None, **options):
    samples = samples or range(len(gains))
    return [
        case(g, f"{i}.tif", f"dish {s}", **options)
        for i, (g, s) in enumerate(zip(gains, samples, strict=True))
    ]


def share_covered(draw, counts, studies):
    rng = np.random.default_rng(0)
    found = []
    for seed in range(studies):
        differences = draw(rng, int(rng.choice(counts)))
        low, high = interval_of_median(differences, seed=seed)
        found.append(low <= 0 <= high)
    return np.mean(found)


SPREADS = [
    lambda rng, n: rng.normal(0, 0.5, n),
    lambda rng, n: rng.exponential(1, n) - np.log(2),
    lambda rng, n: rng.standard_t(3, n),
]


def test_the_interval_covers_the_true_difference_in_95_of_100_studies():
    assert 0.93 <= np.mean([share_covered(draw, range(9, 40), 500) for draw in SPREADS]) <= 0.97


@pytest.mark.parametrize("n", [5, 6, 7, 8])
def test_with_few_units_the_interval_is_rather_too_wide(n):
    assert share_covered(lambda rng, n: rng.normal(0, 0.5, n), [n], 1000) >= 0.925


def test_the_same_cases_give_the_same_verdict_every_time():
    shown = cases([0.9, 1.4, 0.2, 1.0, 0.8])
    assert conclude(shown) == conclude(shown)


@pytest.mark.parametrize(
    ("gains", "state"),
    [
        ([0.9, 1.4, 0.6, 1.0, 0.8], "better"),
        ([0.2, 0.25, 0.1, 0.2, 0.22], "no better"),  # surely, but by nothing worth mentioning
        ([2.0, -0.4, 1.0, -1.2, 0.9], "no better"),  # much, but not surely
        ([-0.9, -1.4, -0.6, -1.0, -0.8], "worse"),
        ([5.0, 5.0, 5.0, 5.0], "too few"),
    ],
)
def test_a_word_needs_five_units_a_sure_difference_and_one_worth_mentioning(gains, state):
    verdict = conclude(cases(gains))
    assert verdict.state == state
    assert (verdict.interval is None) == (state == "too few")


def test_images_of_three_samples_are_three_units():
    verdict = conclude(cases([1.0, 2.0, 1.0, 1.0, 3.0, 1.0], samples=[1, 1, 2, 2, 3, 3]))
    assert verdict.unit == "sample"
    assert verdict.differences == (1.5, 1.0, 2.0)
    assert verdict.state == "too few"


def test_images_of_one_sample_count_by_themselves_and_the_sentence_says_so():
    verdict = conclude(cases([1.0] * 6, samples=[1] * 6), is_same_sample=True)
    assert (verdict.unit, verdict.state) == ("image", "better")
    assert sentence(verdict) == (
        "Better than smoothing by 1.0 dB (95 % interval 1.0 to 1.0) on 6 images from 1 sample. "
        "It learned from the same sample, so another one may come out worse."
    )


SENTENCES = [
    (
        cases([1.41, 1.09], samples=[1, 1]),
        "1.4 and 1.1 dB above smoothing on 2 images from 1 sample: too few for a verdict; "
        "add more before you publish.",
    ),
    (
        cases([-0.8]),
        "0.8 dB below smoothing on 1 image: too few for a verdict; add more before you publish.",
    ),
    (
        cases([1.2, -0.31, 0.0], simple="nlm"),
        "1.2, −0.3 and 0.0 dB compared with non-local means on 3 images from 3 samples: too few for a "
        "verdict; add more before you publish.",
    ),
    (
        [*cases([0.5, 0.5]), *cases([0.5], simple="tv")],
        "0.5, 0.5 and 0.5 dB above the best simple filter on 3 images from 2 samples: too few for a verdict; "
        "add more before you publish.",
    ),
    (
        cases([-0.9, -1.4, -0.6, -1.0, -0.8]),
        "Worse than smoothing by 0.9 dB (95 % interval 0.6 to 1.4) on 5 images from 5 samples.",
    ),
    (
        cases([0.1, -0.2, 0.1, 0.2, 0.0], simple="bicubic"),
        "No better than plain enlarging: 0.1 dB (95 % interval −0.2 to 0.2) on 5 images from 5 samples.",
    ),
    (
        cases([2.0, 2.0, 2.0, 2.0, 2.0], is_real=False),
        "Better than smoothing by 2.0 dB (95 % interval 2.0 to 2.0) on 5 images from 5 samples. "
        "The program made these bad images, so this tells how well that is undone, not yet how it is at the "
        "microscope.",
    ),
]


@pytest.mark.parametrize(("shown", "words"), SENTENCES)
def test_the_verdict_is_a_sentence_that_names_what_was_tested(shown, words):
    assert sentence(conclude(shown)) == words


def test_every_part_of_the_sentence_can_be_translated():
    heard = []

    def translate(text):
        heard.append(text)
        return (
            text.upper()
            .replace("{VALUES}", "{values}")
            .replace("{SIMPLE}", "{simple}")
            .replace("{TESTED}", "{tested}")
            .replace("{IMAGES}", "{images}")
            .replace("{FIRST}", "{first}")
            .replace("{LAST}", "{last}")
        )

    said = sentence(conclude(cases([1.0, 1.0], samples=[1, 1]), is_same_sample=True), translate)
    assert said == said.upper()
    assert len(heard) == 5


def test_an_image_with_nothing_of_the_truth_speaks_against_the_model():
    lost = replace(case(0.0, "lost.tif"), model_psnr=math.nan)
    verdict = conclude([*cases([1.0] * 4), lost])
    assert verdict.worst == lost
    assert lost.gain_db == -25.0


def test_real_and_made_images_get_verdicts_of_their_own():
    with pytest.raises(ValueError, match="all real or all made"):
        conclude([case(1.0), case(1.0, is_real=False)])


@pytest.mark.parametrize("gains", [[1.0, 0.5], [0.9, 1.4, 0.6, 1.0, 0.8]])
def test_a_verdict_comes_back_from_its_file(gains, tmp_path):
    verdict = conclude(cases(gains), is_same_sample=True)
    file = tmp_path / "verdict.json"
    file.write_text(to_json(verdict), encoding="utf-8")
    assert read_verdict(file) == verdict


def test_scores_that_are_no_numbers_come_back_as_such():
    lost = replace(case(0.0), model_psnr=math.nan, input_psnr=math.inf)
    back = from_json(to_json(conclude([lost]))).cases[0]
    assert math.isnan(back.model_psnr)
    assert back.input_psnr == 100.0


def changed(**values):
    table = json.loads(to_json(conclude(cases([1.0] * 5))))
    return json.dumps({**table, **values})


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        "null",
        "[" * 100_000,
        changed(cases=[]),
        changed(cases=[{"name": "a"}]),
        changed(cases=["a"]),
        changed(state="marvellous"),
        changed(state="too few"),
        changed(unit=["sample"]),
        changed(interval=[2.0, 1.0]),
        changed(interval=[1.0]),
        changed(interval=3),
        changed(gain_db="1"),
        changed(gain_db=True),
        changed(gain_db=None),
        changed(more=1),
        changed(gain_db=1.0).replace("true", '"yes"', 1),
        '{"gain_db": NaN, "cases": [1]}',
    ],
)
def test_a_file_that_holds_no_verdict_is_told_in_one_sentence(text):
    with pytest.raises(VerdictUnreadable, match="cannot be read"):
        from_json(text)


def test_a_missing_or_foreign_file_is_told_in_the_same_sentence(tmp_path):
    (tmp_path / "foreign.json").write_bytes(b"\xff\xfe\x00")
    for name in ("missing.json", "foreign.json"):
        with pytest.raises(VerdictUnreadable, match="cannot be read"):
            read_verdict(tmp_path / name)


def test_the_window_can_read_verdicts_without_torch():
    words = "import sys, models.training.verdict; assert 'torch' not in sys.modules"
    assert run([sys.executable, "-c", words], check=False).returncode == 0
