"""Regions to and from files: the dialogs, and the work in threads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QFileDialog, QWidget

from app.images.measuring.files import with_suffix, write_whole
from app.images.measuring.measure import Subject, measure
from app.images.measuring.rois import Roi, as_roi, as_zip, read_rois
from app.images.measuring.shapes import Shape
from app.images.measuring.table import Entry, as_csv
from app.text import _, ngettext
from app.ui.measure.book import Kept
from app.ui.measure.measuring import Measuring
from app.ui.panels import Services
from app.ui.viewer.state import is_calibrated
from models.source import ImageInfo


class Exchange(QObject):
    """Saves and opens the regions of the image looked at."""

    def __init__(self, measuring: Measuring, services: Services, window: QWidget) -> None:
        super().__init__(measuring)
        self._measuring = measuring
        self._services = services
        self._window = window

    def ask_for_table(self) -> None:
        """Let the person choose where the numbers are saved."""
        self._ask(_("Save the numbers"), _("Table (*.csv)"), ".csv", self.save_table)

    def ask_for_rois(self) -> None:
        """Let the person choose where the regions are saved."""
        single = len(self._measuring.notes.kept) == 1
        title = _("Save regions for ImageJ")
        if single:
            self._ask(title, _("Region of ImageJ (*.roi)"), ".roi", self.save_rois)
        else:
            self._ask(title, _("Regions of ImageJ (*.zip)"), ".zip", self.save_rois)

    def ask_to_open(self) -> None:
        """Let the person choose files with regions."""
        dialog = QFileDialog(self._window, _("Open regions"), str(self._folder()))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
        dialog.setNameFilters([_("Regions of ImageJ (*.roi *.zip)"), _("All files (*)")])
        dialog.filesSelected.connect(lambda names: self.open([Path(name) for name in names]))
        dialog.open()

    def save_table(self, chosen: Path) -> None:
        """Measure every region on its own plane in all channels, and save the numbers."""
        info, kept, subjects = self._measuring.info, self._measuring.notes.kept, self._measuring.subjects
        if info is not None and kept:
            names = self._measuring.channel_names
            self._write(chosen, ".csv", partial(table_of, info, kept, subjects, names))

    def save_rois(self, chosen: Path) -> None:
        """Save every region for ImageJ."""
        info, kept = self._measuring.info, self._measuring.notes.kept
        if info is None or not kept:
            return
        unit_x, unit_y = self._measuring.unit
        rois = [Roi(one.name, one.shape.scaled(1 / unit_x, 1 / unit_y), one.c, one.z, one.t) for one in kept]
        is_one = len(rois) == 1 and chosen.suffix.lower() != ".zip"
        make = partial(as_roi, rois[0]) if is_one else partial(as_zip, rois)
        self._write(chosen, ".roi" if is_one else ".zip", make)

    def open(self, paths: Sequence[Path]) -> None:
        """Put the regions of files into the list."""
        info = self._measuring.info
        if info is None:
            self._services.notices.tell(_("Open an image first; regions are drawn on it."))
            return
        t, c, z, *_size = info.shape
        self._services.background.run(
            lambda: [read_rois(path, (c, z, t)) for path in paths],
            partial(self._take, info),
            self._services.notices.show_error,
        )

    def _take(self, info: ImageInfo, found: list[tuple[list[Roi], int]]) -> None:
        if info is not self._measuring.info:
            return
        rois = [roi for some, _left_out in found for roi in some]
        left_out = sum(count for _some, count in found)
        self._measuring.add([self._placed(roi, info) for roi in rois])
        words = ngettext("{count} region was opened.", "{count} regions were opened.", len(rois))
        said = words.format(count=len(rois))
        if left_out:
            words = ngettext(
                "{count} of a kind that cannot be measured was left out.",
                "{count} of a kind that cannot be measured were left out.",
                left_out,
            )
            said += " " + words.format(count=left_out)
        self._services.notices.tell(said)

    def _placed(self, roi: Roi, info: ImageInfo) -> tuple[str, Shape, int, int, int]:
        """Return a region in units, on a plane that the image has; without one, on that looked at."""
        times, channels, planes, *_size = info.shape
        here_t, here_c, here_z = self._measuring.position
        return (
            roi.name,
            roi.shape.scaled(*self._measuring.unit),
            min(here_t if roi.t is None else roi.t, times - 1),
            min(here_c if roi.c is None else roi.c, channels - 1),
            min(here_z if roi.z is None else roi.z, planes - 1),
        )

    def _ask(self, title: str, kind: str, suffix: str, save: Callable[[Path], None]) -> None:
        info = self._measuring.info
        if info is None:
            return
        dialog = QFileDialog(self._window, title, str(self._folder()))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setNameFilters([kind, _("All files (*)")])
        dialog.setDefaultSuffix(suffix[1:])
        dialog.selectFile(f"{Path(info.uri).stem} {_('regions')}{suffix}")
        dialog.fileSelected.connect(lambda name: save(Path(name)))
        dialog.open()

    def _write(self, chosen: Path, suffix: str, make: Callable[[], bytes]) -> None:
        """Write in a thread; a name that the dialog has not asked about is never taken."""
        path = with_suffix(chosen, suffix)
        images = frozenset(image.path for image in self._services.session.images())

        def work() -> Path:
            write_whole(path, make(), may_replace=path == chosen, images=images)
            return path

        self._services.background.run(work, self._tell_saved, self._services.notices.show_error)

    def _tell_saved(self, path: Path) -> None:
        self._services.notices.tell(_("Saved as {name}.").format(name=path.name))

    def _folder(self) -> Path:
        info = self._measuring.info
        return Path(info.uri).parent if info is not None else Path.home()


def table_of(
    info: ImageInfo, kept: Sequence[Kept], subjects: tuple[Subject, ...], channels: Sequence[str]
) -> bytes:
    """Measure every region on its own plane and return the table; for a thread."""
    everything = tuple(range(len(info.channels)))
    entries = [
        Entry(one.number, one.name, measure(one.shape, subjects, one.t, one.z, everything)) for one in kept
    ]
    return as_csv(
        entries,
        file=Path(info.uri).name,
        scene=info.scenes[info.scene],
        channels=channels,
        names=[subject.name for subject in subjects],
        is_calibrated=is_calibrated(info),
    )
