"""Colours and sizes of the window: tokens and a style sheet from ``resources/themes``, light and dark.

Widgets never style themselves. They state a role, as a property set before they are shown:

* labels: ``title``, ``heading``, ``quiet``, ``good``, ``warning``, ``bad``
* buttons: ``primary`` (one per page), ``link``
* frames: ``card`` (with the property ``chosen`` for a picked one), ``strip``, ``sheet``, ``toast``, ``line``
* whole widgets: ``page``, ``room``

What paints itself asks `colour` for a token.
"""

import re
import tomllib
from functools import cache
from importlib.resources import files

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QFont, QPalette
from PySide6.QtWidgets import QApplication, QWidget

from app.settings import Settings

ROLES = {
    QPalette.ColorRole.Window: "window",
    QPalette.ColorRole.WindowText: "text",
    QPalette.ColorRole.Base: "surface",
    QPalette.ColorRole.AlternateBase: "raised",
    QPalette.ColorRole.Text: "text",
    QPalette.ColorRole.Button: "raised",
    QPalette.ColorRole.ButtonText: "text",
    QPalette.ColorRole.BrightText: "bad",
    QPalette.ColorRole.PlaceholderText: "quiet",
    QPalette.ColorRole.ToolTipBase: "notice",
    QPalette.ColorRole.ToolTipText: "on_notice",
    QPalette.ColorRole.Highlight: "accent",
    QPalette.ColorRole.HighlightedText: "on_accent",
    QPalette.ColorRole.Accent: "accent",
    QPalette.ColorRole.Link: "link",
    QPalette.ColorRole.LinkVisited: "link",
    QPalette.ColorRole.Light: "raised",
    QPalette.ColorRole.Midlight: "hover",
    QPalette.ColorRole.Mid: "line",
    QPalette.ColorRole.Dark: "edge",
    QPalette.ColorRole.Shadow: "edge",
}
FADED = (QPalette.ColorRole.WindowText, QPalette.ColorRole.Text, QPalette.ColorRole.ButtonText)


@cache
def tokens(name: str) -> dict[str, str]:
    """Return the colours of the theme ``"light"`` or ``"dark"`` by token name."""
    text = (files("resources") / "themes" / f"{name}.toml").read_text("utf-8")
    return {key: str(value) for key, value in tomllib.loads(text).items()}


def colour(token: str, palette: QPalette) -> QColor:
    """Return the colour of a token in the theme that `palette` belongs to."""
    is_dark = palette.color(QPalette.ColorRole.Window).lightness() < 128
    return QColor(tokens("dark" if is_dark else "light")[token])


def set_role(widget: QWidget, role: str) -> None:
    """Give a widget its role, also after it was shown."""
    widget.setProperty("role", role)
    widget.style().unpolish(widget)
    widget.style().polish(widget)


def palette_of(name: str) -> QPalette:
    """Return the palette of a theme."""
    colours = tokens(name)
    palette = QPalette()
    for role, token in ROLES.items():
        palette.setColor(role, QColor(colours[token]))
    for role in FADED:
        palette.setColor(QPalette.ColorGroup.Disabled, role, QColor(colours["disabled"]))
    return palette


def style_sheet(name: str, *, point_size: float, scale: float) -> str:
    """Return the style sheet of a theme at a text size."""
    folder = files("resources") / "themes"
    template = (folder / "window.qss").read_text("utf-8")
    where = str(folder).replace("\\", "/")
    text = template.split("*/", 1)[1].format(**tokens(name), theme=name, folder=where)
    text = re.sub(r"\[(-?\d+)\]", lambda found: str(round(int(found[1]) * scale)), text)
    return re.sub(r"<([\d.]+)>", lambda found: f"{float(found[1]) * point_size:.1f}", text)


class Theme(QObject):
    """Dresses the program and follows the settings and the system."""

    changed = Signal(str)  # "light" | "dark"

    def __init__(self, app: QApplication, settings: Settings) -> None:
        super().__init__(app)
        self._app = app
        self._settings = settings
        self._point_size = app.font().pointSizeF() if app.font().pointSizeF() > 0 else 10.0
        self._worn: tuple[str, float] | None = None
        if not app.styleSheet():  # a style under a style sheet must not be changed any more
            app.setStyle("Fusion")
        app.styleHints().colorSchemeChanged.connect(self._follow_system)
        self._wear()

    @property
    def name(self) -> str:
        """The theme in force."""
        if self._settings.theme != "system":
            return self._settings.theme
        scheme = self._app.styleHints().colorScheme()
        return "dark" if scheme == Qt.ColorScheme.Dark else "light"

    def follow(self, settings: Settings) -> None:
        """Take over theme and text size from the settings."""
        self._settings = settings
        self._wear()

    def _follow_system(self, _scheme: Qt.ColorScheme) -> None:
        self._wear()

    def _wear(self) -> None:
        """Dress the program, if anything differs from what it wears."""
        name, scale = self.name, self._settings.text_scale
        if self._worn == (name, scale):
            return
        self._worn = (name, scale)
        font = QFont(self._app.font())
        font.setPointSizeF(self._point_size * scale)
        self._app.setFont(font)
        self._app.setPalette(palette_of(name))
        self._app.setStyleSheet(style_sheet(name, point_size=font.pointSizeF(), scale=scale))
        self.changed.emit(name)
