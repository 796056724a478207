"""``micrographia train``: a model from good images, from real pairs, or from noisy images alone."""

import argparse
import re
from collections.abc import Callable
from os.path import commonpath
from pathlib import Path

from app.commands.run import absolute, run_job
from app.commands.training_recipe import Made, Model, TooMuchSaid, inputs_of, recipe_of
from app.commands.voice import DONE, STOPPED, Voice
from app.engine import events
from app.engine.specs import Input, TrainSpec
from app.library.store import Library
from app.paths import Paths
from app.settings import load_settings
from app.text import _
from models.errors import UserError
from models.training.samples import samples_of, split
from models.training.verdict import VerdictUnreadable, read_verdict, sentence

RECIPE, VERDICT = "recipe.toml", "verdict.json"


class NothingToResume(UserError):
    """The folder has no training that could go on."""

    code = "train.nothing_to_resume"


def train_model(asked: argparse.Namespace, paths: Paths, voice: Voice) -> int:
    """Train; the result is a model folder, and with a name a model in the library too."""
    _refuse_contradictions(asked)
    images = inputs_of([asked.good_dir, *asked.more], voice)
    library = Library(paths)
    model = _model(asked, library)
    folder = _folder(asked, model, paths)
    made = Made(_begun(folder)) if asked.resume else recipe_of(asked, model, images, paths, voice)
    spec = _spec(asked, images, folder, made, paths)
    last = run_job(spec, paths, voice.hear)
    is_stopped = isinstance(last, events.Stopped)
    result: dict[str, object] = {"output": spec.output_dir, "stopped": is_stopped}
    lines = [_verdict(folder)]
    if is_stopped:
        text = _("Stopped. The same command with --resume goes on from the last checkpoint in {folder}.")
        if asked.output:
            text = _("Stopped. The same command goes on from the last checkpoint in {folder}.")
        lines.append(text.format(folder=spec.output_dir))
    elif asked.name:
        card = library.add(folder)
        result["model"] = card.id
        lines.append(
            _("The model is in the library: {model}. It was made in {folder}.").format(
                model=card.id, folder=folder
            )
        )
    else:
        text = _("The model is in {folder}. To restore with it: micrographia models add {folder}")
        lines.append(text.format(folder=spec.output_dir))
    voice.result(result, "\n".join(line for line in lines if line))
    return STOPPED if is_stopped else DONE


def _refuse_contradictions(asked: argparse.Namespace) -> None:
    for is_wrong, sentence_, hint in (
        (
            asked.family == "n2v" and (asked.like or asked.paired or asked.scale or asked.frames),
            _("Learning from noisy images alone needs no other images and keeps their pixels."),
            _("Leave out --like, --paired, --scale and --frames."),
        ),
        (
            asked.paired and (asked.like or asked.frames),
            _("Real pairs say themselves how bad the images are, one plane each."),
            _("Leave out --like and --frames, or --paired."),
        ),
        (
            asked.resume and not (asked.output or asked.name),
            _("It is not clear which training should go on."),
            _("Name it with --name or its folder with --output."),
        ),
    ):
        if is_wrong:
            raise TooMuchSaid(sentence_, hint=hint)


def _model(asked: argparse.Namespace, library: Library) -> Model:
    """Return the id and name that the person's wish makes, the id not taken by a model in the library."""
    if not asked.name:
        return Model()
    slug = re.sub(r"[^a-z0-9]+", "-", asked.name.casefold()).strip("-")[:50] or "my-model"
    if asked.resume:
        return Model(slug, asked.name)
    taken = {card.id for card in library.cards()}
    return Model(_free(slug, taken.__contains__), asked.name)


def _folder(asked: argparse.Namespace, model: Model, paths: Paths) -> Path:
    if asked.output:
        return Path(absolute(asked.output))
    parent = paths.data / "trainings"
    name = model.id or "my-denoiser"
    return parent / (name if asked.resume else _free(name, lambda one: (parent / one).exists()))


def _free(name: str, is_taken: Callable[[str], bool]) -> str:
    number, free = 1, name
    while is_taken(free):
        number += 1
        free = f"{name}-{number}"
    return free


def _begun(folder: Path) -> str:
    try:
        return (folder / RECIPE).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise NothingToResume(
            _("There is no training in {folder} that could go on.").format(folder=folder),
            hint=_("Give the command without --resume to begin one."),
            path=str(folder),
        ) from error


def _spec(
    asked: argparse.Namespace,
    images: tuple[Input, ...],
    folder: Path,
    made: Made,
    paths: Paths,
) -> TrainSpec:
    is_folder = not asked.more and Path(asked.good_dir).is_dir() and asked.family == "pssr"
    by_path = {one.path: one for one in images}
    parts: tuple[tuple[Input, ...], ...] = ((), (), ())
    if asked.family == "n2v":
        parts = (images, (), ())
    elif not is_folder:
        sides = split(list(by_path), samples_of(list(by_path)), asked.seed)
        parts = tuple(tuple(by_path[path] for path in part) for part in (sides.learn, sides.tune, sides.test))
    learn, tune, test = parts
    return TrainSpec(
        good_dir=absolute(asked.good_dir)
        if is_folder
        else commonpath([str(Path(p).parent) for p in by_path]),
        recipe=made.text,
        output_dir=str(folder),
        device=asked.device or load_settings(paths).device,
        seed=asked.seed,
        learn=learn,
        tune=tune,
        test=test,
        bad=made.bad,
        paired_dir=absolute(asked.paired),
        minutes=asked.minutes,
        match=made.match,
    )


def _verdict(folder: Path) -> str:
    try:
        return sentence(read_verdict(folder / VERDICT), _)
    except VerdictUnreadable:
        return ""
