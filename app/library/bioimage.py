"""A model as a package of the BioImage Model Zoo, which many other programs run (bioimage.io, format 0.5).

The package is a zip file: ``rdf.yaml`` says what is in it, ``weights.pt`` is the network with its weights as
TorchScript, ``test_input.npy`` and ``test_output.npy`` prove elsewhere that it runs as here, ``cover.png``
shows the bad image beside the restored one. Free of torch: whoever packs brings the traced network.
"""

import hashlib
import io
import json
import re
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.library.card import ModelCard, write_card
from app.version import VERSION
from models.restoration.intensity import HIGH_PERCENT, LOW_PERCENT

FORMAT_VERSION = "0.5.4"
LONGEST_NAME, LONGEST_DESCRIPTION = 128, 1024
LICENCES = (  # names of the SPDX list; anything else is told in words alone
    "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0", "CC-BY-4.0", "CC-BY-SA-4.0", "CC-BY-NC-4.0",
    "CC-BY-NC-SA-4.0", "CC-BY-3.0", "GPL-2.0-only", "GPL-3.0-only", "GPL-3.0-or-later", "MIT",
)  # fmt: skip
METHOD = {
    "text": "Fang et al., Deep learning-based point-scanning super-resolution imaging, "
    "Nature Methods 18, 406 (2021)",
    "doi": "10.1038/s41592-021-01080-z",
}
_DOI = re.compile(r"10\.\d{4,9}/[^\s,;:]+[^\s,;:.]")


@dataclass(frozen=True, slots=True)
class Traced:
    """A network that other programs can run, with one example of what it does.

    Attributes
    ----------
    weights : bytes
        TorchScript.
    torch_version : str
    scale, halo, multiple, frames : int
        As in `models.restoration.family.Traits`; `frames` are channels of the input.
    example : (1, frames, h, w) float32
        As it comes from a microscope; sides are multiples of `multiple`.
    answer : (1, 1, h * scale, w * scale) float32
        What the network makes of it once its limits are at 0 and 1.
    """

    weights: bytes
    torch_version: str
    scale: int
    halo: int
    multiple: int
    frames: int
    example: NDArray[np.float32]
    answer: NDArray[np.float32]


def smallest_side(halo: int, multiple: int) -> int:
    """Return the smallest side of an input of which something is left when the halo is cut off."""
    return (2 * halo // multiple + 1) * multiple


def package(card: ModelCard, traced: Traced, cover: bytes, authors: Sequence[str], tested: str = "") -> bytes:
    """Return the package as the bytes of a zip file.

    Parameters
    ----------
    card : ModelCard
    traced : Traced
    cover : bytes
        A PNG file, twice as wide as high: the bad image beside the restored one.
    authors : sequence of str
        Who is to be named; at least one.
    tested : str
        What the verdict says, for the documentation; empty if there is none.
    """
    files = {
        "weights.pt": traced.weights,
        "test_input.npy": _npy(traced.example),
        "test_output.npy": _npy(traced.answer),
        "cover.png": cover,
        "documentation.md": documentation(card, traced, tested).encode(),
        "card.toml": write_card(card).encode(),
    }
    table = description(card, traced, authors, {name: _sha256(data) for name, data in files.items()})
    files["rdf.yaml"] = json.dumps(table, indent=2, ensure_ascii=False).encode()  # JSON is YAML
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(files):
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), files[name], zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def description(
    card: ModelCard, traced: Traced, authors: Sequence[str], sums: dict[str, str]
) -> dict[str, Any]:  # Any: JSON
    """Return what ``rdf.yaml`` says; `sums` are the checksums of the files that it names."""

    def file(name: str) -> dict[str, str]:
        return {"source": name, "sha256": sums[name]}

    table: dict[str, Any] = {
        "type": "model",
        "format_version": FORMAT_VERSION,
        "name": _plain_name(card.name)[:LONGEST_NAME],
        "description": card.purpose[:LONGEST_DESCRIPTION],
        "authors": [{"name": _named(author)} for author in authors],
        "cite": _cited(card),
        "documentation": file("documentation.md"),
        "covers": [file("cover.png")],
        "attachments": [file("card.toml")],
        "tags": ["restoration", "2d", "pytorch", card.modality if card.modality != "any" else "microscopy"],
        "inputs": [_input(traced, file("test_input.npy"))],
        "outputs": [_output(traced, file("test_output.npy"))],
        "weights": {"torchscript": file("weights.pt") | {"pytorch_version": traced.torch_version}},
    }
    if card.licence in LICENCES:
        table["license"] = card.licence
    if re.fullmatch(r"\d+(\.\d+)*", card.version):
        table["version"] = card.version
    return table


def _input(traced: Traced, tensor: dict[str, str]) -> dict[str, Any]:
    size = {"min": smallest_side(traced.halo, traced.multiple), "step": traced.multiple}
    names = [f"frame{n + 1}" for n in range(traced.frames)] if traced.frames > 1 else ["intensity"]
    limits = {
        "axes": ["channel", "y", "x"],
        "min_percentile": LOW_PERCENT,
        "max_percentile": HIGH_PERCENT,
        "eps": 1e-9,
    }
    return {
        "id": "bad",
        "description": "One channel of a microscope image, in any unit of brightness.",
        "axes": [
            {"type": "batch"},
            {"type": "channel", "id": "channel", "channel_names": names},
            *({"type": "space", "id": axis, "size": size} for axis in "yx"),
        ],
        "data": {"type": "float32"},
        "test_tensor": tensor,
        "preprocessing": [
            {"id": "ensure_dtype", "kwargs": {"dtype": "float32"}},
            {"id": "scale_range", "kwargs": limits},
        ],
    }


def _output(traced: Traced, tensor: dict[str, str]) -> dict[str, Any]:
    return {
        "id": "restored",
        "description": "The restored image; the darkest and brightest of the bad one are 0 and 1.",
        "axes": [
            {"type": "batch"},
            {"type": "channel", "id": "channel", "channel_names": ["intensity"]},
            *(
                {
                    "type": "space",
                    "id": axis,
                    "size": {"tensor_id": "bad", "axis_id": axis},
                    "scale": 1 / traced.scale,
                    "halo": traced.halo * traced.scale,
                }
                for axis in "yx"
            ),
        ],
        "data": {"type": "float32"},
        "test_tensor": tensor,
    }


def documentation(card: ModelCard, traced: Traced, tested: str) -> str:
    """Return what a person should know before using the model elsewhere, as Markdown."""
    larger = f"The result has {traced.scale} times the pixels along y and x." if traced.scale > 1 else ""
    frames = f"It sees {traced.frames} frames and restores the middle one." if traced.frames > 1 else ""
    limits = card.pixel_size_um
    sized = f"Made for pixels of {limits[0]:g} to {limits[1]:g} µm." if limits is not None else ""
    parts = {
        "What it is for": [card.purpose, larger, frames, sized, card.noise and f"Noise: {card.noise}."],
        "How to use it": [
            "Give it one channel at a time. Brightness is put on a scale of 0 to 1 by the 0.1 and 99.9 "
            "percentile, and stays there: undo it before you compare amounts of light.",
            "The network invents nothing on purpose, but it guesses. Compare with the untouched image.",
        ],
        "Validation": [tested or "No verdict comes with this model: treat what it shows as not tested."],
        "What it learned from": [f"- {name}" for name in card.trained_on] or ["It is not known."],
        "Licence": [f"{card.licence}: {card.licence_words}.", *card.credits],
        "Made with": [f"Micrographia {VERSION}; {METHOD['text']}, doi {METHOD['doi']}."],
    }
    lines = [f"# {card.name}"]
    for title, said in parts.items():
        lines += ["", f"## {title}", "", *(line for line in said if line)]
    return "\n".join(lines) + "\n"


def _cited(card: ModelCard) -> list[dict[str, str]]:
    own = _DOI.search(card.citation)
    if own is None or own.group() == METHOD["doi"]:
        return [METHOD]
    return [{"text": card.citation, "doi": own.group()}, METHOD]


def _plain_name(name: str) -> str:
    """Return `name` with the signs that names of packages may have."""
    written = name.replace("×", "x").replace(",", " -")
    return re.sub(r"[^\w +()-]", " ", written, flags=re.ASCII).strip() or "model"


def _named(author: str) -> str:
    return re.sub(r"[/\\]", " ", author).strip() or "not named"


def _npy(array: NDArray[np.float32]) -> bytes:
    file = io.BytesIO()
    np.save(file, array, allow_pickle=False)
    return file.getvalue()


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
