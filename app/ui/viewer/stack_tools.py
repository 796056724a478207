"""What can be made of a stack, at the end of its row: a projection, orthogonal views, a view in space."""

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QHBoxLayout, QMenu, QToolButton, QWidget

from app.images.projection import KINDS
from app.text import _
from app.ui.icons import icon


class StackTools(QWidget):
    """Three buttons."""

    kind_wished = Signal(object)  # Kind | None: one plane at a time
    ortho_clicked = Signal()
    volume_clicked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.project = self._button("projection", _("Projection"), _("Many planes in one picture (P)"))
        self.ortho = self._button(
            "ortho", _("Orthogonal views"), _("See the stack from two sides as well (O)")
        )
        self.volume = self._button("volume", _("View in space"), _("Turn the stack in space (D)"))
        self.project.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.project.setMenu(self._menu())
        self.ortho.clicked.connect(self.ortho_clicked)
        self.volume.clicked.connect(self.volume_clicked)
        for button in (self.project, self.ortho):
            button.setCheckable(True)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(1)
        for button in (self.project, self.ortho, self.volume):
            layout.addWidget(button)

    def show_kind(self, kind: str | None) -> None:
        """Show which kind of projection is seen."""
        self._choices[kind].setChecked(True)
        self.project.setChecked(kind is not None)

    def show_ortho(self, *, is_on: bool) -> None:
        """Show whether orthogonal views are seen."""
        self.ortho.setChecked(is_on)

    def _menu(self) -> QMenu:
        menu = QMenu(self)
        group = QActionGroup(menu)
        self._choices: dict[str | None, QAction] = {}
        for key, title in ((None, _("One plane at a time")), *((row.key, _(row.title)) for row in KINDS)):
            action = QAction(title, menu)
            action.setCheckable(True)
            action.triggered.connect(lambda _checked, kind=key: self.kind_wished.emit(kind))
            group.addAction(action)
            menu.addAction(action)
            self._choices[key] = action
        self._choices[None].setChecked(True)
        menu.insertSeparator(menu.actions()[1])
        return menu

    def _button(self, name: str, title: str, tip: str) -> QToolButton:
        button = QToolButton(self)
        button.setIcon(icon(name))
        button.setIconSize(QSize(16, 16))
        button.setAutoRaise(True)
        button.setAccessibleName(title)
        button.setToolTip(f"{title}: {tip[0].lower()}{tip[1:]}")
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        return button
