"""The choices for data: in which format, which part, which channels."""

from pathlib import Path

import numpy as np
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QLabel, QVBoxLayout, QWidget

from app.engine.specs import Appearance, ExportSpec, Input
from app.images.imagej import ramp
from app.text import _
from app.ui.inspector.export_rows import Span, choices, chosen, form
from app.ui.inspector.info import bytes_in_words
from app.ui.session import OpenImage
from app.ui.viewer.luts import table
from app.ui.viewer.shot import Shot
from app.ui.viewer.state import ChannelView, Contrast, Rect, Side, extent
from models.knobs import N_
from models.source import ImageInfo, Range, Reading

# Format, version of OME-Zarr, title, suffix, what it is good for.
FORMATS = (
    ("ome-tiff", "0.4", N_("OME-TIFF"), ".ome.tif", N_("One file that nearly every program reads.")),
    ("imagej", "0.4", N_("TIFF for Fiji"), ".tif",
     N_("Opens in Fiji as it looks here: ranges, colours, sizes. Up to 4 GB.")),
    ("ome-zarr", "0.4", N_("OME-Zarr 0.4"), ".ome.zarr",
     N_("A folder of small pieces with coarser copies: for very large images.")),
    ("ome-zarr", "0.5", N_("OME-Zarr 0.5"), ".ome.zarr",
     N_("As before in the newest version, which not every program reads yet.")),
)  # fmt: skip
FIJI_BYTES = (1 << 32) - (1 << 20)
ITEM_BYTES = {"uint8": 1, "int8": 2, "bool": 1, "uint16": 2, "int16": 2}  # as Fiji stores them; else 4


class DataPage(QWidget):
    """Says what will be written and how much that is."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._images: tuple[OpenImage, ...] = ()
        self.image = choices(_("Image"), ())
        self.format = choices(_("Format"), [(row, _(row[2])) for row in FORMATS])
        self.purpose = QLabel(wordWrap=True)
        self.purpose.setProperty("role", "quiet")
        self.area = choices(_("Part"), [("whole", _("The whole image")), ("view", _("What is seen"))])
        self.shown_only = QCheckBox(_("Only the channels that are shown"))
        self.planes, self.times = Span(_("plane")), Span(_("time"))
        self.amount = QLabel(wordWrap=True)
        self.amount.setProperty("role", "quiet")
        self._rows = form()
        self._arrange()
        self._connect()
        self._show_format()

    @property
    def suffix(self) -> str:
        """What the name ends in."""
        return str(chosen(self.format)[3])

    @property
    def source(self) -> OpenImage | None:
        """The image that is exported."""
        index = self.image.currentIndex()
        return self._images[index] if 0 <= index < len(self._images) else None

    def show_images(self, images: tuple[OpenImage, ...]) -> None:
        """Offer the current image and its result, if there is one."""
        if images == self._images:
            return
        before = self.source
        self._images = images
        self.image.blockSignals(True)
        self.image.clear()
        for image in images:
            self.image.addItem(image.path.name)
        keys = [image.key for image in images]
        self.image.setCurrentIndex(keys.index(before.key) if before and before.key in keys else 0)
        self.image.blockSignals(False)
        self._rows.setRowVisible(self.image, len(images) > 1)
        self._show_image()

    def spec(self, shot: Shot | None, path: Path) -> ExportSpec | None:
        """Return the job, or None while there is no image."""
        image = self.source
        if image is None:
            return None
        kind, version, _title, suffix, _purpose = chosen(self.format)
        y, x = self._part(shot, image)
        frames, _count, slices, *_ = image.info.shape
        return ExportSpec(
            inputs=(Input(str(image.path), image.info.scene, image.reading or Reading()),),
            format=kind,
            output_dir=str(path.parent),
            name_pattern=path.name.removesuffix(suffix),
            channels=self._channels(shot, image.info),
            t=_ranged(self.times, frames),
            z=_ranged(self.planes, slices),
            y=y,
            x=x,
            appearances=_appearances(shot, image.info),
            zarr=version,
        )

    def show_shot(self, shot: Shot | None) -> str:
        """Say how much will be written; return why nothing can be, if so."""
        self.shown_only.setEnabled(shot is not None and len(shot.state.channels) > 1)
        spec, image = self.spec(shot, Path("x")), self.source
        if spec is None or image is None:
            self.amount.clear()
            return ""
        frames, count, slices, height, width = image.info.shape
        size = [
            (spec.t or (0, frames)),
            (0, len(spec.channels) or count),
            (spec.z or (0, slices)),
            (spec.y or (0, height)),
            (spec.x or (0, width)),
        ]
        t, c, z, y, x = (stop - start for start, stop in size)
        item = np.dtype(image.info.dtype).itemsize
        stored = ITEM_BYTES.get(image.info.dtype, 4) if spec.format == "imagej" else item
        total = t * c * z * y * x * stored
        told = _("X {x}, Y {y}, Z {z}, C {c}, T {t}; {size}")
        self.amount.setText(told.format(x=x, y=y, z=z, c=c, t=t, size=bytes_in_words(total)))
        if spec.format == "imagej" and total > FIJI_BYTES:
            return _("A TIFF for Fiji holds no more than 4 GB. Choose OME-TIFF, which Fiji opens too.")
        return ""

    def _part(self, shot: Shot | None, image: OpenImage) -> tuple[Range | None, Range | None]:
        """Return the rows and columns to export; None for all of them."""
        if shot is None or chosen(self.area) == "whole":
            return None, None
        over = _over(shot, image)
        *_, height, width = image.info.shape
        return _pixels(shot.seen.y, shot.seen.height, over.y, over.height, height), _pixels(
            shot.seen.x, shot.seen.width, over.x, over.width, width
        )

    def _channels(self, shot: Shot | None, info: ImageInfo) -> tuple[int, ...]:
        if shot is None or not self.shown_only.isChecked() or len(shot.state.channels) != info.shape[1]:
            return ()
        return shot.state.shown

    def _show_image(self) -> None:
        image = self.source
        frames, _c, slices, *_ = (1,) * 5 if image is None else image.info.shape
        self.times.show_length(frames)
        self.planes.show_length(slices)
        self._rows.setRowVisible(self.times, frames > 1)
        self._rows.setRowVisible(self.planes, slices > 1)
        self.changed.emit()

    def _show_format(self) -> None:
        self.purpose.setText(_(chosen(self.format)[4]))
        self.changed.emit()

    def _connect(self) -> None:
        self.image.currentIndexChanged.connect(self._show_image)
        self.format.currentIndexChanged.connect(self._show_format)
        self.area.currentIndexChanged.connect(self.changed)
        self.shown_only.toggled.connect(self.changed)
        for span in (self.planes, self.times):
            for box in (span.first, span.last):
                box.valueChanged.connect(self.changed)

    def _arrange(self) -> None:
        rows = self._rows
        rows.addRow(_("Image"), self.image)
        rows.addRow(_("Format"), self.format)
        rows.addRow(self.purpose)
        rows.addRow(_("Part"), self.area)
        rows.addRow(_("Planes"), self.planes)
        rows.addRow(_("Times"), self.times)
        rows.setRowVisible(self.image, False)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addLayout(rows)
        for widget in (self.shown_only, self.amount):
            column.addWidget(widget)
        column.addStretch(1)


def _over(shot: Shot, image: OpenImage) -> Rect:
    """Return where an image lies, in units."""
    side: Side = "raw" if image.key == shot.key else "restored"
    shown = shot.sides.get(side)
    return extent(shot.info) if shown is None else shown.over


def _ranged(span: Span, length: int) -> Range | None:
    positions = span.positions
    return None if len(positions) == length else (positions.start, positions.stop)


def _pixels(start: float, length: float, over: float, size: float, count: int) -> Range | None:
    """Return the pixels that lie between two places in units."""
    first = max(0, int((start - over) / size * count + 0.5))
    last = min(count, int((start + length - over) / size * count + 0.5))
    first = min(first, count - 1)
    return None if (first, last) == (0, count) else (first, max(first + 1, last))


def _appearances(shot: Shot | None, info: ImageInfo) -> tuple[Appearance, ...]:
    """Return how the channels look now, if these are the channels of the image."""
    if shot is None or len(shot.state.channels) != info.shape[1]:
        return ()
    return tuple(
        _appearance(channel.name, view, shot.state.contrast(index))
        for index, (channel, view) in enumerate(zip(info.channels, shot.state.channels, strict=True))
    )


def _appearance(name: str, view: ChannelView, contrast: Contrast | None) -> Appearance:
    """Return the look of a channel; what is no plain ramp, or is bent by gamma, gets a table."""
    colours = table(view.lut)
    if contrast is not None and contrast.gamma != 1:
        colours = colours[np.rint(255 * np.linspace(0, 1, 256) ** contrast.gamma).astype(int)]
    top = "#{:02x}{:02x}{:02x}".format(*colours[-1])
    is_plain = bool((np.abs(ramp(top).T.astype(int) - colours) <= 1).all())
    return Appearance(
        name,
        top,
        None if contrast is None else (contrast.low, contrast.high),
        "" if is_plain else np.ascontiguousarray(colours.T).tobytes().hex(),
    )
