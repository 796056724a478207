import json
import shutil
import signal
import subprocess
import sys
from contextlib import closing
from importlib import resources
from pathlib import Path

import numpy as np
import pytest
import tifffile
from scipy.ndimage import gaussian_filter

from app.__main__ import are_files
from app.cli import COMMANDS, main
from app.images.open import open_image
from app.images.remembered import RememberedReadings
from app.library.card import write_card
from models.source import PixelSize, Reading
from tests.images.zarr_maker import write_image
from tests.library.test_store import CARD, WEIGHTS
from tests.makers import cells


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("MICROGRAPHIA_HOME", str(tmp_path / "home"))


@pytest.fixture
def ask(capsys):
    """Run a command; return its exit code and what it wrote."""

    def asked(*words):
        capsys.readouterr()
        code = main([str(word) for word in words])
        written = capsys.readouterr()
        assert "Traceback" not in written.err
        return code, written.out, written.err

    return asked


@pytest.fixture
def ask_json(ask):
    """Run a command with --json; return its exit code and its lines, each an object."""

    def asked(*words):
        code, out, err = ask(*words, "--json")
        assert err == ""
        return code, [json.loads(line) for line in out.splitlines()]

    return asked


@pytest.fixture
def image(tmp_path):
    """A small noisy image of two channels with a pixel size."""
    pixels = np.random.default_rng(1).poisson(20, (2, 48, 64)).astype(np.uint16)
    file = tmp_path / "cells.ome.tif"
    meta = {"axes": "CYX", "PhysicalSizeX": 0.2, "PhysicalSizeY": 0.2, "Channel": {"Name": ["DNA", "actin"]}}
    tifffile.imwrite(file, pixels, metadata=meta)
    return file


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["dance"],
        ["restore"],
        ["restore", "a.tif", "--tile", "many"],
        ["restore", "a.tif", "--tile", "0"],
        ["restore", "a.tif", "--dtype", "int4"],
        ["models"],
        ["train", "pssr"],
        ["train", "pssr", "dir", "--minutes", "0"],
        ["train", "pssr", "dir", "--minutes", "2", "--steps", "3"],
        ["train", "pssr", "dir", "--scale", "3"],
        ["train", "pssr", "dir", "--output", "m", "--seed", "-1"],
        ["n" * 300],
    ],
)
def test_words_that_mean_nothing_are_answered_with_a_sentence_and_exit_code_2(ask, words):
    code, out, err = ask(*words)
    assert code == 2
    assert out == ""
    assert "--help" in err


def test_the_version_can_be_asked_for(capsys):
    with pytest.raises(SystemExit) as left:
        main(["--version"])
    assert left.value.code == 0
    assert capsys.readouterr().out.startswith("Micrographia ")


def test_names_that_no_drive_can_hold_open_no_window():
    assert not are_files(["n" * 300])


def test_a_file_in_a_closed_folder_opens_the_window_which_says_why(monkeypatch):
    def refuse(_path, **_options):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("os.stat", refuse)
    assert are_files(["closed/a.tif"])


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no broken pipes")
def test_nobody_reading_the_answer_is_no_fault():
    command = [sys.executable, "-m", "app", "models", "list", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.close()
        assert process.wait(60) == 0
        assert process.stderr.read() == b""


@pytest.mark.parametrize("word", COMMANDS)
def test_every_command_tells_its_words(capsys, word):
    with pytest.raises(SystemExit) as left:
        main([word, "--help"])
    assert left.value.code == 0
    assert "--json" in capsys.readouterr().out or word == "models"


def test_with_json_not_understanding_is_an_object_too(ask_json):
    code, lines = ask_json("restore")
    assert code == 2
    assert lines[-1]["failed"][0]["code"] == "cli.usage"


def test_info_tells_axes_shape_channels_and_pixel_size(ask_json, image):
    code, lines = ask_json("info", image)
    assert code == 0
    assert lines == [
        {
            "axes": "CYX",
            "shape": [2, 48, 64],
            "dtype": "uint16",
            "pixel_size_um": {"z": None, "y": 0.2, "x": 0.2},
            "channels": ["DNA", "actin"],
            "levels": [[2, 48, 64]],
            "scenes": lines[0]["scenes"],
        }
    ]
    assert len(lines[0]["scenes"]) == 1


def test_info_tells_what_is_in_an_image_folder(ask_json, tmp_path):
    folder = write_image(tmp_path / "a.zarr", cells((2, 40, 60)), levels=2, scale=(1, 0.5, 0.5))
    code, lines = ask_json("info", folder / ".zattrs")
    assert code == 0
    assert lines[0]["axes"] == "ZYX"
    assert lines[0]["levels"] == [[2, 40, 60], [2, 20, 30]]
    assert lines[0]["pixel_size_um"] == {"z": 1.0, "y": 0.5, "x": 0.5}


def test_info_counts_colour_samples_as_the_last_axis(ask_json, tmp_path):
    file = tmp_path / "stained.tif"
    tifffile.imwrite(file, np.zeros((20, 30, 3), np.uint8), photometric="rgb")
    _, lines = ask_json("info", file)
    assert lines[0]["axes"] == "YXS"
    assert lines[0]["shape"] == [20, 30, 3]


def test_info_is_readable_without_json(ask, image):
    code, out, _ = ask("info", image)
    assert code == 0
    assert "DNA, actin" in out
    assert "z unknown  y 0.2  x 0.2" in out


def test_info_on_something_that_is_no_image_says_why(ask, tmp_path):
    file = tmp_path / "letter.tif"
    file.write_text("Dear reviewer", encoding="utf-8")
    code, out, err = ask("info", file)
    assert code == 1
    assert out == ""
    assert "letter.tif" in err
    assert err.count("\n") == 1


def test_info_with_json_names_the_input_that_failed(ask_json, tmp_path):
    file = tmp_path / "empty.tif"
    file.touch()
    code, lines = ask_json("info", file)
    assert code == 1
    assert lines[-1]["failed"][0]["input"] == str(file)
    assert lines[-1]["failed"][0]["code"] == "images.empty_file"


def test_models_list_is_one_object(ask_json):
    code, lines = ask_json("models", "list")
    assert code == 0
    assert len(lines) == 1
    assert {"id": "simple-smoothing", "state": "built in"}.items() <= {
        name: row[name]
        for row in lines[0]["models"]
        for name in ("id", "state")
        if row["id"] == "simple-smoothing"
    }.items()


def test_models_list_is_a_table_for_people(ask):
    _, out, _ = ask("models", "list")
    assert out.splitlines()[0].split()[0] in out
    assert "simple-smoothing" in out


def test_a_trained_model_can_be_added(ask, ask_json, tmp_path):
    folder = tmp_path / "trained"
    folder.mkdir()
    (folder / "card.toml").write_text(write_card(CARD), encoding="utf-8")
    (folder / str(CARD.weights)).write_bytes(WEIGHTS)
    code, out, _ = ask("models", "add", folder)
    assert code == 0
    assert CARD.id in out
    _, lines = ask_json("models", "list")
    assert CARD.id in [row["id"] for row in lines[-1]["models"]]


def test_adding_a_folder_without_a_card_says_so(ask, tmp_path):
    code, _, err = ask("models", "add", tmp_path)
    assert code == 1
    assert "card" in err


def test_train_refuses_a_folder_without_images(ask, tmp_path):
    (tmp_path / "empty").mkdir()
    words = [
        "train",
        "pssr",
        tmp_path / "empty",
        "--recipe",
        "pssr-fluorescence",
        "--output",
        tmp_path / "out",
    ]
    code, _, err = ask(*words)
    assert code == 1
    assert "no images" in err


def test_train_names_the_recipes_that_exist(ask, image, tmp_path):
    code, _, err = ask("train", "pssr", image.parent, "--recipe", "nothing", "--output", tmp_path / "out")
    assert code == 1
    assert "pssr-fluorescence" in err


def test_train_refuses_the_recipe_of_another_family(ask, image, tmp_path):
    recipe = tmp_path / "other.toml"
    recipe.write_text("family = 'care'\n", encoding="utf-8")
    code, _, err = ask("train", "pssr", image.parent, "--recipe", recipe, "--output", tmp_path / "out")
    assert code == 1
    assert "care" in err


def test_evaluate_refuses_an_unknown_model(ask_json, tmp_path):
    code, lines = ask_json("evaluate", "nothing", "--low", tmp_path, "--high", tmp_path)
    assert code == 1
    assert lines[-1]["failed"][0]["code"] == "library.unknown_model"
    assert lines[-1]["failed"][0]["input"] == "nothing"


def test_a_model_can_be_trained_added_and_used(ask, ask_json, tmp_path):
    good = tmp_path / "good"
    good.mkdir()
    for number in range(5):
        pixels = gaussian_filter(np.random.default_rng(number).random((128, 128)), 3)
        tifffile.imwrite(good / f"{number}.tif", (pixels * 60000).astype(np.uint16))
    shipped = (resources.files("resources") / "recipes" / "pssr-own-images.toml").read_text("utf-8")
    recipe = tmp_path / "quick.toml"
    recipe.write_text(shipped.replace("steps = 3000", "steps = 2").replace("batch = 16", "batch = 2"))
    folder = tmp_path / "model"
    code, lines = ask_json("train", "pssr", good, "--recipe", recipe, "--output", folder, "--device", "cpu")
    assert code == 0
    assert (lines[-1]["output"], lines[-1]["stopped"]) == (str(folder), False)
    assert "image" in lines[-1]["verdict"]
    assert ask("models", "add", folder)[0] == 0
    code, lines = ask_json("restore", good / "0.tif", "--model", "my-denoiser")
    assert code == 0
    assert tifffile.imread(lines[-1]["outputs"][0]).shape == (128, 128)


class TestRestore:
    """A real worker process does the work."""

    def test_it_writes_a_result_beside_the_original_and_says_its_name(self, ask, image):
        before = image.read_bytes()
        code, out, _ = ask("restore", image, "--model", "simple-smoothing")
        assert code == 0
        assert out.splitlines()[-1] == str(image.with_name("cells_restored.ome.tif"))
        assert tifffile.imread(out.splitlines()[-1]).shape == (2, 48, 64)
        assert image.read_bytes() == before

    def test_the_last_line_has_one_entry_per_input_in_their_order(self, ask_json, image, tmp_path):
        letter = tmp_path / "letter.tif"
        letter.write_text("Dear reviewer", encoding="utf-8")
        gone = tmp_path / "gone.tif"
        results = tmp_path / "results"
        words = ["restore", letter, image, gone, "--model", "simple-smoothing", "--output", results]
        code, lines = ask_json(*words)
        assert code == 1
        last = lines[-1]
        assert set(last) == {"outputs", "failed", "remarks"}
        assert last["outputs"] == [None, str(results / "cells_restored.ome.tif"), None]
        assert {failure["input"] for failure in last["failed"]} == {str(letter), str(gone)}
        assert all(set(failure) == {"input", "code", "sentence"} for failure in last["failed"])
        assert not list(tmp_path.rglob("*.part"))

    def test_no_bad_file_stops_a_batch_and_each_gets_one_sentence(self, ask, ask_json, image, tmp_path):
        bad = {
            name: tmp_path / name
            for name in ("truncated.tif", "letter.tif", "empty.tif", "nan.tif", "gone.tif", "no pixels.tif")
        }
        plain = tmp_path / "plain.tif"
        tifffile.imwrite(plain, np.zeros((64, 64), np.uint16))
        bad["truncated.tif"].write_bytes(plain.read_bytes()[:4000])
        bad["letter.tif"].write_text("Dear reviewer", encoding="utf-8")
        bad["empty.tif"].touch()
        tifffile.imwrite(bad["nan.tif"], np.full((48, 48), np.nan, np.float32))
        bad["no pixels.tif"].write_bytes(b"II*\0\x08\0\0\0\0\0\0\0\0\0")
        results = tmp_path / "results"
        inputs = [*bad.values(), image]
        code, lines = ask_json("restore", *inputs, "--model", "simple-smoothing", "--output", results)
        assert code == 1
        assert lines[-1]["outputs"] == [None] * len(bad) + [str(results / "cells_restored.ome.tif")]
        assert sorted(one["input"] for one in lines[-1]["failed"]) == sorted(map(str, bad.values()))
        sentences = {one["sentence"] for one in lines[-1]["failed"]}
        assert len(sentences) == len(bad)
        assert all(one["code"] != "bug" for one in lines[-1]["failed"])
        assert [file.name for file in results.iterdir()] == ["cells_restored.ome.tif"]

    @pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT for another process")
    @pytest.mark.parametrize("wish", ["SIGINT", "SIGTERM"])
    def test_ctrl_c_ends_with_130_and_keeps_what_is_finished(self, tmp_path, wish):
        file = tmp_path / "long.tif"
        tifffile.imwrite(file, np.random.default_rng(1).poisson(9, (200, 256, 256)).astype(np.uint16))
        command = [sys.executable, "-m", "app", "restore", file, "--model", "simple-smoothing", "--json"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            lines = iter(process.stdout.readline, "")
            assert any('"Committed"' in line for line in lines)
            process.send_signal(getattr(signal, wish))
            last = json.loads(list(lines)[-1])
            assert process.wait(60) == 130
            assert process.stderr.read() == ""
        assert tifffile.imread(last["outputs"][0]).shape == (200, 256, 256)
        assert not list(tmp_path.glob("*.part"))

    def test_a_folder_stands_for_its_images_and_an_empty_one_fails(self, ask_json, image, tmp_path):
        full, empty = tmp_path / "full", tmp_path / "empty"
        full.mkdir()
        empty.mkdir()
        for name in ("plane10.tif", "plane2.tif"):
            shutil.copy(image, full / name)
        code, lines = ask_json("restore", full, empty, "--model", "simple-smoothing")
        assert code == 1
        assert lines[-1]["outputs"] == [
            str(full / "plane2_restored.ome.tif"),
            str(full / "plane10_restored.ome.tif"),
            None,
        ]
        assert [failure["code"] for failure in lines[-1]["failed"]] == ["images.no_images"]

    def test_without_a_model_the_best_fitting_is_taken_and_named(self, ask_json, image):
        code, lines = ask_json("restore", image)
        assert code == 0
        assert "restore.model" in [remark["code"] for remark in lines[-1]["remarks"]]

    def test_an_unknown_model_fails_every_input_once(self, ask_json, image):
        code, lines = ask_json("restore", image, "--model", "nothing")
        assert code == 1
        assert lines[-1]["outputs"] == [None]
        assert [failure["code"] for failure in lines[-1]["failed"]] == ["library.unknown_model"]

    def test_an_existing_result_is_never_touched(self, ask_json, image):
        ask_json("restore", image, "--model", "simple-smoothing")
        first = image.with_name("cells_restored.ome.tif").read_bytes()
        _, renamed = ask_json("restore", image, "--model", "simple-smoothing")
        code, never = ask_json("restore", image, "--model", "simple-smoothing", "--overwrite", "never")
        assert renamed[-1]["outputs"][0] not in (None, str(image.with_name("cells_restored.ome.tif")))
        assert code == 1
        assert never[-1]["outputs"] == [None]
        assert image.with_name("cells_restored.ome.tif").read_bytes() == first

    def test_with_dtype_input_the_result_has_the_numbers_of_the_original(self, ask, image):
        _, out, _ = ask("restore", image, "--model", "simple-smoothing", "--dtype", "input")
        assert tifffile.imread(out.splitlines()[-1]).dtype == np.uint16


@pytest.mark.parametrize(
    "words",
    [
        ["export", "a.tif"],
        ["export", "a.tif", "--format", "bmp"],
        ["export", "a.tif", "--format", "imagej", "--z", "0-4"],
        ["export", "a.tif", "--format", "imagej", "--t", "5-4"],
        ["export", "a.tif", "--format", "imagej", "--channels", "1,x"],
        ["export", "a.tif", "--format", "imagej", "--scene", "0"],
    ],
)
def test_exports_that_mean_nothing_are_not_begun(ask, words):
    code, out, err = ask(*words)
    assert (code, out) == (2, "")
    assert "--help" in err


def test_export_writes_what_was_asked_for_and_says_where(ask_json, image, tmp_path):
    code, lines = ask_json(
        "export",
        image,
        tmp_path / "gone.tif",
        "--format",
        "imagej",
        "--channels",
        "2",
        "--output",
        tmp_path / "out",
    )
    assert code == 1
    output, missing = lines[-1]["outputs"]
    assert output == str(tmp_path / "out" / "cells.tif")
    assert missing is None
    assert [failed["code"] for failed in lines[-1]["failed"]] == ["images.gone"]
    np.testing.assert_array_equal(tifffile.imread(output), tifffile.imread(image)[1])
    kinds = [line["value"]["kind"] for line in lines[:-1]]
    assert kinds[0] == "Started"
    assert kinds[-1] == "Finished"


def test_export_of_nothing_that_is_there_says_what_is_wrong(ask, image):
    code, out, err = ask("export", image, "--format", "ome-zarr", "--z", "3")
    assert (code, out) == (1, "")
    assert "1 plane" in err
    assert "originals are unchanged" in err


# What was corrected in the window


@pytest.fixture
def corrected(image, tmp_path):
    """An image of two channels that a person said are planes, 0.5 µm apart."""
    reading = Reading("ZYX", PixelSize(0.5, 0.3, 0.3))
    RememberedReadings(tmp_path / "home" / "data").remember(image, 0, reading)
    return image


def test_info_tells_what_was_corrected_in_the_window_unless_the_file_is_asked(ask, ask_json, corrected):
    code, lines = ask_json("info", corrected)
    assert code == 0
    assert lines[0]["value"]["code"] == "images.corrected"
    assert lines[-1]["axes"] == "ZYX"
    assert lines[-1]["pixel_size_um"] == {"z": 0.5, "y": 0.3, "x": 0.3}
    _, out, err = ask("info", corrected)
    assert "--as-in-file" in err
    assert "ZYX" in out
    _, lines = ask_json("info", corrected, "--as-in-file")
    assert [line["axes"] for line in lines] == ["CYX"]


def test_a_correction_that_does_not_fit_any_more_is_left_out(ask_json, image, tmp_path):
    RememberedReadings(tmp_path / "home" / "data").remember(image, 0, Reading("TCZYX"))
    code, lines = ask_json("info", image)
    assert code == 0
    assert [line["axes"] for line in lines] == ["CYX"]


@pytest.mark.parametrize(
    ("words", "shape"),
    [((), (1, 1, 2, 48, 64)), (("--as-in-file",), (1, 2, 1, 48, 64))],
)
@pytest.mark.parametrize(
    "command", [("export", "--format", "ome-tiff"), ("restore", "--model", "simple-smoothing")]
)
def test_results_have_the_axes_that_were_corrected(ask_json, corrected, tmp_path, command, words, shape):
    name, *options = command
    code, lines = ask_json(name, corrected, *options, *words, "--output", tmp_path / "out")
    assert code == 0
    result = lines[-1]
    with closing(open_image(Path(result["outputs"][0]))) as source:
        assert source.info.shape == shape
    told = [line for line in lines[:-1] if line["value"].get("code") == "images.corrected"]
    assert len(told) == (0 if words else 1)
