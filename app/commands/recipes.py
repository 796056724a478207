"""Recipes that a command names: a file, or one that comes with the program."""

import tomllib
from importlib import resources
from pathlib import Path

from app.text import _
from models.errors import UserError


class NoSuchRecipe(UserError):
    """A training recipe is neither a file nor one that comes with the program."""

    code = "train.no_recipe"


def read_recipe(name: str) -> str:
    """Return the text of the recipe `name`.

    Raises
    ------
    NoSuchRecipe
        If there is no such recipe, or it is no TOML.
    """
    shipped = resources.files("resources") / "recipes"
    file = Path(name) if Path(name).is_file() else shipped / f"{Path(name).name}.toml"
    try:
        text = file.read_text(encoding="utf-8")
        tomllib.loads(text)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        names = ", ".join(sorted(one.name.removesuffix(".toml") for one in shipped.iterdir()))
        raise NoSuchRecipe(
            _("There is no readable recipe {name}.").format(name=name),
            hint=_("Name a TOML file, or one of {names}.").format(names=names),
            recipe=name,
        ) from error
    return text
