"""A viewer over images that are made here and can be slow, large or broken."""

import threading
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint

from app.ui.background import Background
from app.ui.session import OpenImage
from app.ui.viewer.viewer import Viewer
from models.errors import UserError
from models.source import AXES, Channel, ImageInfo, PixelSize


class ArraySource:
    """An image in memory that counts what is read and, if asked, lets readers wait."""

    def __init__(self, pixels, *, size_um=None, names=(), colours=(), displays=(), is_rgb=False, shapes=None):
        self.pixels = pixels
        channels = tuple(
            Channel(
                names[index] if names else f"c{index}",
                colours[index] if colours else None,
                displays[index] if displays else None,
            )
            for index in range(pixels.shape[1])
        )
        size = PixelSize(size_um, size_um, size_um)
        self.info = ImageInfo(
            "memory",
            0,
            ("",),
            shapes or (pixels.shape,),
            pixels.dtype.name,
            AXES,
            size,
            channels,
            is_rgb=is_rgb,
        )
        self.regions = []
        self.gate = threading.Event()
        self.gate.set()
        self.error = None

    def read(self, region):
        self.regions.append(region)
        assert self.gate.wait(10)
        if self.error is not None:
            raise self.error
        step = self.info.shapes[0][-1] // self.info.shapes[region.level][-1]
        t, c, z, y, x = region.slices
        return self.pixels[..., ::step, ::step][t, c, z, y, x].copy()

    def close(self):
        pass


class PlaneGone(UserError):
    code = "test.gone"


@pytest.fixture
def background(qapp):
    pool = Background()
    yield pool
    pool.close()


@pytest.fixture
def viewer(qtbot, background):
    shown = Viewer(background)
    qtbot.addWidget(shown)
    shown.resize(640, 480)
    shown.show()
    qtbot.waitExposed(shown)
    shown.setFocus()
    return shown


@pytest.fixture
def opened():
    """Wrap a source as an open image."""
    keys = iter(range(1, 1000))

    def open_it(source, result_of=None):
        return OpenImage(next(keys), Path("memory.tif"), source, source.info, result_of)

    return open_it


@pytest.fixture
def look(qtbot, viewer, opened):
    """Show a source, and a result of it, and wait until both are drawn."""

    def show(source, result=None):
        image = opened(source)
        viewer.show_image(image)
        if result is not None:
            viewer.show_result(opened(result, image.key))
        settled(qtbot, viewer, result is not None)
        return image

    return show


def settled(qtbot, viewer, has_result=False):
    """Wait until everything wished has been drawn."""

    def is_done():
        sides = viewer._sides
        drawn = sides["raw"].drawn is not None and (sides["restored"].drawn is not None or not has_result)
        return drawn and viewer._is_idle()

    qtbot.waitUntil(is_done, timeout=5000)


def seen(viewer, number=0):
    """What a canvas shows, as (h, w, 3) bytes."""
    return pixels_of(viewer.canvases[number].viewport().grab().toImage())


def pixels_of(image):
    """The pixels of a picture, (h, w, 3) bytes of their own: those of Qt go with its picture."""
    image = image.convertToFormat(image.Format.Format_RGB888)
    height, width = image.height(), image.width()
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(height, image.bytesPerLine()).copy()
    return rows[:, : width * 3].reshape(height, width, 3)


def on_screen(canvas, x, y):
    """Where a place in units lies on a canvas."""
    rect = canvas.seen
    return QPoint(
        round((x - rect.x) / rect.width * canvas.width()), round((y - rect.y) / rect.height * canvas.height())
    )


def ramp(height=64, width=64, planes=1, times=1, channels=1, dtype=np.uint16):
    """An image whose every pixel differs from its neighbours: 1000 t + 100 z + 10 c + x + y."""
    t, c, z, y, x = np.ogrid[:times, :channels, :planes, :height, :width]
    return (1000 * t + 100 * z + 10 * c + x + y).astype(dtype)
