"""The controller of the picture: a new state becomes a plan, the plan becomes pictures.

Views never change the state; they say what is wished, and `Viewer.set_state` is the only door.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFocusEvent, QHideEvent, QKeyEvent, QShowEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.images.projection import Kind, Projection
from app.text import _
from app.ui.background import Background
from app.ui.session import OpenImage
from app.ui.viewer import compare
from app.ui.viewer.canvas import Canvas
from app.ui.viewer.compare_bar import CompareBar
from app.ui.viewer.comparing import Comparing
from app.ui.viewer.contrast import Histogram
from app.ui.viewer.counting import Counter
from app.ui.viewer.dims import AXES, DimBar
from app.ui.viewer.flicker import Flicker
from app.ui.viewer.keys import command_for
from app.ui.viewer.loader import Drawn
from app.ui.viewer.ortho import Ortho, seen_from_aside
from app.ui.viewer.panes import Panes
from app.ui.viewer.plan import zoomed
from app.ui.viewer.play import Player
from app.ui.viewer.preview import PreviewBox
from app.ui.viewer.probe import probe
from app.ui.viewer.projecting import KeptContrasts, moved, projection_in_words
from app.ui.viewer.recall import beginning, is_missing, recalled
from app.ui.viewer.shooting import names_of, sides_of
from app.ui.viewer.shot import Shot
from app.ui.viewer.side import SideImage
from app.ui.viewer.space_door import SpaceDoor
from app.ui.viewer.state import (
    Axis,
    Box,
    Rect,
    Side,
    ViewState,
    unit_size,
)
from models.errors import UserError
from models.knobs import N_
from models.source import ImageInfo, Pixels

if TYPE_CHECKING:
    from app.images.measuring.measure import Subject
    from app.ui.viewer.subjects import Subjects

ZOOM_STEP = 1.5
NOT_YET = N_("raw, not restored yet")
SIDES: tuple[Side, ...] = ("raw", "restored", "difference")

Planes = frozenset[tuple[int, int, int]]  # t, c, z


class Viewer(QWidget):
    """Shows one image, with its restored result or another image over or beside it."""

    state_changed = Signal(object)  # ViewState
    pointer_moved = Signal(object)  # Pointer | None; its str() is a line for the status bar
    preview_box_moved = Signal(object)  # Box
    histogram_changed = Signal(object)  # Histogram of the active raw channel | None
    histogram_beside_changed = Signal(object)  # Histogram of the second image | None: contrast is shared
    zoom_changed = Signal(float)  # pixels of the screen per raw pixel
    image_failed = Signal(object)  # UserError: a plane could not be read
    pair_changed = Signal(object)  # Pair | None: what is compared

    def __init__(self, background: Background, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(_("Viewer"))
        self._background = background
        self._state = ViewState()
        self._remembered: dict[tuple[int, int], tuple[ViewState, ImageInfo]] = {}  # by key and scene
        raw = SideImage(background, self)
        self.comparing = Comparing(raw, background, self)
        beside = (self.comparing.second, self.comparing.difference)
        self._sides: dict[Side, SideImage] = dict(zip(SIDES, (raw, *beside), strict=True))
        self.flicker = Flicker(self._is_seen, self)
        self._unfinished: Planes = frozenset()
        self._is_raw_held = False
        self._is_box_wanted = False
        self._pointer_at: tuple[float, float] | None = None
        self._counter = Counter(background, self)
        self._counter_beside = Counter(background, self)
        self._kept = KeptContrasts()
        self._subjects: Subjects | None = None
        self.compare_bar = CompareBar(self)
        self.panes = Panes(self)
        self.ortho = Ortho(background, self.panes, self)
        self.space = SpaceDoor(background, self)
        self.dims = DimBar(self)
        self.preview = PreviewBox(self)
        self.player = Player(self._is_idle, self)
        self._lay_out()
        self._connect()
        self._show_image_state()

    # What is shown

    @property
    def view_state(self) -> ViewState:
        """What is seen and how; without channels while there is no image."""
        return self._state

    @property
    def zoom(self) -> float:
        """Pixels of the screen per raw pixel."""
        info = self._info
        if info is None:
            return 1.0
        return self.panes.viewport.width / self.panes.seen.width * unit_size(info)[1]

    @property
    def histogram(self) -> Histogram | None:
        """The histogram of the active raw channel."""
        return self._counter.histogram

    @property
    def canvases(self) -> tuple[Canvas, ...]:
        """The places for pictures, from left to right."""
        return self.panes.canvases

    @property
    def is_idle(self) -> bool:
        """Whether everything wished has been drawn."""
        return self._is_idle()

    @property
    def drawn(self) -> Drawn | None:
        """What was drawn last of the raw image."""
        return self._sides["raw"].drawn

    @property
    def subjects(self) -> tuple[Subject, ...]:
        """The images that lie over each other here, for measuring; the raw one first."""
        first, second = self._sides["raw"], self._sides["restored"]
        pair, projection = self.comparing.pair, self._state.projection
        if self._subjects is None:
            from app.ui.viewer.subjects import Subjects  # here, because the first picture does not need it

            self._subjects = Subjects()
        return self._subjects.of(first, second, pair, projection, self._unfinished)

    def shot(self) -> Shot | None:
        """Return what is seen now, to be drawn again elsewhere; None while there is no picture."""
        raw, info, state = self._sides["raw"].image, self._info, self._state
        if raw is None or info is None or not state.shown:
            return None
        pair = self.comparing.pair
        return Shot(
            key=raw.key,
            info=info,
            reach=self.comparing.reach(),
            state=state,
            panes=self._seen_panes(is_raw_only=self._is_raw_held),
            names=partial(names_of, self.comparing, info),
            sides=sides_of(self.comparing, self._sides, state),
            seen=self.panes.seen,
            viewport=self.panes.viewport,
            legend=self.comparing.legend(state),
            unfinished=self._unfinished if pair is None or pair.is_result else frozenset(),
            waiting=_(NOT_YET),
            has_preview=self._is_box_wanted and self.preview.box is not None,
        )

    def show_image(self, image: OpenImage | None) -> None:
        """Look at another image, as it was left, or at none."""
        raw = self._sides["raw"]
        if image is raw.image:
            return
        self._remember()
        self.player.stop()
        self.show_result(None)
        self.preview.take_away()
        self._unfinished = frozenset()
        self._kept.forget()
        raw.open(image)
        state = ViewState()
        if image is not None:
            before = self._remembered.get((image.key, image.info.scene))
            state = beginning(image.info, image.missing) if before is None else recalled(*before, image.info)
        self._state = state
        self._show_image_state()
        self.state_changed.emit(self._state)
        self._move_pointer(None)

    def show_result(self, image: OpenImage | None) -> None:
        """Lay a second image over the first one, its result or another; None: there is none."""
        if image is self._sides["restored"].image or (image is not None and self._info is None):
            return
        state = self.comparing.begin(image, self._state)
        self.panes.clear("restored")
        self.panes.clear("difference")
        self.pair_changed.emit(self.comparing.pair)
        self.set_state(state)
        self._show_state()

    def show_unfinished(self, planes: Planes) -> None:
        """Hatch planes (t, c, z) that are not restored yet; those done meanwhile are read again."""
        was_missing = self._is_missing()
        self._unfinished = frozenset(planes)
        if was_missing and not self._is_missing():
            self._sides["restored"].forget()
            self._subjects = None
            self._reread_result()
        self._show_state()

    def refresh_plane(self, t: int, c: int, z: int) -> None:
        """Read a plane of the restored image anew, from now on and at once if it is looked at."""
        restored = self._sides["restored"]
        restored.forget()
        self._subjects = None
        is_seen = t == self._state.t and z in self._planes
        if is_seen and c in self._state.shown:
            self._reread_result()

    def show_preview_box(self, visible: bool) -> None:  # noqa: FBT001 - a slot
        """Show or hide the box whose pixels are restored at once."""
        self._is_box_wanted = visible
        if visible:
            self._put_box()
        else:
            self.preview.take_away()
        self._show_box()

    def show_preview(self, box: Box, pixels: Pixels | None) -> None:
        """Fill the preview box with restored pixels (c, h, w) made for `box`; None: take them out."""
        if self.preview.fill(box, pixels):
            self._show_box()

    # What is wished

    def set_state(self, state: ViewState) -> None:
        """Show this state from now on."""
        if state == self._state:
            return
        old, self._state = self._state, state
        if (old.t, old.z) != (state.t, state.z):
            self.preview.follow(state)
        self._show_state()
        for shown in self._sides.values():
            shown.look_ahead(old, state, self.player)
        self.state_changed.emit(state)

    def zoom_in(self) -> None:
        """Show less, larger."""
        self._zoom(ZOOM_STEP)

    def zoom_out(self) -> None:
        """Show more, smaller."""
        self._zoom(1 / ZOOM_STEP)

    def fit(self) -> None:
        """Show the whole image."""
        self.set_state(replace(self._state, view=None))

    def go_to(self, axis: Axis, position: int) -> None:
        """Go to a channel, plane or time, as near as there is one."""
        info = self._info
        if info is None:
            return
        position = min(max(position, 0), info.shape[AXES[axis]] - 1)
        self.set_state(self._state.at(axis, position))

    def step(self, axis: Axis, by: int) -> None:
        """Go forward or back along an axis; the planes of a projection go together."""
        info, projection = self._info, self._state.projection
        if axis == "Z" and projection is not None and info is not None:
            self.project(moved(projection, by, info.shape[2]))
            return
        self.go_to(axis, self._state.position(axis) + by)

    def play(self) -> None:
        """Play through time, or through the planes if there is one time only; if it plays, stop."""
        info = self._info
        axes: tuple[Axis, ...] = ("T", "Z")
        axis = next((axis for axis in axes if info is not None and info.shape[AXES[axis]] > 1), None)
        if self.player.axis is not None:
            self.player.stop()
        elif axis is not None:
            self.player.toggle(axis)

    def project(self, projection: Projection | None) -> None:
        """Show many planes in one picture from now on, or one plane at a time."""
        if self._info is not None and self._info.shape[2] > 1:
            if projection is not None and self.player.axis == "Z":
                self.player.stop()
            self.set_state(self._kept.switch(self._state, projection))

    def project_as(self, kind: Kind | None) -> None:
        """Show a projection of this kind, of the planes taken now or of all."""
        current = self._state.projection or Projection()
        self.project(None if kind is None else replace(current, kind=kind))

    def toggle_projection(self) -> None:
        """Show the maximum of all planes, or one plane again."""
        self.project_as("maximum" if self._state.projection is None else None)

    def show_in_space(self) -> None:
        """Open the window in which the stack is turned."""
        self.space.open()

    def toggle_ortho(self) -> None:
        """Show the stack from two sides as well, or only from above."""
        self.ortho.turn(on=not self.ortho.is_on and self.ortho.deep is not None)
        self.dims.tools.show_ortho(is_on=self.ortho.is_on)
        self._show_state()

    def toggle_channel(self, index: int) -> None:
        """Show or hide a channel; where one is seen at a time, look at that one."""
        state = self._state
        if index >= len(state.channels):
            return
        if state.colouring == "composite":
            channel = state.channels[index]
            state = state.with_channel(index, replace(channel, is_visible=not channel.is_visible))
        self.set_state(state if state != self._state else replace(state, channel=index))

    def auto_contrast(self) -> None:
        """Find the contrast of the active channel anew."""
        self._find_contrast((self._state.channel,))

    def auto_contrast_all(self) -> None:
        """Find the contrast of every channel anew."""
        self._find_contrast(range(len(self._state.channels)))

    def next_comparison(self) -> None:
        """Compare in the next way."""
        if self._has_result:
            self.set_state(compare.next_mode(self._state))

    def swap(self) -> None:
        """Let the two images change places."""
        if self._has_result:
            self.set_state(replace(self._state, is_swapped=not self._state.is_swapped))

    def toggle_lock(self) -> None:
        """Lock the contrast of both images together, or let each have its own."""
        self.set_state(self._state.with_lock(locked=not self._state.is_contrast_locked))

    def hold_raw(self, held: bool) -> None:  # noqa: FBT001 - a slot
        """See the first image as long as it is held."""
        if held != self._is_raw_held:
            self._is_raw_held = held
            self._show_state()

    # From state to pictures

    @property
    def _info(self) -> ImageInfo | None:
        return self._sides["raw"].info

    @property
    def _cut_off(self) -> Planes:
        """The planes behind the end of a file that ends too early."""
        image = self._sides["raw"].image
        return frozenset() if image is None else image.missing

    @property
    def _planes(self) -> range:
        return self._state.planes(self._info.shape[2] if self._info is not None else 1)

    @property
    def _has_result(self) -> bool:
        return self._sides["restored"].image is not None

    def _show_image_state(self) -> None:
        """Show everything anew for another image."""
        info = self._info
        self.panes.show_image(info)
        self.ortho.show_image(info)
        self.space.show_image(info)
        self.dims.show_image(info)
        self._show_state()

    def _show_state(self) -> None:
        """Tell every view; each of them draws only what is new to it."""
        state, info = self._state, self._info
        self.compare_bar.setVisible(self._has_result)
        self.compare_bar.show_state(state, self.comparing.pair)
        self.compare_bar.show_reach(self.comparing.reach_of_colours(state))
        self.compare_bar.show_note(self.comparing.notes(state))
        self.flicker.follow(state.flicker if self._has_result and state.compare == "flicker" else None)
        if info is None:
            return
        self.comparing.prepare(state)
        self._show_panes()
        self.dims.show_state(state, info)
        self.dims.show_unfinished(self._unfinished | self._cut_off, state)
        self._show_box()
        for side in SIDES:
            self._draw(side)
        self._count()
        self.zoom_changed.emit(self.zoom)

    def _show_panes(self) -> None:
        """Show what is seen of both images, from left to right."""
        state = self._state
        panes = self._seen_panes(is_raw_only=self._is_raw_held or self._is_missing())
        is_between = panes == (("difference",),)
        self.panes.show_state(state, self.comparing.reach(), [(pane, self._tags(pane)) for pane in panes])
        aside = seen_from_aside(state, panes[-1][-1], self.comparing.pair, self._sides)
        self.ortho.show_state(state, *aside)
        self.space.show_state(state, *aside)
        self.panes.show_legend(self.comparing.legend(state) if is_between else None)

    def _seen_panes(self, *, is_raw_only: bool) -> tuple[compare.Pane, ...]:
        is_turned = self.flicker.is_turned
        return compare.panes(
            self._state, has_result=self._has_result, is_raw_held=is_raw_only, is_turned=is_turned
        )

    def _cross_at(self, axis: Axis, position: int) -> None:
        if position == self._state.position(axis):
            self._show_state()
        else:
            self.go_to(axis, position)

    def _draw(self, side: Side) -> None:
        shown, raw = self._sides[side], self._info
        if shown.info is None or raw is None or (side != "raw" and self._is_missing()):
            return
        if side != "difference":  # that is one of projections, not the projection of one
            shown.project(self._state.projection)
        if side == "raw" and is_missing(self._state, self._cut_off):
            shown.loader.rest()
            self._take_down(side)
            self.panes.show_sentence(_("This plane is missing: the file ends before it."))
            return
        info = shown.pixels.info if shown.pixels is not None else shown.info
        wanted = self.comparing.wish(side, self._state, info, self.panes.viewport)
        if wanted is not None:
            shown.show(wanted)
        elif self.comparing.is_empty(side, self._state):
            self.panes.clear(side)

    def _put_up(self, side: Side, drawn: Drawn) -> None:
        """Put a picture that was drawn on the canvases."""
        shown, raw = self._sides[side], self._info
        if shown.info is None or raw is None:
            return
        if side == "raw" and is_missing(self._state, self._cut_off):
            return
        is_growing = shown.is_growing(drawn)
        shown.drawn = None if is_growing else drawn
        if is_growing:
            if self._state.shown and not shown.is_refining(drawn):
                self.panes.put_up(side, drawn, shown.info, self.comparing.over(side))
            self._show_state()  # says how far it has come and asks for more
            return
        is_first_look = self.comparing.is_first_look(side, self._state)
        if shown.loader.wants(drawn):
            self.set_state(self.comparing.taken(side, drawn, self._state))
        if self._state.shown and (not is_first_look or shown.loader.wants(drawn)):
            self.panes.put_up(side, drawn, shown.info, self.comparing.over(side))
        if self._is_box_wanted and self.preview.box is None:
            self._put_box()
            self._show_box()
        self._count()
        if self._state.projection is not None:
            self._show_state()  # the next finer one, if there is one
        self._move_pointer(self._pointer_at)

    def _refuse(self, side: Side, error: UserError) -> None:
        self._take_down(side)
        self.panes.show_sentence(f"{error.sentence}\n{error.hint}".strip())
        self.player.stop()
        self.image_failed.emit(error)

    def _take_down(self, side: Side) -> None:
        """Show nothing of a side: what is left there is another plane."""
        self._sides[side].drawn = None
        self.panes.clear(side)
        self._move_pointer(self._pointer_at)

    def _tags(self, pane: compare.Pane) -> tuple[str, ...]:
        projected = self._projected_words()
        if not self._has_result:
            return (projected,) if projected else ()
        is_missing = self._is_missing()
        tags = (_(NOT_YET),) if is_missing else self.comparing.tags(pane, self._state)
        return (f"{tags[0]} · {projected}", *tags[1:]) if projected else tags

    def _projected_words(self) -> str:
        """Say what a projection is of, and how far it has come."""
        info, projection = self._info, self._state.projection
        if info is None or projection is None:
            return ""
        lacking = {z for t, _c, z in self._cut_off if t == self._state.t and z in self._planes}
        words = projection_in_words(projection, info.shape[2], len(lacking))
        progress = next((shown.progress for shown in self._sides.values() if shown.progress), "")
        return f"{words} · {progress}" if progress else words

    def _is_missing(self) -> bool:
        """Whether the restored plane looked at is still to come."""
        state, pair = self._state, self.comparing.pair
        if not self._unfinished or (pair is not None and not pair.is_result):
            return False
        return any((state.t, index, z) in self._unfinished for index in state.shown for z in self._planes)

    def _reread_result(self) -> None:
        for side in ("restored", "difference"):
            self._sides[side].loader.reread()

    def _is_seen(self) -> bool:
        return self.isVisible() and not self.window().isMinimized()

    def _is_idle(self) -> bool:
        return all(side.loader.is_idle for side in self._sides.values())

    # Contrast and numbers

    def _count(self) -> None:
        """Count the gray values of the active channel, and those beside it if their contrast is their own."""
        state, pair = self._state, self.comparing.pair
        joint = tuple(range(len(state.channels))) if state.is_joint else (state.channel,)
        self._counter.count(self._sides["raw"], *joint)
        own = () if pair is None or state.is_contrast_locked else pair.seconds_of(state.channel)
        self._counter_beside.count(self._sides["restored"], *own)

    def _find_contrast(self, channels: range | tuple[int, ...]) -> None:
        state = self._state
        for index in channels:
            state = state.with_contrast(index, None)
            state = state.with_contrast(index, None, "restored")
        self.set_state(state)

    def _move_pointer(self, at: tuple[float, float] | None) -> None:
        """Say what lies under the pointer."""
        self._pointer_at = at
        pair = None if self._is_missing() else self.comparing.pair
        self.pointer_moved.emit(probe(at, self._state, self._sides, pair))

    # The preview box

    def _put_box(self) -> None:
        info, drawn = self._info, self._sides["raw"].drawn
        if info is None or drawn is None:
            return
        planes = {region.c[0]: plane for region, plane in drawn.planes.items() if region.level == 0}
        plane = planes.get(self._state.channel, next(iter(planes.values()), None))
        self.preview.put(info, self._state, plane)

    def _drag_box(self, rect: Rect) -> None:
        if self._info is not None:
            self.preview.drag(rect, self._info)
            self._show_box()

    def _show_box(self) -> None:
        info = self._info
        is_plane = self._state.projection is None  # what was restored belongs to one plane
        pair = self.comparing.pair
        is_alone = pair is None or pair.is_result  # what is compared with another file is not restored
        rect = self.preview.rect(info) if info is not None and is_plane and is_alone else None
        packed = None if self._is_raw_held or rect is None else self.preview.drawn(self._state)
        self.panes.show_box(rect, packed)

    # Wiring and keys

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.compare_bar)
        layout.addWidget(self.ortho, 1)
        layout.addWidget(self.dims)

    def _connect(self) -> None:
        panes = self.panes
        panes.view_wished.connect(lambda view: self.set_state(replace(self._state, view=view)))
        panes.curtain_wished.connect(self._hang_curtain)
        panes.box_wished.connect(self._drag_box)
        panes.box_released.connect(self.preview.tell_now)
        panes.pointer_moved.connect(self._move_pointer)
        panes.stepped.connect(self.step)
        panes.resized.connect(self._show_state)
        self._counter.changed.connect(self.histogram_changed)
        self._counter_beside.changed.connect(self.histogram_beside_changed)
        for side, shown in self._sides.items():
            shown.loader.drawn.connect(partial(self._put_up, side))
            shown.loader.drawn.connect(self.player.hear)
            shown.loader.failed.connect(partial(self._refuse, side))
        self.preview.moved.connect(self.preview_box_moved)
        self.dims.position_wished.connect(self.go_to)
        self.dims.play_clicked.connect(self.player.toggle)
        self.player.stepped.connect(self._play_on)
        self.player.changed.connect(self.dims.show_playing)
        self.player.pace_changed.connect(self.dims.show_pace)
        self.player.rate_changed.connect(lambda rate: self.dims.show_rate(self.player.axis, rate))
        self.dims.pace_wished.connect(self.player.set_pace)
        self.dims.planes_wished.connect(
            lambda planes: self.project(replace(self._state.projection or Projection(), planes=planes))
        )
        self.dims.tools.kind_wished.connect(self.project_as)
        self.dims.tools.ortho_clicked.connect(self.toggle_ortho)
        self.dims.tools.volume_clicked.connect(self.space.open)
        self.ortho.position_wished.connect(self._cross_at)
        self.ortho.view_wished.connect(lambda view: self.set_state(replace(self._state, view=view)))
        self.compare_bar.mode_clicked.connect(lambda key: self.set_state(replace(self._state, compare=key)))
        self.compare_bar.swap_clicked.connect(self.swap)
        self.compare_bar.lock_clicked.connect(self.toggle_lock)
        self.compare_bar.rate_wished.connect(lambda rate: self.set_state(replace(self._state, flicker=rate)))
        self.compare_bar.reach_wished.connect(
            lambda reach: self.set_state(self.comparing.with_reach(self._state, reach))
        )
        self.flicker.turned.connect(self._show_panes)

    def _play_on(self, axis: Axis, by: int) -> None:
        info = self._info
        if info is not None:
            position = self.player.after(self._state.position(axis), by, info.shape[AXES[axis]])
            self.go_to(axis, position)

    def _hang_curtain(self, x: float) -> None:
        info = self._info
        if info is not None:
            over = self.comparing.reach()
            share = min(max((x - over.x) / over.width, 0.0), 1.0)
            self.set_state(replace(self._state, curtain=share))

    def _zoom(self, factor: float) -> None:
        info = self._info
        if info is not None:
            view = zoomed(self.panes.seen, factor, self.comparing.reach())
            self.set_state(replace(self._state, view=view))

    def _remember(self) -> None:
        image = self._sides["raw"].image
        if image is not None:
            self._remembered[image.key, image.info.scene] = (self._state, image.info)

    def showEvent(self, event: QShowEvent) -> None:
        """Go on where the picture was hidden."""
        super().showEvent(event)
        self._show_state()

    def hideEvent(self, event: QHideEvent) -> None:
        """Let nothing move that nobody sees."""
        super().hideEvent(event)
        self.flicker.follow(None)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Answer the viewer's keys; leave all others to the window."""
        if event.key() in (Qt.Key.Key_B, Qt.Key.Key_Space) and not event.modifiers():
            if not event.isAutoRepeat():
                self._hold(event.key(), held=True)
            return
        found = command_for(event.key(), event.modifiers())
        if found is None:
            super().keyPressEvent(event)
        else:
            name, arguments = found
            getattr(self, name)(*arguments)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        """Let go of what is held."""
        if event.key() in (Qt.Key.Key_B, Qt.Key.Key_Space) and not event.isAutoRepeat():
            self._hold(event.key(), held=False)
        else:
            super().keyReleaseEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Let go of everything: the release of a key goes elsewhere now."""
        for key in (Qt.Key.Key_B, Qt.Key.Key_Space):
            self._hold(key, held=False)
        super().focusOutEvent(event)

    def _hold(self, key: int, *, held: bool) -> None:
        if key == Qt.Key.Key_B:
            self.hold_raw(held)
        else:
            self.panes.hold_panning(held=held)
