"""What results are called and where they lie."""

from pathlib import Path, PurePath

from app.engine.specs import Input
from app.images.errors import CannotWrite
from app.images.folders import stem
from models.errors import UserError


class WrongName(UserError):
    """The pattern for names of results gives no file name."""

    code = "restore.name"


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
    name = stem(original) + (f"_scene{one.scene + 1}" if one.scene else "")
    named = pattern.replace("{name}", name)
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
