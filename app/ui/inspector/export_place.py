"""Where an export goes: a folder, a name, and what the file will be called as no name is taken twice."""

from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFileDialog, QFormLayout, QHBoxLayout, QLabel, QLineEdit, QPushButton, QWidget

from app.images.writers.places import free_name
from app.text import _
from app.ui.background import Background
from app.ui.messages import without_home

PAUSE_MS = 150  # of typing, before the drive is asked
ILLEGAL = '/\\:*?"<>|'


class FolderLabel(QLabel):
    """A folder's name, shortened in the middle where it has no room."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("elides", True)
        self.setMinimumWidth(60)
        self._folder = ""

    def show_folder(self, folder: Path) -> None:
        """Show a folder."""
        self._folder = without_home(str(folder))
        self.setToolTip(self._folder)
        self.setAccessibleName(self._folder)
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fit the name to the new width."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        self.setText(self.fontMetrics().elidedText(self._folder, Qt.TextElideMode.ElideMiddle, self.width()))


class ExportPlace(QWidget):
    """Says and asks where the file goes."""

    changed = Signal()

    def __init__(self, background: Background, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._background = background
        self._folder: Path | None = None
        self._chosen: Path | None = None  # by the person, for all that follows
        self._suffix = ""
        self._asked = 0
        self.folder = FolderLabel()
        self.choose = QPushButton(_("Choose…"))
        self.choose.setAccessibleName(_("Choose the folder"))
        self.name = QLineEdit()
        self.name.setAccessibleName(_("Name of the file"))
        self.becomes = QLabel(wordWrap=True)
        self.becomes.setProperty("role", "quiet")
        self._timer = QTimer(self, singleShot=True, interval=PAUSE_MS)
        self._arrange()
        self.choose.clicked.connect(self._ask)
        self.name.textEdited.connect(self._edited)
        self._timer.timeout.connect(self._look)

    @property
    def path(self) -> Path | None:
        """The name wished for; None while it is no name for a file."""
        name = self.name.text().strip()
        if self._folder is None or not is_file_name(name):
            return None
        has_suffix = name.lower().endswith(self._suffix)
        return self._folder / (name if has_suffix else name + self._suffix)

    def show_default(self, folder: Path, stem: str, suffix: str) -> None:
        """Offer a folder and a name; a folder that was chosen by the person stays."""
        self._folder = self._chosen or folder
        self._suffix = suffix
        self.folder.show_folder(self._folder)
        self.name.setText(stem + suffix)
        self._look()

    def look_again(self) -> None:
        """Ask the drive anew which name is free."""
        self._look()

    def _arrange(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(6)
        row.addWidget(self.folder, 1)
        row.addWidget(self.choose)
        form = QFormLayout(self)
        form.setContentsMargins(0, 0, 0, 0)
        form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.addRow(_("Folder"), row)
        form.addRow(_("Name"), self.name)
        form.addRow(self.becomes)

    def _edited(self) -> None:
        self._timer.start()
        self.changed.emit()

    def _look(self) -> None:
        self._asked += 1
        path = self.path
        if path is None:
            self.becomes.setText("" if self._folder is None else _("This is no name for a file."))
        else:
            self._background.run(
                partial(free_name, path), partial(self._tell, self._asked, path), lambda _error: None
            )

    def _tell(self, asked: int, wished: Path, free: Path) -> None:
        if asked == self._asked:
            told = _("This name is taken. It becomes {free}").format(free=free.name)
            self.becomes.setText("" if wished == free else told)

    def _ask(self) -> None:
        dialog = QFileDialog(self.window(), _("Folder for the file"), str(self._folder or Path.home()))
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(self.show_chosen)
        dialog.open()

    def show_chosen(self, folder: str) -> None:
        """Use this folder from now on."""
        self._folder = self._chosen = Path(folder)
        self.folder.show_folder(self._folder)
        self._look()
        self.changed.emit()


def is_file_name(name: str) -> bool:
    """Whether every system takes `name` for a file."""
    return bool(name) and not name.startswith(".") and not any(letter in ILLEGAL for letter in name)
