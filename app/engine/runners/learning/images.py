"""The images of a training: which, what each is for, and their planes ready to learn from."""

import fnmatch
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from app.engine.context import JobContext
from app.engine.runners.learning.order import TooFewImages
from app.engine.runners.movies import in_time, movies_of
from app.engine.specs import Input, TrainSpec
from app.images.errors import ImageError
from app.images.folders import files_below, list_images
from app.images.open import can_open, open_image
from models.source import ImageInfo, ImageSource, Range, Region
from models.training.patches import Movie, Plane, Specimen, normalised
from models.training.recipe import Crops, Data
from models.training.samples import named_samples, samples_of, split
from models.watch import Watch

ENOUGH = 5  # good images that a training should have
MOST_PIXELS = 1 << 29  # kept in memory, all images together: 2 GB
SMALLEST_CROP = 32
HISTORY = "history"  # folder in which a training keeps what it shows of itself


class NoNumbers(ImageError):
    """Every plane has pixels that are no numbers."""

    code: ClassVar[str] = "train.no_numbers"


class NothingThere(ImageError):
    """Every plane has one value everywhere."""

    code: ClassVar[str] = "train.constant"


class TooSmall(ImageError):
    """The image is smaller than the crops to learn from."""

    code: ClassVar[str] = "train.too_small"


@dataclass(frozen=True, slots=True)
class Chosen:
    """One image of a training, by its name in the card and the sample that it shows."""

    input: Input
    name: str
    sample: str


@dataclass(frozen=True, slots=True)
class Images:
    """The images of a training by what they are used for; see `models.training.samples.Split`."""

    learn: tuple[Chosen, ...]
    tune: tuple[Chosen, ...]
    test: tuple[Chosen, ...]
    is_same_sample: bool


def images_of(spec: TrainSpec, data: Data) -> Images:
    """Return the images that `spec` names, or those of its folder as the recipe's part `data` says.

    Raises
    ------
    TooFewImages
        If nothing is left to learn from or to choose by.
    """
    if not (spec.learn or spec.tune or spec.test):
        return split_files(Path(spec.good_dir), data, apart=Path(spec.output_dir) / HISTORY)
    inputs = (*spec.learn, *spec.tune, *spec.test)
    samples = (
        {one.path: sample for one, sample in zip(inputs, spec.samples, strict=True)}
        if spec.samples
        else samples_of([one.path for one in inputs])
    )
    parts = [tuple(_chosen(one, samples) for one in part) for part in (spec.learn, spec.tune, spec.test)]
    learn, tune, test = parts
    if not learn or not (tune or test):
        raise too_few("The choice", len(learn) + len(tune) + len(test))
    taught = {one.sample for one in learn}
    return Images(learn, tune or test, test, any(one.sample in taught for one in (*tune, *test)))


def _chosen(one: Input, samples: dict[str, str]) -> Chosen:
    name = Path(one.path).name
    return Chosen(one, f"{name}, image {one.scene + 1}" if one.scene else name, samples[one.path])


def split_files(folder: Path, data: Data, *, apart: Path | None = None) -> Images:
    """Sort the images under `folder` as the recipe's patterns say; without patterns, by sample.

    What lies in the folder `apart` is left out.

    Raises
    ------
    TooFewImages
        If nothing is left to learn from or to choose by.
    """
    names = sorted(path.relative_to(folder).as_posix() for path in files_below(folder))

    def matching(patterns: tuple[str, ...]) -> set[str]:
        return {n for n in names if any(_matches(n, pattern) for pattern in patterns)}

    if data.good:
        found = {name for name in matching(data.good) if can_open(folder / name)}
    else:
        found = {path.relative_to(folder).as_posix() for path in list_images(folder, recursive=True)}
    good = sorted(name for name in found - matching(data.exclude) if apart not in (folder / name).parents)
    if data.tune or data.test:
        tuned, tested = matching(data.tune) & set(good), matching(data.test) & set(good)
        taught = [name for name in good if name not in tuned and name not in tested]
        parts = [[folder / name for name in sorted(part)] for part in (taught, tuned, tested)]
        samples = named_samples([folder / name for name in good])
        known = {samples[path] for path in parts[0]}
        is_same_sample = any(samples[path] in known for path in parts[2] or parts[1])
    else:
        samples = samples_of([folder / name for name in good])
        made = split([folder / name for name in good], samples)
        parts = [list(part) for part in (made.learn, made.tune, made.test)]
        is_same_sample = made.is_same_sample
    if not parts[0] or not parts[1]:
        raise too_few(folder.name, len(good))
    learn, tune, test = (
        tuple(Chosen(Input(str(p)), p.relative_to(folder).as_posix(), samples[p]) for p in part)
        for part in parts
    )
    return Images(learn, tune, test, is_same_sample)


def too_few(where: str, images: int) -> TooFewImages:
    """Return the error for a training without enough images."""
    count = {0: "no image", 1: "1 image"}.get(images, f"{images} images")
    return TooFewImages(
        f"{where} has {count} that can be used; at least 2 are needed, one to test.",
        hint="Add good images, five or more from different samples.",
        images=images,
    )


def _matches(name: str, pattern: str) -> bool:
    return fnmatch.fnmatch(name, pattern) or fnmatch.fnmatch(f"/{name}", f"/{pattern.replace('**/', '*')}")


class Reader:
    """Reads images to learn from, and remembers what must be said about them together.

    Every plane is normalised by itself: the first axis of a plain TIFF may be channels as well as depth. A
    file that cannot be used is left out and named in a remark.

    Parameters
    ----------
    context : JobContext
        Hears remarks.
    watch : Watch
        Asked before every file whether to stop.
    planes_per_channel : int
        Planes of every channel of every file, spread over T and Z.
    images : int
        How many files will be read, to keep within the memory.
    movies : tuple of str or None
        Where given, files with time points give movies, and so do those whose names match its patterns.
    """

    def __init__(
        self,
        context: JobContext,
        watch: Watch,
        planes_per_channel: int,
        images: int,
        movies: tuple[str, ...] | None = None,
    ) -> None:
        self._movies = movies
        self._context = context
        self._watch = watch
        self._limit = planes_per_channel
        self._side = max(512, int((MOST_PIXELS / max(1, images * planes_per_channel)) ** 0.5))
        self._infos: dict[str, ImageInfo] = {}
        self._cut: list[str] = []

    @property
    def pixel_sizes_um(self) -> tuple[float, ...]:
        """The pixel sizes that the files state."""
        sizes = (info.pixel_size_um.x for info in self._infos.values())
        return tuple(size for size in sizes if size)

    def read(self, images: Sequence[Chosen]) -> list[tuple[Chosen, Specimen]]:
        """Return those of `images` that can be used, with their planes."""
        found = []
        for one in images:
            self._watch.check()
            try:
                found.append((one, self._specimen(one)))
            except ImageError as error:
                self.leave_out(error)
        return found

    def leave_out(self, error: ImageError) -> None:
        """Say why an image is not used."""
        self._context.remark("train.left_out", f"{error.sentence} It was left out.")

    def _specimen(self, one: Chosen) -> Specimen:
        source = open_image(Path(one.input.path), one.input.scene, one.input.reading)
        try:
            *_, height, width = source.info.shape
            box = middle_of(height, self._side), middle_of(width, self._side)
            runs = () if self._movies is None else self._runs(source, one.name, box)
            planes = tuple(run[len(run) // 2] for run in runs) or self._planes(source, box)
        finally:
            source.close()
        if box != ((0, height), (0, width)):
            self._cut.append(one.name)
        self._infos[one.name] = source.info
        return Specimen(one.name, planes, runs)

    def _runs(self, source: ImageSource, name: str, box: tuple[Range, Range]) -> tuple[Movie, ...]:
        is_movie = any(_matches(name, pattern) for pattern in self._movies or ())
        return movies_of(in_time(source) if is_movie else source, *box)

    def _planes(self, source: ImageSource, box: tuple[Range, Range]) -> tuple[Plane, ...]:
        name = Path(source.info.uri).name
        planes = [plane for plane in planes_of(source, self._limit, box) if np.isfinite(plane).all()]
        if not planes:
            raise NoNumbers(f"{name} has pixels that are no numbers (NaN or infinite).")
        lively = tuple(normalised(plane) for plane in planes if plane.min() < plane.max())
        if not lively:
            raise NothingThere(f"{name} has the same value everywhere.")
        return lively

    def say(self) -> None:
        """Say what a person should know about the images together."""
        infos = self._infos
        colour = [name for name, info in infos.items() if info.is_rgb]
        if colour:
            self._remark(
                "train.colour",
                f"{_named(colour)} in colour: red, green and blue are learned from one by one, as colour "
                "images are restored too.",
            )
        kinds = sorted({info.dtype for info in infos.values()})
        if len(kinds) > 1:
            self._remark(
                "train.mixed",
                f"The images have different kinds of numbers ({', '.join(kinds)}): each was brought to the "
                "same range by itself.",
            )
        if self._cut:
            self._remark(
                "train.cut",
                f"{_named(self._cut)} too large to be kept in memory: only the middle is learned from.",
            )

    def _remark(self, code: str, sentence: str) -> None:
        self._context.remark(code, sentence)


def _named(names: Sequence[str]) -> str:
    return f"{names[0]} is" if len(names) == 1 else f"{len(names)} images are"


def planes_of(
    source: ImageSource, limit: int, box: tuple[Range, Range] | None = None
) -> Iterator[NDArray[np.generic]]:
    """Yield up to `limit` planes of every channel, spread over T and Z; of each only a box (y, x)."""
    n_t, n_c, n_z, height, width = source.info.shape
    y, x = box or ((0, height), (0, width))
    places = [(t, z) for t in range(n_t) for z in range(n_z)]
    chosen = np.unique(np.linspace(0, len(places) - 1, limit).round().astype(int))
    for c in range(n_c):
        for t, z in (places[i] for i in chosen):
            yield source.read(Region((t, t + 1), (c, c + 1), (z, z + 1), y, x))[0, 0, 0]


def middle_of(side: int, most: int) -> Range:
    """Return the middle of a side, at most so many pixels, as a half-open range."""
    start = max(0, (side - most) // 2)
    return start, min(side, start + most)


def fitting_crops(
    crops: Crops, specimens: Sequence[tuple[Chosen, Specimen]], unit: int, reader: Reader, context: JobContext
) -> tuple[Crops, list[tuple[Chosen, Specimen]]]:
    """Return crops that fit into the images, and the images without those that are too small for them.

    A few small images among many are left out; else the crops become smaller.

    Parameters
    ----------
    crops : Crops
    specimens : sequence of (Chosen, Specimen)
    unit : int
        Sides of crops must be multiples of it.
    reader : Reader
    context : JobContext
    """
    sides = {one.name: min(min(plane.shape) for plane in specimen.planes) for one, specimen in specimens}
    small = [name for name, side in sides.items() if side < crops.size]
    if not small:
        return crops, list(specimens)
    is_few = 4 * len(small) <= len(sides) and len(sides) - len(small) >= ENOUGH
    least = min(crops.size, max(SMALLEST_CROP, unit))
    size = crops.size if is_few else max(least, min(sides.values()) // unit * unit)
    for name in small:
        if sides[name] < size:
            reader.leave_out(
                TooSmall(
                    f"{name} is only {sides[name]} pixels wide, less than the {size} of a crop to learn from."
                )
            )
    if size < crops.size and any(side >= size for side in sides.values()):
        context.remark(
            "train.smaller_crops",
            f"{_named(small)} smaller than the {crops.size} pixels of a crop: crops of {size} pixels are "
            "learned from instead.",
        )
    return replace(crops, size=size), [(one, s) for one, s in specimens if sides[one.name] >= size]
