"""One of the two images that the viewer shows: raw or restored."""

from PySide6.QtCore import QObject

from app.images.cache import CachedSource
from app.ui.background import Background
from app.ui.session import OpenImage
from app.ui.viewer.coarse import with_coarse_levels
from app.ui.viewer.loader import Drawn, Loader
from app.ui.viewer.pointer import Value, value_at
from app.ui.viewer.state import Rect
from models.source import ImageInfo


class SideImage(QObject):
    """An open image, its loader and what was drawn of it last."""

    def __init__(self, background: Background, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.image: OpenImage | None = None
        self.info: ImageInfo | None = None  # with coarse levels
        self.drawn: Drawn | None = None
        self.loader = Loader(background, self)

    def open(self, image: OpenImage | None) -> None:
        """Show another image on this side, or none."""
        source = with_coarse_levels(image.source) if image is not None else None
        self.image = image
        self.info = source.info if source is not None else None
        self.drawn = None
        self.loader.open(source)

    def forget(self) -> None:
        """Remember nothing of the file: it has grown."""
        if self.image is not None and isinstance(self.image.source, CachedSource):
            self.image.source.forget()

    def value_at(self, channel: int | None, at: tuple[float, float], over: Rect) -> Value | None:
        """Return the pixel at a place in units, if it is at hand."""
        if self.drawn is None or self.info is None or channel is None:
            return None
        *_, height, width = self.info.shape
        return value_at(self.drawn.planes, channel, at, over, (height, width))
