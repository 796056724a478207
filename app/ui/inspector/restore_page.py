"""The Restore page as it is seen: a sentence, cards, the preview switch, a fold, and one button."""

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QCheckBox,
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

from app.text import _, ngettext
from app.ui.column import Column
from app.ui.forms import Fold
from app.ui.icons import icon
from app.ui.inspector.restore_cards import ModelChoices
from app.ui.inspector.restore_offers import Offer
from app.ui.inspector.restore_settings import RestoreSettings
from app.ui.names import in_sentence, shown_name
from app.ui.theme import set_role

STEPS = 1000


class RunBar(QWidget):
    """One button with its promise and what will become of the files; progress while the job runs."""

    run_clicked = Signal()
    run_all_clicked = Signal()
    cancel_clicked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.run = PromiseButton()
        self.run.setProperty("role", "primary")
        self.run.setEnabled(False)
        self.output = QLabel(wordWrap=True)
        self.output.setTextFormat(Qt.TextFormat.PlainText)
        self.safe = QLabel(_("Your original is never changed."), wordWrap=True)
        self.safe.setProperty("role", "quiet")
        self.all = QPushButton()
        self.all.setProperty("role", "link")
        self.progress = QLabel(wordWrap=True)
        self.bar = QProgressBar()
        self.bar.setRange(0, STEPS)
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(_("How far the job is"))
        self.cancel = QPushButton(_("Cancel"))
        self.cancel.setToolTip(_("Ends the job; planes that are finished are kept."))
        self._arrange()
        self.run.clicked.connect(self.run_clicked)
        self.all.clicked.connect(self.run_all_clicked)
        self.cancel.clicked.connect(self.cancel_clicked)
        self.show_idle()

    def show_offer(self, words: str, promise: str, *, output: str, reason: str) -> None:
        """Say what the button does, or why it does nothing; `output` is the name of the result."""
        self.run.show_words(words, promise)
        self.run.setEnabled(not reason)
        self.all.setEnabled(not reason)
        self.run.setToolTip(reason)
        told = reason or _("Becomes {name}").format(name=shown_name(output))
        self.output.setText(told)
        set_role(self.output, "warning" if reason else "")

    def show_all(self, count: int) -> None:
        """Offer to restore all open images, if there are several."""
        text = ngettext("Restore the open image", "Restore all {n} open images", count)
        self.all.setText(text.format(n=count))
        self.all.setVisible(count > 1)

    def show_idle(self) -> None:
        """Offer the button."""
        self._show(is_running=False)

    def show_running(self, sentence: str, share: float | None) -> None:
        """Show progress in place of the button."""
        self.progress.setText(sentence)
        self.bar.setRange(0, 0 if share is None else STEPS)
        self.bar.setValue(round((share or 0.0) * STEPS))
        self._show(is_running=True)

    def _show(self, *, is_running: bool) -> None:
        for widget in (self.progress, self.bar, self.cancel):
            widget.setVisible(is_running)
        for widget in (self.run, self.output):
            widget.setVisible(not is_running)

    def _arrange(self) -> None:
        running = QHBoxLayout()
        running.setSpacing(8)
        running.addWidget(self.bar, 1)
        running.addWidget(self.cancel)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(14, 10, 14, 10)
        layout.setSpacing(6)
        layout.addWidget(self.run)
        layout.addWidget(self.progress)
        layout.addLayout(running)
        layout.addWidget(self.output)
        layout.addWidget(self.safe)
        layout.addWidget(self.all, 0, Qt.AlignmentFlag.AlignLeft)


class PromiseButton(QPushButton):
    """A button with a promise: on one line if there is room, else below what it does."""

    PADDING = 40

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._words = ""
        self._promise = ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)

    def show_words(self, words: str, promise: str) -> None:
        """Say what the button does and how long that takes."""
        self._words, self._promise = words, promise
        self.setAccessibleName(self._on_one_line())
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Break the line where it does not fit."""
        super().resizeEvent(event)
        self._fit()

    def changeEvent(self, event: QEvent) -> None:
        """Break the line anew in another font."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._fit()

    def minimumSizeHint(self) -> QSize:
        """As narrow as the longer of the two lines allows."""
        lines = (self._words, self._promise)
        width = max(self.fontMetrics().horizontalAdvance(line) for line in lines) + self.PADDING
        return QSize(width, super().minimumSizeHint().height())

    def _on_one_line(self) -> str:
        if not self._promise:
            return self._words
        return _("{words} – {promise}").format(words=self._words, promise=self._promise)

    def _fit(self) -> None:
        line = self._on_one_line()
        if self.fontMetrics().horizontalAdvance(line) + self.PADDING > self.width():
            line = "\n".join(part for part in (self._words, self._promise) if part)
        if line != self.text():
            self.setText(line)


class RestorePage(QWidget):
    """All of the page; it says what the person wants by signals and is told what to show."""

    model_picked = Signal(object)  # ModelCard
    settings_changed = Signal()
    preview_toggled = Signal(bool)

    def __init__(self, devices: tuple[tuple[str, str], ...], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "page")
        self.picture = QLabel(wordWrap=True)
        self.choices = ModelChoices()
        self.train = QPushButton(icon("train"), _("Train your own…"))
        self.train.setProperty("role", "link")
        self.train.setToolTip(_("From at least five good images and a bad one."))
        self.train.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.preview = QCheckBox(_("Preview in the picture"))
        self.preview.setChecked(True)
        self.preview_words = QLabel(wordWrap=True)
        self.settings = RestoreSettings(devices)
        self.fold = Fold(_("More settings"), self.settings)
        self.bar = RunBar()
        self._pages = QStackedWidget()
        self._arrange()
        self.choices.picked.connect(self.model_picked)
        self.settings.changed.connect(self.settings_changed)
        self.preview.toggled.connect(self.preview_toggled)

    def show_empty(self) -> None:
        """Say what belongs here, while no image is open."""
        self._pages.setCurrentIndex(0)

    def show_picture(self, sentence: str) -> None:
        """Say what the image is."""
        self.picture.setText(sentence)
        self._pages.setCurrentIndex(1)

    def show_offers(self, offers: Sequence[Offer], chosen: str) -> None:
        """Show the models."""
        self.choices.show_offers(offers, chosen)

    def show_preview_switch(self, *, is_on: bool) -> None:
        """Show whether the box is in the picture, without a word to anybody."""
        with QSignalBlocker(self.preview):
            self.preview.setChecked(is_on)

    def show_preview_words(self, words: str, role: str) -> None:
        """Say how far the preview is."""
        words = in_sentence(words)
        self.preview_words.setText(words)
        set_role(self.preview_words, role)
        self.preview_words.setVisible(bool(words))

    def _arrange(self) -> None:
        empty = QLabel(
            _("Open an image to restore it."), alignment=Qt.AlignmentFlag.AlignCenter, wordWrap=True
        )
        empty.setProperty("role", "quiet")
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(14, 12, 14, 12)
        column.setSpacing(10)
        for widget in (self.picture, self.choices, self.train, self.preview, self.preview_words, self.fold):
            column.addWidget(widget)
        column.addStretch(1)
        line = QFrame()
        line.setProperty("role", "line")
        content = QWidget()
        whole = QVBoxLayout(content)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(Column(inner), 1)
        whole.addWidget(line)
        whole.addWidget(self.bar)
        self._pages.addWidget(empty)
        self._pages.addWidget(content)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._pages)
