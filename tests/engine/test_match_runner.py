import json
import time

import numpy as np
import pytest
import tifffile

from app.engine.runners import match
from app.engine.specs import Input, MatchSpec
from app.images.errors import FileGone
from models.training.making import make_bad
from models.training.strengths import Strengths
from tests.engine.bench import Bench
from tests.models.test_match import TRUE, scene


@pytest.fixture
def bench(tmp_path):
    return Bench(tmp_path / "job")


def written(path, pixels, dtype=np.uint16, um=0.0, **options):
    if um:
        options |= {"resolution": (1 / um, 1 / um), "imagej": True, "metadata": {"unit": "um"}}
    tifffile.imwrite(path, np.round(np.clip(pixels, 0, None)).astype(dtype), **options)
    return Input(str(path))


@pytest.fixture
def good(tmp_path):
    return tuple(written(tmp_path / f"good{seed}.tif", 1000 + 20000 * scene(seed)) for seed in (1, 2))


@pytest.fixture
def bad(tmp_path):
    return (written(tmp_path / "bad.tif", make_bad(scene(9), TRUE, 9)),)


def ask(bench, good, bad, **changes):
    return json.loads(bench.run(match, MatchSpec(good, bad, **changes)).report)


def test_the_report_has_strengths_meters_and_pictures(bench, good, bad):
    report = ask(bench, good, bad, scale=1)
    strengths = Strengths(**report["strengths"])
    assert strengths.gain == pytest.approx(TRUE.gain, rel=0.1)
    assert [meter["name"] for meter in report["meters"]] == ["noise", "grain", "sharpness", "specks", "lines"]
    assert 0.3 < report["accuracy"] < 0.8
    pictures = {name: np.load(path) for name, path in report["files"].items()}
    assert {pixels.dtype for pixels in pictures.values()} == {np.dtype(np.float32)}
    assert pictures["bad"].shape == pictures["made"].shape == pictures["good"].shape
    assert pictures["real_crops"].shape[1:] == pictures["made_crops"].shape[1:] == (64, 64)
    assert np.median(pictures["made"]) == pytest.approx(np.median(pictures["bad"]), rel=0.5)


def test_pictures_of_a_coarser_bad_image_show_as_much_of_the_good_one(bench, good, tmp_path):
    coarse = Strengths(low=40, high=240, offset=40, gain=1, read_noise=3, scale=2, blur_px=2)
    bad = (written(tmp_path / "coarse.tif", make_bad(scene(9), coarse, 9)),)
    report = ask(bench, good, bad, scale=2)
    made, sharp = (np.load(report["files"][name]) for name in ("made", "good"))
    assert sharp.shape == (2 * made.shape[0], 2 * made.shape[1])


def test_the_scale_comes_from_the_files(bench, tmp_path):
    good = (written(tmp_path / "fine.tif", 1000 * scene(1), um=0.1),)
    bad = (
        written(tmp_path / "coarse.tif", make_bad(scene(9), Strengths(high=200, scale=2, gain=1), 9), um=0.2),
    )
    assert ask(bench, good, bad)["strengths"]["scale"] == 2


def test_other_strengths_are_shown_without_reading_or_fitting_again(bench, good, bad, monkeypatch):
    fitted = ask(bench, good, bad, scale=1)
    for name in ("open_image", "fit_whole"):
        monkeypatch.setattr(match, name, lambda *_, **__: pytest.fail("it was done again"))
    before = time.process_time()
    changed = ask(bench, good, bad, scale=1, strengths=(("read_noise", 30.0),))
    assert time.process_time() - before < 1.0
    assert changed["strengths"] == fitted["strengths"] | {"read_noise": 30.0}
    assert changed["meters"][0]["measured"] == fitted["meters"][0]["measured"]
    assert min(changed["meters"][0]["produced"]) > 25
    assert changed["accuracy"] is None


def test_a_strength_that_does_not_exist_is_refused(bench, good, bad):
    with pytest.raises(match.WrongStrength):
        ask(bench, good, bad, scale=1, strengths=(("wind", 3.0),))


def test_without_a_bad_image_all_is_assumed(bench, good):
    report = ask(bench, good, (), scale=2)
    assert report["files"]["bad"] == report["files"]["real_crops"] == ""
    assert not any(meter["is_measured"] for meter in report["meters"])
    assert np.load(report["files"]["made_crops"]).shape[1:] == (64, 64)


def test_a_coloured_image_is_measured_by_its_brightness_and_said_to_be(bench, bad, tmp_path):
    colour = np.stack([200 - 150 * scene(seed) for seed in (1, 2, 3)], axis=-1)
    good = (written(tmp_path / "histology.tif", colour, np.uint8, photometric="rgb"),)
    remarks = ask(bench, good, bad, scale=1)["remarks"]
    assert any("is in colour" in remark for remark in remarks)
    assert any("different kinds" in remark for remark in remarks)


def test_mixed_pixel_types_are_said_to_be(bench, good, tmp_path):
    bad = tuple(
        written(tmp_path / f"{kind}.tif", make_bad(scene(9), TRUE, 9), kind) for kind in ("uint8", "uint16")
    )
    assert any("different bit depth" in remark for remark in ask(bench, good, bad, scale=1)["remarks"])


@pytest.mark.parametrize(
    ("pixels", "words"),
    [
        (np.full((90, 90), 7), "flat.tif is 7 everywhere"),
        (scene(1)[:40, :90] * 100, "flat.tif has 40 pixels along one side"),
    ],
)
def test_an_image_in_which_nothing_can_be_measured_is_named(bench, good, tmp_path, pixels, words):
    with pytest.raises(match.NotUsable, match=words):
        ask(bench, good, (written(tmp_path / "flat.tif", pixels),))


def test_pixels_that_are_no_numbers_are_said_to_be(bench, good, tmp_path):
    pixels = scene(1).copy()
    pixels[5, 5] = np.nan
    tifffile.imwrite(tmp_path / "holes.tif", pixels)
    with pytest.raises(match.NotUsable, match=r"holes.tif has pixels that are no numbers"):
        ask(bench, good, (Input(str(tmp_path / "holes.tif")),))


def test_one_bad_image_of_several_is_left_out(bench, good, bad, tmp_path):
    flat = written(tmp_path / "flat.tif", np.full((90, 90), 7))
    remarks = ask(bench, good, (*bad, flat), scale=1)["remarks"]
    assert any("flat.tif" in remark and "left out" in remark for remark in remarks)


def test_an_image_that_is_gone_is_named(bench, good, tmp_path):
    with pytest.raises(FileGone, match=r"away.tif"):
        ask(bench, good, (Input(str(tmp_path / "away.tif")),))


def test_no_good_images_are_refused(bench, bad):
    with pytest.raises(match.NothingToMatch):
        ask(bench, (), bad)


def test_a_large_image_is_read_in_part(bench, good, tmp_path):
    large = written(tmp_path / "large.tif", np.tile(make_bad(scene(9), TRUE, 9), (6, 6)))
    report = ask(bench, good, (large,), scale=1)
    assert np.load(report["files"]["bad"]).shape == (384, 384)
