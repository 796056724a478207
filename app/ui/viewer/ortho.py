"""Orthogonal views: the stack cut along a row below the picture, along a column to the right of it."""

from collections.abc import Mapping
from dataclasses import dataclass

from PySide6.QtCore import QRect, QSize, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QGridLayout, QWidget

from app.text import _
from app.ui.background import Background
from app.ui.theme import colour
from app.ui.viewer.canvas import Canvas
from app.ui.viewer.composite import Look
from app.ui.viewer.cross import Cross
from app.ui.viewer.cuts import Spot
from app.ui.viewer.cutting import Cut, Cutting, CutWish
from app.ui.viewer.pair import Pair
from app.ui.viewer.panes import Panes
from app.ui.viewer.side import SideImage
from app.ui.viewer.state import Axis, Rect, Side, ViewState, extent, is_calibrated, unit_size
from app.ui.viewer.volume import Deep, Stack
from models.errors import UserError
from models.source import ImageInfo, ImageSource

LEAST = 96  # pixels of a side view's shorter side
MOST = 0.4  # of the room, for a side view
AROUND = 1.15  # a side view is so much deeper than the stack, when there is room


@dataclass(frozen=True, slots=True)
class Depth:
    """The axis seen from the side: how many planes, how far apart in units, and whether that is known."""

    axis: Deep
    count: int
    step: float
    is_known: bool

    @property
    def length(self) -> float:
        """How deep the stack is, in units."""
        return self.count * self.step


class Ortho(QWidget):
    """The picture, and both side views where they are wished."""

    position_wished = Signal(str, int)  # axis, position
    view_wished = Signal(object)  # Rect, in units
    failed = Signal(object)  # UserError

    def __init__(self, background: Background, panes: Panes, parent: QWidget) -> None:
        super().__init__(parent)
        self.panes = panes
        self.xz, self.yz = Canvas(self), Canvas(self)
        self.spot = (0, 0)  # column and row of the raw image where the cuts cross
        self.is_on = False
        self._info: ImageInfo | None = None
        self._state = ViewState()
        self._cutting = Cutting(background, self)
        self._crosses = tuple(Cross(canvas, is_side=False) for canvas in panes.canvases)
        self._xz_cross, self._yz_cross = Cross(self.xz, is_side=True), Cross(self.yz, is_side=True)
        self.xz.setAccessibleName(_("View from the front (XZ)"))
        self.yz.setAccessibleName(_("View from the side (YZ)"))
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(2)
        self._grid.addWidget(panes, 0, 0)
        self._grid.addWidget(self.yz, 0, 1)
        self._grid.addWidget(self.xz, 1, 0)
        self._grid.setRowStretch(0, 1)
        self._grid.setColumnStretch(0, 1)
        self.xz.hide()
        self.yz.hide()
        self._connect()

    @property
    def is_idle(self) -> bool:
        """Whether both side views are complete."""
        return self._cutting.is_idle

    @property
    def deep(self) -> Depth | None:
        """The axis seen from the side: Z, or time where there is one plane only; None: neither."""
        return None if self._info is None else depth_of(self._info)

    def show_image(self, info: ImageInfo | None) -> None:
        """Make room for another image; the cuts cross in its middle."""
        self._info = info
        self._cutting.forget()
        for canvas in (self.xz, self.yz):
            canvas.clear("raw")
        if info is not None:
            *_rest, height, width = info.shape
            self.spot = (width // 2, height // 2)
        self._arrange()

    def turn(self, *, on: bool) -> None:
        """Show the side views, or hide them and let go of what they hold in memory."""
        self.is_on = on
        if not on:
            self._cutting.forget()
        self._arrange()

    def show_state(
        self, state: ViewState, side: Side, source: ImageSource | None, channels: tuple[tuple[int, int], ...]
    ) -> None:
        """Cut what `state` shows; `channels` pairs the raw channels drawn with those of `source`."""
        self._state = state
        depth, info = self.deep, self._info
        if not self.is_on or depth is None or info is None or source is None:
            self._show_crosses()
            return
        self._follow()
        contrasts = [(state.lut(index), state.contrast(index, side)) for index, _channel in channels]
        looks = tuple(Look(lut, contrast) for lut, contrast in contrasts if contrast is not None)
        if not channels or len(looks) != len(channels):
            return
        at = state.t if depth.axis == "Z" else 0
        stack = Stack(depth.axis, at, tuple(channel for _index, channel in channels))
        *_rest, height, width = info.shape
        spot = Spot((self.spot[0] + 0.5) / width, (self.spot[1] + 0.5) / height, self._position)
        self._cutting.show(CutWish(source, stack, spot, looks))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Share the room anew."""
        super().resizeEvent(event)
        self._arrange()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Let the corner between the side views look like the ground of the pictures."""
        if self.is_on and self.deep is not None:
            painter = QPainter(self)
            corner = QRect(self.yz.x(), self.xz.y(), self.yz.width(), self.xz.height())
            painter.fillRect(corner, colour("picture", self.palette()))
            painter.end()

    @property
    def _position(self) -> int:
        depth = self.deep
        return 0 if depth is None else self._state.position(depth.axis)

    def _connect(self) -> None:
        for cross in self._crosses:
            cross.wished.connect(lambda x, y: self._wish(x=x, y=y))
        self._xz_cross.wished.connect(lambda x, z: self._wish(x=x, z=z))
        self._yz_cross.wished.connect(lambda z, y: self._wish(y=y, z=z))
        self._xz_cross.nudged.connect(lambda x, z: self._nudge(x=x, z=z))
        self._yz_cross.nudged.connect(lambda z, y: self._nudge(y=y, z=z))
        self._xz_cross.stepped.connect(lambda by: self._nudge(y=by))
        self._yz_cross.stepped.connect(lambda by: self._nudge(x=by))
        self.xz.view_wished.connect(lambda rect: self._move_view(x=rect.x))
        self.yz.view_wished.connect(lambda rect: self._move_view(y=rect.y))
        for canvas in (self.xz, self.yz):
            canvas.stepped.connect(lambda _axis, by: self._nudge(z=by))
            canvas.resized.connect(self._follow)
        self._cutting.cut.connect(self._put_up)
        self._cutting.failed.connect(self._refuse)

    # From the state to the side views

    def _arrange(self) -> None:
        """Share the room between the picture and the side views, each unit as long in all of them."""
        depth, info = self.deep, self._info
        is_seen = self.is_on and depth is not None
        for canvas in (self.xz, self.yz):
            canvas.setVisible(is_seen)
        if depth is None or info is None or not is_seen:
            self._show_crosses()
            return
        over, known = extent(info), is_calibrated(info) and depth.is_known
        self.xz.show_extent(Rect(over.x, 0, over.width, depth.length), is_calibrated=known)
        self.yz.show_extent(Rect(0, over.y, depth.length, over.height), is_calibrated=known)
        sides = side_sizes(QSize(self.width(), self.height()), over, depth.length)
        self.xz.setFixedHeight(sides.height())
        self.yz.setFixedWidth(sides.width())
        unknown = _("Z step unknown") if depth.axis == "Z" and not depth.is_known else ""
        self.xz.show_sides(("raw",), (" · ".join(part for part in (f"X{depth.axis}", unknown) if part),))
        self.yz.show_sides(("raw",), (f"Y{depth.axis}",))
        self._follow()
        self._cutting.tell_again()

    def _follow(self) -> None:
        """Look at the same place from the side as from above."""
        depth = self.deep
        if not self.is_on or depth is None:
            return
        seen, canvas = self.panes.seen, self.panes.canvases[0]
        unit = seen.width / max(1, canvas.width())
        wide, tall = max(1, self.xz.width()) * unit, max(1, self.yz.height()) * unit
        deep_xz, deep_yz = max(1, self.xz.height()) * unit, max(1, self.yz.width()) * unit
        at = (self._position + 0.5) * depth.step
        self.xz.show_view(Rect(seen.x, start_of(at, depth.length, deep_xz), wide, deep_xz))
        self.yz.show_view(Rect(start_of(at, depth.length, deep_yz), seen.y, deep_yz, tall))
        self.yz.overlay.show_scale_bar(None, 0.0)  # it is too narrow for the words; the others have one
        self._show_crosses()

    def _show_crosses(self) -> None:
        depth, info = self.deep, self._info
        if not self.is_on or depth is None or info is None:
            for cross in (*self._crosses, self._xz_cross, self._yz_cross):
                cross.show_at(None)
            return
        unit_y, unit_x = unit_size(info)
        x, y = (self.spot[0] + 0.5) * unit_x, (self.spot[1] + 0.5) * unit_y
        z = (self._position + 0.5) * depth.step
        for cross in self._crosses:
            cross.show_at((x, y))
        self._xz_cross.show_at((x, z))
        self._yz_cross.show_at((z, y))

    def _put_up(self, cut: Cut) -> None:
        depth, info = self.deep, self._info
        if depth is None or info is None or not self.is_on:
            return
        over, key = extent(info), cut.wish.stack
        self.xz.show_pixels(
            "raw", cut.xz, Rect(over.x, 0, over.width, depth.length), plane=key, is_whole=True
        )
        self.yz.show_pixels(
            "raw", cut.yz, Rect(0, over.y, depth.length, over.height), plane=key, is_whole=True
        )
        progress = ""
        if cut.done < cut.total:
            progress = _("{done} of {total} planes").format(done=cut.done, total=cut.total)
        for canvas in (self.xz, self.yz):
            canvas.overlay.show_sentence("" if canvas is self.yz else progress)

    def _refuse(self, error: UserError) -> None:
        self.xz.overlay.show_sentence(error.sentence)
        self.failed.emit(error)

    # What is wished

    def _wish(self, *, x: float | None = None, y: float | None = None, z: float | None = None) -> None:
        """Let the cuts cross at places in units; None: as they do."""
        depth, info = self.deep, self._info
        if depth is None or info is None:
            return
        unit_y, unit_x = unit_size(info)
        column = self.spot[0] if x is None else int(x // unit_x)
        row = self.spot[1] if y is None else int(y // unit_y)
        self._cross_at(column, row, self._position if z is None else int(z // depth.step))

    def _nudge(self, *, x: int = 0, y: int = 0, z: int = 0) -> None:
        self._cross_at(self.spot[0] + x, self.spot[1] + y, self._position + z)

    def _cross_at(self, column: int, row: int, position: int) -> None:
        depth, info = self.deep, self._info
        if depth is None or info is None:
            return
        *_rest, height, width = info.shape
        self.spot = (min(max(column, 0), width - 1), min(max(row, 0), height - 1))
        position = min(max(position, 0), depth.count - 1)
        axis: Axis = depth.axis
        self.position_wished.emit(axis, position)

    def _move_view(self, *, x: float | None = None, y: float | None = None) -> None:
        seen = self.panes.seen
        self.view_wished.emit(
            Rect(seen.x if x is None else x, seen.y if y is None else y, seen.width, seen.height)
        )


def depth_of(info: ImageInfo) -> Depth | None:
    """Return what is seen from the side: the planes, else the times; None if there is one picture only."""
    times, _channels, planes, *_plane = info.shape
    _unit_y, unit_x = unit_size(info)
    step = info.pixel_size_um.z
    if planes > 1:
        is_known = step is not None and step > 0 and is_calibrated(info)
        return Depth("Z", planes, step if is_known and step is not None else unit_x, is_known)
    return Depth("T", times, unit_x, is_known=False) if times > 1 else None


def seen_from_aside(
    state: ViewState, side: Side, pair: Pair | None, sides: Mapping[Side, SideImage]
) -> tuple[Side, ImageSource | None, tuple[tuple[int, int], ...]]:
    """Return which image is cut, its pixels, and each channel drawn of the first image with that of it.

    A second image is cut if it was made from the first and has as many planes; then a place in one is the
    same place in the other.
    """
    is_like = pair is not None and pair.is_result and pair.first.shape[::2][:2] == pair.second.shape[::2][:2]
    is_steady = side != "raw" and state.compare != "flicker"
    if not is_steady or pair is None or not is_like or pair.over != extent(pair.first):
        return "raw", sides["raw"].stack, tuple((index, index) for index in state.shown)
    links = pair.links_of(state)
    return "restored", sides["restored"].stack, tuple((link.first, link.second) for link in links)


def side_sizes(room: QSize, over: Rect, deep: float) -> QSize:
    """Return the width of the view from the side and the height of the one from the front, in pixels."""
    per_unit = min(room.width() / (over.width + deep), room.height() / (over.height + deep))
    wanted = round(deep * per_unit * AROUND)

    def fitting(whole: int) -> int:
        return max(min(LEAST, whole // 2), min(wanted, round(whole * MOST)))

    return QSize(fitting(room.width()), fitting(room.height()))


def start_of(at: float, deep: float, seen: float) -> float:
    """Return where a view `seen` units deep begins: all in the middle if it fits, else with `at` in it."""
    if deep <= seen:
        return (deep - seen) / 2
    return min(max(at - seen / 2, 0.0), deep - seen)
