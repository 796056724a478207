"""How long it is from starting the program to its first paint, with its files cached by the system."""

import os
import subprocess
import sys
import tempfile
import time

from app.ui.start import TRACE
from benchmarks.report import Row, tell

ROUNDS = 5
BARE = """
import sys, time
from PySide6.QtWidgets import QApplication, QMainWindow
class Window(QMainWindow):
    def paintEvent(self, event):
        sys.stderr.write(f"first paint {time.time():.3f}\\n")
        sys.stderr.flush()
        QApplication.exit()
application = QApplication(sys.argv)
window = Window()
window.show()
application.exec()
"""


def main() -> bool:
    """Measure and print; return whether the limit is kept."""
    with tempfile.TemporaryDirectory() as home:
        environment = os.environ | {TRACE: "1", "MICROGRAPHIA_HOME": home}
        if sys.platform == "linux" and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
            environment["QT_QPA_PLATFORM"] = "offscreen"
        bare = [_seconds(["-c", BARE], environment) for _ in range(ROUNDS)][1:]
        ours = [_seconds(["-m", "app"], environment) for _ in range(ROUNDS)][1:]
    return tell(
        "Start to first paint, warm",
        [
            Row("an empty window, fastest", min(bare), "s"),
            Row("the program, fastest", min(ours), "s", 0.7),
            Row("the program, slowest", max(ours), "s"),
        ],
    )


def _seconds(words: list[str], environment: dict[str, str]) -> float:
    started = time.time()
    process = subprocess.Popen(
        [sys.executable, *words],
        env=environment,
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    )
    assert process.stderr is not None
    try:
        for line in process.stderr:
            if line.startswith("first paint "):
                return float(line.split()[2]) - started
    finally:
        process.terminate()
        process.wait(20)
        process.stderr.close()
    raise RuntimeError("the program ended before it painted")
