"""The survey: what is said of good and of bad files, and that no file stops the others."""

import json

import numpy as np
import pytest
import tifffile
from scipy import ndimage

from app.engine.runners import survey
from app.engine.specs import Input, SurveySpec


class QuietContext:
    """Hears nothing and gives a folder."""

    job = -1

    def __init__(self, folder):
        self.folder = folder

    def started(self, device):
        assert device

    def check(self):
        pass

    def progress(self, done, total, unit):
        assert done <= total


@pytest.fixture
def look(tmp_path):
    def ask(*files, partners=()):
        spec = SurveySpec(
            tuple(Input(str(file)) for file in files),
            "pairs" if partners else "good",
            tuple(Input(str(file)) for file in partners),
        )
        return json.loads(survey.run(spec, QuietContext(tmp_path)).report)

    return ask


def picture(seed, side=200):
    rng = np.random.default_rng(seed)
    pixels = ndimage.gaussian_filter(rng.random((side, side)), 1.5)
    pixels -= ndimage.gaussian_filter(pixels, 10)
    return (1000 + 20000 * pixels + rng.normal(0, 5, pixels.shape)).clip(0, 60000).astype(np.uint16)


def write(folder, name, pixels, **how):
    file = folder / name
    tifffile.imwrite(file, pixels, **how)
    return file


def test_every_image_has_a_row_and_a_small_picture(tmp_path, look):
    files = [write(tmp_path, f"{seed}.tif", picture(seed)) for seed in range(3)]
    report = look(*files)
    assert [row["path"] for row in report["images"]] == [str(file) for file in files]
    assert report["low"] < report["high"]
    for row in report["images"]:
        small = np.load(row["thumbnail"], allow_pickle=False)
        assert small.dtype == np.uint8
        assert max(small.shape) <= 160
        assert row["shape"] == [1, 1, 1, 200, 200]
        assert (row["error"], row["same_as"], row["is_out_of_focus"]) == ("", None, False)


def test_a_file_that_is_no_image_has_its_sentence_and_the_others_are_looked_at(tmp_path, look):
    letter = tmp_path / "letter.tif"
    letter.write_text("Dear reader")
    report = look(letter, tmp_path / "gone.tif", write(tmp_path, "fine.tif", picture(0)))
    errors = [row["error"] for row in report["images"]]
    assert errors[0]
    assert errors[1]
    assert errors[2] == ""


def test_the_same_field_is_told_with_the_name_of_the_first(tmp_path, look):
    whole = picture(0, 400)
    first = write(tmp_path, "a.tif", whole[:300, :300])
    again = write(tmp_path, "b.tif", whole[50:350, 60:360])
    report = look(first, write(tmp_path, "c.tif", picture(5, 300)), again)
    assert [row["same_as"] for row in report["images"]] == [None, None, str(first)]


def test_mixed_bit_depths_are_remarked_and_each_has_its_own_contrast(tmp_path, look):
    small = (picture(1) // 256).astype(np.uint8)
    report = look(write(tmp_path, "a.tif", picture(0)), write(tmp_path, "b.tif", small))
    assert any("bit depth" in remark for remark in report["remarks"])
    assert all(np.load(row["thumbnail"]).max() > 100 for row in report["images"])


def test_colour_constant_and_no_numbers_are_told(tmp_path, look):
    pixels = np.stack([picture(0) >> 8] * 3, -1).astype(np.uint8)
    colour = write(tmp_path, "rgb.tif", pixels, photometric="rgb")
    constant = write(tmp_path, "flat.tif", np.full((64, 64), 9, np.uint8))
    holes = picture(1).astype(np.float32)
    holes[:50] = np.nan
    rows = look(colour, constant, write(tmp_path, "holes.tif", holes))["images"]
    assert rows[0]["is_rgb"]
    assert rows[1]["is_constant"]
    assert rows[2]["nan"] == pytest.approx(0.25)


def test_the_shift_of_a_pair_is_measured(tmp_path, look):
    whole = picture(0, 300)
    good = write(tmp_path, "good.tif", whole[20:276, 20:276])
    bad = write(tmp_path, "bad.tif", whole[17:273, 22:278])
    (row,) = look(good, partners=[bad])["images"]
    assert row["shift_px"] == pytest.approx([3, -2], abs=0.15)
