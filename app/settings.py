"""What a person or a facility has chosen: defaults < person < facility policy, whose keys are locked.

Both are TOML files with the names of `Settings`. A key that is unknown or of the wrong kind costs only
itself: it is named in the log and its default stays.
"""

import dataclasses
import logging
import os
import sys
import tomllib
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from app.paths import Paths
from models.errors import UserError

Theme = Literal["system", "light", "dark"]
Sort = Literal["name", "date", "size", "kind"]
Looks = Literal["list", "tiles"]

PERSON_FILE = "settings.toml"
POLICY_VARIABLE = "MICROGRAPHIA_POLICY"

logger = logging.getLogger(__name__)


class SettingsNotSaved(UserError):
    """The settings file cannot be written."""

    code = "settings.not_saved"


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that can be chosen once and for all.

    Attributes
    ----------
    results_dir : str
        Folder for results; empty: beside each original.
    device : str
        ``"auto"``, ``"cpu"``, ``"cuda"``, ``"cuda:1"`` or ``"mps"``.
    memory_limit_gb : float
        What a job may use; 0: by free memory.
    cache_gb : float
        What the viewer may keep of read regions.
    theme : str
        ``"system"``, ``"light"`` or ``"dark"``.
    network : bool
        Whether the program may use the network at all.
    text_scale : float
        1.0 is the system's size.
    recent : tuple of str
        Recently opened files, newest first.
    play_per_second : float
        Pictures per second while a stack or a time series is played.
    play_every_frame : bool
        Show each picture even if that takes longer.
    play_back_and_forth : bool
        Turn round at the end instead of beginning anew.
    recent_folders : tuple of str
        The folders of recently opened files, newest first.
    pinned : tuple of str
        Folders that the browser always offers.
    browser_sort : str
        Order of images in the browser: ``"name"``, ``"date"``, ``"size"`` or ``"kind"``.
    browser_reversed : bool
        Whether that order is turned round.
    browser_looks : str
        ``"list"`` or ``"tiles"``.
    """

    results_dir: str = ""
    device: str = "auto"
    memory_limit_gb: float = 0.0
    cache_gb: float = 1.0
    theme: Theme = "system"
    network: bool = True
    text_scale: float = 1.0
    recent: tuple[str, ...] = ()
    play_per_second: float = 20.0
    play_every_frame: bool = True
    play_back_and_forth: bool = False
    recent_folders: tuple[str, ...] = ()
    pinned: tuple[str, ...] = ()
    browser_sort: Sort = "name"
    browser_reversed: bool = False
    browser_looks: Looks = "list"


LIMITS: dict[str, tuple[float, float]] = {
    "memory_limit_gb": (0.0, 65536.0),
    "cache_gb": (0.1, 1024.0),
    "text_scale": (0.5, 3.0),
    "play_per_second": (0.5, 60.0),
}

PATHS = ("recent", "recent_folders", "pinned")  # settings that hold names of files and folders


def load_settings(paths: Paths, *, policy: Path | None = None) -> Settings:
    """Return the defaults, changed by the person's file, changed by the facility's policy file.

    Parameters
    ----------
    paths : Paths
    policy : Path, optional
        The facility's file; by default the computer's own, see `policy_file`.
    """
    person = _read(paths.config / PERSON_FILE)
    fixed = _read(policy or policy_file())
    return dataclasses.replace(Settings(), **(person | fixed))


def locked_settings(*, policy: Path | None = None) -> frozenset[str]:
    """Return the names of the settings that the facility has fixed."""
    return frozenset(_read(policy or policy_file()))


def save_settings(paths: Paths, settings: Settings, *, policy: Path | None = None) -> None:
    """Write what differs from the defaults and is not fixed by the facility.

    Raises
    ------
    SettingsNotSaved
        If the file cannot be written.
    """
    fixed = locked_settings(policy=policy)
    paths_in: dict[str, Any] = {key: _texts(getattr(settings, key)) for key in PATHS}  # Any: to unpack it
    settings = dataclasses.replace(settings, **paths_in)
    lines = [
        f"{field.name} = {_as_toml(getattr(settings, field.name))}"
        for field in dataclasses.fields(settings)
        if field.name not in fixed and getattr(settings, field.name) != field.default
    ]
    target = paths.config / PERSON_FILE
    scratch = target.with_suffix(f".{os.getpid()}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        scratch.write_text("\n".join(lines) + "\n", encoding="utf-8")
        scratch.replace(target)
    except OSError as error:
        raise SettingsNotSaved(
            f"The settings could not be written to {target}: {error.strerror}.",
            hint="They hold until the program is closed. Make room or check the permissions of the folder.",
            path=str(target),
        ) from error


def policy_file() -> Path:
    """Return where a facility lays down its choices for this computer; the file need not exist."""
    named = os.environ.get(POLICY_VARIABLE)
    if named:
        return Path(named)
    if sys.platform == "win32":
        return Path(os.environ.get("PROGRAMDATA", r"C:\ProgramData")) / "micrographia" / "policy.toml"
    if sys.platform == "darwin":
        return Path("/Library/Application Support/micrographia/policy.toml")
    return Path("/etc/micrographia/policy.toml")


def _read(file: Path) -> dict[str, Any]:  # Any: each value has been checked against its field
    try:
        found = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        logger.warning("%s is left out: %s", file, error)
        return {}
    return _checked(found, file)


def _checked(found: Mapping[str, object], file: Path) -> dict[str, Any]:
    types = typing.get_type_hints(Settings)
    good: dict[str, Any] = {}
    for name, value in found.items():
        if name not in types:
            logger.warning("%s: there is no setting named %s", file, name)
            continue
        try:
            good[name] = _as(types[name], name, value)
        except ValueError as error:
            logger.warning("%s: %s is left out: %s", file, name, error)
    return good


def _as(kind: Any, name: str, value: object) -> bool | float | str | tuple[str, ...]:  # Any: a type hint
    if kind is bool and isinstance(value, bool):
        return value
    if kind is float and isinstance(value, int | float) and not isinstance(value, bool):
        low, high = LIMITS[name]
        if not low <= value <= high:
            raise ValueError(f"{value} is not between {low} and {high}")
        return float(value)
    if kind is str and isinstance(value, str):
        return value
    if typing.get_origin(kind) is Literal and value in typing.get_args(kind):
        return str(value)
    if isinstance(value, list) and kind == tuple[str, ...] and all(isinstance(one, str) for one in value):
        return tuple(value)
    raise ValueError(f"{value!r} is not what belongs there")


def _texts(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name for name in names if _is_text(name))


def _is_text(name: str) -> bool:
    """Whether a file's name can be written as text; on Linux a name may be any bytes."""
    return not any("\ud800" <= letter <= "\udfff" for letter in name)


def _as_toml(value: object) -> str:
    if isinstance(value, tuple):
        return "[" + ", ".join(_as_toml(one) for one in value) + "]"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _quoted(value)
    return repr(value)


def _quoted(text: str) -> str:
    return '"' + "".join(_escaped(letter) for letter in text) + '"'


def _escaped(letter: str) -> str:
    if letter in '"\\':
        return "\\" + letter
    return letter if letter.isprintable() else f"\\U{ord(letter):08X}"
