"""The strip above the picture that asks what the file does not say; never a dialog."""

from itertools import permutations

from PySide6.QtCore import Signal
from PySide6.QtGui import QDoubleValidator
from PySide6.QtWidgets import QComboBox, QFrame, QHBoxLayout, QLabel, QLineEdit, QPushButton, QWidget

from app.text import _
from app.ui.flow import FlowLayout
from app.ui.session import OpenImage
from models.source import AXES, ImageInfo, PixelSize, Reading

SIZE_DOUBTS = frozenset({"pixel_size", "pixel_size_range", "unit"})
AXIS_DOUBTS = frozenset({"axes", "z_or_t"})


class DoubtsStrip(QFrame):
    """Says how an image was read, and takes the person's corrections."""

    answered = Signal(int, object)  # key, Reading
    dismissed = Signal(int)  # key

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "strip")
        self._image: OpenImage | None = None
        self._last_um: float | None = None
        self.words = QLabel()
        self.axes = QComboBox()
        self.axes.setAccessibleName(_("Order of the axes"))
        self.size_words = QLabel()
        self.size_line = QLineEdit()
        self.size_line.setAccessibleName(_("Pixel size in micrometres"))
        self.size_line.setPlaceholderText("0.1")
        self.size_line.setMaximumWidth(self.fontMetrics().horizontalAdvance("0") * 12)
        self.size_line.setValidator(QDoubleValidator(1e-6, 1e6, 6, self))
        self.unit = QLabel(_("µm per pixel"))
        self.apply = QPushButton(_("Use"))
        self.as_last = QPushButton()
        self.carry_on = QPushButton()
        self._arrange()
        self.size_line.returnPressed.connect(self._answer)
        self.apply.clicked.connect(self._answer)
        self.as_last.clicked.connect(self._answer_as_last)
        self.carry_on.clicked.connect(self._dismiss)
        self.hide()

    def ask(self, image: OpenImage, *, everything: bool = False) -> None:
        """Show what is doubtful about `image`; with `everything` all that can be corrected."""
        info = image.info
        doubts = set(info.doubts)
        self._image = image
        about_size = everything or bool(doubts & SIZE_DOUBTS)
        about_axes = (everything or bool(doubts & AXIS_DOUBTS)) and len(_stack_axes(info)) > 0
        self.words.setText(_("Read as {axes}.").format(axes=axes_in_words(info)))
        self.axes.clear()
        if about_axes:
            for order in orders(info):
                self.axes.addItem(_("Read as {axes}").format(axes=axes_in_words(info, order)), order)
        self.axes.setVisible(about_axes)
        self.words.setVisible(not about_axes and bool(_stack_axes(info)))
        self.size_words.setText(size_in_words(info))
        for widget in (self.size_words, self.size_line, self.unit):
            widget.setVisible(about_size)
        self.size_line.clear()
        self.as_last.setVisible(about_size and self._last_um is not None)
        if self._last_um is not None:
            self.as_last.setText(_("As in the last file: {size} µm").format(size=f"{self._last_um:g}"))
        is_missing = about_size and info.pixel_size_um.x is None
        self.carry_on.setText(_("Carry on uncalibrated") if is_missing else _("Carry on"))
        self.show()

    def note_size(self, info: ImageInfo) -> None:
        """Remember the pixel size of an image for the next that has none."""
        if info.pixel_size_um.x is not None and not SIZE_DOUBTS & set(info.doubts):
            self._last_um = info.pixel_size_um.x

    def _arrange(self) -> None:
        layout = FlowLayout(self, margin=8, spacing=8)
        for group in (
            (self.words, self.axes),
            (self.size_words, self.size_line, self.unit),
            (self.apply,),
            (self.as_last,),
            (self.carry_on,),
        ):
            together = QWidget()
            row = QHBoxLayout(together)
            row.setContentsMargins(0, 0, 0, 0)
            for widget in group:
                row.addWidget(widget)
            layout.addWidget(together)

    def _answer(self) -> None:
        text = self.size_line.text().replace(",", ".").strip()
        size = float(text) if text else None
        if size is not None and size <= 0:
            return
        self._send(size)

    def _answer_as_last(self) -> None:
        self._send(self._last_um)

    def _send(self, size: float | None) -> None:
        if self._image is None:
            return
        order = self.axes.currentData() if self.axes.count() else ""
        axes = order if order and order != self._image.info.axes else ""
        if axes or size is not None:
            self.answered.emit(self._image.key, Reading(axes, PixelSize(y=size, x=size)))
        else:
            self._dismiss()

    def _dismiss(self) -> None:
        if self._image is not None:
            self.dismissed.emit(self._image.key)


def axes_in_words(info: ImageInfo, order: str = "") -> str:
    """Return such as ``"Z 40, C 2"`` for the axes before the plane, named as in `order`."""
    stack = _stack_axes(info)
    names = order[: len(stack)] if order else stack
    lengths = dict(zip(AXES, info.shape, strict=True))
    parts = [f"{name} {lengths[axis]}" for name, axis in zip(names, stack, strict=True)]
    return ", ".join(parts) if parts else _("a single plane")


def size_in_words(info: ImageInfo) -> str:
    """Return what is known of the pixel size, as a sentence."""
    size = info.pixel_size_um.x or info.pixel_size_um.y
    if size is None:
        return _("No pixel size in the file:")
    if "unit" in info.doubts:
        return _("The file says {size} µm, but its unit is doubtful:").format(size=f"{size:g}")
    if "pixel_size_range" in info.doubts:
        return _("The file says {size} µm, which is hard to believe:").format(size=f"{size:g}")
    return _("Pixel size {size} µm; another:").format(size=f"{size:g}")


def orders(info: ImageInfo) -> list[str]:
    """Return all ways to name the axes of `info`, the present one first."""
    stack = _stack_axes(info)
    plane = info.axes[len(stack) :]
    letters = "TZ" if "S" in info.axes else "TCZ"
    others = ["".join(names) for names in permutations(letters, len(stack)) if "".join(names) != stack]
    return [name + plane for name in (stack, *others)]


def _stack_axes(info: ImageInfo) -> str:
    return info.axes.rstrip("YXS")
