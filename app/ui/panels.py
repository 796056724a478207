"""The panels of the window, one row each, and the services that panels are handed.

To add a panel: write a widget in its own file and add a row to `PANELS`. Its module is imported in a
thread soon after the first paint, the widget is made when somebody first looks at it.

Panels do not know one another; `app.ui.wiring` connects those that exist by these names:

=================================================  ====================================================
signal                                             goes to
=================================================  ====================================================
``session.current_changed(OpenImage | None)``      ``Viewer.show_image``, then ``Viewer.show_result``;
                                                   ``InfoPanel.show_image``; ``RestorePanel`` listens by
                                                   itself, since it is handed the session
``RestorePanel.preview_box_wanted(bool)``          ``Viewer.show_preview_box``
``Viewer.preview_box_moved(Box)``                  ``RestorePanel.move_preview_box``
``Viewer.state_changed(ViewState)``                ``RestorePanel.show_view_state``,
                                                   ``DisplayPanel.show_state``
``RestorePanel.preview_made(Box, pixels | None)``  ``Viewer.show_preview``
``RestorePanel.unfinished_changed(frozenset)``     ``Viewer.show_unfinished`` (planes t, c, z)
``JobsStrip.jobs_clicked()``                       the Jobs room
=================================================  ====================================================

A panel that opens a file calls ``services.session.open_paths`` or ``open_result``; one that has something
to say calls ``services.notices.tell`` or ``show_error``.
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal

from PySide6.QtWidgets import QWidget

from app.paths import Paths
from app.ui.background import Background
from app.ui.session import Session
from models.knobs import N_

if TYPE_CHECKING:
    from app.engine.supervisor import Engine
    from app.library.store import Library
    from app.ui.bridge import EngineBridge
    from app.ui.notices import Notices
    from app.ui.preferences.holder import SettingsHolder

Place = Literal["browser", "viewer", "inspector", "room", "strip", "status"]


@dataclass(frozen=True, slots=True)
class Services:
    """What panels may use. Built once in `start`, handed to every factory.

    `settings.current` is the frozen `Settings`, `settings.changed` a signal that carries the new one,
    `settings.change(theme="dark")` stores at once. `notices.show_error(error)` shows any exception as a
    sheet or toast, `notices.tell(sentence, buttons)` a toast.
    """

    paths: Paths
    settings: "SettingsHolder"
    engine: "Engine"
    library: "Library"
    session: Session
    bridge: "EngineBridge"
    background: Background
    notices: "Notices"


@dataclass(frozen=True, slots=True)
class Panel:
    """One row: where it stands, its ``"module:Class"``, and what that class is handed.

    Any: each class is handed something else.
    """

    key: str
    title: str
    icon: str
    place: Place
    target: str
    handed: Callable[[Services], tuple[Any, ...]]

    def load(self) -> Callable[[Services], QWidget]:
        """Import the module and return what makes the widget; the import may happen in any thread."""
        module, name = self.target.split(":")
        kind = getattr(import_module(module), name)
        return lambda services: kind(*self.handed(services))


def _services(services: Services) -> tuple[Services]:
    return (services,)


def _background(services: Services) -> tuple[Background]:
    return (services.background,)


def _nothing(_services: Services) -> tuple[()]:
    return ()


PANELS: tuple[Panel, ...] = (
    Panel("browser", N_("Browser"), "folder", "browser",
          "app.ui.browser.panel:BrowserPanel", _services),
    Panel("viewer", N_("Picture"), "image", "viewer",
          "app.ui.viewer.viewer:Viewer", _background),
    Panel("display", N_("Display"), "contrast", "inspector",
          "app.ui.inspector.display:DisplayPanel", _nothing),
    Panel("restore", N_("Restore"), "restore", "inspector",
          "app.ui.inspector.restore:RestorePanel", _services),
    Panel("measure", N_("Measure"), "tool-line", "inspector",
          "app.ui.measure.page:MeasurePage", _nothing),
    Panel("export", N_("Export"), "save", "inspector",
          "app.ui.inspector.export:ExportPanel", _services),
    Panel("info", N_("Info"), "info", "inspector",
          "app.ui.inspector.info:InfoPanel", _services),
    Panel("train", N_("Train"), "train", "room",
          "app.ui.training.panel:TrainPanel", _services),
    Panel("models", N_("Models"), "models", "room",
          "app.ui.library.panel:LibraryPanel", _services),
    Panel("jobs", N_("Jobs"), "jobs", "room",
          "app.ui.jobs.panel:JobsPanel", _services),
    Panel("strip", N_("Jobs"), "jobs", "strip",
          "app.ui.jobs.strip:JobsStrip", _services),
    Panel("device", N_("This computer"), "device", "status",
          "app.ui.device:DeviceEntry", _services),
)  # fmt: skip
