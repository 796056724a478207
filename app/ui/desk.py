"""What can be done at the window: one method for each row of `ACTIONS`, and the answers to questions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFileDialog, QMessageBox

from app.engine.specs import Input, RestoreSpec
from app.text import _, ngettext
from app.ui import actions as table
from app.ui.doubts import DoubtsStrip
from app.ui.drop import Dropped, are_regions
from app.ui.file_keeper import FileKeeper
from app.ui.jobs.watch import JobsWatch
from app.ui.keys import CommandFinder, KeySheet
from app.ui.names import shown_name
from app.ui.pairing import Pairing, PartnerMenu
from app.ui.panels import Services
from app.ui.preferences.panel import Preferences
from app.ui.scenes.strip import SceneStrip
from app.ui.session import OpenImage
from app.ui.window import MainWindow
from models.errors import UserError
from models.source import Reading

if TYPE_CHECKING:
    from app.ui.measure.exchange import Exchange
    from app.ui.measure.measuring import Measuring


class Desk(QObject):
    """Carries out what menus, keys, zones and strips ask for."""

    def __init__(self, window: MainWindow, services: Services) -> None:
        super().__init__(window)
        self.window = window
        self.services = services
        self.session = services.session
        self.pairing = Pairing(services.session, services.background, services.notices, self)
        self.actions = table.make_actions(self, window)
        self.finder = CommandFinder(self.actions, window)
        self.doubts = DoubtsStrip()
        window.stage.strips.addWidget(self.doubts)
        self.scenes = SceneStrip(services.background)
        window.stage.strips.insertWidget(0, self.scenes)
        self.files = FileKeeper(self.session, services.background, self)
        self.files.correct_wished.connect(self.ask_reading)
        window.stage.strips.addWidget(self.files.strip)
        self._preferences: Preferences | None = None
        self._keys: KeySheet | None = None
        self.measuring: Measuring | None = None  # these two come with the viewer
        self.exchange: Exchange | None = None
        self._may_stop_jobs = False
        self._answered: set[int] = set()
        self._jobs = JobsWatch(services.engine, services.bridge, services.background, self)
        self.doubts.answered.connect(self._correct)
        self.doubts.dismissed.connect(self._carry_on)

    def button(self, name: str) -> tuple[str, Callable[[], None]] | None:
        """Return the button for an action, for sheets and notices."""
        action = self.actions.get(name)
        return None if action is None else (action.text(), action.trigger)

    # Opening

    def ask_for_files(self) -> None:
        """Let the person choose files; the dialog does not hold up the window."""
        dialog = self._file_dialog(_("Open files"), QFileDialog.FileMode.ExistingFiles)
        dialog.filesSelected.connect(lambda names: self.open([Path(name) for name in names]))
        dialog.open()

    def ask_for_folder(self) -> None:
        """Let the person choose a folder."""
        dialog = self._file_dialog(_("Open a folder"), QFileDialog.FileMode.Directory)
        dialog.filesSelected.connect(lambda names: self.open([Path(name) for name in names]))
        dialog.open()

    def open(self, paths: Sequence[Path], found: Dropped | None = None) -> None:
        """Open files and folders; folders within folders only after asking."""
        self.go("images")
        if found is None and any(path.is_dir() for path in paths):
            self._look_then(paths, partial(self._open_found, paths))
        else:
            self._open_found(paths, found)

    def open_and_restore(self, paths: Sequence[Path]) -> None:
        """Open and go to the Restore page."""
        self.open(paths)
        self.inspect("restore")

    def drop(self, zone: str, paths: Sequence[Path], found: Dropped | None) -> None:
        """Do what the zone says with what was dropped on it."""
        if are_regions(paths):
            self.open_regions(paths)
        elif zone == "queue":
            self.queue(paths)
        elif zone == "compare":
            self.compare(paths)
        elif zone in ("good", "bad"):
            self.train_with(zone, paths)
        else:
            self.open(paths, found)
            if zone == "restore":
                self.inspect("restore")

    def open_regions(self, paths: Sequence[Path]) -> None:
        """Put regions that ImageJ saved on the picture."""
        if self.exchange is None or self.session.current is None:
            self.refuse(_("Open an image first; regions are drawn on it."))
        else:
            self.inspect("measure")
            self.exchange.open(paths)

    def refuse(self, sentence: str) -> None:
        """Say why nothing was done with what was dropped."""
        self.services.notices.tell(sentence + " " + _("Nothing was changed."))

    def queue(self, paths: Sequence[Path]) -> None:
        """Restore images with the model that fits the first one, without opening them."""
        services = self.services

        def submit() -> int:
            spec = spec_for(services, paths)
            services.engine.submit(spec)
            return len(spec.inputs)

        def tell(count: int) -> None:
            words = ngettext("{count} image waits in Jobs.", "{count} images wait in Jobs.", count)
            services.notices.tell(words.format(count=count), [(_("Show"), partial(self.go, "jobs"))])

        services.background.run(submit, tell, services.notices.show_error)

    def train_with(self, zone: str, paths: Sequence[Path]) -> None:
        """Add good or bad images to what a model shall be trained on."""
        self.go("train")
        self.window.places["train"].when_made(lambda panel: panel.take(zone, list(paths)))

    def use_model(self, model: str, paths: Sequence[Path]) -> None:
        """Restore with a model now: what is given, or else what is open."""
        self.window.places["restore"].when_made(lambda panel: panel.choose(model))
        if paths:
            self.open(paths)
        self.go("images")
        self.inspect("restore")

    def compare(self, paths: Sequence[Path]) -> None:
        """Look at the first of two files beside the second; a single one goes beside the current image."""
        self.go("images")
        self.pairing.compare_files(paths)

    def ask_compare(self) -> None:
        """Let the person choose what to compare the current image with."""
        current, viewer = self.session.current, self.window.places["viewer"].content
        if current is None or viewer is None:
            return
        menu = PartnerMenu(self.pairing, current, self._ask_for_partner, self.window)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(viewer.mapToGlobal(viewer.rect().topLeft()))

    def stop_comparing(self) -> None:
        """Look at the current image alone."""
        self.pairing.stop()

    def close_current(self) -> None:
        """Close the image that is looked at."""
        if self.session.current is not None:
            self.session.close(self.session.current.key)

    # Looking

    def show_opened(self, image: OpenImage) -> None:
        """Remember an image that was opened, and ask about what is doubtful."""
        self.doubts.note_size(image.info)
        if image.result_of is None:
            self.services.settings.remember(str(image.path))

    def show_doubts(self, image: OpenImage | None) -> None:
        """Ask what the file does not say, once for each image."""
        if image is None or not image.info.doubts or image.key in self._answered:
            self.doubts.hide()
        else:
            self.doubts.ask(image)

    def ask_reading(self) -> None:
        """Let the person correct axes and pixel size."""
        if self.session.current is not None:
            self.go("images")
            self.doubts.ask(self.session.current, everything=True)

    def step_scene(self, by: int) -> None:
        """Look at another image of the same file."""
        self.scenes.step(by)

    def say_left_out(self, count: int) -> None:
        """Say that a folder has more images than were opened."""
        words = ngettext(
            "{count} more image is in the folder; open it from the browser.",
            "{count} more images are in the folder; open them from the browser.",
            count,
        )
        self.services.notices.tell(words.format(count=count))

    def show_failure(self, error: UserError) -> None:
        """Show why an image could not be opened; a file that ends too early can be shown in part."""
        path = error.fields.get("path")
        if error.code == "images.truncated" and isinstance(path, str):
            buttons = [(_("Show what is there"), partial(self.session.open_partial, Path(path)))]
            self.services.notices.show_error(error, buttons)
        else:
            self.services.notices.show_error(error)

    def call_viewer(self, name: str) -> None:
        """Call a method of the viewer, if there is a picture."""
        viewer = self.window.places["viewer"].content
        if viewer is not None:
            getattr(viewer, name)()

    def measure(self, name: str, *arguments: str) -> None:
        """Open the Measure page and call a method of the controller of measuring."""
        if self.measuring is not None:
            self.inspect("measure")
            getattr(self.measuring, name)(*arguments)

    def exchange_regions(self, name: str) -> None:
        """Call a method of what carries regions to and from files."""
        if self.exchange is not None:
            getattr(self.exchange, name)()

    def undo_deleting(self) -> None:
        """Bring back the region that was deleted last."""
        if self.measuring is not None:
            self.measuring.undo()

    def copy_view(self) -> None:
        """Put what is seen on the clipboard."""
        panel: Any = self.window.places["export"].make()  # its module is imported when it is made
        if panel is not None:
            panel.copy_view()

    def update_actions(self) -> None:
        """Enable what can be done with what is open."""
        current = self.session.current
        has_result = self.pairing.partner_of(current) is not None
        table.enable(self.actions, has_image=current is not None, has_result=has_result)

    # Going about

    def go(self, room: str) -> None:
        """Go to a room."""
        self.window.show_room(room)

    def inspect(self, page: str) -> None:
        """Open a page of the inspector."""
        self.window.show_page(page)

    def toggle(self, name: str) -> None:
        """Show or hide the browser or the inspector."""
        dock = self.window.browser if name == "browser" else self.window.inspector
        dock.setVisible(not dock.isVisible())

    def reset_layout(self) -> None:
        """Put the window back to its first arrangement."""
        self.window.reset_layout()

    def find_command(self) -> None:
        """Ask for a command by name."""
        self.finder.ask()

    def show_preferences(self) -> None:
        """Open the preferences beside the window."""
        if self._preferences is None:
            self._preferences = Preferences(self.services.settings, self.window)
        self._preferences.show()
        self._preferences.raise_()
        self._preferences.activateWindow()

    def show_keys(self) -> None:
        """Open the sheet of keys."""
        if self._keys is None:
            self._keys = KeySheet(self.window)
        self._keys.show()
        self._keys.raise_()

    def show_current_in_folder(self) -> None:
        """Open the folder of the current image in the system's file manager."""
        if self.session.current is not None:
            self.show_in_folder(self.session.current.path)

    def show_in_folder(self, path: Path) -> None:
        """Open the folder of a file in the system's file manager."""

        def show(folder: Path) -> None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))

        self.services.background.run(partial(folder_of, path), show)

    def show_log_folder(self) -> None:
        """Open the folder with logs and crash reports."""
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(self.services.paths.log)))

    def show_about(self) -> None:
        """Say what this is."""
        from app.version import VERSION

        box = QMessageBox(self.window)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.setWindowTitle(_("About Micrographia"))
        box.setText(f"Micrographia {VERSION}")
        box.setInformativeText(
            _("Restores microscope images on your own computer. BSD-3-Clause, the Micrographia developers.")
        )
        box.setStandardButtons(QMessageBox.StandardButton.Ok)
        box.open()

    # Leaving

    def quit(self) -> None:
        """Close the window, and with it the program."""
        self.window.close()

    def may_close(self) -> bool:
        """Whether the window may go; asks once, if a job would stop or not begin."""
        is_busy = any(job.state in ("running", "waiting") for job in self._jobs.jobs)
        if self._may_stop_jobs or not is_busy:
            return True
        self.services.notices.show_sheet(
            _("A job is not finished yet."),
            hint=_("If you close now it stops; at the next start it can go on where it was."),
            safe=_("Everything that is finished is safe."),
            buttons=[(_("Close and go on later"), self._close_anyway)],
            closing=_("Keep working"),
        )
        return False

    def _close_anyway(self) -> None:
        self._may_stop_jobs = True
        self.window.close()

    def _open_found(self, paths: Sequence[Path], found: Dropped | None) -> None:
        """Open what was looked at; ask about the folders inside, if there are any."""
        if found is not None and found.refusal:
            self.refuse(found.refusal)
        elif found is not None and found.has_inner:
            name = shown_name(found.folder or next(path.name for path in paths if path.is_dir()))
            self.window.stage.ask(
                _("“{name}” has images in folders inside it: {what}.").format(name=name, what=found.words),
                [
                    (_("Open all"), partial(self.session.open_paths, paths, recursive=True)),
                    (_("Only this folder"), partial(self.session.open_paths, paths)),
                    (_("Do not open"), lambda: None),
                ],
            )
        else:
            self.session.open_paths(paths)

    def _look_then(self, paths: Sequence[Path], done: Callable[[Dropped], None]) -> None:
        from app.ui.drop import look_at

        self.services.background.run(partial(look_at, paths), done)

    def _ask_for_partner(self) -> None:
        dialog = self._file_dialog(_("Compare with a file"), QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(lambda name: self.compare([Path(name)]))
        dialog.open()

    def _correct(self, key: int, reading: Reading) -> None:
        self._answered.add(key)
        self.doubts.hide()
        self.session.reopen(key, reading=reading)

    def _carry_on(self, key: int) -> None:
        self._answered.add(key)
        self.doubts.hide()

    def _file_dialog(self, title: str, mode: QFileDialog.FileMode) -> QFileDialog:
        recent = self.services.settings.current.recent
        folder = str(Path(recent[0]).parent) if recent else str(Path.home())
        dialog = QFileDialog(self.window, title, folder)
        dialog.setFileMode(mode)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        if mode != QFileDialog.FileMode.Directory:
            dialog.setNameFilters([name_filter(), _("All files (*)")])
        return dialog


def spec_for(services: Services, paths: Sequence[Path]) -> RestoreSpec:
    """Return the job for all images among `paths`, with the best model for the first; for a thread."""
    from app.images.folders import images_in
    from app.images.open import open_image
    from app.images.remembered import RememberedReadings
    from app.library.fit import ranked

    files, failures = images_in(paths, recursive=True)
    if not files:
        raise failures[0]
    readings = RememberedReadings(services.paths.data)
    inputs = tuple(Input(str(path), reading=readings.find(path) or Reading()) for path in files)
    source = open_image(files[0], reading=inputs[0].reading)
    source.close()
    card, _fit = ranked(services.library.cards(), source.info)[0]
    settings = services.settings.current
    return RestoreSpec(inputs, card.id, output_dir=settings.results_dir, device=settings.device)


def folder_of(path: Path) -> Path:
    """Return where a file or an image that is a folder lies; any other folder itself. For a thread."""
    from app.images.open import is_image_folder

    return path if path.is_dir() and not is_image_folder(path) else path.parent


def name_filter() -> str:
    """Return the line "Images (*.tif …)" of the file dialog; a file stands for the folder it lies in."""
    from app.images.open import READERS
    from app.images.readers.zarr_store import METADATA

    endings = dict.fromkeys(ending for row in READERS if not row.is_folder for ending in row.suffixes)
    endings |= dict.fromkeys(METADATA)
    return _("Images") + " (" + " ".join(f"*{ending}" for ending in endings) + ")"
