"""Showing the result of a job: over the image it was made from, or in its folder."""

from pathlib import Path

from PySide6.QtCore import QObject, QUrl
from PySide6.QtGui import QDesktopServices

from app.engine.specs import Input
from app.ui.session import OpenImage, Session


def show_in_folder(path: Path) -> None:
    """Open the folder of a file in the system's file browser."""
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(path.parent)))


class ResultOpener(QObject):
    """Opens a result as a layer over its original, opening the original first where needed."""

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._waiting: dict[tuple[Path, int], Path] = {}  # path and scene of an original: its result
        session.image_opened.connect(self._go_on)

    def show(self, original: Input, result: Path) -> None:
        """Open `result` over the scene it was made from and look at them."""
        path, scene = Path(original.path), original.scene
        for image in self._session.images():
            if image.result_of is None and (image.path, image.info.scene) == (path, scene):
                self._session.make_current(image.key)
                self._session.open_result(result, image.key)
                return
        self._waiting[path, scene] = result
        self._session.open_scene(path, scene)

    def _go_on(self, image: OpenImage) -> None:
        place = (image.path, image.info.scene)
        result = self._waiting.pop(place, None) if image.result_of is None else None
        if result is not None:
            self._session.open_result(result, image.key)
