"""Takes the shot: gathers what the viewer shows from its parts."""

from collections.abc import Callable, Mapping
from functools import partial

from app.ui.viewer import request
from app.ui.viewer.compare import Pane
from app.ui.viewer.comparing import Comparing
from app.ui.viewer.difference import DifferenceSource
from app.ui.viewer.loader import Wish
from app.ui.viewer.pair import Pair
from app.ui.viewer.plan import Viewport
from app.ui.viewer.projecting import projection_in_words
from app.ui.viewer.shot import Shown
from app.ui.viewer.side import SideImage
from app.ui.viewer.state import Side, ViewState
from models.source import ImageInfo


def sides_of(comparing: Comparing, sides: Mapping[Side, SideImage], state: ViewState) -> dict[Side, Shown]:
    """Return every side that can be drawn, as it is now: later changes of the viewer do not matter."""
    found: dict[Side, Shown] = {}
    for side, shown in sides.items():
        source = shown.pixels if side == "difference" else shown.complete(state.projection)
        wish = None if source is None else _wish(side, source.info, comparing.pair, source)
        if source is not None and wish is not None:
            found[side] = Shown(source, source.info, comparing.over(side), wish)
    return found


def names_of(comparing: Comparing, info: ImageInfo, pane: Pane, state: ViewState) -> tuple[str, ...]:
    """Return the names of the sides of a pane, and what is projected, if anything is."""
    tags = comparing.tags(pane, state)
    if state.projection is None:
        return tags
    words = projection_in_words(state.projection, info.shape[2])
    return (f"{tags[0]} · {words}", *tags[1:]) if tags else (words,)


def _wish(
    side: Side, info: ImageInfo, pair: Pair | None, source: object
) -> Callable[[ViewState, Viewport], Wish | None] | None:
    """Return what asks for the pixels of a side."""
    if side == "raw":
        return partial(_first, info)
    if side == "restored" and pair is not None:
        return partial(_beside, info, pair)
    if isinstance(source, DifferenceSource):
        return partial(_between, source)
    return None


def _first(info: ImageInfo, state: ViewState, viewport: Viewport) -> Wish | None:
    return request.wish(state, info, viewport)


def _beside(info: ImageInfo, pair: Pair, state: ViewState, viewport: Viewport) -> Wish | None:
    return request.wish_beside(state, info, viewport, pair)


def _between(source: DifferenceSource, state: ViewState, viewport: Viewport) -> Wish | None:
    return request.wish_between(state, source, viewport)
