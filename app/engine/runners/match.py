"""Fitting the making-bad of good images to real bad ones, and showing what strengths do, in a report.

It is one JSON object: a `models.training.strengths.Matched`, and under ``files`` the arrays to look at,
float32 in gray levels of the bad image: ``bad`` and ``made`` (h, w), ``good`` (h * scale, w * scale), and
``real_crops`` and ``made_crops`` (n, 64, 64). Without bad images ``bad`` and ``real_crops`` are empty.

What was read and fitted stays in the worker, so that other strengths are shown at once.
"""

import json
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import ClassVar

import numpy as np

from app.engine.context import JobContext
from app.engine.events import Finished
from app.engine.runners.looking import busiest, crops, middle
from app.engine.specs import Input, MatchSpec
from app.images.errors import from_system
from app.images.open import open_image
from app.images.remembered import stamp_of
from models.errors import UserError
from models.knobs import with_values
from models.restoration.intensity import sample_planes
from models.source import ImageInfo, Region
from models.training.making import in_levels, make_bad
from models.training.match import Fit, NotUsable, check_usable, compare, fit_whole
from models.training.strengths import Strengths

PIXELS = 1 << 20  # that are read of the good, and of the bad images
MOST_IMAGES, PLANES_PER_IMAGE = 6, 3
SMALLEST_CROP = 256
SHOWN, QUICK = 384, 512  # pixels a side: of the pictures, and of what other strengths are measured on
CROPS = 40
LUMINANCE = np.array([0.2126, 0.7152, 0.0722], np.float32)

Plane = np.ndarray


class WrongStrength(UserError):
    """A strength does not exist or lies outside its limits."""

    code: ClassVar[str] = "match.strength"


class NothingToMatch(UserError):
    """No good image was named."""

    code: ClassVar[str] = "match.nothing"


@dataclass(frozen=True, slots=True)
class Images:
    """Planes of one role, with what is said of their files."""

    planes: tuple[Plane, ...]
    pixel_um: float | None
    kinds: frozenset[str]  # pixel types
    is_rgb: bool
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Known:
    """What was read and found for one choice of images."""

    good: Images
    bad: Images
    fit: Fit


def run(spec: MatchSpec, context: JobContext) -> Finished:
    """Fit, or show other strengths; see the module's docstring for the report.

    Raises
    ------
    UserError
        If an image cannot be read or measured, or a strength is not known.
    """
    if not spec.good:
        raise NothingToMatch("There are no good images to make bad.", hint="Choose good images first.")
    context.started("CPU")
    key = ("match", spec.good, spec.bad, spec.scale, spec.seed, _stamps(spec))
    known = context.keep(key, lambda: _found(spec, context))
    matched = known.fit.matched
    wanted = _wanted(matched.strengths, spec)
    context.stage("Making good images bad")
    made = make_bad(known.good.planes[0], wanted, spec.seed)
    if wanted != matched.strengths:
        matched = compare(known.fit, [middle(made, QUICK)], wanted)
    files = _show(known, made, wanted, context.folder, spec.seed)
    return Finished(context.job, tuple(files.values()), json.dumps(asdict(matched) | {"files": files}))


def _stamps(spec: MatchSpec) -> tuple[object, ...]:
    try:
        return tuple(stamp_of(Path(one.path)) for one in (*spec.good, *spec.bad))
    except OSError:
        return ()  # opening it tells what is wrong


def _wanted(fitted: Strengths, spec: MatchSpec) -> Strengths:
    """Return the fitted strengths, but for those that a person set."""
    if not spec.strengths:
        return fitted
    try:
        return with_values(Strengths, tuple((asdict(fitted) | dict(spec.strengths)).items()))
    except (TypeError, ValueError) as error:
        raise WrongStrength(
            f"This strength cannot be used: {error}.", hint="Set it to a value that the form offers."
        ) from error


def _found(spec: MatchSpec, context: JobContext) -> Known:
    context.stage("Reading the images")
    good = _read(spec.good, context)
    bad = _read(spec.bad, context) if spec.bad else replace(good, planes=(), remarks=())
    context.stage("Measuring noise and sharpness")
    fit = fit_whole(
        good.planes,
        bad.planes,
        scale=spec.scale,
        good_pixel_um=good.pixel_um,
        bad_pixel_um=bad.pixel_um,
        seed=spec.seed,
    )
    remarks = (*good.remarks, *bad.remarks, *_unlike(good, bad), *fit.matched.remarks)
    matched = replace(fit.matched, remarks=tuple(dict.fromkeys(remarks)))
    return Known(good, bad, replace(fit, matched=matched))


def _unlike(good: Images, bad: Images) -> list[str]:
    """Say what sets good and bad images apart in kind."""
    if good.is_rgb != bad.is_rgb:
        coloured, gray = ("good", "bad") if good.is_rgb else ("bad", "good")
        return [
            f"The {coloured} images are in colour and the {gray} ones are not: they may be of different "
            "kinds, then neither sharpness nor noise can be matched."
        ]
    return []


def _read(inputs: Sequence[Input], context: JobContext) -> Images:
    """Read the middle of a few planes of up to `MOST_IMAGES` of the images."""
    chosen = [inputs[i] for i in np.unique(np.linspace(0, len(inputs) - 1, MOST_IMAGES).astype(int))]
    per_image = PLANES_PER_IMAGE if len(chosen) < MOST_IMAGES else 1
    planes: list[Plane] = []
    infos: list[ImageInfo] = []
    remarks: list[str] = []
    refused: NotUsable | None = None
    for one in chosen:
        context.check()
        path = Path(one.path)
        try:
            source = open_image(path, one.scene, one.reading)
        except OSError as error:
            raise from_system(error, path) from error
        with closing(source):
            infos.append(source.info)
            room = PIXELS // (len(chosen) * min(per_image, source.info.shape[0] * source.info.shape[2]))
            for region in _regions(source.info, per_image, max(SMALLEST_CROP, int(room**0.5))):
                plane = _gray(source.read(region)[0, :, 0].astype(np.float32))
                try:
                    check_usable(plane)
                except NotUsable as error:
                    refused = _named(error, path)
                    remarks.append(f"{refused.sentence} It was left out.")
                else:
                    planes.append(plane)
    if not planes:
        assert refused is not None
        raise refused
    return Images(
        tuple(planes),
        next((info.pixel_size_um.x for info in infos if info.pixel_size_um.x), None),
        frozenset(info.dtype for info in infos),
        any(info.is_rgb for info in infos),
        tuple(dict.fromkeys([*_said(infos), *remarks])),
    )


def _named(error: NotUsable, path: Path) -> NotUsable:
    """Return the same error with the file's name in it."""
    sentence = error.sentence.replace("The image", path.name, 1)
    return NotUsable(sentence, hint=error.hint, **error.fields)


def _said(infos: Sequence[ImageInfo]) -> list[str]:
    """Say what a person should know of how files were read."""
    remarks = []
    coloured = [Path(info.uri).name for info in infos if info.is_rgb]
    if coloured:
        remarks.append(f"{coloured[0]} is in colour; its brightness was measured.")
    several = [Path(info.uri).name for info in infos if not info.is_rgb and info.shape[1] > 1]
    if several:
        remarks.append(f"{several[0]} has several channels; the first was measured.")
    if len({info.dtype for info in infos}) > 1:
        remarks.append("The images are of different bit depth, so their noise may differ.")
    return remarks


def _regions(info: ImageInfo, count: int, side: int) -> list[Region]:
    """Return the middles of planes spread over t and z: of all colours, or of the first channel."""
    *_, height, width = info.shape
    tall, wide = min(side, height), min(side, width)
    if height * width <= side * side:  # long and narrow ones are taken whole
        tall, wide = height, width
    top, left = (height - tall) // 2, (width - wide) // 2
    colours = (0, 3) if info.is_rgb else (0, 1)
    return [
        Region((t, t + 1), colours, (z, z + 1), (top, top + tall), (left, left + wide))
        for t, z in sample_planes(info, count)
    ]


def _gray(samples: np.ndarray) -> Plane:
    """Return the luminance of ``(3, h, w)``, or the plane of ``(1, h, w)``."""
    return samples[0] if len(samples) == 1 else np.tensordot(LUMINANCE, samples, 1)


def _show(known: Known, made: Plane, strengths: Strengths, folder: Path, seed: int) -> dict[str, str]:
    """Write what there is to look at; return the files by name."""
    scale = strengths.scale
    sides = [made.shape, *(plane.shape for plane in known.bad.planes[:1])]
    tall, wide = (min(SHOWN, *(shape[i] for shape in sides)) for i in (0, 1))
    y, x = busiest(made, tall, wide)
    good = in_levels(known.good.planes[0], strengths)
    shown = {
        "bad": None,
        "made": made[y : y + tall, x : x + wide],
        "good": good[y * scale : (y + tall) * scale, x * scale : (x + wide) * scale],
        "real_crops": None,
        "made_crops": crops([made], CROPS, seed),
    }
    if known.bad.planes:
        bad = known.bad.planes[0]
        y, x = busiest(bad, tall, wide)
        shown["bad"] = bad[y : y + tall, x : x + wide]
        shown["real_crops"] = crops(known.bad.planes, CROPS, seed)
    files = {}
    for name, pixels in shown.items():
        files[name] = "" if pixels is None else str(folder / f"{name}.npy")
        if pixels is not None:
            np.save(files[name], pixels.astype(np.float32, copy=False))
    return files
