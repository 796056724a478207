"""Who hears whom in the window: every connection between panels, services and window, and nothing else.

Panels exist only once somebody looked at them, so each is connected when it is made.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QWidget

from app.ui.actions import give_keys
from app.ui.desk import Desk
from app.ui.drop import DropZones, Zone
from app.ui.names import shown_name
from app.ui.panels import Services
from app.ui.remember import remember_pace
from app.ui.session import OpenImage
from app.ui.status import StatusLine
from app.ui.window import MainWindow


class Wiring(QObject):
    """Connects what exists, and every panel as soon as it exists."""

    def __init__(self, window: MainWindow, desk: Desk, services: Services) -> None:
        super().__init__(window)
        self.window = window
        self.desk = desk
        self.session = services.session
        self.zones = DropZones(window, services.background, lambda: services.session.current is not None)
        self.status = StatusLine(window, services.background)
        self._services = services
        self._tabs_timer = QTimer(self, singleShot=True, interval=0)
        self._tabs_timer.timeout.connect(self._show_tabs_now)
        self._connect_session(services)
        self._connect_window()
        for key, place in window.places.items():
            place.made.connect(partial(self._connect_panel, key))
            if place.content is not None:
                self._connect_panel(key, place.content)

    def _connect_session(self, services: Services) -> None:
        session, desk, stage = self.session, self.desk, self.window.stage
        session.image_opened.connect(desk.show_opened)
        session.image_opened.connect(self._show_tabs)
        session.image_opened.connect(self._show_result)
        session.image_closed.connect(self._show_tabs)
        session.image_closed.connect(self._show_result)
        session.current_changed.connect(self._show_tabs_now)
        session.current_changed.connect(self._show_current)
        session.current_changed.connect(desk.scenes.show_image)
        session.reopen_failed.connect(desk.scenes.give_up)
        desk.scenes.scene_wished.connect(lambda key, scene: session.reopen(key, scene=scene))
        desk.pairing.changed.connect(self._show_result)
        desk.pairing.changed.connect(desk.update_actions)
        session.failed.connect(desk.show_failure)
        session.left_out.connect(desk.say_left_out)
        services.settings.failed.connect(services.notices.show_error)
        stage.tab_chosen.connect(session.make_current)
        stage.tab_closed.connect(session.close)

    def _connect_window(self) -> None:
        window, desk = self.window, self.desk
        window.may_close = desk.may_close
        window.room_chosen.connect(desk.go)
        welcome = window.stage.welcome
        welcome.open_clicked.connect(desk.ask_for_files)
        welcome.folder_clicked.connect(desk.ask_for_folder)
        welcome.sample_chosen.connect(lambda path: desk.open([path]))
        self.zones.zones_of_room = self._zones_of_room
        self.zones.dropped.connect(desk.drop)
        self.zones.refused.connect(desk.refuse)

    def _connect_panel(self, key: str, panel: QWidget) -> None:
        connect = getattr(self, f"_connect_{key}", None)
        if connect is not None:
            connect(panel)

    # One method for each panel that has something to say; Any: their modules are imported when they are made.

    def _connect_viewer(self, viewer: Any) -> None:
        give_keys(self.desk.actions, viewer)
        viewer.pointer_moved.connect(self.status.show_pointer)
        viewer.zoom_changed.connect(self.status.show_zoom)
        viewer.image_failed.connect(lambda _error: self.desk.files.watch.look())
        remember_pace(viewer, self.desk.services.settings)
        viewer.compare_bar.other_clicked.connect(self.desk.ask_compare)
        viewer.compare_bar.stop_clicked.connect(self.desk.stop_comparing)
        self._join("restore", self._join_restore)
        self._join("display", self._join_display)
        self._join("export", self._join_export)
        viewer.show_image(self.session.current)
        viewer.setFocus()
        self._begin_measuring(viewer)
        self._show_result()

    def _begin_measuring(self, viewer: Any) -> None:
        from app.ui.measure.exchange import Exchange
        from app.ui.measure.measuring import Measuring

        measuring = Measuring(viewer, self._services.background)
        self.desk.measuring = measuring
        self.desk.exchange = Exchange(measuring, self._services, self.window)
        measuring.said.connect(self._services.notices.tell)
        self.session.image_closed.connect(measuring.forget)
        measuring.show_image(self.session.current)
        self._join("measure", self._join_measure)

    def _connect_measure(self, _panel: Any) -> None:
        self._join("measure", self._join_measure)

    def _join_measure(self, page: Any, _viewer: Any) -> None:
        from app.ui.measure.joining import join

        if self.desk.measuring is not None and self.desk.exchange is not None:
            join(page, self.desk.measuring, self.desk.exchange)

    def _connect_browser(self, browser: Any) -> None:
        browser.restore_wanted.connect(self.desk.open_and_restore)
        browser.compare_wanted.connect(self.desk.compare)
        browser.queue_wanted.connect(self.desk.queue)
        browser.show_wanted.connect(self.desk.show_in_folder)

    def _connect_display(self, _panel: Any) -> None:
        self._join("display", self._join_display)

    def _connect_restore(self, panel: Any) -> None:
        panel.page.train.clicked.connect(partial(self.desk.go, "train"))
        self._join("restore", self._join_restore)

    def _connect_info(self, info: Any) -> None:
        info.scene_chosen.connect(lambda key, scene: self.session.reopen(key, scene=scene))
        info.correct_clicked.connect(self.desk.ask_reading)
        info.show_image(self.session.current)
        self._show_result()

    def _connect_export(self, export: Any) -> None:
        self._join("export", self._join_export)
        self.window.closing.connect(export.leave)

    def _connect_train(self, train: Any) -> None:
        train.use_wished.connect(lambda model: self.desk.use_model(model, train.plan.to_restore))

    def _zones_of_room(self) -> tuple[Zone, ...]:
        """What can be dropped on the room that is looked at; empty for what the window itself offers."""
        train = self._panel("train")
        return () if train is None or not train.isVisible() else tuple(train.zones())

    def _connect_strip(self, strip: Any) -> None:
        strip.jobs_clicked.connect(partial(self.desk.go, "jobs"))

    def _join(self, key: str, connect: Callable[[Any, Any], None]) -> None:
        """Connect a panel with the viewer, once both exist."""
        panel, viewer = self._panel(key), self._panel("viewer")
        if panel is not None and viewer is not None:
            connect(panel, viewer)

    def _join_restore(self, restore: Any, viewer: Any) -> None:
        restore.preview_box_wanted.connect(viewer.show_preview_box)
        restore.preview_made.connect(viewer.show_preview)
        restore.unfinished_changed.connect(viewer.show_unfinished)
        restore.plane_arrived.connect(viewer.refresh_plane)
        if self.desk.measuring is not None:
            restore.unfinished_changed.connect(self.desk.measuring.refresh)
        viewer.preview_box_moved.connect(restore.move_preview_box)
        viewer.state_changed.connect(restore.show_view_state)

    def _join_display(self, display: Any, viewer: Any) -> None:
        display.state_wished.connect(viewer.set_state)
        display.auto_clicked.connect(viewer.auto_contrast)
        display.auto_all_clicked.connect(viewer.auto_contrast_all)
        viewer.state_changed.connect(display.show_state)
        viewer.histogram_changed.connect(display.show_histogram)
        viewer.histogram_beside_changed.connect(display.show_histogram_beside)
        viewer.pair_changed.connect(display.show_pair)
        display.show_pair(viewer.comparing.pair)
        display.show_state(viewer.view_state)
        display.show_histogram(viewer.histogram)

    def _join_export(self, export: Any, viewer: Any) -> None:
        export.take_shots(viewer.shot)
        viewer.state_changed.connect(export.follow)
        viewer.panes.resized.connect(export.follow)

    def _panel(self, key: str) -> Any:  # Any: see above
        return self.window.places[key].content

    # What follows from a change of the session

    def _show_tabs(self, _change: object = None) -> None:
        """Show what is open; changes that come together are shown once."""
        self._tabs_timer.start()

    def _show_tabs_now(self, _change: object = None) -> None:
        if not self.window.stage.show_images(self.session.images(), self.session.current):
            self._tabs_timer.start()
        self.desk.update_actions()

    def _show_current(self, image: OpenImage | None) -> None:
        self.desk.go("images")
        self.desk.show_doubts(image)
        self.status.show_image(image)
        self.window.setWindowTitle(
            "Micrographia" if image is None else f"{shown_name(image.path.name)} — Micrographia"
        )
        viewer, info = self._panel("viewer"), self._panel("info")
        if viewer is not None:
            viewer.show_image(image)
            if self.desk.measuring is not None:
                self.desk.measuring.show_image(image)
            self._show_result()
            viewer.setFocus()  # so that single letters act on the picture
        if info is not None:
            info.show_image(image)

    def _show_result(self, _change: object = None) -> None:
        viewer, current = self._panel("viewer"), self.session.current
        info = self._panel("info")
        if info is not None:
            info.show_result(None if current is None else self.session.result_for(current.key))
        if viewer is not None and current is not None:
            viewer.show_result(self.desk.pairing.partner_of(current))
            if self.desk.measuring is not None:
                self.desk.measuring.refresh()
