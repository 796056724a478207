import struct
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.images.errors import Damaged, FileGone, TooLarge
from app.images.measuring import rois as room
from app.images.measuring.masks import mask
from app.images.measuring.rois import Roi, as_roi, as_zip, read_rois
from app.images.measuring.shapes import Ellipse, Line, Point, Polygon, Rectangle

whole = st.integers(0, 3000)
part = st.floats(0, 3000, width=32).map(lambda value: round(value * 8) / 8)
place = st.tuples(part, part)
several = st.lists(place, min_size=3, max_size=9, unique=True).map(tuple)
SHAPES = st.one_of(
    st.builds(lambda a, b, width: Line((a, b), float(width)), place, place, st.sampled_from([0, 5])),
    st.builds(Line, several),
    st.builds(lambda x, y, w, h: Rectangle(x, y, w + 1, h + 1), whole, whole, whole, whole),
    st.builds(lambda x, y, w, h: Ellipse(x, y, w + 1, h + 1), whole, whole, whole, whole),
    st.builds(Point, part, part),
)


def back(tmp_path, content, suffix, **kwargs):
    file = tmp_path / f"regions{suffix}"
    file.write_bytes(content)
    return read_rois(file, **kwargs)


@settings(deadline=None)
@given(shape=SHAPES, position=st.tuples(st.integers(0, 9), st.integers(0, 99), st.integers(0, 99)))
def test_a_region_comes_back_as_it_was(tmp_path_factory, shape, position):
    roi = Roi("nucleus", shape, *position)
    found, left_out = back(tmp_path_factory.mktemp("roi"), as_roi(roi), ".roi")
    assert left_out == 0
    assert found == [roi]


@pytest.mark.parametrize("is_freehand", [False, True])
def test_a_polygon_keeps_its_corners_between_pixels(tmp_path, is_freehand):
    roi = Roi("cell", Polygon(((1.25, 2.5), (30.75, 4.5), (12.5, 28.25)), is_freehand=is_freehand), 1, 2, 3)
    assert back(tmp_path, as_roi(roi), ".roi")[0] == [roi]


def test_several_regions_share_a_zip_and_no_name_comes_twice(tmp_path):
    rois = [
        Roi("cell", Rectangle(1, 2, 3, 4)),
        Roi("cell", Ellipse(1, 2, 3, 4)),
        Roi("a/b:c", Point(1.5, 2.5)),
    ]
    found, left_out = back(tmp_path, as_zip(rois), ".zip")
    assert [roi.name for roi in found] == ["cell", "cell (2)", "a_b_c"]
    assert [roi.shape for roi in found] == [roi.shape for roi in rois]
    assert left_out == 0


def test_letters_of_every_language_are_kept(tmp_path):
    found, _left_out = back(tmp_path, as_zip([Roi("Zellkörper 細胞 µ", Point(1, 1))]), ".zip")
    assert found[0].name == "Zellkörper 細胞 µ"
    found, _left_out = back(tmp_path, as_roi(Roi("cell 🔬", Point(1, 1))), ".roi")
    assert found[0].name == "cell ?"


def test_a_box_between_pixels_becomes_a_polygon_with_the_same_pixels(tmp_path):
    for shape in (Rectangle(3.3, 4.6, 20.2, 10.9), Ellipse(3.3, 4.6, 20.2, 10.9)):
        (found,), _left_out = back(tmp_path, as_roi(Roi("box", shape)), ".roi")
        assert isinstance(found.shape, Polygon)
        same = mask(found.shape, range(30), range(40)) == mask(shape, range(30), range(40))
        assert same.mean() > 0.998


def test_a_region_of_a_large_image_has_large_coordinates(tmp_path):
    for shape in (Rectangle(90_000, 70_000, 800, 900), Polygon(((9e4, 7e4), (9.1e4, 7e4), (9e4, 7.1e4)))):
        (found,), _left_out = back(tmp_path, as_roi(Roi("far", shape)), ".roi")
        assert found.shape.bounds == shape.bounds


def test_an_old_region_says_which_picture_of_the_stack_it_was(tmp_path):
    from roifile import ImagejRoi

    old = ImagejRoi.frompoints([[1, 2], [9, 2], [4, 8]], name="old", position=1 + 2 * (4 + 5 * 2))
    (found,), _left_out = back(tmp_path, old.tobytes(), ".roi", stack=(2, 5, 3))
    assert (found.c, found.z, found.t) == (1, 4, 2)


def test_several_points_in_one_region_are_several(tmp_path):
    from roifile import ROI_TYPE, ImagejRoi

    points = ImagejRoi.frompoints(np.array([[1.0, 2.0], [3.5, 4.5]]), name="spots")
    points.roitype = ROI_TYPE.POINT
    found, _left_out = back(tmp_path, points.tobytes(), ".roi")
    assert [roi.name for roi in found] == ["spots 1", "spots 2"]
    assert [roi.shape for roi in found] == [Point(1.5, 2.5), Point(4.0, 5.0)]


def test_what_cannot_be_measured_is_left_out_and_counted(tmp_path):
    from roifile import ROI_SUBTYPE, ROI_TYPE, ImagejRoi

    text = ImagejRoi(roitype=ROI_TYPE.RECT, subtype=ROI_SUBTYPE.TEXT, text="hello", right=5, bottom=5)
    file = tmp_path / "mixed.zip"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("text.roi", text.tobytes())
        archive.writestr("good.roi", as_roi(Roi("good", Point(1, 1))))
        archive.writestr("empty.roi", as_roi(Roi("flat", Rectangle(3, 3, 0, 5))))
        archive.writestr("readme.txt", b"hello")
    found, left_out = read_rois(file)
    assert [roi.name for roi in found] == ["good"]
    assert left_out == 2


def test_damaged_regions_are_told_in_a_sentence(tmp_path):
    good = as_zip([Roi("one", Rectangle(1, 2, 3, 4)), Roi("two", Polygon(((1, 2), (3, 4), (5, 0))))])
    with pytest.raises(Damaged, match="no regions"):
        back(tmp_path, as_zip([]), ".zip")
    with pytest.raises(Damaged, match="cannot be unpacked"):
        back(tmp_path, good[: len(good) // 2], ".zip")
    with pytest.raises(FileGone):
        read_rois(tmp_path / "gone.zip")


@settings(deadline=None, max_examples=60)
@given(data=st.data())
def test_bytes_that_were_changed_do_no_harm(tmp_path_factory, data):
    polygon = Polygon(((1.5, 2.5), (30.5, 4.5), (12.5, 28.5)))
    content = bytearray(
        as_roi(Roi("cell", polygon)) if data.draw(st.booleans()) else as_zip([Roi("c", polygon)])
    )
    for place in data.draw(st.lists(st.integers(4, len(content) - 1), min_size=1, max_size=8)):
        content[place] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(4, len(content)))
    try:
        found, _left_out = back(tmp_path_factory.mktemp("bad"), bytes(content[:cut]), ".roi")
    except Damaged:
        return
    for roi in found:
        assert mask(roi.shape, range(20), range(20)).shape == (20, 20) or isinstance(roi.shape, Line)


def test_a_count_of_points_that_is_a_lie_asks_for_no_memory(tmp_path):
    content = bytearray(as_roi(Roi("cell", Polygon(((1, 2), (3, 4), (5, 0))))))
    content[16:18] = b"\0\0"
    content[18:22] = struct.pack(">i", 2**31 - 1)
    assert back(tmp_path, bytes(content), ".roi") == ([], 1)


def test_a_bomb_is_not_unpacked(tmp_path, monkeypatch):
    monkeypatch.setattr(room, "MOST_BYTES", 1 << 16)
    file = tmp_path / "bomb.zip"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.roi", bytes(1 << 20))
    with pytest.raises(TooLarge):
        read_rois(file)
