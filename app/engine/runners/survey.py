"""Looks at images that shall teach or be matched, one after another, and answers with a report.

The report is a JSON object with a row for each image in ``images`` (see `_row`), the common display range
``low`` and ``high``, and sentences in ``remarks``. Small pictures lie as ``.npy`` in the context's folder.
"""

import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from app.engine.context import JobContext
from app.engine.events import Finished
from app.engine.specs import Input, SurveySpec
from app.images.open import open_image
from models.errors import UserError
from models.source import ImageInfo, ImageSource, Region
from models.training.looks import (
    SAME,
    Look,
    Plane,
    Small,
    fingerprint,
    likeness,
    look_at,
    out_of_focus,
    shift_between,
    shrunk,
)

SIDE = 160  # of a small picture, at most
PRINT_SIDE = 96  # of what two fields are compared by
MOST_SIDE = 2048  # of the middle part that is measured
MOST_CHANNELS = 4
NEIGHBOURS = 60  # images before it with which each one is compared


@dataclass(slots=True)
class Known:
    """What was found out about one image."""

    one: Input
    info: ImageInfo | None = None
    look: Look | None = None
    error: str = ""
    small: Small | None = None
    mark: Small | None = None
    shift: tuple[float, float] | None = None
    is_pair: bool = True
    same_as: str | None = None
    is_blurred: bool = False
    files: list[str] = field(default_factory=list)


def run(spec: SurveySpec, context: JobContext) -> Finished:
    """Look at all inputs; one that cannot be read has its sentence in the report and stops nothing."""
    context.started("CPU")
    found = []
    for index, one in enumerate(spec.inputs):
        context.check()
        partner = spec.partners[index] if index < len(spec.partners) else None
        found.append(_known(one, partner))
        context.progress(index + 1, len(spec.inputs), "image")
    _compare(found, context)
    ranges = _ranges(found)
    for index, known in enumerate(found):
        if known.small is not None and known.info is not None:
            _write(known, ranges[known.info.dtype], context.folder / f"small{index:04d}.npy")
    usable = [known.info.dtype for known in found if known.info is not None]
    low, high = ranges[Counter(usable).most_common(1)[0][0]] if usable else (0.0, 1.0)
    rows = [_row(known) for known in found]
    report = {"images": rows, "low": low, "high": high, "remarks": _remarks(found)}
    return Finished(context.job, (), json.dumps(report))


def _known(one: Input, partner: Input | None) -> Known:
    known = Known(one)
    try:
        source = open_image(Path(one.path), one.scene, one.reading)
        try:
            known.info = source.info
            plane, known.look = _best_plane(source)
            known.small, known.mark = _small_pictures(plane)
        finally:
            source.close()
        if partner is not None:
            known.shift = _shift(partner, plane)
            known.is_pair = known.shift is not None
    except UserError as error:
        known.error = error.sentence
    return known


def _best_plane(source: ImageSource) -> tuple[Plane, Look]:
    """Return the middle part of the middle plane, of the channel with most contrast, and its look.

    Pixels that are no numbers and saturation are those of the worst channel.
    """
    info = source.info
    count = 1 if info.is_rgb else min(MOST_CHANNELS, info.shape[1])
    planes = [_gray(source) if info.is_rgb else _middle(source, c) for c in range(count)]
    looks = [look_at(plane) for plane in planes]
    best = int(np.argmax([one.high - one.low for one in looks]))
    look = looks[best]
    saturated = max(one.saturated for one in looks)
    nan = max(one.nan for one in looks)
    return planes[best], Look(
        look.low, look.high, saturated, look.sharpness, look.noise, nan, is_constant=look.is_constant
    )


def _gray(source: ImageSource) -> Plane:
    colours = np.stack([_middle(source, c) for c in range(3)])
    mean: Plane = colours.mean(axis=0, dtype=np.float32)
    return mean


def _middle(source: ImageSource, channel: int) -> Plane:
    """Return at most `MOST_SIDE` pixels along each side around the middle of the middle plane."""
    t, _c, z, height, width = source.info.shape
    y, x = (_part(length) for length in (height, width))
    region = Region((t // 2, t // 2 + 1), (channel, channel + 1), (z // 2, z // 2 + 1), y, x)
    plane: Plane = source.read(region)[0, 0, 0]  # (h, w)
    return plane.astype(np.float32) if plane.dtype == np.float16 else plane


def _part(length: int) -> tuple[int, int]:
    start = max(0, (length - MOST_SIDE) // 2)
    return start, min(length, start + MOST_SIDE)


def _small_pictures(plane: Plane) -> tuple[Small, Small]:
    """Return the picture to show and the mark to compare by; of large planes only of what was measured."""
    longest = max(plane.shape)
    step = max(1, -(-longest // SIDE))
    coarse = shrunk(plane, max(1, longest // PRINT_SIDE))
    return shrunk(plane, step)[:SIDE, :SIDE], fingerprint(coarse)


def _shift(partner: Input, good: Plane) -> tuple[float, float] | None:
    source = open_image(Path(partner.path), partner.scene, partner.reading)
    try:
        low, _look = _best_plane(source)
    finally:
        source.close()
    return shift_between(low, good)


def _compare(found: list[Known], context: JobContext) -> None:
    """Find what is out of focus and what shows the same field as an image before it."""
    usable = [known for known in found if known.look is not None and not known.error]
    sharp = [known.look.sharpness for known in usable if known.look is not None]
    for known, is_blurred in zip(usable, out_of_focus(sharp), strict=True):
        known.is_blurred = is_blurred
    for index, known in enumerate(usable):
        context.check()
        for other in usable[max(0, index - NEIGHBOURS) : index]:
            if other.same_as is None and _is_same(known, other):
                known.same_as = other.one.path
                break


def _is_same(known: Known, other: Known) -> bool:
    if known.mark is None or other.mark is None or not (known.mark.any() and other.mark.any()):
        return False
    return likeness(known.mark, other.mark) >= SAME


def _ranges(found: list[Known]) -> dict[str, tuple[float, float]]:
    """Return the display range that all images of a pixel type share."""
    looks: dict[str, list[Look]] = {}
    for known in found:
        if known.look is not None and known.info is not None:
            looks.setdefault(known.info.dtype, []).append(known.look)
    return {
        dtype: (min(one.low for one in group), float(np.percentile([one.high for one in group], 75)))
        for dtype, group in looks.items()
    }


def _write(known: Known, limits: tuple[float, float], file: Path) -> None:
    """Write the small picture as bytes at the common contrast."""
    assert known.small is not None
    low, high = limits
    scaled = (known.small - low) / ((high - low) or 1.0)
    np.save(file, (scaled.clip(0, 1) * 255).round().astype(np.uint8))
    known.files.append(str(file))


def _row(known: Known) -> dict[str, Any]:  # Any: JSON
    info, look = known.info, known.look
    size = info.pixel_size_um.x if info is not None else None
    return {
        "path": known.one.path,
        "shape": list(info.shape) if info is not None else [],
        "dtype": info.dtype if info is not None else "",
        "pixel_size_um": size,
        "saturated": look.saturated if look else 0.0,
        "sharpness": look.sharpness if look else 0.0,
        "is_out_of_focus": known.is_blurred,
        "same_as": known.same_as,
        "is_rgb": info is not None and info.is_rgb,
        "nan": look.nan if look else 0.0,
        "is_constant": look is not None and look.is_constant,
        "thumbnail": known.files[0] if known.files else "",
        "error": known.error,
        "noise": look.noise if look else 0.0,
        "is_pair": known.is_pair,
        "shift_px": list(known.shift) if known.shift is not None else None,
    }


def _remarks(found: list[Known]) -> list[str]:
    infos = [known.info for known in found if known.info is not None]
    sizes = {round(info.pixel_size_um.x, 6) for info in infos if info.pixel_size_um.x}
    depths = sorted({info.dtype for info in infos})
    remarks = []
    if len(depths) > 1:
        remarks.append(f"The images have different bit depths: {', '.join(depths)}.")
    if len(sizes) > 1:
        remarks.append(f"The images have {len(sizes)} different pixel sizes.")
    return remarks
