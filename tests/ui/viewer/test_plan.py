from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from app.ui.viewer.coarse import with_levels
from app.ui.viewer.plan import WHOLE_PIXELS, Viewport, extract, fitted, moved, place, plan, zoomed
from app.ui.viewer.state import ChannelView, Rect, ViewState, extent
from models.source import AXES, Channel, ImageInfo, PixelSize

sides = st.integers(1, 40000)
viewports = st.builds(Viewport, st.integers(50, 4000), st.integers(50, 3000))
sizes = st.sampled_from([None, 0.1, 0.325, 2.0])
shares = st.floats(0.001, 1.5)


def info_of(height, width, size=None, levels=1, planes=3):
    shapes = ((2, 1, planes, height, width),)
    shapes = with_levels(shapes) if levels > 1 else shapes
    return ImageInfo("", 0, ("",), shapes, "uint16", AXES, PixelSize(1.0, size, size), (Channel("a"),))


def state_of(view=None):
    return ViewState(z=1, channels=(ChannelView("a", "Grays"),), view=view)


@given(sides, sides, sizes, viewports, st.integers(1, 2), st.floats(-0.4, 0.9), st.floats(-0.4, 0.9), shares)
def test_the_last_regions_cover_all_that_is_visible(height, width, size, viewport, levels, x, y, share):
    info = info_of(height, width, size, levels)
    over = extent(info)
    view = Rect(over.x + x * over.width, over.y + y * over.height, share * over.width, share * over.height)
    regions = plan(state_of(view), info, viewport)
    left, right = max(view.x, over.x), min(view.x + view.width, over.x + over.width)
    top, bottom = max(view.y, over.y), min(view.y + view.height, over.y + over.height)
    if left >= right or top >= bottom:
        assert regions == ()
        return
    lies = place(regions[-1], over, info.shapes)
    slack = 1e-9 * max(over.width, over.height)
    assert lies.x <= left + slack
    assert lies.y <= top + slack
    assert lies.x + lies.width >= right - slack
    assert lies.y + lies.height >= bottom - slack


@given(sides, sides, viewports, shares)
def test_the_level_has_a_pixel_for_every_pixel_of_the_screen_or_is_the_finest(height, width, viewport, share):
    info = info_of(height, width, levels=2)
    over = extent(info)
    view = Rect(0, 0, over.width * share, over.height * share)
    level = plan(state_of(view), info, viewport)[-1].level
    scale = min(viewport.width / view.width, viewport.height / view.height)
    assert level == 0 or info.shapes[level][-1] >= over.width * scale
    if level + 1 < len(info.shapes):
        assert info.shapes[level + 1][-1] < over.width * scale


@given(sides, sides, viewports)
def test_regions_are_coarse_first_and_within_the_image(height, width, viewport):
    info = info_of(height, width, levels=2)
    regions = plan(state_of(), info, viewport)
    assert [region.level for region in regions] == sorted((r.level for r in regions), reverse=True)
    for region in regions:
        for (start, stop), length in zip(region.ranges, info.shapes[region.level], strict=True):
            assert 0 <= start < stop <= length


def test_a_small_plane_is_read_whole_wherever_one_looks():
    info = info_of(2048, 2048)
    assert info.shape[-1] * info.shape[-2] <= WHOLE_PIXELS
    regions = {plan(state_of(Rect(x, 10, 300, 200)), info, Viewport(600, 400)) for x in (0, 40, 900)}
    assert regions == {(info.plane(z=1),)}


def test_a_small_move_over_a_large_plane_asks_for_the_same_crop():
    info = info_of(20000, 20000)
    first = plan(state_of(Rect(5200, 5200, 600, 400)), info, Viewport(1200, 800))
    again = plan(state_of(Rect(5230, 5210, 600, 400)), info, Viewport(1200, 800))
    assert first == again
    assert first[-1].shape[3] <= 1024


def test_a_large_plane_with_levels_comes_coarse_first():
    info = info_of(8000, 8000, levels=2)
    levels = [region.level for region in plan(state_of(), info, Viewport(3000, 3000))]
    assert levels == [3, 1]


def test_hidden_channels_are_not_read():
    info = replace(info_of(100, 100), channels=(Channel("a"), Channel("b")), shapes=((1, 2, 1, 100, 100),))
    hidden = ViewState(channels=(ChannelView("a", "Red", is_visible=False), ChannelView("b", "Blue")))
    assert [region.c for region in plan(hidden, info, Viewport(100, 100))] == [(1, 2)]


@given(viewports, st.floats(0.1, 1e4), st.floats(0.1, 1e4))
def test_what_is_fitted_is_seen_whole_and_in_proportion(viewport, width, height):
    over = Rect(0, 0, width, height)
    seen = fitted(None, over, viewport)
    assert seen.x < 0
    assert seen.y < 0
    assert seen.x + seen.width > width
    assert seen.y + seen.height > height
    assert abs(seen.width / seen.height - viewport.width / viewport.height) < 1e-6 * viewport.width


@given(st.floats(0.2, 5), st.floats(0, 100), st.floats(0, 100))
def test_zooming_leaves_the_point_under_the_pointer_where_it_is(factor, x, y):
    seen = Rect(0, 0, 100, 100)
    after = zoomed(seen, factor, Rect(0, 0, 100, 100), (x, y))
    before_share, after_share = x / 100, (x - after.x) / after.width
    assert abs(before_share - after_share) < 1e-6
    assert abs(y / 100 - (y - after.y) / after.height) < 1e-6


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6))
def test_an_image_cannot_be_moved_out_of_sight(by_x, by_y):
    over, seen = Rect(0, 0, 100, 50), Rect(10, 10, 40, 30)
    after = moved(seen, by_x, by_y, over)
    assert after.x < over.width
    assert after.x + after.width > 0
    assert after.y < over.height
    assert after.y + after.height > 0


@given(sides, sides, sizes, viewports, st.integers(1, 2), st.floats(-0.4, 0.9), st.floats(-0.4, 0.9), shares)
def test_what_is_drawn_covers_what_is_visible(height, width, size, viewport, levels, x, y, share):
    info = info_of(height, width, size, levels)
    over = extent(info)
    view = Rect(over.x + x * over.width, over.y + y * over.height, share * over.width, share * over.height)
    state = state_of(view)
    left, right = max(view.x, over.x), min(view.x + view.width, over.x + over.width)
    top, bottom = max(view.y, over.y), min(view.y + view.height, over.y + over.height)
    for region in plan(state, info, viewport):
        found = extract(state, region, over, info.shapes[region.level], viewport)
        assert region.y[0] <= found.y[0] < found.y[1] <= region.y[1]
        assert region.x[0] <= found.x[0] < found.x[1] <= region.x[1]
        lies = place(found.place_of(region), over, info.shapes)
        slack = 1e-6 * max(over.width, over.height)
        assert lies.x <= left + slack
        assert lies.y <= top + slack
        assert lies.x + lies.width >= right - slack
        assert lies.y + lies.height >= bottom - slack


@given(sides, sides, viewports, shares)
def test_no_pixel_of_the_screen_is_drawn_with_less_than_one_of_its_own(height, width, viewport, share):
    info = info_of(height, width)
    over = extent(info)
    state = state_of(Rect(0, 0, over.width * share, over.height * share))
    region = plan(state, info, viewport)[-1]
    found = extract(state, region, over, info.shape, viewport)
    scale = min(viewport.width / (over.width * share), viewport.height / (over.height * share))
    assert found.step == 1 or found.step * scale <= 1 + 1e-6


def test_a_small_move_draws_the_same_part():
    info = info_of(2000, 2000)
    views = [Rect(600 + x, 600, 300, 200) for x in (0, 20, 50)]
    regions = [plan(state_of(view), info, Viewport(600, 400))[-1] for view in views]
    found = {
        extract(state_of(view), region, extent(info), info.shape, Viewport(600, 400))
        for view, region in zip(views, regions, strict=True)
    }
    assert len(found) == 1
    assert found.pop().step == 1
