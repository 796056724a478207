"""A page that scrolls up and down and gives wrapped texts the height they need."""

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QWidget


class Column(QScrollArea):
    """Scrolls one widget as wide as itself.

    Qt's own scroll area asks a widget for its smallest height without saying how wide it will be, so that
    wrapped texts are cut; here the widget is asked for the height at its width.
    """

    def __init__(self, content: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._content = content
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWidget(content)  # which also lets `eventFilter` see the events of the content

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Fit the height again when something in the page has changed."""
        if watched is self._content and event.type() == QEvent.Type.LayoutRequest:
            self._fit()
        return super().eventFilter(watched, event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fit the height to the new width."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        layout = self._content.layout()
        if layout is not None:
            bar = self.verticalScrollBar().sizeHint().width()
            self.setMinimumWidth(self._content.minimumSizeHint().width() + bar)
            self._content.setMinimumHeight(max(0, layout.totalHeightForWidth(self.viewport().width())))
