"""Frozen dataclasses to JSON and back; what was not written by this very format is refused.

Every dataclass carries its class's name as ``kind``, so unions need no further mark. Tuples become
lists, everything else is as JSON has it. Unknown, missing or ill-typed keys are errors: a spec that means
something else than it says must not run. Only a field whose metadata say ``added_later`` may be missing,
since what an earlier version stored knows nothing of it; it then has its default.
"""

import dataclasses
import functools
import json
import numbers
import types
import typing
from typing import Any, TypeGuard, TypeVar

from models.errors import UserError

T = TypeVar("T")

VERSION = 1


class NotReadable(UserError):
    """Text that this version of the program did not write."""

    code = "engine.not_readable"


def encode(value: object) -> str:
    """Return `value`, a frozen dataclass, as one line of JSON in plain ASCII.

    Raises
    ------
    TypeError
        If it holds anything but dataclasses, tuples, text, numbers, booleans and None.
    """
    if not _is_kind(type(value)):
        raise TypeError(f"{type(value).__name__} is not a dataclass")
    return json.dumps({"version": VERSION, "value": _plain(value)}, separators=(",", ":"))


def decode(text: str | bytes, *kinds: type[T]) -> T:
    """Return what `encode` made into `text`, which must be one of `kinds`.

    Raises
    ------
    NotReadable
        If the text is damaged, of another version, or does not describe exactly one of `kinds`.
    """
    try:
        whole = json.loads(text)
        if not isinstance(whole, dict) or whole.keys() != {"version", "value"}:
            raise ValueError("this is no stored data")
        if whole["version"] != VERSION:
            raise ValueError(f"version {whole['version']} is not {VERSION}")
        value = _data(whole["value"], kinds, "")
    except (ValueError, RecursionError) as error:
        raise NotReadable(
            f"Stored data cannot be read: {error}.",
            hint="They may come from another version of the program.",
        ) from error
    return typing.cast("T", value)  # _data returns one of `kinds`


def _is_kind(hint: object) -> TypeGuard[type]:
    return isinstance(hint, type) and dataclasses.is_dataclass(hint)


def _plain(value: object) -> Any:  # Any: what json takes
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return str(value)
    if isinstance(value, numbers.Integral):  # NumPy's too
        return int(value)
    if isinstance(value, numbers.Real):
        return float(value)
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        kind = type(value)
        fields = {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(kind)}
        return {"kind": kind.__name__, **fields}
    raise TypeError(f"{type(value).__name__} cannot be stored")


@functools.cache
def _hints(kind: type) -> dict[str, Any]:  # Any: type hints
    hints = typing.get_type_hints(kind)
    return {field.name: hints[field.name] for field in dataclasses.fields(kind)}


def _added_later(kind: type) -> frozenset[str]:
    fields = dataclasses.fields(kind)
    return frozenset(field.name for field in fields if field.metadata.get("added_later"))


def _data(found: object, kinds: tuple[type, ...], where: str) -> object:
    place = where or "it"
    if not isinstance(found, dict) or "kind" not in found:
        raise ValueError(f"{place} is not an object with a kind")
    kind = next((one for one in kinds if one.__name__ == found["kind"]), None)
    if kind is None:
        raise ValueError(f"{place} has the unknown kind {found['kind']!r}")
    hints = _hints(kind)
    given = found.keys() - {"kind"}
    if unknown := sorted(given - hints.keys()):
        raise ValueError(f"{kind.__name__} has no {', '.join(unknown)}")
    if missing := sorted(hints.keys() - given - _added_later(kind)):
        raise ValueError(f"{kind.__name__} lacks {', '.join(missing)}")
    return kind(
        **{name: _typed(found[name], hints[name], f"{where}.{name}") for name in hints if name in given}
    )


def _typed(found: object, hint: Any, where: str) -> object:  # Any: a type hint
    if hint is None or hint is type(None):
        return _matching(found, found is None, where)
    if hint is float:
        return float(_matching(found, type(found) in (int, float), where))  # type: ignore[arg-type]
    if hint in (bool, int, str):
        return _matching(found, type(found) is hint, where)
    origin = typing.get_origin(hint)
    if origin is typing.Literal:
        choices = typing.get_args(hint)
        return _matching(found, any(found == one and type(found) is type(one) for one in choices), where)
    if origin is tuple:
        return _tuple(found, typing.get_args(hint), where)
    if origin in (types.UnionType, typing.Union):
        return _one_of(found, typing.get_args(hint), where)
    if _is_kind(hint):
        return _data(found, (hint,), where)
    raise TypeError(f"{where}: {hint} cannot be stored")


def _matching(found: object, is_match: bool, where: str) -> object:  # noqa: FBT001 - the answer, not an option
    if not is_match:
        raise ValueError(f"{where} cannot be {found!r}")
    return found


def _tuple(found: object, hints: tuple[Any, ...], where: str) -> tuple[object, ...]:
    if not isinstance(found, list):
        raise ValueError(f"{where} is not a list")
    if len(hints) == 2 and hints[1] is Ellipsis:
        hints = (hints[0],) * len(found)
    if len(hints) != len(found):
        raise ValueError(f"{where} has {len(found)} entries instead of {len(hints)}")
    return tuple(
        _typed(one, hint, f"{where}[{i}]") for i, (one, hint) in enumerate(zip(found, hints, strict=True))
    )


def _one_of(found: object, hints: tuple[Any, ...], where: str) -> object:
    """Take the member whose JSON type fits exactly: numbers keep their type, kinds are told by name."""
    if isinstance(found, dict):
        return _data(found, tuple(one for one in hints if _is_kind(one)), where)
    exact = [one for one in hints if one is type(found)]
    for hint in exact or hints:
        try:
            return _typed(found, hint, where)
        except ValueError:
            continue
    raise ValueError(f"{where} cannot be {found!r}")
