"""Agreement with other programs; run by ``dev.py test --peers``."""

import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import tifffile

from models.smoothing.filters import gaussian

IMAGEJ = Path(os.environ.get("MICROGRAPHIA_IMAGEJ", "/usr/share/java/ij.jar"))
MACRO = """
open("{source}");
run("32-bit");
run("Gaussian Blur...", "sigma=2");
saveAs("Tiff", "{result}");
run("Quit");
"""


@pytest.mark.peers
def test_our_gaussian_is_that_of_imagej(tmp_path):
    if not (shutil.which("java") and shutil.which("xvfb-run") and IMAGEJ.exists()):
        pytest.skip("needs ImageJ (Debian's imagej), java and xvfb-run")
    y, x = np.mgrid[:160, :200] / 7
    image = (500 + 300 * np.sin(x) * np.cos(y)).astype(np.uint16)
    source, result, macro = (tmp_path / name for name in ("in.tif", "out.tif", "blur.ijm"))
    tifffile.imwrite(source, image)
    macro.write_text(MACRO.format(source=source, result=result))
    subprocess.run(
        ["xvfb-run", "-a", "java", "-cp", str(IMAGEJ), "ij.ImageJ", "-batch", str(macro)],
        check=True,
        capture_output=True,
        timeout=120,
    )
    with tifffile.TiffFile(result) as file:
        theirs = np.asarray(file.asarray(out="memmap"), dtype=np.float32)
    inner = (slice(10, -10), slice(10, -10))
    difference = np.abs(theirs - gaussian(image.astype(np.float32), 2.0))[inner]
    assert difference.max() < 0.01 * np.ptp(image)
