"""Everything that can be done by menu, key or name; one row each.

Menus, the sheet of keys and "find a command" are made from `ACTIONS`. To add an action: write a row. Its
`run` is handed the `Desk`, which knows the window, the session and every panel.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Literal

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu, QMenuBar, QWidget

from app.text import _
from app.ui.icons import icon
from models.knobs import N_

if TYPE_CHECKING:
    from app.ui.desk import Desk

When = Literal["always", "image", "result"]
Where = Literal["window", "viewer"]

MENUS = ("&File", "&Edit", "&View", "&Image", "&Measure", "&Help")


@dataclass(frozen=True, slots=True)
class Action:
    """One row: `where` is the part that must have the focus for `keys` to act; `when` is needed to run."""

    id: str
    text: str
    menu: str
    run: Callable[[Desk], None]
    keys: tuple[str, ...] = ()
    icon: str = ""
    when: When = "always"
    where: Where = "window"
    separator: bool = False


def _measure(name: str, *arguments: str) -> Callable[[Desk], None]:
    """Call a method of the controller of measuring by name."""
    return lambda desk: desk.measure(name, *arguments)


def _viewer(name: str) -> Callable[[Desk], None]:
    """Call a method of the viewer by name."""
    return lambda desk: desk.call_viewer(name)


ACTIONS: tuple[Action, ...] = (
    Action("file.open", N_("Open files…"), "&File", lambda desk: desk.ask_for_files(), ("Ctrl+O",), "open"),
    Action("file.open_folder", N_("Open a folder…"), "&File", lambda desk: desk.ask_for_folder(),
           ("Ctrl+Shift+O",), "folder"),
    Action("file.export", N_("Export…"), "&File", lambda desk: desk.inspect("export"), ("Ctrl+S",), "save",
           "image"),
    Action("file.close", N_("Close this image"), "&File", lambda desk: desk.close_current(), ("Ctrl+W",),
           "close", when="image"),
    Action("file.show", N_("Show in folder"), "&File", lambda desk: desk.show_current_in_folder(), (),
           "folder", when="image"),
    Action("file.quit", N_("Quit"), "&File", lambda desk: desk.quit(), ("Ctrl+Q",), "quit", separator=True),
    Action("edit.copy", N_("Copy the view"), "&Edit", lambda desk: desk.copy_view(), ("Ctrl+C",), "copy",
           "image", "viewer"),
    Action("edit.find", N_("Find a command…"), "&Edit", lambda desk: desk.find_command(),
           ("Ctrl+Shift+F", "L"), "search"),
    Action("edit.preferences", N_("Preferences…"), "&Edit", lambda desk: desk.show_preferences(), ("Ctrl+,",),
           "settings"),
    Action("view.zoom_in", N_("Zoom in"), "&View", _viewer("zoom_in"), ("+", "="), "zoom-in",
           "image", "viewer"),
    Action("view.zoom_out", N_("Zoom out"), "&View", _viewer("zoom_out"), ("-",), "zoom-out",
           "image", "viewer"),
    Action("view.fit", N_("Fit the picture to the window"), "&View", _viewer("fit"), ("F",), "fit", "image",
           "viewer"),
    Action("view.compare", N_("Next way to compare"), "&View", _viewer("next_comparison"), ("V",), "compare",
           "result", "viewer", separator=True),
    Action("view.compare_with", N_("Compare with…"), "&View", lambda desk: desk.ask_compare(), ("Shift+V",),
           "pair", "image", "viewer"),
    Action("view.stop_comparing", N_("Stop comparing"), "&View", lambda desk: desk.stop_comparing(), (),
           "close", "result"),
    Action("view.project", N_("Maximum projection"), "&View", _viewer("toggle_projection"), ("P",),
           "projection", "image", "viewer", separator=True),
    Action("view.ortho", N_("Orthogonal views"), "&View", _viewer("toggle_ortho"), ("O",), "ortho", "image",
           "viewer"),
    Action("view.space", N_("View in space"), "&View", _viewer("show_in_space"), ("D",), "volume", "image",
           "viewer"),
    Action("view.images", N_("Images"), "&View", lambda desk: desk.go("images"), ("Ctrl+1",), "image",
           separator=True),
    Action("go.train", N_("Train"), "&View", lambda desk: desk.go("train"), ("Ctrl+T",), "train"),
    Action("go.models", N_("Models"), "&View", lambda desk: desk.go("models"), ("Ctrl+2",), "models"),
    Action("go.jobs", N_("Jobs"), "&View", lambda desk: desk.go("jobs"), ("Ctrl+J",), "jobs"),
    Action("view.browser", N_("Show or hide the browser"), "&View", lambda desk: desk.toggle("browser"),
           ("Ctrl+B",), "layout", separator=True),
    Action("view.inspector", N_("Show or hide the inspector"), "&View", lambda desk: desk.toggle("inspector"),
           ("Ctrl+Shift+B",), "layout"),
    Action("view.reset", N_("Reset layout"), "&View", lambda desk: desk.reset_layout(), (), "again"),
    Action("image.restore", N_("Restore…"), "&Image", lambda desk: desk.inspect("restore"), ("Ctrl+R",),
           "restore", "image"),
    Action("image.display", N_("Brightness and contrast"), "&Image", lambda desk: desk.inspect("display"),
           ("Ctrl+Shift+C",), "contrast", "image"),
    Action("image.info", N_("Properties of the image"), "&Image", lambda desk: desk.inspect("info"),
           ("Ctrl+I", "Ctrl+Shift+P"), "info", "image"),
    Action("image.correct", N_("Correct axes and pixel size…"), "&Image", lambda desk: desk.ask_reading(), (),
           "settings", "image"),
    Action("image.next_scene", N_("Next image of this file"), "&Image", lambda desk: desk.step_scene(1),
           ("Ctrl+PgDown",), "right", "image"),
    Action("image.previous_scene", N_("Image of this file before"), "&Image",
           lambda desk: desk.step_scene(-1), ("Ctrl+PgUp",), "left", "image"),
    Action("image.auto", N_("Auto-contrast"), "&Image", _viewer("auto_contrast"), ("A",), "auto", "image",
           "viewer", separator=True),
    Action("image.auto_all", N_("Auto-contrast of all channels"), "&Image", _viewer("auto_contrast_all"),
           ("Shift+A",), "channels", "image", "viewer"),
    Action("measure.tool", N_("Measure, or put the tool down"), "&Measure", _measure("toggle_tool"), ("M",),
           "tool-line", "image", "viewer"),
    Action("measure.keep", N_("Keep the region"), "&Measure", _measure("keep"), ("T",), "plus", "image",
           "viewer"),
    Action("measure.profile", N_("Profile along a line"), "&Measure", _measure("take_line"), ("Ctrl+K",),
           "tool-line", "image"),
    Action("measure.histogram", N_("Histogram"), "&Measure", lambda desk: desk.inspect("display"), ("H",),
           "histogram", "image", "viewer"),
    Action("measure.line", N_("Line"), "&Measure", _measure("take_tool", "line"), ("Shift+L",), "tool-line",
           "image", "viewer", separator=True),
    Action("measure.segmented", N_("Segmented line"), "&Measure", _measure("take_tool", "segmented"),
           ("Shift+S",), "tool-segmented", "image", "viewer"),
    Action("measure.rectangle", N_("Rectangle"), "&Measure", _measure("take_tool", "rectangle"),
           ("Shift+R",), "tool-rectangle", "image", "viewer"),
    Action("measure.ellipse", N_("Ellipse"), "&Measure", _measure("take_tool", "ellipse"), ("Shift+E",),
           "tool-ellipse", "image", "viewer"),
    Action("measure.polygon", N_("Polygon"), "&Measure", _measure("take_tool", "polygon"), ("Shift+P",),
           "tool-polygon", "image", "viewer"),
    Action("measure.freehand", N_("Freehand region"), "&Measure", _measure("take_tool", "freehand"),
           ("Shift+F",), "tool-freehand", "image", "viewer"),
    Action("measure.point", N_("Point"), "&Measure", _measure("take_tool", "point"), ("Shift+O",),
           "tool-point", "image", "viewer"),
    Action("measure.undo", N_("Bring back the deleted region"), "&Measure", lambda desk: desk.undo_deleting(),
           ("Ctrl+Z",), "again", "image", "viewer", separator=True),
    Action("measure.table", N_("Save the numbers as CSV…"), "&Measure",
           lambda desk: desk.exchange_regions("ask_for_table"), (), "save", "image", separator=True),
    Action("measure.rois", N_("Save the regions for ImageJ…"), "&Measure",
           lambda desk: desk.exchange_regions("ask_for_rois"), (), "save", "image"),
    Action("measure.open", N_("Open regions of ImageJ…"), "&Measure",
           lambda desk: desk.exchange_regions("ask_to_open"), (), "open", "image"),
    Action("help.keys", N_("Keys and help"), "&Help", lambda desk: desk.show_keys(), ("F1", "?"), "keys"),
    Action("help.log", N_("Show the program's log folder"), "&Help", lambda desk: desk.show_log_folder(), (),
           "folder"),
    Action("help.about", N_("About Micrographia"), "&Help", lambda desk: desk.show_about(), (), "info",
           separator=True),
)  # fmt: skip

# Keys that the viewer answers itself, for the sheet of keys.
VIEWER_KEYS: tuple[tuple[str, str], ...] = (
    ("<  >", N_("channel before, channel after")),
    ("Ctrl+<  Ctrl+>", N_("plane below, plane above")),
    ("Alt+<  Alt+>", N_("time before, time after")),
    ("\\", N_("play, stop")),
    ("Space", N_("held: move the picture")),
    ("1 … 9", N_("channel on, off")),
    ("X", N_("swap the two images that are compared")),
    ("B", N_("held: see the first of the two images")),
    ("Esc  Del", N_("with a tool: let go, delete the shape")),
    ("← ↑ → ↓", N_("with a tool: move the shape; with Shift ten times as far")),
)


def make_actions(desk: Desk, window: QWidget) -> dict[str, QAction]:
    """Make the actions of the whole window; those of the viewer get their keys with `give_keys`."""
    made: dict[str, QAction] = {}
    for row in ACTIONS:
        action = QAction(icon(row.icon) if row.icon else icon("right"), _(row.text), window)
        action.setObjectName(row.id)
        action.triggered.connect(partial(_run, row, desk))
        if row.where == "window":
            letters = [key for key in row.keys if len(key) > 1]
            action.setShortcuts([QKeySequence(key) for key in letters])
            window.addAction(action)
        action.setEnabled(row.when == "always")
        made[row.id] = action
    return made


def give_keys(actions: dict[str, QAction], viewer: QWidget) -> None:
    """Let single letters act while the viewer has the focus, and only then."""
    for row in ACTIONS:
        single = [key for key in row.keys if len(key) == 1 or row.where == "viewer"]
        if not single:
            continue
        action = actions[row.id]
        if row.where == "viewer":
            action.setShortcuts([QKeySequence(key) for key in single])
            action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            viewer.addAction(action)
            continue
        letter = QAction(action.text(), viewer)
        letter.setShortcuts([QKeySequence(key) for key in single])
        letter.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        letter.triggered.connect(action.trigger)
        viewer.addAction(letter)


def add_menus(bar: QMenuBar) -> None:
    """Add the menus, empty as yet, so that the bar is there at the first paint."""
    for title in MENUS:
        bar.addMenu(_(title)).setObjectName(title)


def fill_menus(bar: QMenuBar, actions: dict[str, QAction]) -> None:
    """Put every action in its menu."""
    for title in MENUS:
        menu = bar.findChild(QMenu, title)
        assert menu is not None
        for row in ACTIONS:
            if row.menu == title:
                if row.separator:
                    menu.addSeparator()
                menu.addAction(actions[row.id])


def enable(actions: dict[str, QAction], *, has_image: bool, has_result: bool) -> None:
    """Enable what can be done now."""
    allowed = {"always": True, "image": has_image, "result": has_result}
    for row in ACTIONS:
        actions[row.id].setEnabled(allowed[row.when])


def _run(row: Action, desk: Desk, _checked: bool = False) -> None:  # noqa: FBT001, FBT002 - a slot
    row.run(desk)
