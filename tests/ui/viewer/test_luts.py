"""Colour tables against those of the programs whose names they bear."""

import csv
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pyqtgraph
import pytest

from app.ui.viewer.luts import DIFFERENCE, NAMES, PLAIN, lut_for_colour, table
from tests.images.test_imagej_program import JARS

NAMED = (
    *("Grays", "Cyan", "Magenta", "Green", "Red", "Blue", "Yellow"),
    *("Fire", "Ice", "HiLo", "mpl-viridis", "mpl-inferno"),
)
MACRO = """
names = newArray("Fire", "Ice", "Spectrum", "Grays", "Cyan", "Magenta", "Green", "Red", "Blue", "Yellow");
for (n = 0; n < names.length; n++) {
    newImage("ramp", "8-bit ramp", 256, 1, 1);
    run(names[n]);
    getLut(reds, greens, blues);
    line = names[n];
    for (i = 0; i < 256; i++) line = line + " " + reds[i] + "," + greens[i] + "," + blues[i];
    print(line);
    close();
}
run("Quit");
"""


def test_every_name_that_biologists_look_for_is_there():
    assert [name for name in NAMED if name not in NAMES] == []


@pytest.mark.parametrize("name", [*NAMES, DIFFERENCE, "#ff8800"])
def test_every_table_has_256_colours_that_nobody_can_change(name):
    assert table(name).shape == (256, 3)
    with pytest.raises(ValueError):
        table(name)[0] = 1


@pytest.mark.parametrize(
    ("name", "index", "colour"),
    [
        ("Fire", 1, (0, 0, 7)),
        ("Fire", 8, (0, 0, 61)),
        ("Fire", 100, (201, 7, 78)),
        ("Fire", 255, (255, 255, 255)),
        ("Ice", 0, (0, 156, 140)),
        ("Ice", 248, (230, 0, 27)),
        ("Ice", 255, (230, 0, 27)),
        ("Spectrum", 0, (255, 0, 0)),
        ("Spectrum", 85, (0, 255, 0)),
    ],
)
def test_single_colours_are_those_of_imagej(name, index, colour):
    assert table(name)[index].tolist() == list(colour)


def test_hilo_marks_both_ends_and_nothing_between():
    grays = np.repeat(np.arange(256)[:, None], 3, axis=1)
    assert table("HiLo")[0].tolist() == [0, 0, 255]
    assert table("HiLo")[-1].tolist() == [255, 0, 0]
    assert np.array_equal(table("HiLo")[1:-1], grays[1:-1])


@pytest.mark.parametrize("name", ["viridis", "inferno", "magma", "plasma"])
def test_the_tables_of_matplotlib_are_exact_to_one_step(name):
    file = Path(pyqtgraph.__file__).parent / "colors" / "maps" / f"{name}.csv"
    lines = [line for line in file.read_text().splitlines() if line and not line.startswith(";")]
    wanted = np.array([[float(part) for part in row] for row in csv.reader(lines)]) * 255
    assert np.abs(table(f"mpl-{name}") - wanted).max() <= 1


def test_equal_is_black_and_both_directions_grow_brighter():
    colours = table(DIFFERENCE).astype(int)
    brightness = colours.sum(axis=1)
    assert brightness[127:129].max() <= 6
    assert (np.diff(brightness[:128]) <= 0).all()
    assert (np.diff(brightness[128:]) >= 0).all()
    assert (colours[:120, 2] > colours[:120, 0]).all()
    assert (colours[136:, 0] > colours[136:, 2]).all()


@pytest.mark.parametrize("name", PLAIN)
def test_a_colour_of_a_file_finds_its_table(name):
    assert lut_for_colour("#{:02X}{:02x}{:02x}".format(*PLAIN[name])) == name


def test_imagej_itself_shows_the_same_colours(tmp_path):
    jar = next((jar for jar in JARS if jar and Path(jar).is_file()), None)
    if jar is None or shutil.which("java") is None or shutil.which("xvfb-run") is None:
        pytest.skip("needs ImageJ (Debian's imagej), java and xvfb-run")
    macro = tmp_path / "tables.ijm"
    macro.write_text(MACRO)
    command = ["xvfb-run", "-a", "java", "-cp", jar, "ij.ImageJ", "-batch", str(macro)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    for line in done.stdout.strip().splitlines():
        name, *colours = line.rsplit(" ", 256)
        wanted = np.array([colour.split(",") for colour in colours]).astype(int)
        assert np.abs(table(name).astype(int) - wanted).max() == 0, name
