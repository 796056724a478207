"""How a result was made: the record that every result carries inside, and how to get it out again."""

import dataclasses
import json
import math
from dataclasses import dataclass
from pathlib import Path

FORMAT = "micrographia.provenance/1"
RECORD_KEY = "micrographia"  # among the attributes of an OME-Zarr
ATTRIBUTES = (".zattrs", "zarr.json")  # where they stand, in format 2 and 3
LARGEST = 1 << 24  # bytes of attributes that are looked through


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """How one result was made; enough to make it again and to write the Methods section.

    Attributes
    ----------
    program, version : str
        Who wrote the result.
    created : str
        Time of writing in ISO 8601 with time zone.
    spec : str
        What was asked for, as the JSON text of the job's spec.
    model_id, model_version, model_sha256 : str
        The model; the hash is that of its weights, empty for a model without any.
    device, precision : str
        What it ran on, such as ``"cpu"``, and the number format of the network.
    tile, halo : int
        Size of the pieces and their margin, in input pixels.
    seed : int
    input_path, input_sha256 : str
        The original; its hash is that of the whole file, or of an image folder's list of files as
        `app.images.digest` tells.
    input_scene : int
    input_range : (low, high) or None
        Lowest and highest value of the original's pixels.
    remarks : tuple of str
        What the person was told although the result stands.
    complete : bool
        False if the job was ended early and planes are missing.
    """

    program: str = "Micrographia"
    version: str = ""
    created: str = ""
    spec: str = ""
    model_id: str = ""
    model_version: str = ""
    model_sha256: str = ""
    device: str = ""
    precision: str = ""
    tile: int = 0
    halo: int = 0
    seed: int = 0
    input_path: str = ""
    input_sha256: str = ""
    input_scene: int = 0
    input_range: tuple[float, float] | None = None
    remarks: tuple[str, ...] = ()
    complete: bool = True

    def to_json(self) -> str:
        """Return the record as a JSON text that `from_json` reads back."""
        fields = dataclasses.asdict(self)
        if self.input_range is not None and not all(map(math.isfinite, self.input_range)):
            fields["input_range"] = None
        return json.dumps({"format": FORMAT, **fields}, ensure_ascii=False, indent=1, allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> "Provenance":
        """Return the record written by `to_json`.

        Raises
        ------
        ValueError
            If `text` is not such a record.
        """
        fields = json.loads(text)
        if not isinstance(fields, dict) or fields.pop("format", None) != FORMAT:
            raise ValueError("not a provenance record")
        names = {field.name for field in dataclasses.fields(cls)}
        if fields.keys() != names:
            raise ValueError(f"a provenance record with other fields: {sorted(fields.keys() ^ names)}")
        span = fields["input_range"]
        fields["input_range"] = None if span is None else (float(span[0]), float(span[1]))
        fields["remarks"] = tuple(str(remark) for remark in fields["remarks"])
        return cls(**fields)


def read_record(path: Path) -> Provenance | None:
    """Return the record inside the result at `path`, or None if it carries none.

    Raises
    ------
    ImageError
        If the file cannot be opened.
    """
    if path.is_dir():
        return _record_in_folder(path)
    from app.images.readers.tiff import comments  # here, because reading TIFF costs an import that few need

    for text in comments(path):
        try:
            return Provenance.from_json(text)
        except (ValueError, TypeError, IndexError):
            continue
    return None


def _record_in_folder(folder: Path) -> Provenance | None:
    """Return the record among the attributes of an OME-Zarr."""
    for name in ATTRIBUTES:
        file = folder / name
        try:
            if file.stat().st_size > LARGEST:
                continue
            found = json.loads(file.read_bytes())
            found = found.get("attributes", {}) if name == "zarr.json" else found
            return Provenance.from_json(json.dumps(found[RECORD_KEY]))
        except (OSError, ValueError, TypeError, AttributeError, LookupError, RecursionError):
            continue
    return None
