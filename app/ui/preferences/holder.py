"""The settings in force, for panels that want to hear when they change."""

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from app.paths import Paths
from app.settings import Settings, load_settings, locked_settings, save_settings
from app.ui.background import Background

RECENT = 20  # files that are remembered
FOLDERS = 10  # folders that are remembered


class SettingsHolder(QObject):
    """Holds the settings; every change is told and stored at once."""

    changed = Signal(object)  # Settings
    failed = Signal(object)  # UserError: the file cannot be written

    def __init__(self, paths: Paths, background: Background, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.current: Settings = load_settings(paths)
        self.locked: frozenset[str] = locked_settings()
        self._paths = paths
        self._background = background
        self._is_saving = False
        self._is_newer = False

    def change(self, **values: Any) -> None:  # Any: each setting has its own type
        """Change some settings by name; what the facility fixed stays as it is."""
        values = {name: value for name, value in values.items() if name not in self.locked}
        changed = replace(self.current, **values)
        if changed == self.current:
            return
        self.current = changed
        self.changed.emit(changed)
        self._save()

    def remember(self, path: str) -> None:
        """Put a file first among the recent ones, and its folder too."""
        self.change(
            recent=_first(path, self.current.recent)[:RECENT],
            recent_folders=_first(str(Path(path).parent), self.current.recent_folders)[:FOLDERS],
        )

    def _save(self) -> None:
        if self._is_saving:
            self._is_newer = True
            return
        self._is_saving, self._is_newer = True, False
        call = partial(save_settings, self._paths, self.current)
        self._background.run(call, self._saved, self._not_saved)

    def _saved(self, _none: None) -> None:
        self._is_saving = False
        if self._is_newer:
            self._save()

    def _not_saved(self, error: Exception) -> None:
        self._is_saving = False
        self.failed.emit(error)


def _first(name: str, names: tuple[str, ...]) -> tuple[str, ...]:
    return (name, *(other for other in names if other != name))
