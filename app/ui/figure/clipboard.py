"""A picture on the clipboard."""

from PySide6.QtCore import QMimeData, QObject
from PySide6.QtGui import QGuiApplication, QImage


class CopiedPicture(QObject):
    """Puts pictures on the clipboard, packed already so that pasting need not wait; tidies up at the end."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._image: QImage | None = None  # while it is what lies on the clipboard
        QGuiApplication.clipboard().dataChanged.connect(self._forget)

    def put(self, image: QImage, png: bytes) -> None:
        """Put a picture on the clipboard."""
        data = QMimeData()
        data.setImageData(image)
        data.setData("image/png", png)
        QGuiApplication.clipboard().setMimeData(data)
        self._image = image

    def leave(self) -> None:
        """Hand the picture to Qt for the end: data made here must not outlive Python."""
        image, self._image = self._image, None
        if image is not None:
            QGuiApplication.clipboard().setImage(image)

    def _forget(self) -> None:
        self._image = None
