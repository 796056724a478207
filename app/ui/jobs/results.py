"""Showing the result of a job: over the image it was made from, or in its folder."""

from pathlib import Path

from PySide6.QtCore import QObject, QUrl
from PySide6.QtGui import QDesktopServices

from app.ui.session import OpenImage, Session


def show_in_folder(path: Path) -> None:
    """Open the folder of a file in the system's file browser."""
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(path.parent)))


class ResultOpener(QObject):
    """Opens a result as a layer over its original, opening the original first where needed."""

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._waiting: dict[Path, Path] = {}
        session.image_opened.connect(self._go_on)

    def show(self, original: Path, result: Path) -> None:
        """Open `result` over `original` and look at them."""
        for image in self._session.images():
            if image.result_of is None and image.path == original:
                self._session.make_current(image.key)
                self._session.open_result(result, image.key)
                return
        self._waiting[original] = result
        self._session.open_paths([original])

    def _go_on(self, image: OpenImage) -> None:
        result = self._waiting.pop(image.path, None) if image.result_of is None else None
        if result is not None:
            self._session.open_result(result, image.key)
