"""Which one is real? Crops in random order, one at a time; the result is told at the end and not before."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeySequence, QPainter, QPaintEvent, QShortcut
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from app.text import _
from app.ui.column import Column
from app.ui.flow import FlowLayout
from app.ui.icons import icon
from app.ui.theme import colour
from app.ui.training.light_picture import image_of
from app.ui.training.odds import result_words

Gray = NDArray[np.uint8]
EACH = 10  # crops of either kind
LEAST = QSize(160, 160)
SMALL = 96


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """One crop, and whether it is real."""

    crop: Gray
    is_real: bool


def questions(real: Sequence[Gray], made: Sequence[Gray], chance: random.Random) -> tuple[Question, ...]:
    """Return as many real as made crops in random order, at most `EACH` of either."""
    count = min(EACH, len(real), len(made))
    asked = [Question(crop, is_real=True) for crop in chance.sample(list(real), count)]
    asked += [Question(crop, is_real=False) for crop in chance.sample(list(made), count)]
    chance.shuffle(asked)
    return tuple(asked)


class LargeCrop(QWidget):
    """Shows a crop with large pixels, as large as it fits."""

    def __init__(self, side: QSize = LEAST, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._crop: Gray | None = None
        self._side = side
        self.setAccessibleName(_("A crop"))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def show_crop(self, crop: Gray) -> None:
        """Show this crop."""
        self._crop = crop
        self.update()

    def minimumSizeHint(self) -> QSize:
        """Large enough to see its pixels."""
        return self._side

    def sizeHint(self) -> QSize:
        """As its smallest size."""
        return self._side

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the crop without smoothing."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), colour("picture", self.palette()))
        if self._crop is not None:
            high, wide = self._crop.shape
            zoom = min(self.width() / wide, self.height() / high)
            size = (wide * zoom, high * zoom)
            painter.drawImage(
                QRectF((self.width() - size[0]) / 2, (self.height() - size[1]) / 2, *size),
                image_of(self._crop),
            )
        painter.end()


class BlindTest(QWidget):
    """Asks about one crop after another, with the arrow keys or buttons; Esc leaves."""

    left = Signal()

    def __init__(self, parent: QWidget | None = None, *, chance: random.Random | None = None) -> None:
        super().__init__(parent)
        self._chance = chance or random.Random()
        self._crops: tuple[tuple[Gray, ...], tuple[Gray, ...]] = ((), ())
        self.asked: tuple[Question, ...] = ()
        self.answers: list[bool] = []
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(_("Which one is real?"))
        self.crop = LargeCrop()
        self.count = QLabel()
        self.progress = QProgressBar(textVisible=False)
        self.progress.setAccessibleName(_("Answered"))
        self.real = QPushButton(icon("left"), _("Real"))
        self.made = QPushButton(icon("right"), _("Made"))
        self.made.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
        self.result = QLabel(wordWrap=True)
        self.result.setProperty("role", "heading")
        self.again = QPushButton(icon("again"), _("Again"))
        self.leave = QPushButton(_("Leave"))
        self.leave_early = QPushButton(_("Leave"))
        self.pages = QStackedWidget()
        self._shown = QWidget()
        self._shown.setProperty("role", "room")
        self._shown.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._flow = FlowLayout(self._shown, spacing=8)
        self._arrange()
        self.real.clicked.connect(lambda: self.answer(is_real=True))
        self.made.clicked.connect(lambda: self.answer(is_real=False))
        self.again.clicked.connect(self._begin)
        for button in (self.leave, self.leave_early):
            button.clicked.connect(self.left)
        self._add_key(Qt.Key.Key_Escape, self.left.emit)
        self._add_key(Qt.Key.Key_Left, lambda: self.answer(is_real=True))
        self._add_key(Qt.Key.Key_Right, lambda: self.answer(is_real=False))

    def start(self, real: Sequence[Gray], made: Sequence[Gray]) -> None:
        """Ask about these crops."""
        self._crops = (tuple(real), tuple(made))
        self._begin()

    def answer(self, *, is_real: bool) -> None:
        """Take an answer and go on to the next crop, or to the result."""
        if len(self.answers) >= len(self.asked):
            return
        self.answers.append(is_real)
        if len(self.answers) == len(self.asked):
            self._conclude()
        else:
            self._ask()

    def _add_key(self, key: Qt.Key, act: Callable[[], None]) -> None:
        """Let a key act wherever in the test the focus is; one that is held down acts once."""
        shortcut = QShortcut(QKeySequence(key), self, context=Qt.ShortcutContext.WidgetWithChildrenShortcut)
        shortcut.setAutoRepeat(False)
        shortcut.activated.connect(act)

    def _begin(self) -> None:
        self.asked = questions(*self._crops, self._chance)
        self.answers = []
        self.progress.setRange(0, len(self.asked))
        self.pages.setCurrentIndex(0)
        self.setFocus()
        self._ask()

    def _ask(self) -> None:
        place = len(self.answers)
        self.progress.setValue(place)
        self.count.setText(_("{number} of {total}").format(number=place + 1, total=len(self.asked)))
        if self.asked:
            self.crop.show_crop(self.asked[place].crop)

    def _conclude(self) -> None:
        right = sum(one.is_real == said for one, said in zip(self.asked, self.answers, strict=True))
        self.result.setText(result_words(right, len(self.asked)))
        while self._flow.count():
            item = self._flow.takeAt(0)
            shown = item.widget() if item is not None else None
            if shown is not None:
                shown.deleteLater()
        for question, said in zip(self.asked, self.answers, strict=True):
            self._flow.addWidget(Revealed(question, said=said))
        self.pages.setCurrentIndex(1)
        self.again.setFocus()

    def _arrange(self) -> None:
        asking, telling = QWidget(), QWidget()
        question = QLabel(_("Is this crop from your bad image, or a good image made bad?"), wordWrap=True)
        question.setProperty("role", "heading")
        keys = QLabel(_("Arrow left: real. Arrow right: made. Esc: leave."), wordWrap=True)
        keys.setProperty("role", "quiet")
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(self.real)
        buttons.addWidget(self.made)
        buttons.addStretch(1)
        buttons.addWidget(self.leave_early)
        counted = QHBoxLayout()
        counted.addWidget(self.count)
        counted.addWidget(self.progress, 1)
        layout = QVBoxLayout(asking)
        layout.addWidget(question)
        layout.addWidget(self.crop, 1)
        layout.addLayout(buttons)
        layout.addLayout(counted)
        layout.addWidget(keys)
        below = QHBoxLayout()
        below.addWidget(self.again)
        below.addWidget(self.leave)
        below.addStretch(1)
        told = QVBoxLayout(telling)
        marks = QLabel(_("Tick: you were right. Cross: you were wrong."), wordWrap=True)
        marks.setProperty("role", "quiet")
        told.addWidget(self.result)
        told.addWidget(marks)
        told.addWidget(Column(self._shown), 1)
        told.addLayout(below)
        self.pages.addWidget(asking)
        self.pages.addWidget(telling)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(10, 6, 10, 4)
        whole.addWidget(self.pages)


class Revealed(QFrame):
    """A crop, what it was, and whether that was said."""

    def __init__(self, question: Question, *, said: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "card")
        is_right = question.is_real == said
        crop = LargeCrop(QSize(SMALL, SMALL))
        crop.show_crop(question.crop)
        kind = _("real") if question.is_real else _("made")
        verdict = _("You were right") if is_right else _("You were wrong")
        crop.setAccessibleName(f"{kind}. {verdict}.")
        words = QLabel(kind)
        words.setProperty("role", "heading")
        shape, token = ("tick", "good") if is_right else ("cross", "bad")
        sign = QLabel()
        sign.setPixmap(icon(shape, token).pixmap(16, 16))
        sign.setAccessibleName(verdict)
        sign.setToolTip(verdict)
        line = QHBoxLayout()
        line.addWidget(sign)
        line.addWidget(words, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(6, 6, 6, 4)
        layout.addWidget(crop)
        layout.addLayout(line)
