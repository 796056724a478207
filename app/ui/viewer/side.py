"""One of the pictures that the viewer shows: the first image, the second one, or their difference."""

from PySide6.QtCore import QObject

from app.images.cache import CachedSource
from app.images.projection import ProjectedSource, Projection
from app.ui.background import Background
from app.ui.session import OpenImage
from app.ui.viewer.ahead import Ahead, way_ahead
from app.ui.viewer.coarse import with_coarse_levels
from app.ui.viewer.loader import Drawn, Loader, Wish
from app.ui.viewer.play import Player
from app.ui.viewer.pointer import Value, value_at
from app.ui.viewer.projecting import STEP_S, is_complete, next_part, progress_in_words
from app.ui.viewer.state import Rect, ViewState
from models.source import ImageInfo, ImageSource


class SideImage(QObject):
    """An open image, its loader and what was drawn of it last."""

    def __init__(self, background: Background, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.image: OpenImage | None = None
        self.info: ImageInfo | None = None  # with coarse levels
        self.drawn: Drawn | None = None
        self.loader = Loader(background, self)
        self.pixels: ImageSource | None = None  # what is drawn from: planes, or projections of them
        self.wanted: Wish | None = None
        self.ahead = Ahead(background, self)
        self.stack: ImageSource | None = None
        self._projection: Projection | None = None

    def open(self, image: OpenImage | None) -> None:
        """Show another image on this side, or none."""
        self.open_source(with_coarse_levels(image.source) if image is not None else None)
        self.image = image

    def open_source(self, source: ImageSource | None) -> None:
        """Show what is no open image on this side, or nothing."""
        self.image = None
        self.info = source.info if source is not None else None
        self.drawn = None
        self.wanted = self._projection = None
        self.pixels = self.stack = source
        self.ahead.stop()
        self.loader.open(source)

    def project(self, projection: Projection | None) -> None:
        """Draw projections of the planes from now on, or the planes themselves."""
        if projection == self._projection or self.stack is None:
            return
        self._projection = projection
        self.drawn = None
        stack = self.stack
        self.pixels = stack if projection is None else ProjectedSource(stack, projection, STEP_S)
        self.loader.open(self.pixels)

    def complete(self, projection: Projection | None) -> ImageSource | None:
        """Return a source of the planes or their projections that is never read in parts."""
        stack = self.stack
        return stack if projection is None or stack is None else ProjectedSource(stack, projection)

    def show(self, wanted: Wish) -> None:
        """Draw what is wanted; of a projection the part that comes next, until all of it is there."""
        self.wanted = wanted
        if not isinstance(self.pixels, ProjectedSource):
            self.loader.show(wanted)
            return
        self.wanted = part = next_part(wanted, self.pixels)
        if is_complete(self.pixels, part.regions):
            self.loader.show(part)
        else:
            self.loader.reread(part)

    def is_growing(self, drawn: Drawn) -> bool:
        """Whether a picture is a projection that is not complete yet."""
        return isinstance(self.pixels, ProjectedSource) and not is_complete(self.pixels, drawn.planes)

    def is_refining(self, drawn: Drawn) -> bool:
        """Whether the same is seen already, coarser but complete."""
        source, region = self.pixels, drawn.region
        if not isinstance(source, ProjectedSource):
            return False
        coarser = range(region.level + 1, len(source.info.shapes))
        wholes = (source.info.plane(region.t[0], region.c[0], 0, level) for level in coarser)
        return any(is_complete(source, (whole,)) for whole in wholes)

    @property
    def progress(self) -> str:
        """How far the projection has come that is drawn at the moment; empty if it is complete."""
        if not isinstance(self.pixels, ProjectedSource) or self.wanted is None:
            return ""
        return progress_in_words(self.pixels, self.wanted.regions)

    def look_ahead(self, old: ViewState, new: ViewState, player: Player) -> None:
        """Read what follows, if we went one step along an axis or one is played."""
        way = way_ahead(old, new, player, self.info)
        if way is None or self.wanted is None:
            self.ahead.stop()
        else:
            self.ahead.read(self.pixels, self.wanted.regions, *way)

    def forget(self) -> None:
        """Remember nothing of the file: it has grown."""
        if self.image is not None and isinstance(self.image.source, CachedSource):
            self.image.source.forget()
        if isinstance(self.pixels, ProjectedSource):
            self.pixels.forget()

    def value_at(self, channel: int | None, at: tuple[float, float], over: Rect) -> Value | None:
        """Return the pixel at a place in units, if it is at hand."""
        if self.drawn is None or self.info is None or channel is None:
            return None
        *_, height, width = self.info.shape
        return value_at(self.drawn.planes, channel, at, over, (height, width))
