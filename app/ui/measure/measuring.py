"""The controller of measuring: what is drawn on the image looked at, and what is measured of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from app.images.measuring.measure import Measurement, Subject
from app.images.measuring.shapes import Kind, Line, Place, Shape, is_within
from app.text import _
from app.ui.background import Background
from app.ui.measure import words
from app.ui.measure.book import Kept, Notes
from app.ui.measure.drawing import Drawing, Sketch
from app.ui.measure.gauge import Gauge, Wish
from app.ui.measure.hand import Grip, Hand
from app.ui.viewer import luts
from app.ui.viewer.state import ViewState, is_calibrated, unit_size
from models.source import ImageInfo

if TYPE_CHECKING:
    from app.ui.session import OpenImage
    from app.ui.viewer.viewer import Viewer

Sheet = tuple[int, int]  # key and scene of an image


@dataclass(frozen=True, slots=True)
class Look:
    """How a channel is called and coloured."""

    name: str
    colour: str


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """A measurement with what is needed to put it into words."""

    measurement: Measurement
    looks: tuple[Look, ...]
    is_calibrated: bool


class Measuring(QObject):
    """Holds the tool, the shapes of every open image, and asks for measurements."""

    image_changed = Signal(object)  # ImageInfo | None
    tool_changed = Signal(object)  # Kind | None
    notes_changed = Signal(object)  # Notes
    measured = Signal(object)  # Shown | None
    failed = Signal(object)  # UserError
    said = Signal(str)

    def __init__(self, viewer: Viewer, background: Background) -> None:
        super().__init__(viewer)
        self._viewer = viewer
        self._sheets: dict[Sheet, tuple[Notes, ImageInfo, str]] = {}  # with the names of the axes
        self._sheet: Sheet | None = None
        self._axes = ""
        self._info: ImageInfo | None = None
        self._notes = Notes()
        self._state = viewer.view_state
        self._last_tool: Kind = "line"
        self._wide_px = 1
        self._wish: Wish | None = None
        self._shown: Shown | None = None
        self.tool: Kind | None = None
        self.gauge = Gauge(background, self)
        self._later = Gauge(background, self)  # for what is in the list without numbers
        self._drawings = tuple(Drawing(canvas) for canvas in viewer.canvases)
        for canvas, drawing in zip(viewer.canvases, self._drawings, strict=True):
            canvas.lay_over(drawing)
        self.hand = Hand(self, viewer.canvases, viewer)
        viewer.state_changed.connect(self._follow)
        self.gauge.measured.connect(self._take)
        self.gauge.failed.connect(self._refuse)
        self._later.measured.connect(self._take_later)

    # What there is

    @property
    def notes(self) -> Notes:
        """What was drawn on the image looked at."""
        return self._notes

    @property
    def shape(self) -> Shape | None:
        """The shape that tools work on."""
        return self._notes.shape

    @property
    def shown(self) -> Shown | None:
        """What was measured of that shape last."""
        return self._shown

    @property
    def info(self) -> ImageInfo | None:
        """The image that is drawn on."""
        return self._info

    @property
    def subjects(self) -> tuple[Subject, ...]:
        """The images that are measured, that one first."""
        return self._viewer.subjects

    @property
    def channel_names(self) -> tuple[str, ...]:
        """What its channels are called."""
        return tuple(channel.name for channel in self._state.channels)

    @property
    def position(self) -> tuple[int, int, int]:
        """Time, channel and plane looked at."""
        return (self._state.t, self._state.channel, self._state.z)

    @property
    def unit(self) -> tuple[float, float]:
        """Width and height of a pixel of that image in units."""
        return (1.0, 1.0) if self._info is None else unit_size(self._info)[::-1]

    @property
    def line_width(self) -> float:
        """The width that lines are drawn with, in units."""
        return self._wide_px * min(self.unit) if self._wide_px > 1 else 0.0

    def show_image(self, image: OpenImage | None) -> None:
        """Go on with what was drawn on another image, on the same pixels if it was corrected."""
        self.hand.let_go()
        self._store()
        self._sheet = (image.key, image.info.scene) if image is not None else None
        self._info = image.info if image is not None else None
        self._axes = _axes_of(image) if image is not None else ""
        notes = self._recalled()
        self._state = self._viewer.view_state
        self.image_changed.emit(self._info)
        if self._info is None:
            self.put_down()
        self.tool_changed.emit(self.tool)
        self._set_notes(notes)

    def forget(self, key: int) -> None:
        """Forget what was drawn on an image that is closed."""
        self._sheets = {sheet: kept for sheet, kept in self._sheets.items() if sheet[0] != key}

    def refresh(self, _change: object = None) -> None:
        """Measure again: the images that are compared, or their pixels, have changed."""
        self._wish = None
        self._measure()

    # Tools

    def take_tool(self, key: Kind) -> None:
        """Take a tool in hand."""
        if self._info is None or key == self.tool:
            return
        self.hand.let_go()
        self.tool = self._last_tool = key
        self.tool_changed.emit(key)
        self._sketch()
        self._viewer.setFocus()

    def put_down(self) -> None:
        """Put the tool down: the mouse moves the picture again."""
        self.hand.let_go()
        self.tool = None
        self.tool_changed.emit(None)
        self._sketch()

    def toggle_tool(self) -> None:
        """Take the tool used last, or put it down."""
        if self.tool is None:
            self.take_tool(self._last_tool)
        else:
            self.put_down()

    def take_line(self) -> None:
        """Take a tool that draws lines, for a profile."""
        if not isinstance(self.shape, Line) and self.tool != "segmented":
            self.take_tool("line")

    def set_line_width(self, pixels: int) -> None:
        """Draw lines so many pixels wide, and the one at hand too."""
        self._wide_px = pixels
        shape = self.shape
        if isinstance(shape, Line) and shape.width != self.line_width:
            self.set_shape(replace(shape, width=self.line_width))

    # Shapes

    def set_shape(self, shape: Shape | None) -> None:
        """Change the shape at hand; None: let it go."""
        self._set_notes(self._notes.with_shape(shape))

    def choose(self, number: int | None) -> None:
        """Take a region of the list in hand, and go to its plane."""
        self._set_notes(self._notes.choosing(number))
        region = self._notes.region
        if region is not None and not region.is_on(self._state.t, self._state.z):
            self._viewer.set_state(replace(self._state, t=region.t, z=region.z))

    def keep(self) -> None:
        """Put the shape at hand into the list."""
        notes, state = self._notes, self._state
        if notes.loose is None:
            done = notes.region is not None
            self.said.emit(_("This region is in the list.") if done else _("Draw on the picture first."))
            return
        name = f"{words.kind(notes.loose)} {notes.last + 1}"
        known = self._shown.measurement if self._shown is not None else None
        known = known if known is not None and known.shape == notes.loose else None
        self._set_notes(notes.keeping(name, state.t, state.channel, state.z, known))

    def add(self, regions: list[tuple[str, Shape, int, int, int]]) -> None:
        """Put regions (name, shape, t, c, z) from elsewhere into the list."""
        notes = self._notes
        for name, shape, t, c, z in regions:
            notes = notes.adding(name or f"{words.kind(shape)} {notes.last + 1}", shape, t, c, z)
        self._set_notes(notes)

    def rename(self, number: int, name: str) -> None:
        """Call a region of the list something else."""
        region = next((one for one in self._notes.kept if one.number == number), None)
        if region is not None and name.strip() and name != region.name:
            self._set_notes(self._notes.with_region(replace(region, name=name.strip())))

    def delete(self) -> None:
        """Delete the shape at hand; `undo` brings it back."""
        self._set_notes(self._notes.deleting())

    def undo(self) -> None:
        """Bring back what was deleted last."""
        if not self._notes.deleted:
            self.said.emit(_("No region was deleted here."))
        self._set_notes(self._notes.undoing())

    def grip_at(self, at: Place, reach: float) -> Grip | None:
        """Return what can be taken of the shape at hand at a place: a handle, or all of it."""
        shape = self.shape
        if shape is not None:
            for number, handle in enumerate(shape.handles):
                if abs(handle[0] - at[0]) <= reach and abs(handle[1] - at[1]) <= reach:
                    return Grip(shape, at, number)
            if shape.is_at(at, reach) or is_within(shape, at):
                return Grip(shape, at)
        return None

    def kept_at(self, at: Place, reach: float) -> Kept | None:
        """Return the region of the list whose outline lies at a place of the plane looked at."""
        here = [region for region in self._notes.kept if region.is_on(self._state.t, self._state.z)]
        return next((region for region in reversed(here) if region.shape.is_at(at, reach)), None)

    # What is drawn

    def show_trail(self, trail: tuple[Place, ...]) -> None:
        """Draw a path that is not finished."""
        for drawing in self._drawings:
            drawing.show_trail(trail)

    def show_spot(self, spot: Place | None) -> None:
        """Mark a place of the line at hand."""
        for drawing in self._drawings:
            drawing.show_spot(spot)

    def _sketch(self) -> None:
        """Draw the regions of this plane and the shape at hand."""
        state, notes = self._state, self._notes
        sketches = [
            Sketch(region.shape, str(region.number))
            for region in notes.kept
            if region.number != notes.chosen and region.is_on(state.t, state.z)
        ]
        if notes.shape is not None and self._info is not None:
            label = words.size(notes.shape, is_calibrated=is_calibrated(self._info))
            label = f"{notes.chosen}  {label}" if notes.chosen is not None else label
            sketches.append(Sketch(notes.shape, label, is_at_hand=True, has_handles=self.tool is not None))
        for drawing in self._drawings:
            drawing.show_sketches(tuple(sketches))

    # What is measured

    def _set_notes(self, notes: Notes) -> None:
        if notes.shape != self._notes.shape:
            self.show_spot(None)
        self._notes = notes
        self._sketch()
        self._measure()
        self._measure_later()
        self.notes_changed.emit(notes)

    def _store(self) -> None:
        if self._sheet is not None:
            assert self._info is not None
            self._sheets[self._sheet] = (self._notes, self._info, self._axes)

    def _recalled(self) -> Notes:
        """Return what was drawn on the image looked at, where it lies now."""
        if self._sheet not in self._sheets or self._info is None:
            return Notes()
        notes, before, axes = self._sheets[self._sheet]
        if before is self._info:
            return notes
        unit_y, unit_x = unit_size(before)
        if (unit_x, unit_y) != self.unit:
            notes = notes.scaled(self.unit[0] / unit_x, self.unit[1] / unit_y)
        return notes.read_anew(axes, self._axes, self._info.shape)

    def _follow(self, state: ViewState) -> None:
        """Draw and measure on the plane and the channels that are looked at now."""
        old, self._state = self._state, state
        if (old.t, old.z) != (state.t, state.z):
            self._sketch()
        self._measure()

    def _measure(self) -> None:
        shape, state, subjects = self.shape, self._state, self.subjects
        if shape is None or not subjects or not state.shown:
            self._wish = None
            self.gauge.measure(None)
            self._show(None)
            return
        wish = Wish(shape, subjects, state.t, state.z, state.shown)
        if wish != self._wish:
            self._wish = wish
            self.gauge.measure(wish)
        elif self._shown is not None and self._shown.looks != self._looks:
            self._take(self._shown.measurement)

    @property
    def _looks(self) -> tuple[Look, ...]:
        state = self._state
        return tuple(
            Look(channel.name, luts.brightest(state.lut(index)))
            for index, channel in enumerate(state.channels)
        )

    def _take(self, found: Measurement) -> None:
        if self._info is None:
            return
        self._show(Shown(found, self._looks, is_calibrated(self._info)))
        region = self._notes.region
        if region is not None and region.shape == found.shape and region.is_on(found.t, found.z):
            self._notes = self._notes.with_region(replace(region, measurement=found))
            self.notes_changed.emit(self._notes)

    def _measure_later(self) -> None:
        """Measure what is in the list without numbers, one by one: kept in haste, or from elsewhere."""
        at_hand = self._notes.region
        bare = next((one for one in self._notes.kept if one.measurement is None and one is not at_hand), None)
        subjects, channels = self.subjects, self._state.shown
        if bare is not None and subjects and channels and self._later.is_idle:
            self._later.measure(Wish(bare.shape, subjects, bare.t, bare.z, channels))

    def _take_later(self, found: Measurement) -> None:
        is_of = (one for one in self._notes.kept if one.shape == found.shape and one.is_on(found.t, found.z))
        region = next((one for one in is_of if one.measurement is None), None)
        if region is not None:
            self._notes = self._notes.with_region(replace(region, measurement=found))
            self.notes_changed.emit(self._notes)
            self._measure_later()

    def _show(self, shown: Shown | None) -> None:
        if shown is not self._shown:
            self._shown = shown
            self.measured.emit(shown)

    def _refuse(self, error: object) -> None:
        self._show(None)
        self.failed.emit(error)


def _axes_of(image: OpenImage) -> str:
    """Return the names of the axes in the order of the file, as corrected."""
    corrected = image.reading.axes if image.reading is not None else None
    return corrected.upper() if corrected else image.info.axes
