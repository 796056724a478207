"""Everything the program can be asked to do, as data that can be stored, shown, repeated and sent.

Window and command line submit the same specs; `KINDS` names the runner of each.
"""

from dataclasses import dataclass, field
from typing import Any, Literal

from models.knobs import Value
from models.source import Reading

Device = str  # "auto", "cpu", "cuda", "cuda:1", "mps"
Dtype = Literal["float32", "input"]
Overwrite = Literal["never", "rename"]
Format = Literal["ome-tiff", "imagej", "ome-zarr"]
ZarrVersion = Literal["0.4", "0.5"]
Values = tuple[tuple[str, Value], ...]


def later(default: Any) -> Any:  # Any: stands for the field's own type
    """Return a field that specs stored by an earlier version do not have; they get `default`."""
    return field(default=default, metadata={"added_later": True})


@dataclass(frozen=True, slots=True)
class Input:
    """Where an image lies: file, scene within it, and the person's corrections."""

    path: str
    scene: int = 0
    reading: Reading = Reading()  # noqa: RUF009 - it is frozen


@dataclass(frozen=True, slots=True)
class RestoreSpec:
    """Restore images one after another; each becomes an OME-TIFF.

    Attributes
    ----------
    inputs : tuple of Input
    model : str
        Id of a model in the library.
    output_dir : str
        Absolute folder for the results; empty: beside each original.
    name_pattern : str
        File name of a result; ``{name}`` is the original's name without suffix.
    channels : tuple of int
        Channels to restore; empty: all.
    device, tile, dtype, overwrite
        As on the command line; ``tile=0`` chooses by free memory.
    values : tuple of (name, value)
        Settings of the model's family that differ from their defaults.
    seed : int
    """

    inputs: tuple[Input, ...]
    model: str
    output_dir: str = ""
    name_pattern: str = "{name}_restored.ome.tif"
    channels: tuple[int, ...] = ()
    device: Device = "auto"
    tile: int = 0
    dtype: Dtype = "float32"
    overwrite: Overwrite = "rename"
    values: Values = ()
    seed: int = 0


@dataclass(frozen=True, slots=True)
class PreviewSpec:
    """Restore one small region of one plane and answer with an array file; not kept in the history.

    ``y`` and ``x`` are half-open ranges of input pixels at full resolution.
    """

    input: Input
    model: str
    t: int
    channels: tuple[int, ...]
    z: int
    y: tuple[int, int]
    x: tuple[int, int]
    device: Device = "auto"
    values: Values = ()


@dataclass(frozen=True, slots=True)
class TrainSpec:
    """Train a restorer from a folder of good images by a recipe (the text of a TOML file).

    Attributes
    ----------
    good_dir : str
        Folder with good images; for a recipe that needs none (Noise2Void), with the noisy ones.
    recipe : str
    output_dir : str
        Folder of the model; a training that was interrupted in it goes on.
    learn, tune, test : tuple of Input
        The images to learn from, to choose the best state by, and to keep for the verdict. All empty: the
        images of `good_dir`, split by sample as the recipe says.
    bad : tuple of Input
        Real bad images to which the recipe was fitted; for the record and the verdict.
    paired_dir : str
        Folder with the real bad image of every good one, under the same name; empty: the good images are
        made bad, unless `paired` names bad ones.
    minutes : float
        How long to learn at the speed that is measured first; 0: as many steps as the recipe says.
    match : str
        What fitting the recipe found, as JSON, for the model's card; empty: it was not fitted.
    paired : tuple of Input
        The real bad images of `learn`, `tune` and `test`, in this order; instead of `paired_dir`.
    samples : tuple of str
        The samples that `learn`, `tune` and `test` show, in this order; empty: guessed from their names.
    """

    good_dir: str
    recipe: str
    output_dir: str
    device: Device = "auto"
    seed: int = 0
    learn: tuple[Input, ...] = later(())
    tune: tuple[Input, ...] = later(())
    test: tuple[Input, ...] = later(())
    bad: tuple[Input, ...] = later(())
    paired_dir: str = later("")
    minutes: float = later(0.0)
    match: str = later("")
    paired: tuple[Input, ...] = later(())
    samples: tuple[str, ...] = later(())


@dataclass(frozen=True, slots=True)
class SurveySpec:
    """Look at images that shall teach or be matched; answered with a report, not kept in the history.

    `role` says what they are: good, bad, or pairs of which `partners` are the bad ones in the same order.
    """

    inputs: tuple[Input, ...]
    role: Literal["good", "bad", "pairs"] = "good"
    partners: tuple[Input, ...] = ()


@dataclass(frozen=True, slots=True)
class MatchSpec:
    """Fit the making bad of good images to real bad ones; answered with a report, not kept in the history.

    Attributes
    ----------
    good, bad : tuple of Input
        Not of the same place; without bad ones all strengths are assumed.
    scale : int
        Pixels of the good image per pixel of the bad one; 0: from the pixel sizes.
    strengths : Values
        Fields of `models.training.strengths.Strengths` that a person set: nothing is fitted again, only
        shown. Empty: fit.
    seed : int
    """

    good: tuple[Input, ...]
    bad: tuple[Input, ...] = ()
    scale: int = 0
    strengths: Values = ()
    device: Device = "auto"
    seed: int = 0


@dataclass(frozen=True, slots=True)
class CrappifySpec:
    """Make good images bad by a recipe (the text of a TOML file); each becomes an OME-TIFF.

    Attributes
    ----------
    inputs : tuple of Input
    recipe : str
    output_dir : str
        Absolute folder for the bad images; empty: beside each original.
    name_pattern : str
        File name of a bad image; ``{name}`` is the original's name without suffix.
    dtype : Dtype
        Numbers written; those of the input are rounded and limited to what they hold.
    seed : int
        With the name of a file and the place of a plane in it, decides all that is random.
    """

    inputs: tuple[Input, ...]
    recipe: str
    output_dir: str = ""
    name_pattern: str = "{name}_bad.ome.tif"
    dtype: Dtype = "float32"
    seed: int = 0


@dataclass(frozen=True, slots=True)
class EvaluateSpec:
    """Measure a model on pairs of low and high images with the same file names."""

    model: str
    low_dir: str
    high_dir: str
    device: Device = "auto"


@dataclass(frozen=True, slots=True)
class CheckSpec:
    """Check this computer: read, restore, compare, write, reopen, speed."""

    device: Device = "auto"


@dataclass(frozen=True, slots=True)
class Appearance:
    """How one channel should look to whoever opens an export.

    Attributes
    ----------
    name : str
    colour : str or None
        As ``#rrggbb``: that of the brightest pixels.
    display : (low, high) or None
        Gray values drawn darkest and brightest; None: chosen from the pixels.
    table : str
        The colours in between, for programs that take a table: 256 reds, greens and blues in hexadecimal
        digits. Empty where they simply run from black to `colour`.
    """

    name: str
    colour: str | None = None
    display: tuple[float, float] | None = None
    table: str = ""


@dataclass(frozen=True, slots=True)
class ExportSpec:
    """Write images in another format, whole or in part, without changing a pixel.

    Attributes
    ----------
    inputs : tuple of Input
    format : Format
    output_dir : str
        Absolute folder for the files; empty: beside each original.
    name_pattern : str
        File name; ``{name}`` is the original's name without suffix. The suffix of the format is added.
    channels : tuple of int
        Channels to export; empty: all.
    t, z, y, x : (start, stop) or None
        Half-open ranges at full resolution; None: all.
    appearances : tuple of Appearance
        One per channel of the image; empty: as the file says.
    zarr : "0.4" or "0.5"
        Version of OME-Zarr.
    """

    inputs: tuple[Input, ...]
    format: Format
    output_dir: str = ""
    name_pattern: str = "{name}"
    channels: tuple[int, ...] = ()
    t: tuple[int, int] | None = None
    z: tuple[int, int] | None = None
    y: tuple[int, int] | None = None
    x: tuple[int, int] | None = None
    appearances: tuple[Appearance, ...] = ()
    zarr: ZarrVersion = "0.4"


@dataclass(frozen=True, slots=True)
class PackSpec:
    """Pack a model as the BioImage Model Zoo describes it, for other programs.

    Attributes
    ----------
    model : str
        Id of a model in the library; ignored where `folder` is given.
    output : str
        Absolute name of the zip file; a number is added if the name is taken.
    folder : str
        The folder of a training that has ended, for a model that is not in the library.
    authors : tuple of str
        Who is to be named.
    """

    model: str
    output: str
    folder: str = ""
    authors: tuple[str, ...] = ()


QuickSpec = PreviewSpec | SurveySpec | MatchSpec  # what is asked while somebody waits, and not kept
Spec = ExportSpec | RestoreSpec | TrainSpec | CrappifySpec | EvaluateSpec | CheckSpec | PackSpec | QuickSpec

KINDS: dict[str, tuple[type, str]] = {
    "restore": (RestoreSpec, "app.engine.runners.restore"),
    "preview": (PreviewSpec, "app.engine.runners.preview"),
    "survey": (SurveySpec, "app.engine.runners.survey"),
    "match": (MatchSpec, "app.engine.runners.match"),
    "train": (TrainSpec, "app.engine.runners.train"),
    "crappify": (CrappifySpec, "app.engine.runners.crappify"),
    "evaluate": (EvaluateSpec, "app.engine.runners.evaluate"),
    "pack": (PackSpec, "app.engine.runners.pack"),
    "export": (ExportSpec, "app.engine.runners.export"),
    "check": (CheckSpec, "app.engine.runners.check"),
}
