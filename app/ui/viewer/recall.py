"""How an image is looked at first: as it was left, as far as it is still the same image."""

from collections.abc import Collection
from dataclasses import replace

from app.ui.viewer.state import ViewState, initial_state, unit_size
from models.source import ImageInfo

Plane = tuple[int, int, int]  # t, c, z


def recalled(state: ViewState, before: ImageInfo, now: ImageInfo) -> ViewState:
    """Return the state in which `before` was left, for the image that was read again as `now`.

    Positions are kept as far as they exist; the part that is seen, if the pixels lie where they lay.
    Contrast and colours are kept if the channels are the same.
    """
    first = initial_state(now)
    is_same_channels = before.channels == now.channels and before.dtype == now.dtype
    is_same_axes = before.axes == now.axes
    if not (is_same_channels and is_same_axes):
        return first
    is_same_place = before.shape[3:] == now.shape[3:] and unit_size(before) == unit_size(now)
    times, _channels, depth, *_plane = now.shape
    return replace(
        state,
        t=min(state.t, times - 1),
        z=min(state.z, depth - 1),
        view=state.view if is_same_place else None,
    )


def beginning(info: ImageInfo, missing: Collection[Plane]) -> ViewState:
    """Return the first look at an image: its middle plane, or the nearest below that is not missing."""
    state = initial_state(info)
    if (state.t, 0, state.z) not in missing:
        return state
    nearest = next((z for z in range(state.z, -1, -1) if (state.t, 0, z) not in missing), 0)
    return replace(state, z=nearest)


def is_missing(state: ViewState, missing: Collection[Plane]) -> bool:
    """Whether a plane that would be drawn is missing in the file; a projection leaves such planes out."""
    if state.projection is not None:
        return False
    return any((state.t, channel, state.z) in missing for channel in state.shown)
