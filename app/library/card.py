"""Model cards: what a model is for, where it came from, how well it did. TOML that a biologist can read."""

import dataclasses
import json
import re
import tomllib
import types
import typing
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any, Literal

from app.library.errors import UnreadableCard
from models.knobs import Value
from models.restoration.family import Precision

Modality = Literal["any", "fluorescence", "electron", "brightfield"]
Tuned = Literal["no", "blind", "truth"]
Values = tuple[tuple[str, Value], ...]

FORMAT = 1
_ID = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_HEADING = """\
# Model card: what this model is for, where it came from, how well it did.
# Text for people; the program reads it too, so keep the names on the left as they are.

"""


@dataclass(frozen=True, slots=True)
class Training:
    """How a model was made, so that it can be made again.

    Attributes
    ----------
    recipe : str
        The recipe, the text of a TOML file or the name of the file beside the card.
    seed : int
    commit : str
        Version of this program's source that trained it; empty if unknown.
    log : str
        Name of the training log beside the card.
    """

    recipe: str
    seed: int
    commit: str = ""
    log: str = ""


@dataclass(frozen=True, slots=True)
class Measured:
    """One row of the card's table: one method on one set of held-out images.

    Attributes
    ----------
    on : str
        What it was measured on, in words.
    images : int
    is_real : bool
        Whether the poor images came from a microscope; otherwise they were made by the program.
    method : str
        ``"this model"`` or the name of a simple filter.
    tuned : "no", "blind" or "truth"
        How the filter's strength was chosen: not at all, from the poor image, or with the good one in hand.
    psnr, psnr_fit : float
        Decibels; `psnr_fit` after the best gain and offset.
    ssim, nrmse : float
    in_purpose : bool
        Whether these are images that the model is for; others show where its purpose ends.
    """

    on: str
    images: int
    is_real: bool
    method: str
    psnr: float
    psnr_fit: float
    ssim: float
    nrmse: float
    tuned: Tuned = "no"
    in_purpose: bool = True


@dataclass(frozen=True, slots=True)
class Speed:
    """How fast the model ran on a named device, in megapixels of the result per second."""

    device: str
    megapixels_per_s: float


@dataclass(frozen=True, slots=True)
class ModelCard:
    """Everything that is known about a model but its weights.

    Attributes
    ----------
    id : str
        Small letters, digits, dots and dashes; also the name of its folder.
    name, purpose : str
        A title and one line on what it is for.
    family : str
        A row of the registry of families, such as ``"pssr"``.
    version : str
    licence, licence_words : str
        The licence's short name, and what it means in two or three words.
    citation : str
    credits : tuple of str
        Lines that must be shown with the model.
    modality : "any", "fluorescence", "electron" or "brightfield"
    scale : int
        Pixels of the result per input pixel along y and x.
    channels_in : int
        Channels that the network sees together; 1 restores channel by channel.
    pixel_size_um : (low, high) or None
        Pixel sizes of the input that the model was made for; None: any.
    noise : str
        The noise it was made for, in words.
    network : str
        JSON text that describes the network; empty for families without one.
    params : tuple of (name, value)
        Settings of the family that differ from their defaults.
    weights : str or None
        Name of the safetensors file; None for families without weights.
    size : int
        Bytes of the weights.
    sha256 : str
        Checksum of the weights, in small hexadecimal letters.
    precisions : tuple of Precision
        Precisions in which the model was checked.
    trained_on : tuple of str
        What it learned from.
    sha256_trained_on : tuple of str
        Checksums of the files in `trained_on`, in their order; empty where one is not known.
    doubts : tuple of str
        What a person should know before trusting the model, one sentence each.
    samples_seen : tuple of str
        File names of shipped samples whose source its training saw: never shown as before and after.
    training : Training or None
    measured : tuple of Measured
    speed : Speed or None
    """

    id: str
    name: str
    purpose: str
    family: str
    version: str
    licence: str
    licence_words: str
    citation: str = ""
    credits: tuple[str, ...] = ()
    modality: Modality = "any"
    scale: int = 1
    channels_in: int = 1
    pixel_size_um: tuple[float, float] | None = None
    noise: str = ""
    network: str = ""
    params: Values = ()
    weights: str | None = None
    size: int = 0
    sha256: str = ""
    precisions: tuple[Precision, ...] = ("float32",)
    trained_on: tuple[str, ...] = ()
    sha256_trained_on: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
    samples_seen: tuple[str, ...] = ()
    training: Training | None = None
    measured: tuple[Measured, ...] = ()
    speed: Speed | None = None

    @property
    def frames(self) -> int:
        """Time points that the network sees for one; 1 for models of single pictures."""
        try:
            found = json.loads(self.network or "{}").get("frames", 1)
        except (ValueError, AttributeError):  # a network that cannot be read is told of when it is loaded
            return 1
        return found if type(found) is int and found > 1 else 1


def read_card(text: str, *, name: str = "card.toml") -> ModelCard:
    """Return the card written in `text`.

    Parameters
    ----------
    text : str
        A TOML document.
    name : str
        What to call the document in an error.

    Raises
    ------
    UnreadableCard
        If it is not TOML, lacks something that a card must have, or holds something that a card cannot.
    """
    try:
        table = tomllib.loads(text)
        card: ModelCard = _dataclass(ModelCard, _of_this_format(table))
        _check(card)
    except (tomllib.TOMLDecodeError, ValueError) as error:
        raise UnreadableCard(
            f"The model card {name} cannot be used: {error}.",
            hint="Ask its author for a complete card, or compare it with one that works.",
            card=name,
        ) from error
    return card


def write_card(card: ModelCard) -> str:
    """Return `card` as a TOML document; `read_card` gives the same card back.

    Written by hand, for training also runs on computers that have little more than torch.
    """
    table = {"format": FORMAT, **_table(card)}
    tables = {name: content for name, content in table.items() if isinstance(content, dict)}
    rows = [] if not card.measured else table.pop("measured")
    lines = [_entry(name, content) for name, content in table.items() if name not in tables]
    for name, content in tables.items():
        lines += ["", f"[{name}]", *(_entry(key, value) for key, value in content.items())]
    for row in rows:
        lines += ["", "[[measured]]", *(_entry(key, value) for key, value in row.items())]
    return _HEADING + "\n".join(lines) + "\n"


def _entry(name: str, value: Any) -> str:  # Any: what TOML can hold
    return f"{name} = {_toml(value)}"


def _toml(value: Any) -> str:
    """Write one value; text with quotes in it, such as JSON, stays readable between single quotes."""
    if isinstance(value, list):
        return "[" + ", ".join(_toml(item) for item in value) + "]"
    if isinstance(value, str):
        if '"' in value and "'" not in value and value.isprintable():
            return f"'{value}'"
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return str(value).lower() if isinstance(value, bool) else repr(value)


def _of_this_format(table: dict[str, Any]) -> dict[str, Any]:
    """Take the format number off `table`."""
    number = table.pop("format", None)
    if number != FORMAT:
        raise ValueError(f"it is of format {number}, and this program reads format {FORMAT}")
    return table


def _check(card: ModelCard) -> None:
    """Refuse what the types alone would let through."""
    if not _ID.fullmatch(card.id):
        raise ValueError(f"the id {card.id!r} may only have small letters, digits, dots and dashes")
    for file in (card.weights, card.training.log if card.training else ""):
        if file and PurePath(file).name != file:
            raise ValueError(f"the file {file!r} must lie beside the card")
    if card.weights is not None and not re.fullmatch(r"[0-9a-f]{64}", card.sha256):
        raise ValueError("sha256 must be the 64 hexadecimal digits of the weights' checksum")
    if card.scale < 1 or card.channels_in < 1:
        raise ValueError("scale and channels_in start at 1")


def _table(value: Any) -> dict[str, Any]:  # Any: every field has its own type
    """Turn a dataclass into a TOML table, leaving out what is None."""
    table: dict[str, Any] = {}
    for field in dataclasses.fields(value):
        content = getattr(value, field.name)
        if content is None:
            continue
        if field.name == "params":
            table[field.name] = dict(content)
        elif dataclasses.is_dataclass(content):
            table[field.name] = _table(content)
        elif isinstance(content, tuple):
            table[field.name] = [_table(c) if dataclasses.is_dataclass(c) else c for c in content]
        else:
            table[field.name] = content
    return table


def _dataclass(kind: type[Any], table: dict[str, Any]) -> Any:
    """Build `kind` from a TOML table; every key must be a field, every field without default a key."""
    hints = typing.get_type_hints(kind)
    for key in table:
        if key not in hints:
            raise ValueError(f"it has an unknown entry {key!r}")
    for field in dataclasses.fields(kind):
        if field.default is dataclasses.MISSING and field.name not in table:
            raise ValueError(f"the entry {field.name!r} is missing")
    return kind(**{key: _value(hints[key], content, key) for key, content in table.items()})


def _value(hint: Any, content: Any, key: str) -> Any:  # Any: a type as typing describes it, TOML's value
    """Check TOML's `content` against the type `hint` of the entry `key`."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return _value(next(a for a in arguments if a is not type(None)), content, key)
    if hint == Values:
        return tuple(_table_of_values(content, key))
    if origin is tuple and isinstance(content, list):
        kinds = arguments[:1] * len(content) if arguments[-1] is Ellipsis else arguments
        if len(kinds) == len(content):
            return tuple(_value(kind, item, key) for kind, item in zip(kinds, content, strict=True))
    elif origin is Literal and content in arguments:
        return content
    elif dataclasses.is_dataclass(hint) and isinstance(hint, type) and isinstance(content, dict):
        return _dataclass(hint, content)
    elif hint is float and type(content) in (int, float):
        return float(content)
    elif type(content) is hint:
        return content
    raise ValueError(f"the entry {key!r} cannot be {content!r}")


def _table_of_values(content: Any, key: str) -> Iterator[tuple[str, Value]]:
    """Yield the entries of a table of plain values."""
    if not isinstance(content, dict):
        raise ValueError(f"the entry {key!r} must be a table")
    for name, value in content.items():
        if not isinstance(value, bool | int | float | str):
            raise ValueError(f"the entry '{key}.{name}' must be a plain value")
        yield name, value
