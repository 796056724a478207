"""The panels of the window, one row each, and the services that panels are handed.

To add a panel: write a widget in its own file, add a factory below and a row to `PANELS`. A factory is
called when its panel is first shown, never before, and imports what it needs then.

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
from typing import TYPE_CHECKING, Literal

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
    """One row: `place` says where it stands, `factory` makes it when it is first shown."""

    key: str
    title: str
    icon: str
    place: Place
    factory: Callable[[Services], QWidget]


def _browser(services: Services) -> QWidget:
    from app.ui.browser.panel import BrowserPanel

    return BrowserPanel(services)


def _viewer(services: Services) -> QWidget:
    from app.ui.viewer.viewer import Viewer

    return Viewer(services.background)


def _display(_services: Services) -> QWidget:
    from app.ui.inspector.display import DisplayPanel

    return DisplayPanel()


def _restore(services: Services) -> QWidget:
    from app.ui.inspector.restore import RestorePanel

    return RestorePanel(services)


def _info(_services: Services) -> QWidget:
    from app.ui.inspector.info import InfoPanel

    return InfoPanel()


def _models(services: Services) -> QWidget:
    from app.ui.library.panel import LibraryPanel

    return LibraryPanel(services)


def _jobs(services: Services) -> QWidget:
    from app.ui.jobs.panel import JobsPanel

    return JobsPanel(services)


def _strip(services: Services) -> QWidget:
    from app.ui.jobs.strip import JobsStrip

    return JobsStrip(services)


def _device(services: Services) -> QWidget:
    from app.ui.device import DeviceEntry

    return DeviceEntry(services)


PANELS: tuple[Panel, ...] = (
    Panel("browser", N_("Browser"), "folder", "browser", _browser),
    Panel("viewer", N_("Picture"), "image", "viewer", _viewer),
    Panel("display", N_("Display"), "contrast", "inspector", _display),
    Panel("restore", N_("Restore"), "restore", "inspector", _restore),
    Panel("info", N_("Info"), "info", "inspector", _info),
    Panel("models", N_("Models"), "models", "room", _models),
    Panel("jobs", N_("Jobs"), "jobs", "room", _jobs),
    Panel("strip", N_("Jobs"), "jobs", "strip", _strip),
    Panel("device", N_("This computer"), "device", "status", _device),
)
