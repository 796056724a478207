from dataclasses import replace

import numpy as np
import pytest

from app.ui.figure import frame as framing
from app.ui.figure.about import about, stamp
from app.ui.figure.compose import compose
from app.ui.figure.frame import FigureTooLarge, NothingSeen, cells_of, frame_of, size_of
from app.ui.figure.options import FigureOptions
from app.ui.figure.paint import painted
from app.ui.viewer.composite import Look, composite
from app.ui.viewer.contrast import as_rgb
from app.ui.viewer.state import Contrast, Rect
from models.source import PixelSize
from tests.makers import cells, info_for

BARE = FigureOptions(has_bar=False, has_legend=False, has_mark=False, density="pixels")


def expected(shot, plane, channels=(0, 1), rows=slice(None), columns=slice(None)):
    """Return what the drawing of the viewer makes of every pixel."""
    state = shot.state
    looks = [Look(state.lut(index), state.contrast(index)) for index in channels]
    return as_rgb(composite([plane[index, rows, columns] for index in channels], looks))


def test_every_pixel_of_the_plane_is_drawn_once_and_as_in_the_viewer(shot, pixels):
    made = painted(compose(shot, replace(BARE, area="plane")))
    np.testing.assert_array_equal(made, expected(shot, pixels[0, :, shot.state.z]))


def test_what_is_seen_is_cut_out_at_whole_pixels(shot, pixels):
    seen = Rect(2.03, 1.0, 3.05, 4.0)  # units are micrometres, ten pixels each
    made = painted(compose(replace(shot, seen=seen), BARE))
    plane = pixels[0, :, shot.state.z]
    np.testing.assert_array_equal(made, expected(shot, plane, rows=slice(10, 50), columns=slice(20, 51)))


def test_margins_around_the_image_are_left_out(shot):
    wide = Rect(-100, -50, 400, 300)
    assert size_of(replace(shot, seen=wide), BARE) == (160, 120)


def test_the_density_decides_how_fine_it_is(shot):
    screen = size_of(shot, replace(BARE, density="screen"))
    double = size_of(shot, replace(BARE, density="double"))
    assert abs(double[0] - 2 * screen[0]) <= 1
    assert abs(double[1] - 2 * screen[1]) <= 1
    sheet = compose(shot, replace(BARE, density="double"))
    assert (sheet.width, sheet.height) == double
    assert painted(sheet).shape == (double[1], double[0], 3)


def test_a_view_beside_the_image_and_a_giant_are_refused_in_words(shot, monkeypatch):
    with pytest.raises(NothingSeen):
        frame_of(replace(shot, seen=Rect(1000, 1000, 1, 1)), BARE)
    monkeypatch.setattr(framing, "MOST_PIXELS", 1000)
    with pytest.raises(FigureTooLarge, match="megapixels"):
        compose(shot, BARE)


def test_the_scale_bar_is_as_long_as_it_says(shot):
    sheet = compose(shot, replace(BARE, has_bar=True, area="plane"))
    _rim, bar = sheet.blocks
    assert sheet.words[0].text == "2\u202fµm"
    assert bar.at[2] - bar.at[0] == pytest.approx(20)  # 0.1 µm are a pixel
    right = max(block.at[2] for block in sheet.blocks)
    assert right < sheet.width


def test_without_a_pixel_size_the_bar_says_so(viewer, opened, qtbot):
    viewer.show_image(opened(size_um=None))
    qtbot.waitUntil(lambda: viewer.is_idle)
    sheet = compose(viewer.shot(), replace(BARE, has_bar=True, area="plane"))
    assert sheet.words[0].text == "20 px, uncalibrated"


def test_the_names_stand_there_in_their_colours(shot):
    words = compose(shot, replace(BARE, has_legend=True)).words
    assert {(line.text, line.colour) for line in words} == {("DAPI", "#00ffff"), ("Actin", "#ff00ff")}
    hidden = replace(shot.state.channels[0], is_visible=False)
    only = replace(shot, state=shot.state.with_channel(0, hidden))
    assert [line.text for line in compose(only, replace(BARE, has_legend=True)).words] == ["Actin"]


def test_panels_show_each_channel_in_gray_and_then_all(shot, pixels):
    options = replace(BARE, has_panels=True, has_legend=True, area="plane")
    (row,) = cells_of(shot, options)
    assert [cell.title for cell in row] == ["DAPI", "Actin", "Merge"]
    made = painted(compose(shot, replace(options, has_legend=False)))
    gap = framing.gap_of(frame_of(shot, options))
    assert made.shape == (120, 3 * 160 + 2 * gap, 3)
    plane = pixels[0, :, shot.state.z]
    gray = replace(shot, state=replace(shot.state, colouring="gray"))
    for number in range(2):
        left = number * (160 + gap)
        np.testing.assert_array_equal(made[:, left : left + 160], expected(gray, plane, (number,)))
    assert (made[:, 160 : 160 + gap] == 255).all()
    np.testing.assert_array_equal(made[:, -160:], expected(shot, plane))


@pytest.fixture
def compared(viewer, opened, qtbot, pixels):
    """An image and its result, which is brighter and has twice as many pixels along y and x."""
    viewer.show_image(opened())
    result = (pixels[..., ::-1] // 2).repeat(2, 3).repeat(2, 4)
    viewer.show_result(opened("restored.ome.tif", 2, of=1, data=result, size_um=0.05))
    qtbot.waitUntil(lambda: viewer.is_idle and viewer.view_state.channels[0].contrast is not None)
    return viewer, result


def shot_as(viewer, qtbot, **changes):
    viewer.set_state(replace(viewer.view_state, **changes))
    qtbot.waitUntil(lambda: viewer.is_idle)
    return viewer.shot()


def test_side_by_side_gives_both_at_the_fineness_of_the_finer(compared, qtbot, pixels):
    viewer, result = compared
    shot = shot_as(viewer, qtbot, compare="side")
    made = painted(compose(shot, replace(BARE, area="plane")))
    assert made.shape[0] == 240
    plane = pixels[0, :, shot.state.z]
    left = expected(shot, plane).repeat(2, 0).repeat(2, 1)
    np.testing.assert_array_equal(made[:, :320], left)
    np.testing.assert_array_equal(made[:, -320:], expected(shot, result[0, :, shot.state.z]))


def test_the_curtain_hangs_where_it_hangs_in_the_view(compared, qtbot, pixels):
    viewer, result = compared
    shot = shot_as(viewer, qtbot, compare="curtain", curtain=0.25)
    sheet = compose(shot, replace(BARE, area="plane"))
    made = painted(replace(sheet, blocks=()))
    plane, fine = pixels[0, :, shot.state.z], result[0, :, shot.state.z]
    np.testing.assert_array_equal(made[:, :80], expected(shot, plane).repeat(2, 0).repeat(2, 1)[:, :80])
    np.testing.assert_array_equal(made[:, 80:], expected(shot, fine)[:, 80:])
    line = sheet.blocks[-1]
    assert (line.at[0] + line.at[2]) / 2 == pytest.approx(80)


def written(shot, options):
    return [words.text for words in compose(shot, options).words]


def test_what_is_restored_is_marked(compared, qtbot):
    viewer, _result = compared
    options = replace(BARE, has_mark=True)
    assert [one.text for one in compose(shot_as(viewer, qtbot, compare="side"), options).words] == [
        "raw",
        "restored",
    ]
    assert [one.text for one in compose(shot_as(viewer, qtbot, compare="single"), options).words] == [
        "restored"
    ]


def test_a_plane_that_is_not_restored_yet_is_raw_and_says_so(compared, qtbot):
    viewer, _result = compared
    shot = shot_as(viewer, qtbot, compare="single")
    waiting = replace(shot, unfinished=frozenset({(1, 0, shot.state.z)}))
    assert waiting.now() == shot.now()
    later = waiting.at("T", 1)
    assert later.now() == ((("raw",), ("raw, not restored yet",)),)
    assert [one.text for one in compose(later, replace(BARE, has_mark=True)).words] == [
        "raw, not restored yet"
    ]


def test_a_difference_brings_its_colours_along(compared, qtbot):
    viewer, _result = compared
    shot_as(viewer, qtbot, compare="difference", colouring="single")
    qtbot.waitUntil(lambda: viewer.is_idle and viewer.shot().legend is not None)
    words = [one.text for one in compose(viewer.shot(), BARE).words]
    assert "0" in words
    assert any(word.startswith("+") for word in words)
    assert any("restored is brighter" in word for word in words)


def test_a_stamp_says_when_or_where():
    info = info_for((50, 1, 9, 4, 4), pixel_size_um=PixelSize(0.3, 0.1, 0.1), time_interval_s=2.5)
    assert stamp("T", 5, info) == "t = 12.5\u202fs"
    assert stamp("T", 0, info) == "t = 0\u202fs"
    assert stamp("Z", 4, info) == "z = 1.2\u202fµm"
    bare = info_for((50, 1, 9, 4, 4))
    assert stamp("T", 5, bare) == "time 6 of 50"
    assert stamp("Z", 4, bare) == "plane 5 of 9"


def test_a_figure_tells_where_it_comes_from_and_what_is_bright(shot):
    state = shot.state.with_contrast(1, Contrast(5, 80, 0.5))
    told = dict(about(replace(shot, state=state)))
    assert told["Title"] == "cells.ome.tif"
    assert told["Software"].startswith("Micrographia")
    assert "Actin: Magenta, 5 to 80, gamma 0.5" in told["Description"]
    assert "plane 3 of 4" in told["Description"]


def test_text_never_leaves_its_picture(shot):
    small = cells((1, 2, 1, 40, 50))
    for options in (FigureOptions(density="pixels"), FigureOptions(density="pixels", has_panels=True)):
        sheet = compose(replace(shot, seen=Rect(0, 0, 5.0, 4.0)), options, stamp="t = 12.5 s")
        assert small.shape[-1] == 50
        for words in sheet.words:
            start = {"start": words.x, "middle": words.x - words.width / 2, "end": words.x - words.width}
            assert start[words.anchor] >= -1
            assert start[words.anchor] + words.width <= sheet.width + 1
            assert 0 < words.y <= sheet.height
