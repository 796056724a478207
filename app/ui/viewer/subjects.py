"""What can be measured of the images that the viewer shows: a small interface for those who need pixels."""

from app.images.measuring.measure import Subject
from app.images.projection import ProjectedSource, Projection
from app.text import _
from app.ui.viewer.pair import Pair
from app.ui.viewer.projecting import projection_in_words
from app.ui.viewer.side import SideImage
from app.ui.viewer.state import Rect, extent
from models.source import ImageSource

Planes = frozenset[tuple[int, int, int]]  # t, c, z


class Subjects:
    """Puts together what is measured; remembers projections, so that they are not gathered anew."""

    def __init__(self) -> None:
        self._projected: dict[tuple[ImageSource, Projection], ProjectedSource] = {}

    def of(
        self,
        raw: SideImage,
        second: SideImage,
        pair: Pair | None,
        projection: Projection | None,
        missing: Planes,
    ) -> tuple[Subject, ...]:
        """Return the images to measure, the first one first; none if there is no picture.

        `missing` are the planes that are not restored yet; while a projection would need one of them, the
        restored image is left out.
        """
        first = raw.image
        if first is None:
            self._projected.clear()
            return ()
        names = (_("raw"), "") if pair is None else pair.names
        depth = first.info.shape[2]
        of = "" if projection is None else projection_in_words(projection, depth)
        own = tuple(range(len(first.info.channels)))
        wanted = [first.source]
        found = [self._subject(names[0], first.source, extent(first.info), own, projection, of)]
        is_late = projection is not None and any(z in range(*projection.over(depth)) for _t, _c, z in missing)
        if pair is not None and second.image is not None and not (pair.is_result and is_late):
            channels = tuple(pair.second_of(channel) for channel in own)
            late = missing if pair.is_result else frozenset()
            source = second.image.source
            wanted.append(source)
            found.append(self._subject(names[1], source, pair.over, channels, projection, of, late, pair))
        self._projected = {
            (source, kind): made
            for (source, kind), made in self._projected.items()
            if source in wanted and kind == projection
        }
        return tuple(found)

    def _subject(
        self,
        name: str,
        source: ImageSource,
        over: Rect,
        channels: tuple[int | None, ...],
        projection: Projection | None,
        of: str,
        missing: Planes = frozenset(),
        pair: Pair | None = None,
    ) -> Subject:
        seen: ImageSource = source
        if projection is not None:
            key = (source, projection)
            seen = self._projected.setdefault(key, ProjectedSource(source, projection))
        return Subject(name, seen, (over.x, over.y, over.width, over.height), channels, missing, pair, of)
