"""What happens while files are dragged over the window: labelled zones, and what would be read."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

from PySide6.QtCore import QEvent, QMimeData, QObject, QPoint, QRect, QRectF, Qt, Signal
from PySide6.QtGui import (
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QFont,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QWidget

from app.text import _, ngettext
from app.ui.background import Background, Task
from app.ui.icons import icon
from app.ui.theme import colour
from models.errors import UserError
from models.knobs import N_

ZoneKey = Literal["open", "restore", "queue", "compare", "good", "bad"]


@dataclass(frozen=True, slots=True)
class Zone:
    """One place to drop on; several files at once may mean something else there."""

    key: ZoneKey
    title: str
    icon: str
    needs_image: bool = False
    title_for_two: str = ""
    title_for_more: str = ""

    def title_for(self, count: int) -> str:
        """Return what dropping `count` files here is called."""
        other = self.title_for_two if count == 2 else self.title_for_more if count > 2 else ""
        return other or self.title


ZONES: tuple[Zone, ...] = (
    Zone("open", N_("Open"), "open"),
    Zone("restore", N_("Open and restore"), "restore"),
    Zone("queue", N_("Add to queue"), "queue"),
    Zone(
        "compare",
        N_("Compare with current"),
        "compare",
        needs_image=True,
        title_for_two=N_("Compare the two"),
        title_for_more=N_("Compare the first two"),
    ),
)

REGIONS = (".roi", ".zip")  # endings of the names under which ImageJ saves them


@dataclass(frozen=True, slots=True)
class Dropped:
    """What was found behind the names that are dragged.

    `refusal` says why nothing of it can be read; `has_inner` whether a folder has images further inside;
    `folder` is the name of the first folder that is not itself an image.
    """

    words: str
    refusal: str = ""
    has_inner: bool = False
    folder: str = ""


def are_regions(paths: Sequence[Path]) -> bool:
    """Whether all files are named as ImageJ names regions; nothing is read."""
    return bool(paths) and all(
        path.suffix.lower() in REGIONS and not path.stem.lower().endswith(".zarr") for path in paths
    )


def look_at(paths: Sequence[Path]) -> Dropped:
    """Read the headers of what is dragged; for a thread."""
    from app.images.folders import images_in
    from app.images.open import is_image_folder, open_image

    if are_regions(paths):
        return Dropped(_("Regions of ImageJ, for the picture that is open"))
    folders = [path for path in paths if path.is_dir() and not is_image_folder(path)]
    try:
        if len(paths) == 1 and not folders:
            source = open_image(paths[0])
            source.close()
            from app.ui.inspector.info import shape_in_words

            return Dropped(shape_in_words(source.info))
        flat, failures = images_in(paths, recursive=False)
        deep = images_in(folders, recursive=True)[0] if folders else []
    except UserError as error:
        return Dropped("", error.sentence)
    outside = [path for path in paths if path not in folders]
    count = len(set(flat) | set(deep))
    if not count:
        return Dropped("", failures[0].sentence if failures else _("There is nothing here that can be read."))
    has_inner = len(set(deep) | set(outside)) > len(set(flat))
    words = ngettext("{count} image", "{count} images", count).format(count=count)
    if has_inner:
        words = _("{images}, with the folders inside").format(images=words)
    return Dropped(words, has_inner=has_inner, folder=folders[0].name if folders else "")


def local_paths(data: QMimeData) -> list[Path]:
    """Return the files and folders of this computer that are dragged."""
    return [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()]


class DropZones(QWidget):
    """Covers the window while something is dragged over it."""

    dropped = Signal(str, object, object)  # zone key, list of Path, Dropped | None
    refused = Signal(str)  # why

    def __init__(self, window: QWidget, background: Background, has_image: Callable[[], bool]) -> None:
        super().__init__(window)
        self._window = window
        self._background = background
        self._has_image = has_image
        self.zones_of_room: Callable[[], tuple[Zone, ...]] = (
            tuple  # where there are any, only these are shown
        )
        self._paths: list[Path] = []
        self._found: Dropped | None = None
        self._task: Task[Dropped] | None = None
        self._pointer = QPoint(-1, -1)
        self.setAcceptDrops(True)
        self.setAccessibleName(_("Places to drop files on"))
        self.hide()
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Take over what the window itself is told before the zones lie under the pointer."""
        if watched is not self._window:
            return False
        if isinstance(event, QDropEvent) and event.type() == QEvent.Type.Drop:
            self.dropEvent(event)
        elif isinstance(event, QDragEnterEvent):
            self.dragEnterEvent(event)
        elif isinstance(event, QDragMoveEvent):
            self.dragMoveEvent(event)
        else:
            return False
        return True

    @property
    def zones(self) -> tuple[Zone, ...]:
        """The zones that make sense now."""
        if of_room := self.zones_of_room():
            return of_room
        may_compare = self._has_image() or len(self._paths) >= 2
        return tuple(zone for zone in ZONES if may_compare or not zone.needs_image)

    def begin(self, data: QMimeData) -> bool:
        """Show the zones if files are dragged, and look at them in the background."""
        paths = local_paths(data)
        if not paths:
            return False
        if paths != self._paths or not self.isVisible():
            self._paths, self._found = paths, None
            if self._task is not None:
                self._task.cancel()
            self._task = self._background.run(
                partial(look_at, paths), self._show_found, self._show_failure, priority=3
            )
        self.setGeometry(self._window.rect())
        self.show()
        self.raise_()
        return True

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take over from the window."""
        if self.begin(event.mimeData()):
            event.acceptProposedAction()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        """Light up the zone under the pointer."""
        self._pointer = event.position().toPoint()
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()
        self.update()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        """Go away."""
        self._end()
        event.accept()

    def dropEvent(self, event: QDropEvent) -> None:
        """Say what was dropped where; outside all zones counts as the first."""
        paths = local_paths(event.mimeData())
        zone = self.zone_at(event.position().toPoint()) or ZONES[0]
        found = self._found
        self._end()
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()
        if found is not None and found.refusal:
            self.refused.emit(found.refusal)
        elif paths:
            self.dropped.emit(zone.key, paths, found)

    def zone_at(self, point: QPoint) -> Zone | None:
        """The zone that contains `point`."""
        return next((zone for zone, rect in self._places() if rect.contains(point)), None)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the zones over a veil."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        veil = colour("window", self.palette())
        veil.setAlphaF(0.9)
        painter.fillRect(self.rect(), veil)
        for zone, rect in self._places():
            self._paint_zone(painter, zone, rect, is_hot=rect.contains(self._pointer))
        painter.end()

    def _places(self) -> list[tuple[Zone, QRect]]:
        """Zones beside one another: a row of two, and two more below."""
        zones = self.zones
        gap = 18
        area = self.rect().adjusted(40, 50, -40, -50)
        rows = [row for row in (zones[:2], zones[2:]) if row]
        height = (area.height() - gap * (len(rows) - 1)) // len(rows)
        places = []
        for number, row in enumerate(rows):
            width = (area.width() - gap * (len(row) - 1)) // len(row)
            for place, zone in enumerate(row):
                left = area.left() + place * (width + gap)
                places.append((zone, QRect(left, area.top() + number * (height + gap), width, height)))
        return places

    def _paint_zone(self, painter: QPainter, zone: Zone, rect: QRect, *, is_hot: bool) -> None:
        palette = self.palette()
        refusal = self._found.refusal if self._found else ""
        frame = "bad" if refusal and is_hot else "accent" if is_hot else "edge"
        fill = "bad_fill" if refusal and is_hot else "selection" if is_hot else "surface"
        painter.setBrush(colour(fill, palette))
        style = Qt.PenStyle.SolidLine if is_hot else Qt.PenStyle.DashLine
        painter.setPen(QPen(colour(frame, palette), 2.5 if is_hot else 1.5, style))
        painter.drawRoundedRect(QRectF(rect), 12, 12)
        size = 34
        top = rect.center().y() - size - 14
        token = "on_selection" if is_hot and not refusal else "text"
        icon(zone.icon, token).paint(painter, rect.center().x() - size // 2, top, size, size)
        large = QFont(self.font())
        large.setPointSizeF(large.pointSizeF() * 1.3)
        large.setBold(True)
        painter.setFont(large)
        painter.setPen(colour(token, palette))
        line = painter.fontMetrics().height()
        below = QRect(rect.left() + 16, top + size + 8, rect.width() - 32, line + 4)
        title = _(zone.title_for(len(self._paths)))
        painter.drawText(below, Qt.AlignmentFlag.AlignHCenter, title)
        if is_hot:
            painter.setFont(self.font())
            if refusal:
                painter.setPen(colour("bad", palette))
            words = QRect(below.left(), below.bottom() + 4, below.width(), rect.bottom() - below.bottom() - 8)
            flags = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap
            painter.drawText(words, flags, refusal or (self._found.words if self._found else _("Looking…")))

    def _show_found(self, found: Dropped) -> None:
        self._found = found
        self.update()

    def _show_failure(self, error: Exception) -> None:
        self._end()
        raise error

    def _end(self) -> None:
        self._paths, self._pointer = [], QPoint(-1, -1)
        self.hide()
