"""Writes a TIFF for ImageJ and Fiji: the stack opens there with the same sizes, ranges and colours.

Like our OME-TIFF it is laid out first and filled in any order; unlike it, it speaks ImageJ's language alone.
"""

from pathlib import Path

import numpy as np

from app.images import imagej
from app.images.errors import NotSupported, in_words
from app.images.writers.directories import (
    COLOUR_MAP,
    DESCRIPTION,
    METADATA,
    METADATA_COUNTS,
    Blobs,
    Layout,
)
from app.images.writers.tiff import OmeTiffSink
from models.source import ImageInfo

KEPT = ("uint8", "uint16", "int16", "float32")  # what ImageJ calculates with
WIDENED = {"bool": "uint8", "int8": "int16"}
LARGEST = (1 << 32) - (1 << 20)  # offsets in such a file have 32 bits


class FijiSink(OmeTiffSink):
    """A TIFF for Fiji that is written in any order.

    Attributes
    ----------
    tables : tuple of (3, 256) uint8 or None
        Colours of the channels that do not simply run from black to `Channel.colour`; may be set until
        `close`.
    """

    SUFFIX = ".tif"
    tables: tuple[imagej.Table | None, ...] = ()

    @staticmethod
    def _stored(dtype: str) -> str:
        if np.dtype(dtype).kind not in "buif":
            raise NotSupported(
                f"Fiji cannot open pixels of the type {dtype}.", hint="Export an OME-Zarr.", dtype=dtype
            )
        return dtype if dtype in KEPT else WIDENED.get(dtype, "float32")

    @staticmethod
    def _laid_out(path: Path, info: ImageInfo, blobs: Blobs) -> Layout:
        if info.nbytes > LARGEST:
            raise NotSupported(
                f"{path.name} would be {in_words(info.nbytes)}; a TIFF for Fiji holds no more than 4 GB.",
                hint="Export an OME-TIFF, which Fiji opens too, or only a part of the image.",
                path=str(path),
                size=info.nbytes,
            )
        return Layout.of(info, blobs, may_be_big=False)

    @staticmethod
    def _blobs(
        info: ImageInfo, _name: str, record: str | None, displays: tuple[imagej.Display | None, ...]
    ) -> Blobs:
        return described(info, displays, record=record)

    def _last_blobs(self, _name: str, record: str | None, displays: tuple[imagej.Display, ...]) -> Blobs:
        return described(self.info, displays, record=record, tables=self.tables)


def described(
    info: ImageInfo,
    displays: tuple[imagej.Display | None, ...],
    *,
    record: str | None = None,
    tables: tuple[imagej.Table | None, ...] = (),
) -> Blobs:
    """Return the values of the tags that ImageJ reads; the record becomes the image's info."""
    block, counts = imagej.metadata(info, displays, tables=tables, text=record or "")
    blobs = {
        (DESCRIPTION, 0): imagej.description(info, displays[0]) + b"\0",
        (METADATA_COUNTS, 0): counts,
        (METADATA, 0): block,
    }
    if len(info.channels) == 1:  # then ImageJ takes the colours from TIFF's own table
        first = tables[0] if tables else None
        table = imagej.ramp(info.channels[0].colour or imagej.WHITE) if first is None else first
        blobs[COLOUR_MAP, 0] = (table.astype("<u2") * 257).tobytes()
    return blobs
