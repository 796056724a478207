"""The Info page: everything known about the image, in words and numbers that can be copied."""

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QFormLayout, QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget

from app.text import _, ngettext
from app.ui.messages import without_home
from app.ui.session import OpenImage
from models.knobs import N_
from models.source import ImageInfo

DEPTHS = {
    "uint8": N_("8-bit"),
    "uint16": N_("16-bit"),
    "uint32": N_("32-bit"),
    "int16": N_("16-bit, with sign"),
    "int32": N_("32-bit, with sign"),
    "float16": N_("16-bit decimal numbers"),
    "float32": N_("32-bit decimal numbers"),
    "float64": N_("64-bit decimal numbers"),
    "bool": N_("black and white"),
}


def shape_in_words(info: ImageInfo) -> str:
    """Return such as ``"1 stack, 512 × 512 × 40, 2 channels"``."""
    t, c, z, y, x = info.shape
    kind = _("1 time series") if t > 1 else _("1 stack") if z > 1 else _("1 image")
    size = " × ".join(str(n) for n in (x, y, *((z,) if z > 1 else ())))
    words = [kind, size]
    if t > 1:
        words.append(ngettext("{count} time point", "{count} time points", t).format(count=t))
    if info.is_rgb:
        words.append(_("colour"))
    elif c > 1:
        words.append(ngettext("{count} channel", "{count} channels", c).format(count=c))
    return ", ".join(words)


def bytes_in_words(count: int) -> str:
    """Return such as ``"18.2 GB"``, with three digits at most."""
    size = float(count)
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if size < 999.5 or unit == "TB":
            return f"{size:.3g} {unit}"
        size /= 1000
    raise AssertionError


def facts(info: ImageInfo) -> tuple[tuple[str, str], ...]:
    """Return the rows of the page: name and value."""
    t, c, z, y, x = info.shape
    size = info.pixel_size_um
    unknown = _("not in the file")
    rows = [
        (_("Folder"), without_home(str(Path(info.uri).parent))),
        (_("Width × height"), f"{x} × {y} px"),
        (_("Depth, channels, times"), f"Z {z}, C {c}, T {t}"),
        (_("Numbers"), _(DEPTHS.get(info.dtype, info.dtype))),
        (_("Size in memory"), bytes_in_words(info.nbytes)),
        (_("Pixel size"), f"{size.x:.4g} µm" if size.x else unknown),
    ]
    if size.x and size.y and abs(size.x - size.y) > 1e-6 * size.x:
        rows[-1] = (_("Pixel size"), f"{size.x:.4g} × {size.y:.4g} µm")
    if size.x and size.y:
        rows.append((_("Field of view"), f"{x * size.x:.4g} × {y * size.y:.4g} µm"))
    if z > 1:
        rows.append((_("Distance of planes"), f"{size.z:.4g} µm" if size.z else unknown))
    if t > 1:
        interval = info.time_interval_s
        rows.append((_("Time between images"), f"{interval:.4g} s" if interval else unknown))
    if c > 1 and not info.is_rgb:
        names = [channel.name or str(index + 1) for index, channel in enumerate(info.channels)]
        rows.append((_("Channels"), ", ".join(names)))
    if len(info.shapes) > 1:
        rows.append((_("Coarser copies in the file"), str(len(info.shapes) - 1)))
    return tuple(rows)


class InfoPanel(QScrollArea):
    """Shows the facts of the current image and lets the person choose another image of the file."""

    scene_chosen = Signal(int, int)  # key, scene
    correct_clicked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setWidgetResizable(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._image: OpenImage | None = None
        self.name = QLabel(wordWrap=True)
        self.name.setProperty("role", "heading")
        self.scenes = QComboBox()
        self.scenes.setAccessibleName(_("Image within the file"))
        self.scenes.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.scenes.activated.connect(self._choose_scene)
        self.correct = QPushButton(_("Correct axes and pixel size…"))
        self.correct.clicked.connect(self.correct_clicked)
        self._rows = QFormLayout()
        self._rows.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        self._rows.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        page = QWidget()
        page.setProperty("role", "page")
        layout = QVBoxLayout(page)
        layout.setContentsMargins(14, 14, 14, 14)
        layout.setSpacing(12)
        layout.addWidget(self.name)
        layout.addWidget(self.scenes)
        layout.addLayout(self._rows)
        layout.addWidget(self.correct, 0, Qt.AlignmentFlag.AlignLeft)
        layout.addStretch(1)
        self.setWidget(page)
        self.show_image(None)

    def show_image(self, image: OpenImage | None) -> None:
        """Show another image, or that there is none."""
        self._image = image
        while self._rows.rowCount():
            self._rows.removeRow(0)
        self.correct.setVisible(image is not None)
        self.scenes.setVisible(image is not None and len(image.info.scenes) > 1)
        if image is None:
            self.name.setText(_("Open an image to read about it here."))
            return
        self.name.setText(image.path.name)
        self.name.setToolTip(without_home(str(image.path)))
        self.scenes.clear()
        self.scenes.addItems([name or str(n + 1) for n, name in enumerate(image.info.scenes)])
        self.scenes.setCurrentIndex(image.info.scene)
        for title, value in facts(image.info):
            left, right = QLabel(title), QLabel(value, wordWrap=True)
            left.setProperty("role", "quiet")
            right.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            self._rows.addRow(left, right)

    def _choose_scene(self, scene: int) -> None:
        if self._image is not None and scene != self._image.info.scene:
            self.scene_chosen.emit(self._image.key, scene)
