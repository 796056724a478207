"""The Images room: tabs of what is open, strips that ask, and below them the picture or the welcome."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QStackedWidget,
    QTabBar,
    QVBoxLayout,
    QWidget,
)

from app.text import _
from app.ui.lazy import Lazy
from app.ui.session import OpenImage
from app.ui.welcome import Welcome


FEW = 3  # tabs that may change one by one


class QuestionStrip(QFrame):
    """One question above the picture with a button for each answer."""

    def __init__(self, sentence: str, answers: Sequence[tuple[str, Callable[[], None]]]) -> None:
        super().__init__()
        self.setProperty("role", "strip")
        self.setAccessibleName(sentence)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(10, 6, 10, 6)
        words = QLabel(sentence, wordWrap=True)
        layout.addWidget(words, 1)
        for text, act in answers:
            button = QPushButton(text)
            button.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
            button.clicked.connect(act)
            button.clicked.connect(self.deleteLater)
            layout.addWidget(button)


class Stage(QWidget):
    """Shows one of two pages, the strips above it, and one tab per open image."""

    tab_chosen = Signal(int)  # key
    tab_closed = Signal(int)  # key

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "room")
        self.welcome = Welcome()
        self.viewer = Lazy()
        self.pages = QStackedWidget()
        self.pages.addWidget(self.welcome)
        self.pages.addWidget(self.viewer)
        self.tabs = QTabBar()
        self.tabs.setAccessibleName(_("Open images"))
        self.tabs.setTabsClosable(True)
        self.tabs.setExpanding(False)
        self.tabs.setDocumentMode(True)
        self.tabs.setDrawBase(False)
        self.tabs.hide()
        self.strips = QVBoxLayout()
        self.strips.setSpacing(0)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.tabs)
        layout.addLayout(self.strips)
        layout.addWidget(self.pages, 1)
        self.tabs.currentChanged.connect(self._choose)
        self.tabs.tabCloseRequested.connect(lambda place: self.tab_closed.emit(self.tabs.tabData(place)))

    def show_images(self, images: Sequence[OpenImage], current: OpenImage | None) -> None:
        """Show a tab for every raw image, and the viewer if there is any."""
        raws = [image for image in images if image.result_of is None]
        shown = [self.tabs.tabData(place) for place in range(self.tabs.count())]
        before = self.tabs.blockSignals(True)
        if len(set(shown) ^ {image.key for image in raws}) > FEW:
            self.tabs.hide()  # hidden tabs are laid out once, not with every change
        self._fit_tabs(raws, shown)
        if current is not None:
            keys = [image.key for image in raws]
            self.tabs.setCurrentIndex(keys.index(current.key))
        self.tabs.setVisible(bool(raws))
        self.tabs.blockSignals(before)
        self.pages.setCurrentWidget(self.viewer if current is not None else self.welcome)

    def ask(self, sentence: str, answers: Sequence[tuple[str, Callable[[], None]]]) -> QuestionStrip:
        """Put a question above the picture."""
        strip = QuestionStrip(sentence, answers)
        self.strips.addWidget(strip)
        return strip

    def _fit_tabs(self, raws: Sequence[OpenImage], shown: Sequence[int]) -> None:
        """Remove the tabs of closed images and add those of new ones, which always come last."""
        keys = {image.key for image in raws}
        for place in reversed(range(len(shown))):
            if shown[place] not in keys:
                self.tabs.removeTab(place)
        for image in raws:
            if image.key not in shown:
                place = self.tabs.addTab(image.path.name.replace("&", "&&"))
                self.tabs.setTabToolTip(place, str(image.path))
                self.tabs.setTabData(place, image.key)

    def _choose(self, place: int) -> None:
        key = self.tabs.tabData(place)
        if key is not None:
            self.tab_chosen.emit(key)
