"""A state's shape in a state's colour, drawn anew when the theme changes."""

from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QLabel, QWidget

from app.text import _
from app.ui.icons import icon
from app.ui.jobs.words import Sign


class SignLabel(QLabel):
    """Shows the shape of a sign; its word is there for those who cannot see it."""

    def __init__(self, side: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._side = side
        self._sign: Sign | None = None

    def show_sign(self, sign: Sign) -> None:
        """Show this sign from now on."""
        self._sign = sign
        self.setAccessibleName(_(sign.word))
        self.setToolTip(_(sign.word))
        self._draw()

    def changeEvent(self, event: QEvent) -> None:
        """Follow the theme."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._draw()

    def _draw(self) -> None:
        if self._sign is not None:
            self.setPixmap(icon(self._sign.shape, self._sign.token).pixmap(self._side, self._side))
