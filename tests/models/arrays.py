"""Images in memory that satisfy `ImageSource` and `ImageSink`, and a watch that remembers."""

import threading

import numpy as np

from models.errors import Stopped
from models.source import Channel, ImageInfo, PixelSize


def info_of(shape, dtype, **changes):
    return ImageInfo(
        uri="/nowhere/array.tif",
        scene=0,
        scenes=("array",),
        shapes=(shape,),
        dtype=str(dtype),
        axes="TCZYX",
        pixel_size_um=PixelSize(0.5, 0.1, 0.1),
        channels=tuple(Channel(f"channel {c}") for c in range(shape[1])),
        **changes,
    )


class ArraySource:
    """A five-axis array to read from; remembers the largest region that was read."""

    def __init__(self, pixels):
        self.pixels = pixels
        self.info = info_of(pixels.shape, pixels.dtype)
        self.largest_read = 0

    def read(self, region):
        pixels = self.pixels[region.slices]
        assert pixels.shape == region.shape
        self.largest_read = max(self.largest_read, pixels.size)
        return pixels.copy()

    def close(self):
        pass


class ArraySink:
    """An array that is written piece by piece; `writes` names the thread of each."""

    def __init__(self, info):
        self.pixels = np.full(info.shape, 77, info.dtype)
        self.writes = []
        self.flushed = 0

    def write(self, region, pixels):
        assert pixels.shape == region.shape
        assert pixels.dtype == self.pixels.dtype
        self.pixels[region.slices] = pixels
        self.writes.append(threading.current_thread().name)

    def flush(self):
        self.flushed += 1


class Notebook:
    """A watch that writes everything down and stops after so many checks."""

    def __init__(self, *, committed=(), checks=None):
        self.committed = list(committed)
        self.remarks = []
        self.shares = []
        self._left = checks

    def check(self):
        if self._left is not None:
            self._left -= 1
            if self._left < 0:
                raise Stopped

    def stage(self, name):
        pass

    def progress(self, done, total, unit):
        assert unit == "plane"
        self.shares.append((done, total))

    def metric(self, name, step, value):
        pass

    def remark(self, code, sentence):
        self.remarks.append(code)

    def is_committed(self, unit):
        return unit in self.committed

    def commit(self, unit):
        assert unit not in self.committed
        self.committed.append(unit)
