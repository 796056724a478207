"""PSSR2's crappifiers, timed by themselves in an environment of their own.

``PYTHON peer_crappify.py GOOD.npy SCALE SECONDS``: GOOD.npy has planes of 8-bit gray levels (n, h, w). Prints
one line of JSON: megapixels of the bad image per second of the processor, for the noise alone and with
Pillow's resizing before, each the best of the calls that fit into SECONDS. This file imports nothing of ours.
"""

import json
import sys
import time
from collections.abc import Callable

import numpy as np
from PIL import Image
from pssr.crappifiers import MultiCrappifier, Poisson, SaltPepper


def resized(plane: np.ndarray, scale: int) -> np.ndarray:
    """Return a plane as PSSR2's data set makes it small, (1, h / scale, w / scale)."""
    size = (plane.shape[1] // scale, plane.shape[0] // scale)
    return np.asarray(Image.fromarray(plane).resize(size, Image.Resampling.BILINEAR), np.float32)[None]


def speed(work: Callable[[], object], pixels: int, seconds: float) -> float:
    """Return megapixels per second of the processor, the best call of those in `seconds`."""
    work()
    best, end = float("inf"), time.process_time() + seconds
    while (began := time.process_time()) < end:
        work()
        best = min(best, time.process_time() - began)
    return pixels / 1e6 / best


def main(file: str, scale: int, seconds: float) -> None:
    """Time both and print."""
    good = np.load(file)
    crappifier = MultiCrappifier(Poisson(), SaltPepper())
    small = [resized(plane, scale) for plane in good]
    pixels = sum(plane.size for plane in small)
    print(
        json.dumps(
            {
                "noise": speed(lambda: [crappifier(plane) for plane in small], pixels, seconds),
                "whole": speed(
                    lambda: [crappifier(resized(plane, scale)) for plane in good], pixels, seconds
                ),
            }
        )
    )


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]))
