"""Looks up what lies under the pointer in what has been drawn."""

from collections.abc import Mapping

from app.ui.viewer.pair import Pair
from app.ui.viewer.pointer import Pointer, Reading
from app.ui.viewer.projecting import projection_in_words
from app.ui.viewer.side import SideImage
from app.ui.viewer.state import Side, ViewState, extent, is_calibrated, unit_size


def probe(
    at: tuple[float, float] | None, state: ViewState, sides: Mapping[Side, SideImage], pair: Pair | None
) -> Pointer | None:
    """Return the values of the visible channels at a place in units; None beside all images.

    `pair` is None where there is no second image, or not yet one of this plane.
    """
    raw, second = sides["raw"], sides["restored"]
    if at is None or raw.info is None:
        return None
    over = extent(raw.info)
    reach = over if pair is None else pair.reach
    if not (reach.x <= at[0] < reach.x + reach.width and reach.y <= at[1] < reach.y + reach.height):
        return None
    readings = tuple(
        Reading(
            state.channels[index].name,
            raw.value_at(index, at, over),
            None if pair is None else second.value_at(pair.second_of(index), at, pair.over),
        )
        for index in state.shown
    )
    unit_y, unit_x = unit_size(raw.info)
    x_um, y_um = at if is_calibrated(raw.info) else (None, None)
    of = projection_in_words(state.projection, raw.info.shape[2]) if state.projection is not None else ""
    column, row = int(at[0] / unit_x), int(at[1] / unit_y)
    other = "" if pair is None else pair.names[1]
    return Pointer(column, row, x_um, y_um, readings, other, of)
