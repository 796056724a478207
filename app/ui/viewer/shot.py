"""What the viewer shows, as data: enough to draw it again elsewhere, at any density, in any thread."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from app.ui.viewer.compare import Pane
from app.ui.viewer.legend import Legend
from app.ui.viewer.loader import Wish
from app.ui.viewer.plan import Viewport
from app.ui.viewer.state import Axis, Rect, Side, ViewState
from models.source import ImageInfo, ImageSource

Planes = frozenset[tuple[int, int, int]]  # t, c, z
Names = Callable[[Pane, ViewState], tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Shown:
    """One side: where its pixels come from and lie, and what to draw of it for a state that has a view.

    `over` is its extent in units; `wish` gives None while nothing of it is to be seen.
    """

    source: ImageSource
    info: ImageInfo
    over: Rect
    wish: Callable[[ViewState, Viewport], Wish | None]


@dataclass(frozen=True, slots=True)
class Shot:
    """A view that can be drawn again.

    Attributes
    ----------
    key : int
        Of the open image.
    info : ImageInfo
        Of the first image.
    reach : Rect
        Extent of all that can be seen, in units.
    state : ViewState
    panes : tuple of sides
        From left to right.
    names : callable
        Gives the names of the sides of a pane; none where only one image is open.
    sides : mapping
        Every side that a pane may show.
    seen : Rect
        What each pane shows, in units.
    viewport : Viewport
        Size of each pane in pixels of the screen.
    legend : Legend or None
        What the colours of a difference mean, if it is seen.
    unfinished : frozenset of (t, c, z)
        Planes of a result that do not exist yet.
    waiting : str
        Name of a pane whose restored plane does not exist yet.
    has_preview : bool
        The picture has a preview box, which is not part of the shot.
    """

    key: int
    info: ImageInfo
    reach: Rect
    state: ViewState
    panes: tuple[Pane, ...]
    names: Names
    sides: Mapping[Side, Shown]
    seen: Rect
    viewport: Viewport
    legend: Legend | None = None
    unfinished: Planes = frozenset()
    waiting: str = ""
    has_preview: bool = False

    def at(self, axis: Axis, position: int) -> "Shot":
        """Return the shot at another position along an axis."""
        return replace(self, state=self.state.at(axis, position))

    def settled(self) -> "Shot":
        """Return the shot with its names as they are now; what is compared may change later."""
        known = dict(self.now())
        return replace(self, names=lambda pane, _state: known.get(pane, ()))

    def now(self) -> tuple[tuple[Pane, tuple[str, ...]], ...]:
        """Return the panes and their names; where the restored plane is to come, the raw one stands in."""
        state = self.state
        planes = state.planes(self.info.shape[2])
        if any((state.t, index, z) in self.unfinished for index in state.shown for z in planes):
            return tuple((("raw",), (self.waiting,) if self.waiting else ()) for _pane in self.panes)
        return tuple((pane, self.names(pane, state)) for pane in self.panes)
