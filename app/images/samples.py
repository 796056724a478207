"""The sample images that come with the program."""

import importlib.resources
import tomllib
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Sample:
    """One image that comes with the program.

    Attributes
    ----------
    path : Path
    title : str
        What it shows.
    licence : str
        Short name of its licence.
    credit : str
        The line to show wherever it is shown.
    """

    path: Path
    title: str
    licence: str
    credit: str


def samples_folder() -> Path:
    """Return the folder of the samples, in the source tree and in an installed program."""
    return Path(str(importlib.resources.files("resources") / "samples"))


def samples() -> tuple[Sample, ...]:
    """Return all samples in the order in which they are best shown."""
    folder = samples_folder()
    rows = tomllib.loads((folder / "samples.toml").read_text("utf-8"))["sample"]
    return tuple(Sample(folder / row["file"], row["title"], row["licence"], row["credit"]) for row in rows)
