"""``micrographia info``: what is in an image file, without reading its pixels."""

import argparse
from collections.abc import Iterator, Mapping
from pathlib import Path

from app.commands.readings import said_about
from app.commands.voice import DONE, Result, Voice
from app.images.open import open_image
from app.paths import Paths
from app.text import _
from models.source import ImageInfo, Reading, Shape5


def describe(asked: argparse.Namespace, paths: Paths, voice: Voice) -> int:
    """Tell axes, sizes, channels and scenes of one file."""
    (reading,) = said_about([asked.file], 0, paths, voice.hear, as_in_file=asked.as_in_file)
    info = read_info(asked.file, reading)
    size = info.pixel_size_um
    result = {
        "axes": info.axes,
        "shape": _shape(info, info.shape),
        "dtype": info.dtype,
        "pixel_size_um": {"z": size.z, "y": size.y, "x": size.x},
        "channels": [channel.name for channel in info.channels],
        "levels": [_shape(info, shape) for shape in info.shapes],
        "scenes": list(info.scenes),
    }
    voice.result(result, "\n".join(lines(result)))
    return DONE


def read_info(file: str, reading: Reading) -> ImageInfo:
    """Return what is known of the first image of a file, read as the person said."""
    source = open_image(Path(file), reading=reading)
    source.close()
    return source.info


def _shape(info: ImageInfo, shape: Shape5) -> list[int]:
    """Return the lengths of the axes that the file really has; colour samples are the axis S."""
    lengths = dict(zip("TCZYX", shape, strict=True))
    if "S" in info.axes:
        lengths["S"] = 3
        lengths["C"] //= 3
    return [lengths[axis] for axis in info.axes]


def lines(result: Result) -> Iterator[str]:
    """Yield a result as aligned lines for a person."""
    for name, value in result.items():
        if isinstance(value, Mapping):
            value = "  ".join(f"{key} {_or_unknown(content)}" for key, content in value.items())
        elif isinstance(value, list):
            value = ", ".join(" x ".join(map(str, v)) if isinstance(v, list) else str(v) for v in value)
        yield f"{name:<17} {value}"


def _or_unknown(value: object) -> str:
    return _("unknown") if value is None else f"{value:.4g}" if isinstance(value, float) else str(value)
