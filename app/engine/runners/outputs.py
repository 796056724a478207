"""What results are called and where they lie."""

import os
from pathlib import Path, PurePath

from app.engine.specs import Input
from app.images.errors import CannotWrite
from app.images.folders import stem
from models.errors import UserError

LONGEST_NAME = 240  # bytes; drives take 255, and ``.part`` and a number must have room


class WrongName(UserError):
    """The pattern for names of results gives no file name."""

    code = "restore.name"


def result_name(one: Input, pattern: str) -> str:
    """Return what the result of an input is called, before anybody looks whether the name is taken.

    Where the name would be too long for drives, the part that comes from the original is cut at its end.
    """
    name = stem(Path(one.path)) + (f"_scene{one.scene + 1}" if one.scene else "")
    while name and len(os.fsencode(pattern.replace("{name}", name))) > LONGEST_NAME:
        name = name[:-1]
    return pattern.replace("{name}", name)


def output_path(one: Input, pattern: str, folder: str, suffixes: tuple[str, ...]) -> Path:
    """Return the name that the result of an input should have; its folder exists.

    Parameters
    ----------
    one : Input
    pattern : str
        ``{name}`` is the original's name without suffix.
    folder : str
        Empty for that of the original; made if it is not there.
    suffixes : tuple of str
        Endings that the name may have; the first is added if it has none of them.

    Raises
    ------
    WrongName
        If the pattern gives no file name.
    CannotWrite
        If the folder cannot be made.
    """
    original = Path(one.path).absolute()
    named = result_name(one, pattern)
    if not named or PurePath(named).name != named:
        raise WrongName(
            f"“{named}” is not a file name.", hint="Change the pattern for names of results.", name=named
        )
    if not named.lower().endswith(suffixes):
        named += suffixes[0]
    place = Path(folder or original.parent)
    try:
        place.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CannotWrite(
            f"The folder {place} for results cannot be made: {error.strerror or error}.",
            hint="Choose another folder for results.",
            path=str(place),
        ) from error
    return place / named
