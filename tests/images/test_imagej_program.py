"""ImageJ itself opens the results: the reader that Fiji uses for TIFF as well."""

import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from app.images.record import Provenance
from app.images.writers.tiff import OmeTiffSink
from models.source import Channel, PixelSize
from tests.makers import cells, info_for

JARS = ("/usr/share/java/ij.jar", os.environ.get("MICROGRAPHIA_IMAGEJ", ""))
MACRO = """
open(getArgument());
getDimensions(width, height, channels, slices, frames);
print(width + " " + height + " " + channels + " " + slices + " " + frames + " " + bitDepth());
getPixelSize(unit, across, down, deep);
print(unit + " " + across + " " + down + " " + deep + " " + Stack.getFrameInterval());
for (c = 1; c <= channels; c++) {
    if (channels * slices * frames > 1) Stack.setPosition(c, slices, frames);
    getMinAndMax(low, high);
    print(low + " " + high + " " + getPixel(5, 4) + " " + getInfo("slice.label"));
}
run("Quit");
"""


def run_imagej(path: Path, folder: Path, macro: str = MACRO) -> list[str]:
    """Return the lines that ImageJ prints when it runs `macro`, by default about the image at `path`."""
    jar = next((jar for jar in JARS if jar and Path(jar).is_file()), None)
    missing = [name for name in ("java", "xvfb-run") if shutil.which(name) is None]
    if jar is None or missing:
        pytest.skip(f"needs ImageJ (Debian's imagej) and {' and '.join(missing) or 'java'}")
    (folder / "look.ijm").write_text(macro)
    command = [
        "xvfb-run",
        "-a",
        "java",
        "-cp",
        jar,
        "ij.ImageJ",
        "-batch",
        str(folder / "look.ijm"),
        str(path),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip().splitlines()


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_imagej_opens_a_result_as_a_calibrated_composite(tmp_path, dtype):
    pixels = cells((2, 3, 4, 300, 401), dtype)
    channels = (
        Channel("DAPI", "#00ffff", (1.0, 200.0)),
        Channel("Actin", "#ff00ff", (2.0, 100.0)),
        Channel("ER"),
    )
    info = info_for(
        pixels.shape, dtype, channels=channels, pixel_size_um=PixelSize(0.3, 0.1, 0.11), time_interval_s=2.5
    )
    sink = OmeTiffSink.create(tmp_path / "a name with µ.ome.tif", info)
    sink.write(sink.info.whole(), pixels)
    shutil.move(sink.close(Provenance()), tmp_path / "plain.tif")

    lines = run_imagej(tmp_path / "plain.tif", tmp_path)
    assert lines[0] == f"401 300 3 4 2 {pixels.dtype.itemsize * 8}"
    unit, *numbers = lines[1].split(" ")
    assert unit == "microns"
    assert [float(number) for number in numbers] == pytest.approx([0.11, 0.1, 0.3, 2.5], abs=1e-4)
    for c, (line, name) in enumerate(zip(lines[2:], ("DAPI", "Actin", "ER"), strict=True)):
        low, high, value, label = line.split(" ")
        assert label == name
        assert float(value) == pytest.approx(float(pixels[1, c, 3, 4, 5]), abs=1e-3)
        if channels[c].display:
            assert (float(low), float(high)) == channels[c].display
        else:
            assert pixels[:, c].min() <= float(low) < float(high) <= pixels[:, c].max()


def test_imagej_opens_a_single_plane_with_a_usable_range(tmp_path):
    pixels = cells((1, 1, 1, 30, 40), "float32")
    sink = OmeTiffSink.create(tmp_path / "a.tif", info_for(pixels.shape, "float32"))
    sink.write(sink.info.whole(), pixels)
    lines = run_imagej(sink.close(Provenance()), tmp_path)
    assert lines[0] == "40 30 1 1 1 32"
    low, high, value, *_ = lines[2].split(" ")
    low_expected, high_expected = np.percentile(pixels, (0.1, 99.9))
    assert (float(low), float(high)) == pytest.approx((low_expected, high_expected), abs=0.1)
    assert float(value) == pytest.approx(float(pixels[0, 0, 0, 4, 5]), abs=1e-3)
