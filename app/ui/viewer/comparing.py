"""The second image beside the first: what it is, how it lies over it, and what is between them."""

from dataclasses import replace

from PySide6.QtCore import QObject

from app.images.projection import Projection
from app.text import _
from app.ui.background import Background
from app.ui.session import OpenImage
from app.ui.viewer import compare, request
from app.ui.viewer.contrast import Plane
from app.ui.viewer.difference import DifferenceSource, reach_of
from app.ui.viewer.legend import Legend
from app.ui.viewer.loader import Drawn, Wish
from app.ui.viewer.pair import Pair, can_compare, paired, shortened, why_unlocked
from app.ui.viewer.plan import Viewport
from app.ui.viewer.side import SideImage
from app.ui.viewer.state import Rect, Side, ViewState, extent
from models.source import ImageInfo

Identity = tuple[str, int]


class Comparing(QObject):
    """Holds the second image and the difference; says what of them is to be drawn for a state."""

    def __init__(self, first: SideImage, background: Background, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.first = first
        self.second = SideImage(background, self)
        self.difference = SideImage(background, self)
        self.pair: Pair | None = None
        self._met: dict[int, Identity] = {}  # key of a first image: whom it was compared with last
        self._why_open: dict[int, str] = {}  # key of a first image: why its lock began open
        self._is_undecided = False
        self._between: DifferenceSource | None = None
        self._way: tuple[bool, Projection | None] = (False, None)

    def begin(self, image: OpenImage | None, state: ViewState) -> ViewState:
        """Lay another image over the first one, or none; return the state to begin with."""
        self.second.open(image)
        self.pair, self._is_undecided = None, False
        self._put_between(None)
        raw = self.first.image
        if image is None or raw is None or self.first.info is None or self.second.info is None:
            return state
        is_result = image.result_of == raw.key
        paths = (raw.path, image.path)
        self.pair = paired(self.first.info, self.second.info, paths, is_result=is_result)
        identity = ("result" if is_result else "image", raw.key if is_result else image.key)
        if self._met.get(raw.key) == identity:
            return state
        self._met[raw.key] = identity
        self._why_open[raw.key] = why_unlocked(self.pair, None, None)
        return self._introduced(self.pair, state)

    def _introduced(self, pair: Pair, state: ViewState) -> ViewState:
        """Return the first look at two images that were not compared before."""
        lock = pair.is_locked_at_first
        self._is_undecided = lock is None
        channels = tuple(replace(channel, restored=None, difference=None) for channel in state.channels)
        return replace(
            state, channels=channels, compare="curtain", is_swapped=False, is_contrast_locked=bool(lock)
        )

    # What is drawn

    def reach(self) -> Rect:
        """The extent of everything that can be seen, in units."""
        if self.pair is not None:
            return self.pair.reach
        return extent(self.first.info) if self.first.info is not None else Rect(0, 0, 1, 1)

    def over(self, side: Side) -> Rect:
        """The extent of one side, in units."""
        if side == "difference" and self._between is not None:
            return self._between.over
        if side == "restored" and self.pair is not None:
            return self.pair.over
        return extent(self.first.info) if self.first.info is not None else Rect(0, 0, 1, 1)

    def wish(self, side: Side, state: ViewState, info: ImageInfo, viewport: Viewport) -> Wish | None:
        """Return what to draw of the image `info` on one side; None if nothing of it is to be seen."""
        there = replace(state, view=state.view or self.reach())
        if side == "raw":
            return request.wish(there, info, viewport)
        if side == "restored":
            return None if self.pair is None else request.wish_beside(there, info, viewport, self.pair)
        return None if self._between is None else request.wish_between(there, self._between, viewport)

    def is_empty(self, side: Side, state: ViewState) -> bool:
        """Whether nothing of a side is to be seen, now and later."""
        if side == "difference":
            return state.compare != "difference" or self._term(state) is None
        if side == "restored":
            return self.pair is None or not self.pair.links_of(state)
        return not state.shown

    def prepare(self, state: ViewState) -> None:
        """Open the difference of the two images, in the direction that is wished, if it is to be seen."""
        way = (state.is_swapped, state.projection)
        if state.compare != "difference" or (self._between is not None and way == self._way):
            return
        first, second = (side.complete(state.projection) for side in (self.first, self.second))
        if self.pair is not None and first is not None and second is not None:
            self._way = way
            self._put_between(DifferenceSource(first, second, self.pair, is_swapped=state.is_swapped))

    def is_first_look(self, side: Side, state: ViewState) -> bool:
        """Whether a picture serves to find the right contrast only, and is drawn again at once with it."""
        if side == "difference":
            term = self._term(state)
            return term is not None and state.contrast(term, "difference") is None
        return side == "restored" and self._is_undecided

    def taken(self, side: Side, drawn: Drawn, state: ViewState) -> ViewState:
        """Return the state with the contrasts and kinds found while drawing, where it has none yet."""
        for (region, plane), contrast in zip(drawn.planes.items(), drawn.wish.contrasts, strict=True):
            channel = region.c[0]
            if side == "difference":
                state = self._with_difference(channel, plane, state)
                continue
            index = self._index_of(channel) if side == "restored" else channel
            if state.contrast(index, side) is None:
                state = state.with_contrast(index, contrast, side)
        if side == "raw":
            for region, kind in zip(drawn.planes, drawn.wish.kinds, strict=False):
                state = state.with_found(region.c[0], state.channels[region.c[0]].found or kind)
        return self._decided(state)

    # What is said

    def tags(self, pane: compare.Pane, state: ViewState) -> tuple[str, ...]:
        """Return the names of the sides of a pane."""
        if self.pair is None:
            return ()
        first, second = self.pair.tags(state)
        if pane == ("difference",):
            less, more = map(shortened, (second, first) if state.is_swapped else (first, second))
            channel = self._between_name(state)
            words = _("{more} − {less}, {channel}") if channel else _("{more} − {less}")
            return (words.format(more=more, less=less, channel=channel),)
        names = {"raw": first, "restored": second}
        return tuple(names[side] for side in pane)

    def reach_of_colours(self, state: ViewState) -> float | None:
        """Return the gray value where the colours of the difference end; None while it is not seen."""
        term = self._term(state) if state.compare == "difference" else None
        contrast = None if term is None else state.contrast(term, "difference")
        return None if contrast is None else contrast.high

    def legend(self, state: ViewState) -> Legend | None:
        """Return what the colours of the difference mean; None if it is not seen."""
        reach, pair = self.reach_of_colours(state), self.pair
        if pair is None or reach is None:
            return None
        less, more = pair.short_names[::-1] if state.is_swapped else pair.short_names
        return Legend(reach, less, more)

    def notes(self, state: ViewState) -> str:
        """Return what has to be said about how the two images were laid over one another and are drawn."""
        if self.pair is None or self.first.image is None:
            return ""
        is_told = state.is_contrast_locked or state.compare == "difference"
        why_open = "" if is_told else self._why_open.get(self.first.image.key, "")
        return "  ".join(note for note in (self.pair.note, why_open) if note)

    def with_reach(self, state: ViewState, reach: float | None) -> ViewState:
        """Return the state in which the colours of the difference end there; None: find where."""
        term = self._term(state)
        return state if term is None else state.with_difference(term, reach)

    def _between_name(self, state: ViewState) -> str:
        number = self._between.term_of(state) if self._between is not None else None
        return "" if self._between is None or number is None else self._between.terms[number].name

    # How it follows

    def _term(self, state: ViewState) -> int | None:
        """The channel of the first image that the difference is seen of."""
        number = self._between.term_of(state) if self._between is not None else None
        return None if self._between is None or number is None else self._between.terms[number].index

    def _with_difference(self, channel: int, plane: Plane, state: ViewState) -> ViewState:
        """Return the state with a range of colours that shows what there is in a plane."""
        if self._between is None:
            return state
        index = self._between.terms[channel].index
        known = state.contrast(index, "difference") is not None
        return state if known else state.with_difference(index, reach_of(plane))

    def _index_of(self, channel: int) -> int:
        """The channel of the first image that a channel of the second belongs to."""
        index = self.pair.first_of(channel) if self.pair is not None else None
        return channel if index is None else index

    def _decided(self, state: ViewState) -> ViewState:
        """Return the state with the lock open or closed, once the gray values of both images are known."""
        if not self._is_undecided or self.pair is None:
            return state
        for link in self.pair.links_of(state):
            channel = state.channels[link.first]
            if channel.contrast is None or channel.restored is None:
                continue
            self._is_undecided = False
            is_one_type = self.pair.is_one_type
            if can_compare(channel.contrast, channel.restored, is_one_type=is_one_type):
                return state.with_lock(locked=True)
            if self.first.image is not None:
                self._why_open[self.first.image.key] = why_unlocked(
                    self.pair, channel.contrast, channel.restored
                )
            return state
        return state

    def _put_between(self, source: DifferenceSource | None) -> None:
        self._between = source
        self.difference.open_source(source)
