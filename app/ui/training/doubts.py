"""What may be wrong with good images, one row for each kind, told concretely; no Qt."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from app.text import _
from app.ui.names import shown_name
from app.ui.training.plan import ENOUGH, Chosen, Plan, Seen
from app.ui.viewer.scalebar import length_in_words

SATURATED = 0.002  # share of pixels from which on it is worth a word
OTHER_SIZE = 0.05  # by which pixel sizes may differ
PATCH_PX = 128  # side of what is learnt from at a time
NOTHING = 1e-9


@dataclass(frozen=True, slots=True)
class Doubt:
    """One thing to decide about an image, or about all of them (`path` is None), or only to know."""

    key: str
    path: Path | None
    sentence: str
    is_open: bool = True

    @property
    def can_leave_out(self) -> bool:
        """Whether leaving one image out would help."""
        return self.path is not None and self.is_open


def doubts_about(plan: Plan) -> tuple[Doubt, ...]:
    """Return what is not answered yet: about all images first, then image by image."""
    return (*_failures(plan), *_about_all(plan), *_about_each(plan))


def _failures(plan: Plan) -> Iterator[Doubt]:
    """Tell which images cannot be used at all; they are left out already."""
    for one in plan.good:
        seen = plan.about(one.path)
        if seen is not None and seen.error and "error" not in one.kept:
            yield Doubt("error", one.path, _("Left out: {why}").format(why=_(seen.error)), is_open=False)


def _about_each(plan: Plan) -> Iterator[Doubt]:
    usual = _usual_size(plan)
    used = {one.path for one in plan.used}
    for one in plan.used:
        seen = plan.about(one.path)
        if seen is None or seen.error:
            continue
        for key, tell in ABOUT_ONE:
            sentence = "" if key in one.kept else tell(seen, usual)
            if key == "same" and seen.same_as not in used:
                continue
            if sentence:
                yield Doubt(key, one.path, sentence)


def _about_all(plan: Plan) -> Iterator[Doubt]:
    if not plan.used:
        return
    for key, tell in ABOUT_ALL:
        sentence = "" if key in plan.kept else tell(plan)
        if sentence:
            yield Doubt(key, None, sentence)


def _usual_size(plan: Plan) -> float | None:
    """Return the pixel size that most images in use have."""
    sizes = [seen.pixel_size_um for one in plan.used if (seen := plan.about(one.path)) is not None]
    known = Counter(size for size in sizes if size)
    return known.most_common(1)[0][0] if known else None


def _name(seen: Seen) -> str:
    return shown_name(seen.path.name)


def _percent(share: float) -> str:
    return f"{share * 100:.2g}"


def _saturated(seen: Seen, _usual: float | None) -> str:
    if seen.saturated < SATURATED:
        return ""
    return _("{name}: {n} % of its pixels are saturated; what was brighter there is lost.").format(
        name=_name(seen), n=_percent(seen.saturated)
    )


def _out_of_focus(seen: Seen, _usual: float | None) -> str:
    if not seen.is_out_of_focus:
        return ""
    return _("{name} is much less sharp than the others; it would teach blur.").format(name=_name(seen))


def _same(seen: Seen, _usual: float | None) -> str:
    if seen.same_as is None:
        return ""
    return _("{name} shows the same field as {other}, in part at least; one of them is enough.").format(
        name=_name(seen), other=shown_name(seen.same_as.name)
    )


def _other_size(seen: Seen, usual: float | None) -> str:
    size = seen.pixel_size_um
    if size is None or usual is None or abs(size / usual - 1) <= OTHER_SIZE:
        return ""
    return _("{name} has pixels of {size}; most others have {usual}.").format(
        name=_name(seen), size=_length(size), usual=_length(usual)
    )


def _length(um: float) -> str:
    return length_in_words(float(f"{um:.3g}"))


def _no_numbers(seen: Seen, _usual: float | None) -> str:
    if seen.nan < NOTHING:
        return ""
    return _("{name}: {n} % of its pixels are no numbers; such planes cannot be learnt from.").format(
        name=_name(seen), n=_percent(seen.nan)
    )


def _constant(seen: Seen, _usual: float | None) -> str:
    if not seen.is_constant:
        return ""
    return _("{name} is the same everywhere; there is nothing to learn from it.").format(name=_name(seen))


def _colour(seen: Seen, _usual: float | None) -> str:
    if not seen.is_rgb:
        return ""
    return _("{name} is a colour image; red, green and blue would be learnt as three gray images.").format(
        name=_name(seen)
    )


def _small(seen: Seen, _usual: float | None) -> str:
    if not seen.shape or min(seen.shape[-2:]) >= PATCH_PX:
        return ""
    height, width = seen.shape[-2:]
    return _("{name} has only {width} × {height} pixels; {patch} × {patch} are learnt at a time.").format(
        name=_name(seen), width=width, height=height, patch=PATCH_PX
    )


ABOUT_ONE: tuple[tuple[str, Callable[[Seen, float | None], str]], ...] = (
    ("constant", _constant),
    ("nan", _no_numbers),
    ("same", _same),
    ("focus", _out_of_focus),
    ("saturated", _saturated),
    ("size", _other_size),
    ("colour", _colour),
    ("small", _small),
)


def _few(plan: Plan) -> str:
    count = len(plan.used)
    if count >= ENOUGH:
        return ""
    return _("{n} good images are few: five or more, of different samples, make a result to rely on.").format(
        n=count
    )


def _one_sample(plan: Plan) -> str:
    if len(plan.samples) != 1 or len(plan.used) < ENOUGH:
        return ""
    return _(
        "All images seem to show one sample, so the verdict will hold for this sample only. "
        "If they show several, name the samples below."
    )


def _shared_sample(plan: Plan) -> str:
    learnt = {one.sample for one in plan.of("learn")}
    shared = sorted({one.sample for one in plan.of("test") if one.sample in learnt})
    if len(plan.samples) == 1 or not shared:
        return ""
    return _("{sample} is both learnt from and tested on; the verdict would be too kind.").format(
        sample=shown_name(shared[0])
    )


def _mixed_depth(plan: Plan) -> str:
    depths = {seen.dtype for one in plan.used if (seen := plan.about(one.path)) is not None and seen.dtype}
    if len(depths) <= 1:
        return ""
    return _("Images of different bit depth are mixed; are they all from the same camera?")


ABOUT_ALL: tuple[tuple[str, Callable[[Plan], str]], ...] = (
    ("few", _few),
    ("one sample", _one_sample),
    ("shared sample", _shared_sample),
    ("depth", _mixed_depth),
)


def has_doubt(plan: Plan, one: Chosen) -> bool:
    """Whether something about an image is not answered yet."""
    return any(doubt.path == one.path for doubt in _about_each(plan))
