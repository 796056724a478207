"""The words of the command line, for terminals, scripts and computers without a screen.

With ``--json`` every line of the standard output is one JSON object: the events of the job, then the
result. Exit codes: 0 done, 1 something failed, 2 the command was not understood, 130 stopped by Ctrl-C.
"""

import argparse
import importlib
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

from app.text import _
from app.version import VERSION
from models.errors import UserError

FAILED, NOT_UNDERSTOOD, STOPPED = 1, 2, 130

if TYPE_CHECKING:
    from app.commands.voice import Voice
    from app.paths import Paths

    Command = Callable[[argparse.Namespace, Paths, Voice], int]

COMMANDS = ("restore", "export", "info", "models", "match", "train", "crappify", "evaluate", "check")


class NotUnderstood(UserError):
    """The words on the command line make no sense together."""

    code = "cli.usage"


def main(arguments: Sequence[str]) -> int:
    """Do what `arguments` (without the program's name) ask; return the exit code."""
    from app.commands.voice import Voice

    try:
        asked = _parser().parse_args(arguments)
    except NotUnderstood as error:
        Voice(as_json="--json" in arguments).complain(error)
        return NOT_UNDERSTOOD
    voice = Voice(as_json=asked.json)
    try:
        return _do(asked, voice)
    except UserError as error:
        voice.complain(error, about=getattr(asked, asked.about, ""))
        return FAILED
    except KeyboardInterrupt:
        voice.result({"failed": [], "stopped": True}, "")
        return STOPPED


def _do(asked: argparse.Namespace, voice: "Voice") -> int:
    """Call the function of the command, which only now is imported."""
    from app.log import start_logging
    from app.paths import find_paths

    paths = find_paths()
    start_logging(paths, "command")
    module, function = asked.do.split(":")
    command: Command = getattr(importlib.import_module(f"app.commands.{module}"), function)
    return command(asked, paths, voice)


class _Parser(argparse.ArgumentParser):
    """Raises instead of leaving the program."""

    def error(self, message: str) -> NoReturn:
        raise NotUnderstood(
            _("This was not understood: {message}.").format(message=message),
            hint=_("{program} --help tells what can be asked.").format(program=self.prog),
        )


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="micrographia", description=_("Restore microscope images on your own computer."))
    parser.add_argument("--version", action="version", version=f"Micrographia {VERSION}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    restore = _command(
        commands,
        "restore",
        "restore:restore_images",
        "",
        _("restore images; each becomes an OME-TIFF"),
    )
    restore.add_argument("inputs", nargs="+", metavar="INPUT", help=_("images, or folders with images"))
    restore.add_argument(
        "--model", metavar="ID", help=_("a model from the list; else the one that fits best")
    )
    restore.add_argument(
        "--output", metavar="DIR", help=_("folder for the results; else beside each original")
    )
    restore.add_argument("--tile", type=_tile, default=0, metavar="auto|N", help=_("size of the pieces"))
    restore.add_argument(
        "--dtype", choices=("float32", "input"), default="float32", help=_("numbers written")
    )
    restore.add_argument(
        "--overwrite",
        choices=("never", "rename"),
        default="rename",
        help=_("what to do where a result exists: leave that input out, or take another name"),
    )
    _add_device(restore)
    _add_as_in_file(restore)

    _add_export(commands)

    info = _command(commands, "info", "info:describe", "file", _("tell what is in an image file"))
    info.add_argument("file", metavar="FILE")
    _add_as_in_file(info)

    models = commands.add_parser("models", help=_("list models, add or export one")).add_subparsers(
        required=True, metavar="list|add|export"
    )
    _command(models, "list", "models:list_models", "", _("list the models that are here"))
    add = _command(models, "add", "models:add_model", "folder", _("add a trained model to the library"))
    add.add_argument("folder", metavar="FOLDER", help=_("a folder with a card and its weights"))
    pack = _command(
        models, "export", "models:export_model", "model", _("pack a model so that other programs can run it")
    )
    pack.add_argument("model", metavar="MODEL")
    pack.add_argument(
        "--format", choices=("bioimageio",), default="bioimageio", help=_("a package for bioimage.io")
    )
    pack.add_argument("-o", "--output", required=True, metavar="FILE", help=_("the zip file to write"))
    pack.add_argument("--author", action="append", default=[], metavar="NAME", help=_("who made the model"))

    _add_match(commands)

    _add_train(commands)

    _add_crappify(commands)

    evaluate = _command(
        commands,
        "evaluate",
        "reports:evaluate_model",
        "model",
        _("measure a model on image pairs"),
    )
    evaluate.add_argument("model", metavar="MODEL")
    evaluate.add_argument("--low", required=True, metavar="DIR", help=_("folder with the poor images"))
    evaluate.add_argument(
        "--high", required=True, metavar="DIR", help=_("folder with the good ones, named alike")
    )
    _add_device(evaluate)

    check = _command(
        commands,
        "check",
        "reports:check_computer",
        "",
        _("check that all works on this computer"),
    )
    _add_device(check)
    return parser


def _add_train(commands: Any) -> None:  # Any: see `_command`
    train = _command(
        commands,
        "train",
        "train:train_model",
        "good_dir",
        _("train a model on good images (pssr), or on noisy images alone (n2v)"),
    )
    train.add_argument("family", choices=("pssr", "n2v"), help=_("kind of model"))
    train.add_argument(
        "good_dir",
        metavar="GOOD_DIR",
        help=_("folder with good images; for n2v with noisy ones, or an image"),
    )
    train.add_argument("more", nargs="*", metavar="MORE", help=_("more images or folders"))
    train.add_argument(
        "--like",
        nargs="+",
        default=[],
        metavar="BAD",
        help=_("bad images of the kind to restore, to be fitted to"),
    )
    train.add_argument(
        "--paired",
        default="",
        metavar="LOW_DIR",
        help=_("folder with the bad image of every good one, named alike"),
    )
    train.add_argument(
        "--frames",
        type=int,
        choices=(1, 3, 5, 7),
        default=0,
        metavar="N",
        help=_("frames of a movie seen together"),
    )
    train.add_argument(
        "--scale",
        type=int,
        choices=(1, 2, 4),
        default=0,
        metavar="S",
        help=_("pixels of the result per pixel"),
    )
    length = train.add_mutually_exclusive_group()
    length.add_argument(
        "--minutes",
        type=_minutes,
        default=0.0,
        metavar="M",
        help=_("how long to learn, at the speed measured here"),
    )
    length.add_argument("--steps", type=_steps, default=0, metavar="N", help=_("how many steps to learn"))
    train.add_argument(
        "--name", default="", help=_("name of the model, which is added to the library when finished")
    )
    train.add_argument("--recipe", default="", metavar="FILE|NAME", help=_("how to train, in every detail"))
    train.add_argument("--output", default="", metavar="DIR", help=_("folder for the model"))
    train.add_argument(
        "--resume", action="store_true", help=_("go on with the training of this name or folder")
    )
    train.add_argument("--seed", type=_seed, default=0, help=_("number that decides all that is random"))
    _add_device(train)


def _add_match(commands: Any) -> None:  # Any: see `_command`
    match = _command(
        commands,
        "match",
        "match:match_images",
        "bad",
        _("find out how good images become as bad as a real bad one of another place"),
    )
    match.add_argument("good", metavar="GOOD", help=_("a good image, or a folder with good images"))
    match.add_argument("bad", metavar="BAD", help=_("a bad image, or a folder with bad images"))
    match.add_argument(
        "--scale",
        type=int,
        choices=(1, 2, 4),
        default=0,
        help=_("pixels of the good image per pixel of the bad one; else from the pixel sizes"),
    )
    match.add_argument("--recipe-out", default="", metavar="FILE", help=_("write a recipe to train with"))
    match.add_argument("--seed", type=_seed, default=0, help=_("number that decides all that is random"))


def _add_export(commands: Any) -> None:  # Any: see `_command`
    export = _command(
        commands,
        "export",
        "export:export_images",
        "",
        _("write images in another format, without changing a pixel"),
    )
    export.add_argument("inputs", nargs="+", metavar="INPUT", help=_("images, or folders with images"))
    export.add_argument(
        "--format",
        required=True,
        choices=("ome-tiff", "imagej", "ome-zarr"),
        help=_("what to write; imagej is the TIFF that Fiji opens with ranges and colours"),
    )
    export.add_argument(
        "--output", default="", metavar="DIR", help=_("folder for the files; else beside each original")
    )
    export.add_argument("--channels", type=_numbers, default=(), metavar="1,3", help=_("only these channels"))
    export.add_argument("--z", type=_range, metavar="1-10", help=_("only these planes"))
    export.add_argument("--t", type=_range, metavar="1-10", help=_("only these times"))
    export.add_argument(
        "--scene", type=_position, default=1, metavar="N", help=_("image within each file; else the first")
    )
    export.add_argument(
        "--zarr",
        choices=("0.4", "0.5"),
        default="0.4",
        help=_("version of OME-Zarr; else {version}").format(version="0.4"),
    )
    _add_as_in_file(export)


def _add_crappify(commands: Any) -> None:  # Any: see `_command`
    crappify = _command(
        commands,
        "crappify",
        "crappify:make_bad",
        "",
        _("make good images bad by a recipe, as for training; each becomes an OME-TIFF"),
    )
    crappify.add_argument("inputs", nargs="+", metavar="INPUT", help=_("images, or folders with images"))
    crappify.add_argument(
        "--recipe", required=True, metavar="FILE|NAME", help=_("how images are made bad; a training recipe")
    )
    crappify.add_argument("--output", "-o", required=True, metavar="DIR", help=_("folder for the bad images"))
    crappify.add_argument(
        "--dtype", choices=("float32", "input"), default="float32", help=_("numbers written")
    )
    crappify.add_argument("--seed", type=_seed, default=0, help=_("number that decides all that is random"))
    _add_as_in_file(crappify)


def _command(
    commands: Any, name: str, do: str, about: str, help_text: str
) -> argparse.ArgumentParser:  # Any: argparse keeps the type of sub-parsers to itself
    """Add one command; `do` names its function, `about` the argument that a failure is about."""
    parser: argparse.ArgumentParser = commands.add_parser(name, help=help_text, description=help_text)
    parser.add_argument(
        "--json", action="store_true", help=_("one JSON object per line, the last the result")
    )
    parser.set_defaults(do=do, about=about)
    return parser


def _add_device(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--device", choices=("auto", "cpu", "cuda", "mps"), help=_("what computes"))


def _add_as_in_file(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--as-in-file", action="store_true", help=_("leave out what you corrected in the window")
    )


def _seed(text: str) -> int:
    """Turn a number that generators of random numbers take, 0 or more, into the seed of a spec."""
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(_("a seed is a whole number, 0 or more"))
    return int(text)


def _minutes(text: str) -> float:
    """Turn a number of minutes above 0 into that number."""
    try:
        minutes = float(text)
    except ValueError:
        minutes = 0.0
    if not 0 < minutes < float("inf"):
        raise argparse.ArgumentTypeError(_("minutes are a number above 0"))
    return minutes


def _steps(text: str) -> int:
    """Turn a number of steps, 1 or more, into a number."""
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(_("steps are a whole number, 1 or more"))
    return int(text)


def _position(text: str) -> int:
    """Turn a position, counted from 1, into a number."""
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(_("positions are whole numbers from 1"))
    return int(text)


def _numbers(text: str) -> tuple[int, ...]:
    """Turn positions counted from 1, such as ``1,3``, into indices."""
    return tuple(dict.fromkeys(_position(part.strip()) - 1 for part in text.split(",")))


def _range(text: str) -> tuple[int, int]:
    """Turn positions counted from 1, such as ``1-10`` or ``4``, into a half-open range."""
    first, _dash, last = text.partition("-")
    start, stop = _position(first.strip()), _position((last or first).strip())
    if start > stop:
        raise argparse.ArgumentTypeError(_("a range begins with its smaller number"))
    return (start - 1, stop)


def _tile(text: str) -> int:
    """Turn ``auto`` or a number of pixels into the tile of a spec."""
    if text == "auto":
        return 0
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(_("a tile is 'auto' or a number of pixels"))
    return int(text)
