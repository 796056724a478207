"""The status bar: the value under the pointer, the zoom, and the memory that the window takes."""

from typing import Any

from PySide6.QtCore import QObject, QTimer

from app.text import _
from app.ui.background import Background
from app.ui.session import OpenImage
from app.ui.window import MainWindow

EVERY_MS = 3000


class StatusLine(QObject):
    """Writes into the labels of the status bar."""

    def __init__(self, window: MainWindow, background: Background) -> None:
        super().__init__(window)
        self._window = window
        self._background = background
        self._timer = QTimer(self, interval=EVERY_MS)
        self._timer.timeout.connect(self._measure)
        self._timer.start()

    def show_image(self, image: OpenImage | None) -> None:
        """Begin anew with another image."""
        self._window.pointer_label.show_text("")
        if image is None:
            self._window.zoom_label.clear()

    def show_pointer(self, found: Any) -> None:
        """Show the value and the place under the pointer."""
        self._window.pointer_label.show_text("" if found is None else str(found))

    def show_zoom(self, zoom: float) -> None:
        """Show how many pixels of the screen one pixel of the image takes."""
        self._window.zoom_label.setText(_("Zoom {percent} %").format(percent=f"{100 * zoom:.3g}"))

    def _measure(self) -> None:
        self._background.run(memory_used, self._show_memory, lambda _error: None, priority=-2)

    def _show_memory(self, used: int) -> None:
        self._window.memory_label.setText(_("Memory {size} MB").format(size=used // 1_000_000))


def memory_used() -> int:
    """Return the bytes of memory that this process holds; for a thread."""
    import psutil

    return int(psutil.Process().memory_info().rss)
