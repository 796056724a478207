import json
import shutil
from importlib import resources

import numpy as np
import pytest
import tifffile

from app.cli import main
from app.images.open import open_image

RECIPE = (
    "[network]\nscale = 2\n[[degrade]]\nphotons = [20, 200]\nline_offset = [0.01, 0.05]\nquality = [60, 90]\n"
)


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("MICROGRAPHIA_HOME", str(tmp_path / "home"))


@pytest.fixture
def ask(capsys, tmp_path):
    """Make images bad; return the exit code, what was written and what was told."""

    def asked(*words, recipe=None, out="out"):
        file = tmp_path / "recipe.toml"
        file.write_text(RECIPE)
        capsys.readouterr()
        code = main(
            ["crappify", *map(str, words), "--recipe", str(recipe or file), "-o", str(tmp_path / out)]
        )
        written = capsys.readouterr()
        assert "Traceback" not in written.err
        return code, written.out, written.err

    return asked


@pytest.fixture
def image(tmp_path):
    """Two channels with a pixel size."""
    pixels = np.random.default_rng(1).poisson(200, (2, 48, 64)).astype(np.uint16)
    file = tmp_path / "cells.ome.tif"
    meta = {"axes": "CYX", "PhysicalSizeX": 0.2, "PhysicalSizeY": 0.2, "Channel": {"Name": ["DNA", "actin"]}}
    tifffile.imwrite(file, pixels, metadata=meta)
    return file


def test_a_bad_image_has_all_channels_and_larger_pixels(ask, image, tmp_path):
    code, out, err = ask(image, "--dtype", "input")
    assert (code, err) == (0, "")
    assert out.strip() == str(tmp_path / "out" / "cells_bad.ome.tif")
    source = open_image(tmp_path / "out" / "cells_bad.ome.tif")
    source.close()
    assert source.info.shape == (1, 2, 1, 24, 32)
    assert source.info.dtype == "uint16"
    assert source.info.pixel_size_um.x == pytest.approx(0.4)
    assert [channel.name for channel in source.info.channels] == ["DNA", "actin"]


def test_the_seed_decides_what_is_random_and_no_file_is_replaced(ask, image, tmp_path):
    made = [tifffile.imread(ask(image, "--seed", seed)[1].strip()) for seed in (3, 3, 4)]
    assert np.array_equal(made[0], made[1])
    assert not np.array_equal(made[0], made[2])
    assert len(list((tmp_path / "out").iterdir())) == 3


def test_a_shipped_recipe_is_named_by_its_name(ask, image):
    code, out, _ = ask(image, "--json", recipe="pssr-fluorescence-x2")
    result = json.loads(out.splitlines()[-1])
    assert code == 0
    assert result["failed"] == []
    assert tifffile.imread(result["outputs"][0]).shape == (2, 24, 32)


def test_a_recipe_that_is_not_there_is_told_with_those_that_are(ask, image, tmp_path):
    code, out, err = ask(image, recipe="pssr-moon")
    assert (code, out) == (1, "")
    assert "There is no readable recipe pssr-moon." in err
    assert all(
        one.name.removesuffix(".toml") in err for one in (resources.files("resources") / "recipes").iterdir()
    )
    assert not (tmp_path / "out").exists()


def test_a_recipe_with_a_slip_is_told(ask, image, tmp_path):
    (tmp_path / "slip.toml").write_text("[[degrade]]\nquality = [0, 200]\n")
    code, _, err = ask(image, recipe=tmp_path / "slip.toml")
    assert code == 1
    assert "crappify.quality needs two whole numbers from 1 to 100" in err
    assert "originals are unchanged" in err


def test_a_folder_of_nothing_is_told(ask, tmp_path):
    (tmp_path / "empty").mkdir()
    code, out, err = ask(tmp_path / "empty")
    assert (code, out) == (1, "")
    assert "empty" in err
    assert "1 image could not be made bad. The originals are unchanged." in err


def test_one_bad_file_stops_no_other(ask, image, tmp_path):
    folder = tmp_path / "many"
    folder.mkdir()
    shutil.copy(image, folder)
    tifffile.imwrite(folder / "holes.tif", np.full((20, 20), np.nan, np.float32))
    tifffile.imwrite(folder / "line.tif", np.zeros((1, 40), np.uint8))
    code, out, _ = ask(folder, "--json")
    result = json.loads(out.splitlines()[-1])
    assert code == 1
    assert [output is not None for output in result["outputs"]] == [True, False, False]
    assert [failed["code"] for failed in result["failed"]] == ["restoration.no_values", "crappify.too_small"]
