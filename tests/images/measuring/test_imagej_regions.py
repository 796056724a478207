"""ImageJ itself opens our regions in its ROI manager and measures the same."""

import numpy as np
import pytest
import tifffile

from app.images.measuring.measure import measure
from app.images.measuring.rois import Roi, as_roi, as_zip, read_rois
from app.images.measuring.shapes import Ellipse, Line, Point, Polygon, Rectangle
from tests.images.measuring.test_measure import subject
from tests.images.test_imagej_program import run_imagej

SIZE = (64, 80)
SHAPES = {
    "rectangle": Rectangle(5, 6, 20, 11),
    "between pixels": Rectangle(5.3, 6.8, 20.4, 11.7),
    "even ellipse": Ellipse(10, 8, 24, 30),
    "odd ellipse": Ellipse(10, 8, 25, 31),
    "polygon": Polygon(((5.3, 4.2), (60.7, 8.9), (42.1, 50.4), (9.9, 39.5))),
    "on centres": Polygon(((5.5, 4.5), (30.5, 4.5), (30.5, 20.5), (5.5, 20.5))),
    "star": Polygon(((40, 2), (50, 40), (10, 15), (70, 15), (30, 40)), is_freehand=True),
    "point": Point(12.8, 9.3),
    "near the corner": Point(12.01, 9.99),
    "line": Line(((5.7, 6.6), (60.9, 45.8))),
}
MACRO = """
open(getArgument() + "/stack.tif");
roiManager("open", getArgument() + "/regions.zip");
for (i = 0; i < roiManager("count"); i++) {
    roiManager("select", i);
    Stack.getPosition(channel, slice, frame);
    getStatistics(area, mean, low, high, deviation);
    print(Roi.getName + "\\t" + channel + "\\t" + slice + "\\t" + frame + "\\t" + area + "\\t" + mean + "\\t"
        + low + "\\t" + high + "\\t" + deviation);
}
roiManager("select", roiManager("count") - 1);
values = getProfile();
text = "";
for (i = 0; i < values.length; i++) text = text + values[i] + " ";
print(text);
run("Quit");
"""
MAKE = """
setBatchMode(true);
newImage("new", "8-bit black", 80, 64, 1);
makeRectangle(3, 4, 10, 12); roiManager("add");
roiManager("select", 0); roiManager("rename", "box");
makeOval(20, 10, 15, 20); roiManager("add");
makePolygon(5, 5, 30, 8, 22, 40); roiManager("add");
makeLine(2, 3, 40, 50); roiManager("add");
makeSelection("polyline", newArray(1, 20, 30), newArray(2, 4, 40)); roiManager("add");
makePoint(7, 9); roiManager("add");
makeSelection("freehand", newArray(10, 30, 28, 9), newArray(10, 12, 40, 30)); roiManager("add");
roiManager("deselect");
roiManager("save", getArgument() + "/made.zip");
close();
run("Quit");
"""


@pytest.fixture
def stack(tmp_path):
    pixels = np.random.default_rng(3).integers(0, 60_000, (2, 3, 2, *SIZE)).astype(np.uint16)  # TZCYX
    tifffile.imwrite(tmp_path / "stack.tif", pixels, imagej=True, metadata={"axes": "TZCYX"})
    return pixels.transpose(0, 2, 1, 3, 4)


def test_imagej_measures_the_same_area_mean_and_profile(tmp_path, stack):
    rois = [Roi(name, shape, c=1, z=2, t=1) for name, shape in SHAPES.items()]
    (tmp_path / "regions.zip").write_bytes(as_zip(rois))
    *lines, profile = run_imagej(tmp_path, tmp_path, MACRO)
    assert len(lines) == len(SHAPES)
    for line, (name, shape) in zip(lines, SHAPES.items(), strict=True):
        called, *numbers = line.split("\t")
        channel, plane, frame, area, mean, low, high, deviation = (float(number) for number in numbers)
        found = measure(shape, (subject(stack),), 1, 2, (1,))
        (ours,) = found.rows[0].of
        assert called == name
        assert (channel, plane, frame) == (2, 3, 2)
        digits = 2e-5 if isinstance(shape, Line) else 1e-7  # ImageJ keeps the ends of lines as short numbers
        expected = (ours.mean, ours.low, ours.high, ours.deviation)
        assert (mean, low, high, deviation) == pytest.approx(expected, rel=digits, abs=1e-3), name
        if not isinstance(shape, Line):
            assert area == ours.area == ours.pixels, name
    values = [float(value) for value in profile.split()]
    assert values == pytest.approx(found.curves[0].values, rel=2e-5)


def test_a_single_region_opens_as_well(tmp_path, stack):
    (tmp_path / "one.roi").write_bytes(as_roi(Roi("cell", Rectangle(5, 6, 20, 11), c=0, z=1, t=0)))
    macro = MACRO.replace("regions.zip", "one.roi").replace("values = getProfile();", "values = newArray(1);")
    line, *_rest = run_imagej(tmp_path, tmp_path, macro)
    assert float(line.split("\t")[5]) == pytest.approx(stack[0, 0, 1, 6:17, 5:25].mean(), abs=1e-3)


def test_regions_that_imagej_saved_are_read_at_their_places(tmp_path):
    run_imagej(tmp_path, tmp_path, MAKE)
    found, left_out = read_rois(tmp_path / "made.zip")
    assert left_out == 0
    box, oval, polygon, line, bent, point, freehand = (roi.shape for roi in found)
    assert found[0].name == "box"
    assert box == Rectangle(3, 4, 10, 12)
    assert oval == Ellipse(20, 10, 15, 20)
    assert polygon == Polygon(((5, 5), (30, 8), (22, 40)))
    assert line == Line(((2.5, 3.5), (40.5, 50.5)))
    assert bent == Line(((1.5, 2.5), (20.5, 4.5), (30.5, 40.5)))
    assert point == Point(7.5, 9.5)
    assert freehand == Polygon(((10, 10), (30, 12), (28, 40), (9, 30)), is_freehand=True)
