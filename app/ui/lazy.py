"""A place in the window whose content is made when it is first seen."""

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget


class Lazy(QWidget):
    """Stays empty until it has both a factory and somebody who looks."""

    made = Signal(object)  # QWidget

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._factory: Callable[[], QWidget] | None = None
        self.content: QWidget | None = None
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)

    def fill_with(self, factory: Callable[[], QWidget]) -> None:
        """State how the content is made; if somebody looks, it is made now."""
        self._factory = factory
        if self.isVisible():
            self.make()

    def make(self) -> QWidget | None:
        """Make the content, unless it exists, and return it; None while there is no factory."""
        if self.content is None and self._factory is not None:
            self.content = self._factory()
            self._layout.addWidget(self.content)
            self.made.emit(self.content)
        return self.content

    def showEvent(self, event: QShowEvent) -> None:
        """Make the content when it is first seen."""
        super().showEvent(event)
        self.make()
