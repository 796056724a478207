"""What to draw of each side for a state: pure, like the plan it is made from."""

from app.ui.viewer.loader import Wish
from app.ui.viewer.plan import Viewport, extract, plan
from app.ui.viewer.state import Rect, Side, ViewState
from models.source import ImageInfo


def wish(
    state: ViewState,
    info: ImageInfo,
    viewport: Viewport,
    *,
    over: Rect,
    side: Side,
    matches: tuple[int | None, ...] = (),
) -> Wish | None:
    """Return what to draw of the image `info`; None if nothing of it is to be seen yet.

    Parameters
    ----------
    state : ViewState
    info : ImageInfo
        Of the image of this side, coarse levels included.
    viewport : Viewport
    over : Rect
        The extent of the raw image, in units.
    side : Side
    matches : tuple of int or None
        For each raw channel the channel of this image; needed for the restored side.
    """
    pairs = [(index, matches[index] if side == "restored" else index) for index in state.shown]
    found = [(index, channel) for index, channel in pairs if channel is not None]
    contrasts = tuple(state.contrast(index, side) for index, _channel in found)
    if not found or (side == "restored" and state.is_contrast_locked and None in contrasts):
        return None
    channels = tuple(channel for _index, channel in found)
    regions = plan(state, info, viewport, over=over, channels=channels)
    luts = tuple(state.lut(index) for index, _channel in found)
    extracts = tuple(extract(state, one, over, info.shapes[one.level], viewport) for one in regions)
    return Wish(regions, luts, contrasts, is_joint=info.is_rgb, kind=state.kind, extracts=extracts)
