"""Keeping the computer awake while a job runs, as far as the system lets itself be asked."""

import logging
import os
import shutil
import subprocess
import sys

logger = logging.getLogger(__name__)


class Awake:
    """Asks the system not to fall asleep between `begin` and `end`.

    Best effort: where it cannot be asked, nothing happens. The wish ends with this process, however that
    ends. Call both methods from the same thread.
    """

    def __init__(self) -> None:
        self._helper: subprocess.Popen[bytes] | None = None

    def begin(self) -> None:
        """Ask the system to stay awake; asking twice does no harm."""
        if sys.platform == "win32":
            _tell_windows(awake=True)
        elif self._helper is None:
            self._helper = _start_helper()

    def end(self) -> None:
        """Let the system sleep again."""
        if sys.platform == "win32":
            _tell_windows(awake=False)
        elif self._helper is not None:
            if self._helper.stdin is not None:
                self._helper.stdin.close()
            self._helper.terminate()
            self._helper.wait()
            self._helper = None


def _start_helper() -> subprocess.Popen[bytes] | None:
    if sys.platform == "darwin":
        command = ["caffeinate", "-i", "-w", str(os.getpid())]
    else:  # `cat` ends when its input does, that is, with this process
        what = ["--what=idle:sleep", "--who=Micrographia", "--why=A job is running", "--mode=block"]
        command = ["systemd-inhibit", *what, "cat"]
    if shutil.which(command[0]) is None:
        return None
    try:
        return subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
    except OSError as error:
        logger.info("The computer may fall asleep: %s", error)
        return None


def _tell_windows(*, awake: bool) -> None:
    if sys.platform == "win32":
        import ctypes

        continuous, system_required = 0x80000000, 0x00000001
        ctypes.windll.kernel32.SetThreadExecutionState(continuous | (system_required if awake else 0))
