"""Projections in the viewer: what is said about them, what is drawn next, and the contrast of each kind."""

from collections.abc import Mapping
from dataclasses import replace
from itertools import groupby

from app.images.projection import Kind, ProjectedSource, Projection, row_of
from app.text import _, ngettext
from app.ui.viewer.loader import Wish
from app.ui.viewer.state import Contrast, ViewState
from models.source import Range, Region

STEP_S = 0.15  # how long planes are gathered between two pictures of a growing projection

Contrasts = tuple[tuple[Contrast | None, Contrast | None], ...]  # per channel: raw, restored


class KeptContrasts:
    """Remembers the contrast of the planes and of each kind of projection while another one is seen."""

    def __init__(self) -> None:
        self._kept: dict[Kind | None, Contrasts] = {}

    def forget(self) -> None:
        """Begin anew with another image."""
        self._kept = {}

    def switch(self, state: ViewState, projection: Projection | None) -> ViewState:
        """Return the state with another projection or none, and the contrast that belongs to it.

        A sum depends on how many planes are taken: its contrast is found anew with each range.
        """
        before, after = _kind(state.projection), _kind(projection)
        state, was = replace(state, projection=projection), state
        if before == after and after != "sum":
            return state
        if was.projection == projection:
            return state
        self._kept[before] = tuple((channel.contrast, channel.restored) for channel in was.channels)
        kept = self._kept.get(after) if before != after and after != "sum" else None
        kept = kept or ((None, None),) * len(state.channels)
        channels = tuple(
            replace(channel, contrast=raw, restored=restored)
            for channel, (raw, restored) in zip(state.channels, kept, strict=True)
        )
        return replace(state, channels=channels)


def next_part(wish: Wish, source: ProjectedSource) -> Wish:
    """Return the part of a wish to draw next: the coarsest level that is not complete, else the finest."""
    levels = [tuple(group) for _level, group in groupby(wish.regions, lambda region: region.level)]
    part = next((regions for regions in levels if not is_complete(source, regions)), levels[-1])
    return replace(wish, regions=part, extracts=tuple(wish.extract(region) for region in part))


def is_complete(source: ProjectedSource, regions: tuple[Region, ...] | Mapping[Region, object]) -> bool:
    """Whether all planes of these regions are in."""
    return all(done == total for done, total in map(source.progress, regions))


def progress_in_words(source: ProjectedSource, regions: tuple[Region, ...]) -> str:
    """Return "34 of 120 planes", or nothing if all are in."""
    if not regions or is_complete(source, regions):
        return ""
    done, total = min(source.progress(region) for region in regions)
    return _("{done} of {total} planes").format(done=done, total=total)


def projection_in_words(projection: Projection, count: int, lacking: int = 0) -> str:
    """Return "Maximum of planes 3 to 20" for a stack of `count` planes of which the file lacks some."""
    words = _(row_of(projection.kind).words).format(planes=planes_in_words(projection.over(count), count))
    if not lacking:
        return words
    said = ngettext("{count} plane is missing", "{count} planes are missing", lacking).format(count=lacking)
    return f"{words} · {said}"


def planes_in_words(planes: Range, count: int) -> str:
    """Return "planes 3 to 20", or "all 40 planes"."""
    first, stop = planes
    if (first, stop) == (0, count):
        return ngettext("the only plane", "all {count} planes", count).format(count=count)
    if stop - first == 1:
        return _("plane {number}").format(number=stop)
    return _("planes {first} to {last}").format(first=first + 1, last=stop)


def moved(projection: Projection, by: int, count: int) -> Projection:
    """Return the projection of as many planes, further up or down the stack."""
    first, stop = projection.over(count)
    by = min(max(by, -first), count - stop)
    return replace(projection, planes=(first + by, stop + by))


def _kind(projection: Projection | None) -> Kind | None:
    return None if projection is None else projection.kind
