"""What to draw of each side for a state: pure, like the plan it is made from."""

from dataclasses import replace

from app.ui.viewer.difference import DifferenceSource
from app.ui.viewer.loader import Wish
from app.ui.viewer.luts import DIFFERENCE
from app.ui.viewer.pair import Link, Pair
from app.ui.viewer.plan import Viewport, extract, plan
from app.ui.viewer.state import Contrast, Kind, Rect, ViewState, extent
from models.source import ImageInfo


def wish(state: ViewState, info: ImageInfo, viewport: Viewport) -> Wish | None:
    """Return what to draw of the first image; None if nothing of it is to be seen.

    Parameters
    ----------
    state : ViewState
    info : ImageInfo
        Of the image, coarse levels included.
    viewport : Viewport
    """
    links = [Link(index, index) for index in state.shown]
    contrasts = tuple(state.contrast(index) for index in state.shown)
    made = _wish(state, info, viewport, extent(info), links, contrasts)
    return None if made is None else replace(made, kinds=_found(state, links))


def wish_beside(state: ViewState, info: ImageInfo, viewport: Viewport, pair: Pair) -> Wish | None:
    """Return what to draw of the second image of a pair; None if nothing of it is to be seen yet.

    While the contrasts are locked it waits until those of the first image are known.
    """
    links = list(pair.links_of(state))
    contrasts = tuple(state.contrast(link.first, "restored") for link in links)
    if state.is_contrast_locked and None in contrasts:
        return None
    there = replace(state, t=pair.time_of(state.t), z=pair.plane_of(state.z))
    made = _wish(there, info, viewport, pair.over, links, contrasts)
    kinds = _found(state, links) if pair.is_result else ()
    return made if made is None or None in kinds else replace(made, kinds=kinds)


def wish_between(state: ViewState, source: DifferenceSource, viewport: Viewport) -> Wish | None:
    """Return what to draw of the difference of two images; None if nothing of it is to be seen."""
    number = source.term_of(state)
    if number is None:
        return None
    term = source.terms[number]
    contrasts = (state.contrast(term.index, "difference"),)
    return _wish(state, source.info, viewport, source.over, [Link(term.index, number, DIFFERENCE)], contrasts)


def _found(state: ViewState, links: list[Link]) -> tuple[Kind | None, ...]:
    return tuple(state.channels[link.first].found for link in links)


def _wish(
    state: ViewState,
    info: ImageInfo,
    viewport: Viewport,
    over: Rect,
    links: list[Link],
    contrasts: tuple[Contrast | None, ...],
) -> Wish | None:
    if not links:
        return None
    regions = plan(state, info, viewport, over=over, channels=tuple(link.second for link in links))
    luts = tuple(link.lut or state.lut(link.first) for link in links)
    extracts = tuple(extract(state, one, over, info.shapes[one.level], viewport) for one in regions)
    return Wish(regions, luts, contrasts, is_joint=info.is_rgb, kind=state.kind, extracts=extracts)
