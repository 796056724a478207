"""The strip above the picture that asks what the file does not say; never a dialog."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QWidget

from app.text import _
from app.ui.axis_chips import AxisChips
from app.ui.flow import FlowLayout
from app.ui.session import OpenImage
from app.ui.size_field import LENGTHS, TIMES, SizeField
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
        self._is_about_everything = False
        self._is_about_axes = False
        self.words = QLabel()
        self.chips = AxisChips()
        self.size_words = QLabel()
        self.pixel = SizeField(_("Pixel size"), LENGTHS, is_pair=True)
        self.step = SizeField(_("Distance of planes"), LENGTHS)
        self.interval = SizeField(_("Time between images"), TIMES)
        self.apply = QPushButton(_("Use"))
        self.as_last = QPushButton()
        self.as_file = QPushButton(_("As the file says"))
        self.carry_on = QPushButton()
        self._arrange()
        for field in (self.pixel, self.step, self.interval):
            field.entered.connect(self._answer)
        self.chips.changed.connect(self._show_axes)
        self.chips.previewed.connect(self._say_axes)
        self.apply.clicked.connect(self._answer)
        self.as_last.clicked.connect(self._answer_as_last)
        self.as_file.clicked.connect(self._answer_as_file)
        self.carry_on.clicked.connect(self._dismiss)
        self.hide()

    def ask(self, image: OpenImage, *, everything: bool = False) -> None:
        """Show what is doubtful about `image`; with `everything` all that can be corrected."""
        info, doubts = image.info, set(image.info.doubts)
        letters, lengths = file_axes(image)
        self._image, self._is_about_everything = image, everything
        self._is_about_axes = (everything or bool(doubts & AXIS_DOUBTS)) and bool(letters)
        about_size = everything or bool(doubts & SIZE_DOUBTS)
        self.chips.show_axes(letters, lengths, allowed="TZ" if "S" in info.axes else "TZC")
        self.chips.setVisible(self._is_about_axes)
        size = info.pixel_size_um
        self.size_words.setText(size_in_words(info))
        self.pixel.show_value(size.x, size.y)
        self.step.show_value(size.z)
        self.interval.show_value(info.time_interval_s)
        self.size_words.setVisible(about_size and not everything)
        self.pixel.setVisible(about_size)
        self.pixel.words.setVisible(everything)
        self._show_axes(letters)
        self.as_last.setVisible(about_size and self._last_um not in (None, size.x))
        if self._last_um is not None:
            self.as_last.setText(_("As in the last file: {size} µm").format(size=f"{self._last_um:g}"))
        self.as_file.setVisible(is_corrected(image))
        is_missing = about_size and size.x is None
        self.carry_on.setText(_("Carry on uncalibrated") if is_missing else _("Carry on"))
        self.show()

    def note_size(self, info: ImageInfo) -> None:
        """Remember the pixel size of an image for the next that has none."""
        if info.pixel_size_um.x is not None and not SIZE_DOUBTS & set(info.doubts):
            self._last_um = info.pixel_size_um.x

    def _arrange(self) -> None:
        layout = FlowLayout(self, margin=8, spacing=8)
        groups: tuple[tuple[QWidget, ...], ...] = (
            (self.chips, self.words),
            (self.size_words, self.pixel),
            (self.step,),
            (self.interval,),
            (self.apply,),
            (self.as_last,),
            (self.as_file,),
            (self.carry_on,),
        )
        for group in groups:
            together = QWidget()
            row = QHBoxLayout(together)
            row.setContentsMargins(0, 0, 0, 0)
            for widget in group:
                row.addWidget(widget)
            layout.addWidget(together)

    def _show_axes(self, letters: str) -> None:
        """Say how the image would be read now, and ask only about axes that it would have."""
        info = self._image.info if self._image is not None else None
        self._say_axes(letters)
        self.words.setVisible(bool(letters))
        is_asked = self._is_about_everything or info is None or letters != file_axes_of(self._image)
        self.step.setVisible("Z" in letters and is_asked)
        self.interval.setVisible("T" in letters and is_asked)

    def _say_axes(self, letters: str) -> None:
        """Say how the image would be read with these letters."""
        self.words.setText(_("Read as {axes}.").format(axes=self.chips.words(letters)))

    def _answer(self) -> None:
        self._send(self.pixel.values())

    def _answer_as_last(self) -> None:
        if self._last_um is not None:
            self._send((self._last_um,))

    def _answer_as_file(self) -> None:
        if self._image is not None:
            self.answered.emit(self._image.key, Reading())

    def _send(self, sizes: tuple[float, ...]) -> None:
        """Add what was said now to what was said before."""
        image = self._image
        if image is None:
            return
        said = image.reading or Reading()
        letters = self.chips.letters
        axes = said.axes
        if letters != file_axes_of(image):
            axes = letters + image.info.axes[len(letters) :]
        depth = self.step.values() if not self.step.isHidden() else ()
        interval = self.interval.values() if not self.interval.isHidden() else ()
        size = PixelSize(
            z=depth[0] if depth else said.pixel_size_um.z,
            y=sizes[-1] if sizes else said.pixel_size_um.y,
            x=sizes[0] if sizes else said.pixel_size_um.x,
        )
        reading = Reading(axes, size, interval[0] if interval else said.time_interval_s)
        if reading != said:
            self.answered.emit(image.key, reading)
        else:
            self._dismiss()

    def _dismiss(self) -> None:
        if self._image is not None:
            self.dismissed.emit(self._image.key)


def file_axes(image: OpenImage) -> tuple[str, tuple[int, ...]]:
    """Return the letters of the axes before the plane, in the order of the file, and their lengths."""
    letters = file_axes_of(image)
    lengths = dict(zip(AXES, image.info.shape, strict=True))
    return letters, tuple(lengths[letter] for letter in letters)


def file_axes_of(image: OpenImage | None) -> str:
    """Return what the axes before the plane are taken for, in the order of the file."""
    if image is None:
        return ""
    said = image.reading.axes.upper() if image.reading is not None else ""
    return (said or image.info.axes).rstrip("YXS")


def is_corrected(image: OpenImage) -> bool:
    """Whether a person said something about this image."""
    return image.reading is not None and image.reading != Reading()


def axes_in_words(image: OpenImage) -> str:
    """Return such as ``"Z 40, C 2"`` for the axes before the plane, in the order of the file."""
    letters, lengths = file_axes(image)
    words = (f"{letter} {length}" for letter, length in zip(letters, lengths, strict=True))
    return ", ".join(words) or _("a single plane")


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
