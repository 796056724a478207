"""Training a restorer from a folder of good images, by a recipe; the result is a model folder.

The folder holds ``card.toml``, the weights, ``recipe.toml`` and ``log.csv``; while training lasts also
``checkpoint.safetensors``. The same command on the same folder goes on where it was interrupted.
"""

import fnmatch
import hashlib
import json
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import torch

from app.engine.context import JobContext
from app.engine.events import Finished
from app.engine.events import Stopped as StoppedEvent
from app.engine.runners.devices import chosen_device
from app.engine.runners.model_folder import LOG, RECIPE, ModelFolder
from app.engine.runners.movies import in_time, movies_of
from app.engine.specs import TrainSpec
from app.images.errors import ImageError
from app.images.folders import files_below
from app.images.open import can_open, open_image
from app.library.card import ModelCard, Training
from app.library.store import Library
from models import weights
from models.errors import Stopped, UserError
from models.pssr.network import Layout, ResUNet
from models.training.growing import grow_into
from models.training.loop import Look, Plan, State, train
from models.training.losses import LOSSES
from models.training.pairs import Pairs, UnseenScore
from models.training.patches import Specimen, normalised
from models.training.recipe import About, Recipe, RecipeUnreadable, parse


class TooFewImages(UserError):
    """Not enough good images to learn from and to test on."""

    code: ClassVar[str] = "train.too_few"


class NoNumbers(ImageError):
    """Every plane has pixels that are no numbers."""

    code: ClassVar[str] = "train.no_numbers"


@dataclass(frozen=True, slots=True)
class Split:
    """Files by what they are used for; a file is never in two of them."""

    learn: tuple[Path, ...]
    tune: tuple[Path, ...]
    test: tuple[Path, ...]


def run(spec: TrainSpec, context: JobContext) -> Finished | StoppedEvent:
    """Train as `spec` says; see the module's docstring for what is left in ``spec.output_dir``.

    Raises
    ------
    TooFewImages, OtherTraining, FolderNotUsable, RecipeUnreadable
        And what the library and the weights raise where the recipe begins with another model.
    """
    recipe = parse(spec.recipe)
    layout = _layout(recipe)
    chosen = chosen_device(spec.device)
    device = torch.device(chosen.name)
    context.hold_device(chosen.name)
    context.started(chosen.words)
    folder = ModelFolder(Path(spec.output_dir))
    state = folder.begin(spec.recipe)
    context.stage("Reading the good images")
    good_dir = Path(spec.good_dir)
    split = split_files(good_dir, recipe)

    def left_out(error: ImageError) -> None:
        context.remark("train.left_out", f"{error.sentence} It was left out.")

    limit = recipe.data.planes_per_channel
    movies = recipe.data.movies if layout.frames > 1 else None
    good, other = (
        read_specimens(files, good_dir, limit, left_out, movies=movies) for files in (split.learn, split.tune)
    )
    if not good or not other:
        raise _too_few(good_dir, len(good) + len(other))
    frames = layout.frames
    learn = Pairs(good, recipe, scale=layout.scale, seed=spec.seed, device=device, frames=frames)
    unseen = Pairs(other, recipe, scale=layout.scale, seed=spec.seed + 1, device=device, frames=frames)
    context.stage("Learning")
    torch.manual_seed(spec.seed)  # the network's first weights
    network = ResUNet(layout)
    schedule = recipe.schedule
    if schedule.start:
        grow_into(network, weights.from_bytes(Library(context.paths).weights(schedule.start)))
    plan = Plan(
        steps=schedule.steps,
        learning_rate=schedule.learning_rate,
        average=schedule.average,
        every=schedule.every,
        keep=schedule.keep,
        precision="bfloat16" if device.type == "cuda" else "float32",
    )

    def save(reached: State, look: Look) -> None:
        folder.keep(reached, look)
        context.commit(f"step {look.step}")

    try:
        best = train(
            network,
            learn.draw,
            LOSSES[schedule.loss],
            UnseenScore(unseen),
            plan,
            device=device,
            watch=context,
            save=save,
            state=state,
        )
    except Stopped:
        return StoppedEvent(context.job, (spec.output_dir,))
    data = weights.to_bytes(best, half=True)
    name = f"{recipe.about.id}.safetensors"
    seen = tuple(specimen.name for specimen in (*good, *other))
    folder.finish(draft_card(recipe, layout, data, name, seen, seed=spec.seed), data)
    return Finished(context.job, (spec.output_dir,))


def _layout(recipe: Recipe) -> Layout:
    try:
        return Layout.from_json(json.dumps(dict(recipe.network)).encode())
    except ValueError as error:
        raise RecipeUnreadable(
            f"The recipe's part network cannot be built: {error}.",
            hint="Compare with the recipes that came with the program.",
        ) from error


def split_files(folder: Path, recipe: Recipe) -> Split:
    """Sort the images under `folder` into those to learn from, to choose by, and to test on.

    Raises
    ------
    TooFewImages
        If nothing is left to learn from or to choose by.
    """
    names = sorted(path.relative_to(folder).as_posix() for path in files_below(folder))

    def matching(patterns: tuple[str, ...]) -> set[str]:
        return {n for n in names if any(_matches(n, pattern) for pattern in patterns)}

    data = recipe.data
    good = sorted(n for n in matching(data.good) - matching(data.exclude) if can_open(folder / n))
    tune, test = matching(data.tune) & set(good), matching(data.test)
    if not data.tune and not data.test:
        tune = set(good[:: max(1, round(len(good) / max(1, len(good) // 5)))][: max(1, len(good) // 5)])
    learn = [n for n in good if n not in tune and n not in test]
    if not learn or not tune:
        raise _too_few(folder, len(good))
    return Split(*(tuple(folder / n for n in sorted(part)) for part in (learn, tune, test)))


def _too_few(folder: Path, images: int) -> TooFewImages:
    return TooFewImages(
        f"{folder.name} has {images} images that can be used; at least 2 are needed, one to test.",
        hint="Add good images, five or more from different samples.",
        images=images,
    )


def _matches(name: str, pattern: str) -> bool:
    return fnmatch.fnmatch(name, pattern) or fnmatch.fnmatch(f"/{name}", f"/{pattern.replace('**/', '*')}")


def read_specimens(
    files: tuple[Path, ...],
    folder: Path,
    planes_per_channel: int,
    left_out: Callable[[ImageError], None],
    *,
    movies: tuple[str, ...] | None = None,
) -> list[Specimen]:
    """Read up to `planes_per_channel` planes of every channel of every file, spread over T and Z.

    Every plane is normalised by itself: the first axis of a plain TIFF may be channels as well as depth.
    A file that cannot be used is left out; `left_out` hears why. Where `movies` is given, files with time
    points give movies, and so do those whose names match its patterns.
    """
    specimens = []
    for file in files:
        try:
            if movies is not None and (runs := _movies(file, file.relative_to(folder).as_posix(), movies)):
                planes = tuple(run[len(run) // 2] for run in runs)
                specimens.append(Specimen(file.relative_to(folder).as_posix(), planes, runs))
                continue
            planes = tuple(_planes(file, planes_per_channel))
            if not planes:
                raise NoNumbers(f"{file.name} has pixels that are no numbers (NaN or infinite) everywhere.")
        except ImageError as error:
            left_out(error)
        else:
            specimens.append(Specimen(file.relative_to(folder).as_posix(), planes))
    return specimens


def _planes(file: Path, limit: int) -> Iterator[np.ndarray]:
    """Yield the chosen planes of a file, but for those in which a pixel is no number."""
    source = open_image(file)
    try:
        info = source.info
        n_t, n_c, n_z, *_ = info.shape
        places = [(t, z) for t in range(n_t) for z in range(n_z)]
        chosen = [places[i] for i in np.unique(np.linspace(0, len(places) - 1, limit).round().astype(int))]
        for c in range(n_c):
            for t, z in chosen:
                plane = source.read(info.plane(t, c, z))[0, 0, 0]
                if np.isfinite(plane).all():
                    yield normalised(plane)
    finally:
        source.close()


def _movies(file: Path, name: str, patterns: tuple[str, ...]) -> tuple[np.ndarray, ...]:
    source = open_image(file)
    try:
        if any(_matches(name, pattern) for pattern in patterns):
            source = in_time(source)
        *_, height, width = source.info.shape
        return movies_of(source, (0, height), (0, width))
    finally:
        source.close()


def draft_card(
    recipe: Recipe, layout: Layout, data: bytes, name: str, trained_on: tuple[str, ...], *, seed: int
) -> ModelCard:
    """Return the card of a model that has just been trained; nothing is measured yet."""
    about: About = recipe.about
    low_high = about.pixel_size_um
    return ModelCard(
        id=about.id,
        name=about.name,
        purpose=about.purpose,
        family=recipe.family,
        version="1",
        licence=about.licence,
        licence_words=about.licence_words,
        citation=about.citation,
        credits=about.credits,
        modality=about.modality,
        scale=layout.scale,
        pixel_size_um=(low_high[0], low_high[1]) if len(low_high) == 2 else None,
        noise=about.noise,
        network=layout.to_json().decode(),
        weights=name,
        size=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        trained_on=trained_on,
        samples_seen=about.samples_seen,
        training=Training(recipe=RECIPE, seed=seed, commit=source_commit(), log=LOG),
    )


def source_commit() -> str:
    """Return the commit of the program's own source, with ``-dirty`` if it was changed; empty if unknown."""
    here = Path(__file__).parent
    command = ["git", "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    try:
        done = subprocess.run(command, cwd=here, capture_output=True, text=True, check=True, timeout=10)
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip()
