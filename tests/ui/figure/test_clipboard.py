import subprocess
import sys

from PySide6.QtGui import QColor, QGuiApplication, QImage

from app.ui.figure.clipboard import CopiedPicture

LEAVE = """
import os
os.environ["QT_QPA_PLATFORM"] = "offscreen"
from PySide6.QtGui import QGuiApplication, QImage
from app.ui.figure.clipboard import CopiedPicture
app = QGuiApplication([])
copied = CopiedPicture(app)
copied.put(QImage(8, 8, QImage.Format.Format_RGB32), b"png")
copied.leave()
"""


def picture(colour):
    image = QImage(4, 3, QImage.Format.Format_RGB32)
    image.fill(QColor(colour))
    return image


def test_what_was_copied_stays_on_the_clipboard_at_the_end(qapp):
    clipboard = QGuiApplication.clipboard()
    copied = CopiedPicture()
    copied.put(picture("red"), b"packed")
    assert bytes(clipboard.mimeData().data("image/png")) == b"packed"
    copied.leave()
    assert clipboard.image().pixelColor(0, 0) == QColor("red")


def test_what_another_has_copied_since_is_left_alone(qapp):
    clipboard = QGuiApplication.clipboard()
    copied = CopiedPicture()
    copied.put(picture("red"), b"packed")
    clipboard.setText("words")
    copied.leave()
    assert clipboard.text() == "words"


def test_the_program_ends_in_peace_with_a_picture_on_the_clipboard():
    done = subprocess.run([sys.executable, "-c", LEAVE], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
