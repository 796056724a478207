"""What happens when the program itself is at fault: a readable report, kept here and sent nowhere."""

import logging
import platform
import sys
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QGuiApplication

from app.log import recent_lines
from app.paths import Paths
from app.text import _
from app.ui.messages import without_home
from app.ui.notices import Notices

logger = logging.getLogger(__name__)

LIBRARIES = ("pyside6-essentials", "numpy", "tifffile", "torch")


class CrashWatch(QObject):
    """Shows a sheet for every exception that nobody caught, in the window's thread or another."""

    _caught = Signal(str, str)  # summary, report

    def __init__(self, paths: Paths, notices: Notices, quit_program: Callable[[], None]) -> None:
        super().__init__(notices)
        self._paths = paths
        self._notices = notices
        self._quit = quit_program
        self._seen: set[str] = set()
        self._caught.connect(self._show, Qt.ConnectionType.QueuedConnection)

    def install(self) -> None:
        """Take over the exceptions that nobody caught, of this thread and of all others."""
        sys.excepthook = self._of_window
        threading.excepthook = self._of_thread

    def _of_window(
        self, kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        if issubclass(kind, KeyboardInterrupt):
            self._quit()
            return
        logger.error("Not caught", exc_info=(kind, error, trace))
        self._caught.emit(_summary(error), report_of(error, trace))

    def _of_thread(self, args: threading.ExceptHookArgs) -> None:
        if args.exc_value is not None and not issubclass(args.exc_type, SystemExit):
            self._of_window(args.exc_type, args.exc_value, args.exc_traceback)

    def _show(self, summary: str, report: str) -> None:
        """Keep the report and show the sheet; the same fault again is only logged."""
        if summary in self._seen:
            return
        self._seen.add(summary)
        kept = save_report(self._paths.log, report)
        where = _("The report was kept as {file}. It is sent to nobody.").format(file=without_home(str(kept)))
        self._notices.show_sheet(
            _("Something in the program went wrong."),
            hint=_("You can go on; if something looks odd, save your work and start again."),
            safe=_("Your images and finished results are safe. ") + (where if kept else ""),
            details=report,
            buttons=[
                (_("Copy report"), lambda: QGuiApplication.clipboard().setText(report)),
                (_("Quit"), self._quit),
            ],
            fault=True,
            closing=_("Go on"),
        )


def report_of(error: BaseException, trace: TracebackType | None) -> str:
    """Return everything a developer needs, readable, with the home folder as ``~``."""
    lines = [
        f"Micrographia {_version('micrographia')}, {time.strftime('%Y-%m-%d %H:%M:%S')}",
        f"Python {platform.python_version()} on {platform.platform()}",
        ", ".join(f"{name} {_version(name)}" for name in LIBRARIES),
        "",
        "".join(traceback.format_exception(type(error), error, trace)).rstrip(),
        "",
        "The last lines of the log:",
        *recent_lines(50),
    ]
    return without_home("\n".join(lines)) + "\n"


def save_report(folder: Path, report: str) -> Path | None:
    """Write a report to `folder` and return its path; None if that is not possible."""
    target = folder / f"crash-{time.strftime('%Y%m%d-%H%M%S')}.txt"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        target.write_text(report, encoding="utf-8")
    except OSError:
        logger.warning("The crash report could not be kept")
        return None
    return target


def _summary(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    place = f"{frames[-1].filename}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__} {place}"


def _version(name: str) -> str:
    from importlib.metadata import PackageNotFoundError, version  # slow to import, seldom needed

    try:
        return version(name)
    except PackageNotFoundError:
        return "?"
