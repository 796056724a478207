"""How a figure is divided: what each picture shows, how large it is, how they stand. Reads nothing."""

import math
from dataclasses import dataclass, replace

from app.text import _
from app.ui.figure.options import FigureOptions
from app.ui.viewer.compare import Pane
from app.ui.viewer.plan import Viewport
from app.ui.viewer.shot import Shot, Shown
from app.ui.viewer.state import Rect, ViewState
from models.errors import UserError

MOST_PIXELS = 1 << 26  # of a figure
GAP_SHARE = 0.012  # of a picture's width, between pictures
FAITHFUL = 0.02  # of a pixel; what is nearer to whole pixels is meant to be whole


class FigureTooLarge(UserError):
    """A figure of more pixels than anybody can open."""

    code = "figure.too_large"


class NothingSeen(UserError):
    """The view shows nothing of the image."""

    code = "figure.nothing"


@dataclass(frozen=True, slots=True)
class Frame:
    """The part that every picture shows, in units, and its size in pixels of the sheet."""

    part: Rect
    width: int
    height: int

    @property
    def viewport(self) -> Viewport:
        """The size as a view has it."""
        return Viewport(self.width, self.height)

    def x(self, units: float) -> float:
        """Return where a place along x lies in the picture, in pixels."""
        return (units - self.part.x) / self.part.width * self.width

    def y(self, units: float) -> float:
        """Return where a place along y lies in the picture, in pixels."""
        return (units - self.part.y) / self.part.height * self.height


@dataclass(frozen=True, slots=True)
class Cell:
    """One picture of the sheet: its sides, the state it shows, and what is written on it."""

    pane: Pane
    state: ViewState
    tags: tuple[str, ...]
    title: str = ""
    has_legend: bool = False


def frame_of(shot: Shot, options: FigureOptions) -> Frame:
    """Return what each picture shows and how large it will be; cheap, reads nothing.

    Raises
    ------
    NothingSeen
        If the view shows nothing of the image.
    FigureTooLarge
        If the whole figure would have too many pixels.
    """
    over = shot.reach
    part = over if options.area == "plane" else shared(shot.seen, over)
    if part is None:
        raise NothingSeen("Nothing of the image is in view.", hint="Fit the picture to the window first.")
    if options.density == "pixels":
        unit = min(shown.over.width / shown.info.shape[-1] for shown in _seen_sides(shot))
        unit = min(unit, *(shown.over.height / shown.info.shape[-2] for shown in _seen_sides(shot)))
        part = _snapped(part, unit, over)
        scale = 1 / unit
    else:
        seen = over if options.area == "plane" else shot.seen
        scale = min(shot.viewport.width / seen.width, shot.viewport.height / seen.height)
        scale *= 2 if options.density == "double" else 1
    width, height = max(1, round(part.width * scale)), max(1, round(part.height * scale))
    pixels = width * height * sum(len(row) for row in cells_of(shot, options))
    if pixels > MOST_PIXELS:
        raise FigureTooLarge(
            f"The figure would have {pixels / 1e6:.0f} megapixels; {MOST_PIXELS / 1e6:.0f} are the most.",
            hint="Zoom in and export what is seen, or choose a density of the screen.",
            pixels=pixels,
        )
    return Frame(part, width, height)


def size_of(shot: Shot, options: FigureOptions) -> tuple[int, int]:
    """Return width and height of the sheet that `compose` will make; cheap."""
    frame = frame_of(shot, options)
    rows = cells_of(shot, options)
    gap = gap_of(frame)
    across = max(len(row) for row in rows)
    return across * (frame.width + gap) - gap, len(rows) * (frame.height + gap) - gap


def cells_of(shot: Shot, options: FigureOptions) -> tuple[tuple[Cell, ...], ...]:
    """Return the pictures of a figure, row by row."""
    state, panes = shot.state, shot.now()
    if not (options.has_panels and has_panels(state)):
        cells = [
            Cell(pane, state, names, has_legend=number == 0) for number, (pane, names) in enumerate(panes)
        ]
        return (tuple(cells),)
    rows = []
    for pane, names in panes:
        for number, side in enumerate(pane):
            tags = names[number : number + 1] if len(names) == len(pane) else names
            grays = [
                Cell(
                    (side,), replace(state, colouring="gray", channel=index), tags, state.channels[index].name
                )
                for index in state.shown
            ]
            rows.append((*grays, Cell((side,), state, tags, _("Merge"), has_legend=True)))
    return tuple(rows)


def has_panels(state: ViewState) -> bool:
    """Whether there are several channels to be shown side by side."""
    is_several = state.colouring == "composite" and len(state.shown) > 1 and not state.is_joint
    return is_several and state.compare != "difference"


def _seen_sides(shot: Shot) -> list[Shown]:
    names = {side for pane, _tags in shot.now() for side in pane}
    return [shown for side, shown in shot.sides.items() if side in names] or list(shot.sides.values())[:1]


def curtain_at(shot: Shot, frame: Frame) -> float:
    """Return where the curtain hangs in a picture, in pixels from its left edge."""
    return frame.x(shot.reach.x + shot.state.curtain * shot.reach.width)


def gap_of(frame: Frame) -> int:
    """Return how far pictures stand apart, in pixels."""
    return max(2, round(GAP_SHARE * frame.width))


def shared(one: Rect, other: Rect) -> Rect | None:
    """Return where two rectangles overlap."""
    left, right = max(one.x, other.x), min(one.x + one.width, other.x + other.width)
    top, bottom = max(one.y, other.y), min(one.y + one.height, other.y + other.height)
    return Rect(left, top, right - left, bottom - top) if left < right and top < bottom else None


def _snapped(part: Rect, unit: float, over: Rect) -> Rect:
    """Return `part` grown to whole pixels of the size `unit`."""
    left = math.floor((part.x - over.x) / unit + FAITHFUL)
    top = math.floor((part.y - over.y) / unit + FAITHFUL)
    right = math.ceil((part.x + part.width - over.x) / unit - FAITHFUL)
    bottom = math.ceil((part.y + part.height - over.y) / unit - FAITHFUL)
    return Rect(over.x + left * unit, over.y + top * unit, (right - left) * unit, (bottom - top) * unit)
