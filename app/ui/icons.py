"""Icons from ``resources/icons``, drawn in the text colour of the moment: one file serves both themes."""

from functools import cache
from importlib.resources import files

from PySide6.QtCore import QByteArray, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QGuiApplication, QIcon, QIconEngine, QPainter, QPalette, QPixmap

from app.ui.theme import colour


@cache
def _drawing(name: str) -> str:
    return (files("resources") / "icons" / f"{name}.svg").read_text("utf-8")


class TintedIcon(QIconEngine):
    """Draws one SVG in a token's colour, or in the colour of button text."""

    def __init__(self, name: str, token: str = "") -> None:
        super().__init__()
        self._name = name
        self._token = token

    def clone(self) -> QIconEngine:
        """Return another engine for the same icon."""
        return TintedIcon(self._name, self._token)

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        """Draw into `rect`."""
        from PySide6.QtSvg import QSvgRenderer

        tint = self._tint(mode, state)
        text = _drawing(self._name).replace("currentColor", tint)
        QSvgRenderer(QByteArray(text.encode())).render(painter, QRectF(rect))

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        """Return the icon on a transparent ground."""
        pixmap = QPixmap(size)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        self.paint(painter, QRect(0, 0, size.width(), size.height()), mode, state)
        painter.end()
        return pixmap

    def _tint(self, mode: QIcon.Mode, state: QIcon.State) -> str:
        palette = QGuiApplication.palette()
        if mode == QIcon.Mode.Disabled:
            group = QPalette.ColorGroup.Disabled
            return palette.color(group, QPalette.ColorRole.ButtonText).name()
        if self._token:
            return colour(self._token, palette).name()
        if state == QIcon.State.On:
            return colour("on_selection", palette).name()
        return palette.color(QPalette.ColorRole.ButtonText).name()


def icon(name: str, token: str = "") -> QIcon:
    """Return the icon ``resources/icons/<name>.svg``, tinted with a token of the theme if one is named."""
    return QIcon(TintedIcon(name, token))
