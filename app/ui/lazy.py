"""A place in the window whose content is made when it is first seen."""

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget


class Lazy(QWidget):
    """Stays empty until it has both a factory and somebody who looks."""

    made = Signal(object)  # QWidget

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._factory: Callable[[], QWidget] | None = None
        self._owed: list[Callable[[Any], None]] = []
        self.content: QWidget | None = None
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)

    def fill_with(self, factory: Callable[[], QWidget]) -> None:
        """State how the content is made; if somebody looks, it is made now."""
        self._factory = factory
        if self.isVisible() or self._owed:
            self.make()

    def when_made(self, act: Callable[[Any], None]) -> None:  # Any: the kind of the content
        """Make the content and do something with it, now or as soon as it can be made."""
        content = self.make()
        if content is None:
            self._owed.append(act)
        else:
            act(content)

    def make(self) -> QWidget | None:
        """Make the content, unless it exists, and return it; None while there is no factory."""
        if self.content is None and self._factory is not None:
            self.content = self._factory()
            self._layout.addWidget(self.content)
            self.made.emit(self.content)
            owed, self._owed = self._owed, []
            for act in owed:
                act(self.content)
        return self.content

    def showEvent(self, event: QShowEvent) -> None:
        """Make the content when it is first seen."""
        super().showEvent(event)
        self.make()
