"""The Images room: tabs of what is open, strips that ask, and below them the picture or the welcome."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QStackedWidget,
    QTabBar,
    QVBoxLayout,
    QWidget,
)

from app.text import _
from app.ui.lazy import Lazy
from app.ui.names import shown_name, tip
from app.ui.sentence import SentenceStrip
from app.ui.session import OpenImage
from app.ui.welcome import Welcome

ON_A_TAB = 32  # letters of a name; the rest is told by pointing at it
FEW = 4  # tabs that are added or removed in one go


class QuestionStrip(SentenceStrip):
    """One question above the picture with a button for each answer."""

    def __init__(self, sentence: str, answers: Sequence[tuple[str, Callable[[], None]]]) -> None:
        super().__init__()
        for text, act in answers:
            button = self.add_button(text)
            button.clicked.connect(act)
            button.clicked.connect(self.deleteLater)
        self.say(sentence)


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
        self.tabs.setElideMode(Qt.TextElideMode.ElideMiddle)
        self.tabs.setUsesScrollButtons(True)
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

    def show_images(self, images: Sequence[OpenImage], current: OpenImage | None) -> bool:
        """Show a tab for every raw image, and the viewer if there is any; False: call again for more tabs."""
        raws = [image for image in images if image.result_of is None]
        before = self.tabs.blockSignals(True)
        is_complete = self._fit_tabs(raws)
        shown = self._shown()
        if current is not None and current.key in shown:
            self.tabs.setCurrentIndex(shown.index(current.key))
        self.tabs.setVisible(bool(raws))
        self.tabs.blockSignals(before)
        self.pages.setCurrentWidget(self.viewer if current is not None else self.welcome)
        return is_complete

    def ask(self, sentence: str, answers: Sequence[tuple[str, Callable[[], None]]]) -> QuestionStrip:
        """Put a question above the picture."""
        strip = QuestionStrip(sentence, answers)
        self.strips.addWidget(strip)
        return strip

    def _shown(self) -> list[int]:
        return [self.tabs.tabData(place) for place in range(self.tabs.count())]

    def _fit_tabs(self, raws: Sequence[OpenImage]) -> bool:
        """Remove tabs of closed images and add new ones, which come last; a few, as each takes its time."""
        shown, wanted = self._shown(), {image.key for image in raws}
        surplus = [place for place, key in enumerate(shown) if key not in wanted]
        missing = [image for image in raws if image.key not in shown]
        for place in reversed(surplus[-FEW:]):
            self.tabs.removeTab(place)
        for image in missing[:FEW]:
            place = self.tabs.addTab(shown_name(image.path.name, ON_A_TAB).replace("&", "&&"))
            self.tabs.setTabToolTip(place, tip(str(image.path)))
            self.tabs.setTabData(place, image.key)
        return max(len(surplus), len(missing)) <= FEW

    def _choose(self, place: int) -> None:
        key = self.tabs.tabData(place)
        if key is not None:
            self.tab_chosen.emit(key)
