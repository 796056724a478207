"""What a figure says about itself: where it comes from and how bright was drawn."""

from pathlib import Path

from app.text import _
from app.ui.viewer.dims import duration_in_words
from app.ui.viewer.scalebar import length_in_words
from app.ui.viewer.shot import Shot
from app.ui.viewer.state import Axis, Contrast
from app.version import VERSION
from models.source import ImageInfo


def about(shot: Shot) -> tuple[tuple[str, str], ...]:
    """Return keywords and texts for the properties of a file, under the names that PNG has for them."""
    info = shot.info
    size = info.pixel_size_um
    lines = [_channel(shot, index) for index in shot.state.shown]
    counts: tuple[tuple[Axis, int], ...] = (("Z", info.shape[2]), ("T", info.shape[0]))
    for axis, count in counts:
        if count > 1:
            lines.append(stamp(axis, shot.state.position(axis), info))
    if size.x is not None:
        lines.append(f"pixel size {length_in_words(float(f'{size.x:.6g}'))}")
    return (
        ("Title", Path(info.uri).name),
        ("Software", f"Micrographia {VERSION}"),
        ("Description", "; ".join(lines)),
    )


def stamp(axis: Axis, at: int, info: ImageInfo) -> str:
    """Return what is written on a frame of a movie, such as ``"t = 12.5 s"``."""
    if axis == "T":
        interval = info.time_interval_s
        if interval is None:
            return _("time {number} of {count}").format(number=at + 1, count=info.shape[0])
        return f"t = {duration_in_words(at * interval)}"
    depth = info.pixel_size_um.z
    if depth is None:
        return _("plane {number} of {count}").format(number=at + 1, count=info.shape[2])
    return f"z = {length_in_words(round(at * depth, 3)) if at else length_in_words(0.0)}"


def _channel(shot: Shot, index: int) -> str:
    channel = shot.state.channels[index]
    told = [f"{channel.name}: {shot.state.lut(index)}"]
    drawn = [("", shot.state.contrast(index))]
    if not shot.state.is_contrast_locked and "restored" in shot.sides:
        drawn.append(("restored ", shot.state.contrast(index, "restored")))
    told += [f"{side}{_range(contrast)}" for side, contrast in drawn if contrast is not None]
    return ", ".join(told)


def _range(contrast: Contrast) -> str:
    told = f"{contrast.low:g} to {contrast.high:g}"
    return told if contrast.gamma == 1 else f"{told}, gamma {contrast.gamma:g}"
