"""``micrographia train``: a model from good images, from real pairs, or from noisy images alone."""

import argparse
import re
import shlex
import tomllib
from collections.abc import Callable
from pathlib import Path

from app.commands.run import absolute, run_job
from app.commands.training_recipe import Made, Model, TooMuchSaid, inputs_of, recipe_of
from app.commands.voice import DONE, STOPPED, Voice
from app.engine import events
from app.engine.specs import Input, TrainSpec
from app.library.saving import id_of, save
from app.library.store import Library
from app.paths import Paths
from app.settings import load_settings
from app.text import _
from models.errors import UserError
from models.n2v.words import VERDICT as VERDICT_OF_NOISY
from models.training.samples import samples_of, split
from models.training.verdict import VerdictUnreadable, read_verdict, sentence

RECIPE, VERDICT, CHECKPOINT, CARD = "recipe.toml", "verdict.json", "checkpoint.safetensors", "card.toml"
HISTORY = "history"  # folder of what a training shows of itself; nothing to learn from


class NothingToResume(UserError):
    """The folder has no training that could go on."""

    code = "train.nothing_to_resume"


def train_model(asked: argparse.Namespace, paths: Paths, voice: Voice) -> int:
    """Train; the result is a model folder, and with a name a model in the library too."""
    _refuse_contradictions(asked)
    library = Library(paths)
    model = _model(asked, library)
    folder = _folder(asked, model, paths)
    images = tuple(
        one
        for one in inputs_of([asked.good_dir, *asked.more], voice)
        if not Path(one.path).is_relative_to(folder / HISTORY)
    )
    made = (
        Made(_begun(folder, asked.family)) if asked.resume else recipe_of(asked, model, images, paths, voice)
    )
    spec = _spec(asked, images, folder, made, paths)
    last = run_job(spec, paths, voice.hear)
    is_stopped = isinstance(last, events.Stopped)
    verdict = _verdict(folder, asked.family)
    result: dict[str, object] = {"output": spec.output_dir, "stopped": is_stopped, "verdict": verdict}
    lines = [verdict]
    if is_stopped:
        words = "--resume" if asked.name or asked.output else f"--resume --output {shlex.quote(str(folder))}"
        text = _("Stopped. The same command with {words} goes on with what is in {folder}.")
        lines.append(text.format(words=words, folder=spec.output_dir))
    elif asked.name:
        card = save(library, folder, asked.name)
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
    slug = id_of(asked.name)
    if asked.resume:
        return Model(slug, asked.name)
    taken = {card.id for card in library.cards()}
    return Model(_free(slug, taken.__contains__), asked.name)


def _folder(asked: argparse.Namespace, model: Model, paths: Paths) -> Path:
    if asked.output:
        return Path(absolute(asked.output))
    parent = paths.data / "trainings"
    name = model.id or "my-denoiser"
    if asked.resume:
        return _unfinished(parent, name)
    return parent / _free(name, lambda one: (parent / one).exists())


def _unfinished(parent: Path, name: str) -> Path:
    """Return the folder of the newest training called `name` that is not complete."""
    folders = [
        folder
        for folder in parent.glob(f"{name}*")
        if re.fullmatch(r"(-\d+)?", folder.name.removeprefix(name))
        and (folder / RECIPE).exists()
        and ((folder / CHECKPOINT).exists() or not (folder / CARD).exists())
    ]
    return max(folders, key=lambda folder: (folder / RECIPE).stat().st_mtime, default=parent / name)


def _free(name: str, is_taken: Callable[[str], bool]) -> str:
    number, free = 1, name
    while is_taken(free):
        number += 1
        free = f"{name}-{number}"
    return free


def _begun(folder: Path, family: str) -> str:
    try:
        text = (folder / RECIPE).read_text(encoding="utf-8")
        made_for = tomllib.loads(text).get("family", "pssr")
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise NothingToResume(
            _("There is no training in {folder} that could go on.").format(folder=folder),
            hint=_("Give the command without --resume to begin one."),
            path=str(folder),
        ) from error
    if made_for != family:
        raise NothingToResume(
            _("The training in {folder} is one of {made_for}, not {family}.").format(
                folder=folder, made_for=made_for, family=family
            ),
            hint=_("Begin the command with: train {made_for}.").format(made_for=made_for),
            path=str(folder),
        )
    return text


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
        good_dir=absolute(asked.good_dir) if is_folder else str(Path(images[0].path).parent),
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


def _verdict(folder: Path, family: str) -> str:
    if family == "n2v" and (folder / CARD).exists():
        return _(VERDICT_OF_NOISY)
    try:
        return sentence(read_verdict(folder / VERDICT), _)
    except VerdictUnreadable:
        return ""
