"""Looks up what lies under the pointer in what has been drawn."""

from app.ui.viewer.pointer import Pointer, Reading
from app.ui.viewer.projecting import projection_in_words
from app.ui.viewer.side import SideImage
from app.ui.viewer.state import ViewState, extent, is_calibrated, unit_size


def probe(
    at: tuple[float, float] | None,
    state: ViewState,
    raw: SideImage,
    restored: SideImage | None,
    matches: tuple[int | None, ...],
) -> Pointer | None:
    """Return the values of the visible channels at a place in units; None beside the image.

    `restored` is None where there is no result, or not yet one of this plane; `matches` names its channel
    for each raw one.
    """
    if at is None or raw.info is None:
        return None
    over = extent(raw.info)
    if not (over.x <= at[0] < over.x + over.width and over.y <= at[1] < over.y + over.height):
        return None
    readings = tuple(
        Reading(
            state.channels[index].name,
            raw.value_at(index, at, over),
            restored.value_at(matches[index], at, over) if restored is not None else None,
        )
        for index in state.shown
    )
    unit_y, unit_x = unit_size(raw.info)
    x_um, y_um = at if is_calibrated(raw.info) else (None, None)
    of = projection_in_words(state.projection, raw.info.shape[2]) if state.projection is not None else ""
    column, row = int(at[0] / unit_x), int(at[1] / unit_y)
    return Pointer(column, row, x_um, y_um, readings, restored is not None, of)
