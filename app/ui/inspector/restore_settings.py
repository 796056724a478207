"""What can be chosen beyond the model: channels, device, piece size, number format, the family's knobs."""

from dataclasses import dataclass
from importlib import import_module

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.engine.specs import Device, Dtype, Values
from app.library.card import ModelCard
from app.text import _
from app.ui.forms import AutoForm, add_knobs, choice, several, whole_number
from models.restoration.registry import FAMILIES
from models.source import ImageInfo

LARGEST_TILE = 8192
STEP = 64


@dataclass(frozen=True, slots=True)
class Choices:
    """What the person chose; the defaults leave it to the program."""

    channels: tuple[int, ...] = ()
    device: Device = "auto"
    tile: int = 0
    dtype: Dtype = "float32"
    values: Values = ()


class RestoreSettings(QWidget):
    """The form behind *More settings*; it is made anew for each pair of image and model."""

    changed = Signal()

    def __init__(self, devices: tuple[tuple[str, str], ...], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._devices = devices
        self.form = AutoForm()
        self.form.changed.connect(self.changed)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 0, 0, 0)
        layout.addWidget(self.form)

    def show_devices(self, devices: tuple[tuple[str, str], ...]) -> None:
        """Offer these devices, each a name for the engine and its words, from the next model on."""
        self._devices = devices

    def show_for(self, info: ImageInfo, card: ModelCard, device: Device) -> None:
        """Offer what can be chosen for this image and this model."""
        form = self.form
        form.blockSignals(True)
        form.clear()
        add_knobs(form, params_of(card.family), card.params)
        self._knobs = form.names()
        if info.shape[1] > 1 and not info.is_rgb and card.channels_in == 1:
            names = [channel.name or str(place + 1) for place, channel in enumerate(info.channels)]
            form.add_row("channels", _("Channels"), several(names), help_text=_("The channels to restore."))
        form.add_row(
            "device", _("Runs on"), choice(device, self._devices), help_text=_("What does the computing.")
        )
        form.add_row(
            "tile",
            _("Piece size"),
            whole_number(0, low=0, high=LARGEST_TILE, step=STEP, unit=_("px"), zero=_("by free memory")),
            help_text=_("Large images are restored in pieces of this size; the result is the same."),
        )
        types = [("float32", _("32-bit with decimals")), ("input", _("as in the original"))]
        form.add_row(
            "dtype",
            _("Number format"),
            choice("float32", types),
            help_text=_("As in the original: values are rounded, and cut off at its limits."),
        )
        form.blockSignals(False)

    def choices(self) -> Choices:
        """What is chosen now."""
        form = self.form
        if not form.names():
            return Choices()
        channels = form.value("channels") if "channels" in form.names() else ()
        tile = form.value("tile")
        values = tuple((name, value) for name, value in form.changes() if name in self._knobs)
        return Choices(
            channels if isinstance(channels, tuple) else (),
            str(form.value("device")),
            tile if isinstance(tile, int) else 0,
            "input" if form.value("dtype") == "input" else "float32",
            tuple((name, value) for name, value in values if not isinstance(value, tuple)),
        )


def params_of(family: str) -> type:
    """Return the Params dataclass of a family; its module is free of torch."""
    package = FAMILIES[family].split(":")[0].rpartition(".")[0]
    params: type = import_module(f"{package}.params").Params
    return params
