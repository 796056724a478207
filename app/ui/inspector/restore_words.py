"""What the Restore page says: sentences from what is known of image, model and job. No Qt."""

from pathlib import Path

from app.engine.runners.outputs import result_name
from app.engine.specs import Input
from app.library.card import ModelCard
from app.library.fit import Fit, Level
from app.text import _, ngettext
from app.ui.jobs.words import Sign, duration
from models.knobs import N_
from models.source import ImageInfo

FIT_SIGNS: dict[Level, Sign] = {
    "good": Sign(N_("Fits"), "tick", "good"),
    "partly": Sign(N_("Fits partly"), "warning", "warning"),
    "outside": Sign(N_("Does not fit"), "cross", "bad"),
}
PIXEL_TYPES = {
    "uint8": N_("8-bit"),
    "uint16": N_("16-bit"),
    "uint32": N_("32-bit"),
    "int8": N_("8-bit with sign"),
    "int16": N_("16-bit with sign"),
    "int32": N_("32-bit with sign"),
    "float32": N_("32-bit with decimals"),
    "float64": N_("64-bit with decimals"),
    "bool": N_("black and white"),
}
SMALL = ("", N_("one"), N_("two"), N_("three"), N_("four"), N_("five"), N_("six"), N_("seven"), N_("eight"))


def picture_sentence(info: ImageInfo, noise: str = "") -> str:
    """Say what an image is: ``"16-bit, noisy, two channels, 0.098 µm per pixel."``."""
    times, channels, depth, _height, _width = info.shape
    parts = [_(PIXEL_TYPES.get(info.dtype, info.dtype)), noise]
    if info.is_rgb:
        parts.append(_("colour"))
    else:
        parts.append(ngettext("{n} channel", "{n} channels", channels).format(n=_in_words(channels)))
    if depth > 1:
        parts.append(ngettext("{n} plane", "{n} planes", depth).format(n=depth))
    if times > 1:
        parts.append(ngettext("{n} time point", "{n} time points", times).format(n=times))
    parts.append(_pixel_size(info))
    return ", ".join(part for part in parts if part) + "."


def fit_sentence(fit: Fit) -> str:
    """Say how well a model fits, and why."""
    return _("{word}: {reason}.").format(word=_(FIT_SIGNS[fit.level].word), reason=_(fit.reason))


def cost_sentence(card: ModelCard, seconds: float | None) -> str:
    """Say how long a model takes here and what its licence means."""
    time = "" if seconds is None else _("{time} here").format(time=promise_words(seconds))
    return "  ·  ".join(part for part in (time, _(card.licence_words)) if part)


def megapixels(info: ImageInfo, channels: int, scale: int) -> float:
    """Pixels of a result, in millions: what speeds are counted in."""
    times, _channels, depth, height, width = info.shape
    return times * depth * channels * height * width * scale * scale / 1e6


def run_words(info: ImageInfo, channels: int, *, anyway: bool) -> str:
    """What stands on the button: ``"Restore 40 planes, 2 channels"``."""
    times, of_image, depth, _height, _width = info.shape
    planes = times * depth
    several = ngettext("{n} plane", "{n} planes", planes).format(n=planes)
    what = several if planes > 1 else _("this picture")
    if of_image > 1 and not info.is_rgb:
        what += ", " + ngettext("{n} channel", "{n} channels", channels).format(n=channels)
    return (_("Restore {what} anyway") if anyway else _("Restore {what}")).format(what=what)


def promise_words(seconds: float | None) -> str:
    """The promise on the button: ``"about 3 min"``; empty while nothing was measured."""
    if seconds is None:
        return ""
    return duration(seconds) if seconds < 1 else _("about {time}").format(time=duration(seconds))


def free_name(folder: Path, pattern: str, one: Input) -> str:
    """The name that the result of an image will get: never one that exists; for a thread."""
    name = result_name(one, pattern)
    base, dot, ending = name.partition(".ome.tif")
    number = 1
    while any((folder / f"{name}{part}").exists() for part in ("", ".part")):
        number += 1
        name = f"{base}_{number}{dot}{ending}"
    return name


def _in_words(count: int) -> str:
    return _(SMALL[count]) if 0 < count < len(SMALL) else str(count)


def _pixel_size(info: ImageInfo) -> str:
    y, x = info.pixel_size_um.y, info.pixel_size_um.x
    if x is None:
        return _("pixel size unknown")
    size = f"{x:.3g}" if y is None or abs(x - y) < 1e-3 * x else f"{x:.3g} × {y:.3g}"
    return _("{size} µm per pixel").format(size=size)
