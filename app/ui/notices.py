"""What the window says on its own: short notices in a corner, and one sheet for what went wrong."""

from collections import deque
from collections.abc import Callable, Sequence

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication, QKeyEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)
from shiboken6 import isValid

from app.text import _, ngettext
from app.ui.icons import icon
from app.ui.messages import message_for
from app.ui.names import in_sentence
from models.errors import UserError

Button = tuple[str, Callable[[], None]]

SHEET_WIDTH = 540
TOAST_WIDTH = 560
MARGIN = 18


class Toast(QFrame):
    """One sentence, at most three buttons; goes by itself unless the pointer or the focus is on it."""

    gone = Signal()

    def __init__(self, sentence: str, buttons: Sequence[Button], seconds: float, parent: QWidget) -> None:
        super().__init__(parent)
        self.setProperty("role", "toast")
        self.setAccessibleName(sentence)
        self.label = QLabel(sentence)
        self.label.setWordWrap(True)
        self.label.setTextFormat(Qt.TextFormat.PlainText)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(14, 8, 8, 8)
        layout.addWidget(self.label, 1)
        for text, act in [*buttons, ("✕", lambda: None)]:
            button = QPushButton(text)
            button.setAccessibleName(_("Close this notice") if text == "✕" else text)
            button.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)
            button.clicked.connect(act)
            button.clicked.connect(self._leave)
            layout.addWidget(button)
        self._timer = QTimer(self, singleShot=True)
        self._timer.timeout.connect(self._leave_unless_used)
        self._timer.start(round(seconds * 1000))

    def _leave_unless_used(self) -> None:
        if self.underMouse() or self.isAncestorOf(self.focusWidget() or self):
            self._timer.start(2000)
        else:
            self._leave()

    def _leave(self) -> None:
        self._timer.stop()
        self.hide()
        self.gone.emit()


class Sheet(QFrame):
    """What happened, what is safe, what can be done, and the details, folded."""

    closed = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._window = parent
        self._before: QWidget | None = None
        self.setProperty("role", "sheet")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.sign = QLabel()
        self.sentence = QLabel(wordWrap=True)
        self.sentence.setProperty("role", "heading")
        self.hint = QLabel(wordWrap=True)
        self.safe = QLabel(wordWrap=True)
        self.safe.setProperty("role", "quiet")
        self.fold = QPushButton(_("Details"))
        self.fold.setProperty("role", "link")
        self.fold.setCheckable(True)
        self.details = QPlainTextEdit(readOnly=True)
        self.details.setAccessibleName(_("Details"))
        self.details.setTabChangesFocus(True)
        self.copy = QPushButton(_("Copy"))
        self.fold.toggled.connect(self._unfold)
        self.copy.clicked.connect(self._copy)
        self._buttons = QHBoxLayout()
        self._choices: list[QPushButton] = []
        self._arrange()
        self.hide()

    def show_text(
        self,
        sentence: str,
        *,
        hint: str,
        safe: str,
        details: str,
        buttons: Sequence[Button],
        fault: bool = False,
    ) -> None:
        """Fill the sheet; every button closes it."""
        self.setAccessibleName(sentence)
        name, token = ("cross", "bad") if fault else ("warning", "warning")
        self.sign.setPixmap(icon(name, token).pixmap(30, 30))
        self.sentence.setText(sentence)
        self.hint.setText(hint)
        self.hint.setVisible(bool(hint))
        self.safe.setText(safe)
        self.details.setPlainText(details)
        self.fold.setVisible(bool(details))
        self.fold.setChecked(False)
        self._unfold(on=False)
        self._set_buttons(buttons)
        if not self.isVisible():
            self._before = self._window.focusWidget()
        self.show()  # the height of the text is known only once it wears its style
        self.place()
        self.raise_()
        self.setFocus()

    def rename_last_button(self, text: str) -> None:
        """Say on the closing button what comes next."""
        if self._choices:
            self._choices[-1].setText(text)

    def place(self) -> None:
        """Stand in the middle of the window, as large as the text needs."""
        parent = self._window
        width = min(SHEET_WIDTH * self.fontMetrics().height() // 16, parent.width() - 2 * MARGIN)
        self.setFixedWidth(width)
        self._column.invalidate()
        height = min(self._column.totalHeightForWidth(width), parent.height() - 2 * MARGIN)
        self.setFixedHeight(max(height, self.minimumSizeHint().height()))
        self.move((parent.width() - width) // 2, max(MARGIN, (parent.height() - self.height()) // 3))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Close with Escape."""
        if event.key() == Qt.Key.Key_Escape:
            self._close()
        else:
            super().keyPressEvent(event)

    def _arrange(self) -> None:
        words = QVBoxLayout()
        for label in (self.sentence, self.hint, self.safe):
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            words.addWidget(label)
        top = QHBoxLayout()
        top.setSpacing(14)
        top.addWidget(self.sign, 0, Qt.AlignmentFlag.AlignTop)
        top.addLayout(words, 1)
        bottom = QHBoxLayout()
        bottom.addWidget(self.fold)
        bottom.addWidget(self.copy)
        bottom.addStretch(1)
        bottom.addLayout(self._buttons)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(20, 20, 20, 16)
        self._column.setSpacing(14)
        self._column.addLayout(top)
        self._column.addWidget(self.details)
        self._column.addLayout(bottom)

    def _set_buttons(self, buttons: Sequence[Button]) -> None:
        for button in self._choices:
            button.hide()
            button.deleteLater()
        self._choices = []
        for text, act in buttons:
            button = QPushButton(text)
            button.clicked.connect(self._close)
            button.clicked.connect(act)
            self._buttons.addWidget(button)
            self._choices.append(button)

    def _unfold(self, on: bool) -> None:  # noqa: FBT001 - a slot of `toggled`
        self.details.setVisible(on)
        self.copy.setVisible(on)
        self.fold.setIcon(icon("down" if on else "right"))
        if self.isVisible():
            self.place()

    def _copy(self) -> None:
        text = [self.sentence.text(), self.hint.text(), self.details.toPlainText()]
        QGuiApplication.clipboard().setText("\n".join(part for part in text if part))

    def _close(self) -> None:
        """Go, and give the focus back to where it was."""
        self.hide()
        if self._before is not None and isValid(self._before):
            self._before.setFocus()
        self.closed.emit()


class Notices(QObject):
    """Shows toasts and the sheet over the window; errors that come together queue up."""

    def __init__(self, window: QWidget, act: Callable[[str], Button | None]) -> None:
        super().__init__(window)
        self._window = window
        self._act = act  # id of an action -> its button
        self._toasts: list[Toast] = []
        self._waiting: deque[Callable[[], None]] = deque()
        self.sheet = Sheet(window)
        self.sheet.closed.connect(self._show_next)
        window.installEventFilter(self)

    def tell(self, sentence: str, buttons: Sequence[Button] = (), *, seconds: float = 8.0) -> None:
        """Say one sentence in the corner."""
        toast = Toast(in_sentence(sentence), buttons, seconds, self._window)
        toast.gone.connect(lambda: self._forget(toast))
        self._toasts.append(toast)
        toast.show()
        self._stack()

    def show_error(self, error: Exception, extra: Sequence[Button] = ()) -> None:
        """Show what a person can do something about; raise anything else, which is a fault of the program."""
        if not isinstance(error, UserError):
            raise error
        message = message_for(error)
        helpful = [button for name in message.actions if (button := self._act(name)) is not None]
        buttons = [*extra, *helpful]
        self.show_sheet(
            message.sentence, hint=message.hint, safe=message.safe, details=message.details, buttons=buttons
        )

    def show_sheet(
        self,
        sentence: str,
        *,
        hint: str = "",
        safe: str = "",
        details: str = "",
        buttons: Sequence[Button] = (),
        fault: bool = False,
        closing: str = "",
    ) -> None:
        """Show the sheet, after those that are waiting to be read."""

        def show() -> None:
            last = self._close_button(closing)
            self.sheet.show_text(
                sentence, hint=hint, safe=safe, details=details, buttons=[*buttons, last], fault=fault
            )

        self._waiting.append(show)
        if self.sheet.isVisible():
            self._refresh_close()
        else:
            self._show_next()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Keep sheet and toasts in their places when the window changes its size."""
        if watched is self._window and event.type() == QEvent.Type.Resize:
            self._stack()
            if self.sheet.isVisible():
                self.sheet.place()
        return False

    def _show_next(self) -> None:
        if self._waiting:
            self._waiting.popleft()()

    def _close_button(self, closing: str = "") -> Button:
        waiting = len(self._waiting)
        text = (
            ngettext("Next ({count} more)", "Next ({count} more)", waiting)
            if waiting
            else closing or _("Close")
        )
        return text.format(count=waiting), lambda: None

    def _refresh_close(self) -> None:
        self.sheet.rename_last_button(self._close_button()[0])

    def _forget(self, toast: Toast) -> None:
        if toast in self._toasts:
            self._toasts.remove(toast)
        toast.deleteLater()
        self._stack()

    def _stack(self) -> None:
        """Place the toasts above one another in the lower middle, the newest lowest."""
        bottom = self._window.height() - 4 * MARGIN
        for toast in reversed(self._toasts):
            width = min(TOAST_WIDTH * toast.fontMetrics().height() // 16, self._window.width() - 2 * MARGIN)
            width = max(width, toast.minimumSizeHint().width())
            toast.setFixedWidth(width)
            height = max(toast.heightForWidth(width), toast.minimumSizeHint().height())
            toast.setFixedHeight(height)
            toast.move((self._window.width() - width) // 2, bottom - height)
            toast.raise_()
            bottom -= height + 8
