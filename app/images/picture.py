"""Finished pictures, (h, w, 3) red, green and blue in 8 bits: made larger or smaller, packed as PNG."""

import io
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]  # (h, w, 3)
Box = tuple[float, float, float, float]  # left, top, right, bottom in pixels
Texts = Sequence[tuple[str, str]]  # keyword, text

INCH_M = 0.0254


def resized(picture: Picture, box: Box, size: tuple[int, int]) -> Picture:
    """Return the part of `picture` in `box` in so many pixels (width, height).

    Pixels become larger as squares and smaller as means, so that nothing is invented.
    """
    from PIL import Image

    left, top, right, bottom = box
    whole = tuple(round(edge) for edge in box)
    if whole == box and (whole[2] - whole[0], whole[3] - whole[1]) == size:
        return picture[whole[1] : whole[3], whole[0] : whole[2]]
    is_smaller = right - left > size[0] or bottom - top > size[1]
    way = Image.Resampling.BOX if is_smaller else Image.Resampling.NEAREST
    image = Image.fromarray(np.ascontiguousarray(picture))
    return np.asarray(image.resize(size, way, box=box))


def png(picture: Picture, *, dpi: float | None = None, texts: Texts = ()) -> bytes:
    """Return `picture` as the bytes of a PNG file.

    Parameters
    ----------
    picture : (h, w, 3) uint8
    dpi : float, optional
        Dots per inch at which it should be printed.
    texts : sequence of (keyword, text)
        Stored as international text, which programs show among the properties.
    """
    from PIL import Image, PngImagePlugin

    info = PngImagePlugin.PngInfo()
    for keyword, text in texts:
        info.add_itxt(keyword, text)
    file = io.BytesIO()
    more = {} if dpi is None else {"dpi": (dpi, dpi)}
    Image.fromarray(np.ascontiguousarray(picture)).save(file, "PNG", pnginfo=info, compress_level=6, **more)
    return file.getvalue()
