"""What a TIFF file says about itself: its tags by name, and the notes of the programs that write TIFF."""

import re
from typing import Any

import tifffile

from app.images import ome
from app.images.metadata import Entry, Gatherer, in_words
from app.images.readers.tiff_pages import FOREIGN, Page, TiffHandle

# Notes that tifffile understands, by the property that holds them.
NOTES = (
    ("LSM", "lsm_metadata"),
    ("MetaMorph STK", "stk_metadata"),
    ("MetaMorph", "metaseries_metadata"),
    ("FluoView", "fluoview_metadata"),
    ("Micro-Manager", "micromanager_metadata"),
    ("ScanImage", "scanimage_metadata"),
    ("NIH Image", "nih_metadata"),
    ("Andor", "andor_metadata"),
    ("Olympus SIS", "sis_metadata"),
    ("FEI", "fei_metadata"),
    ("Zeiss SEM", "sem_metadata"),
    ("TVIPS", "tvips_metadata"),
    ("Molecular Dynamics", "mdgel_metadata"),
    ("EPICS", "epics_metadata"),
    ("Streak camera", "streak_metadata"),
    ("GeoTIFF", "geotiff_metadata"),
    ("Written by tifffile", "shaped_metadata"),
)
XML_NOTES = (("Leica SCN", "scn_metadata"), ("Philips", "philips_metadata"), ("GDAL", "gdal_metadata"))
PACKING = frozenset(
    {"StripOffsets", "StripByteCounts", "TileOffsets", "TileByteCounts", "JPEGTables", "ColorMap", "SubIFDs"}
)
TOLD_ELSEWHERE = frozenset({"IJMetadata", "IJMetadataByteCounts", "CZ_LSMINFO"})
NAMES = {
    "Compression": tifffile.COMPRESSION,
    "PhotometricInterpretation": tifffile.PHOTOMETRIC,
    "Predictor": tifffile.PREDICTOR,
    "PlanarConfiguration": tifffile.PLANARCONFIG,
    "ResolutionUnit": tifffile.RESUNIT,
    "SampleFormat": tifffile.SAMPLEFORMAT,
}


def tiff_metadata(handle: TiffHandle, key: Page) -> tuple[Entry, ...]:
    """Return the notes of a file and the tags of the page `key`, the notes first."""
    gatherer = Gatherer()
    found = [*_ome(handle, gatherer), *_imagej(handle, gatherer), *_slides(key, gatherer)]
    with handle.awake():
        if _is_chain(handle):
            for title, name in (*NOTES, *XML_NOTES):
                found += _notes(handle, title, name, gatherer)
        found.append(Entry("TIFF tags", "", _tags(key, gatherer)))
    return tuple(found)


def _is_chain(handle: TiffHandle) -> bool:
    try:
        handle.check_chain()
    except ValueError:
        return False
    return True


def _ome(handle: TiffHandle, gatherer: Gatherer) -> list[Entry]:
    first = handle.first
    if not first.is_ome:
        return []
    try:
        return [gatherer.xml(ome.parse(first.description))]
    except (ValueError, RecursionError):
        return [Entry("OME-XML", first.description[:2000])]


def _imagej(handle: TiffHandle, gatherer: Gatherer) -> list[Entry]:
    first = handle.first
    if not first.is_imagej:
        return []
    lines = list(gatherer.lines(first.imagej_description))
    tag = first.tags.get(50839)
    stored = tag.value if tag is not None and isinstance(tag.value, dict) else {}
    for name, value in stored.items():
        if name == "Info":
            lines.append(Entry("Info", "", gatherer.lines(str(value))))
        elif name not in ("LUTs",):
            lines.append(gatherer.entry(name, value))
    return [Entry("ImageJ", "", tuple(lines))]


def _slides(key: Page, gatherer: Gatherer) -> list[Entry]:
    """Return what slide scanners write as ``name = value|name = value``."""
    if not key.is_svs:
        return []
    head, *parts = key.description.split("|")
    return [Entry("Aperio", head.strip(), gatherer.lines("\n".join(parts)))]


def _notes(handle: TiffHandle, title: str, name: str, gatherer: Gatherer) -> list[Entry]:
    """Return the notes of one program; what cannot be understood is left out."""
    try:
        value: Any = getattr(handle.file, name)
        if not value:
            return []
        if (title, name) in XML_NOTES and isinstance(value, str):
            return [Entry(title, "", (gatherer.xml(ome.parse(value)),))]
        return [gatherer.entry(title, value)]
    except (*FOREIGN, OSError, RecursionError):
        return []


def _tags(key: Page, gatherer: Gatherer) -> tuple[Entry, ...]:
    found = []
    for tag in key.tags:
        try:
            name, value = str(tag.name), tag.value
        except (*FOREIGN, OSError):
            continue
        if name in TOLD_ELSEWHERE or (name == "ImageDescription" and (key.is_ome or key.is_svs)):
            continue
        found.append(_tag(name, value, gatherer))
    return tuple(found)


def _tag(name: str, value: Any, gatherer: Gatherer) -> Entry:
    if name in PACKING:
        many = len(value) if isinstance(value, tuple | list | bytes) else 1
        return Entry(name, in_words(value) if many == 1 else f"{many} numbers")
    if name in NAMES and isinstance(value, int):
        try:
            return Entry(name, _title(NAMES[name](value).name))
        except ValueError:
            return Entry(name, str(value))
    if name in ("XResolution", "YResolution") and isinstance(value, tuple) and len(value) == 2 and value[1]:
        return Entry(name, f"{value[0] / value[1]:.10g}")
    return gatherer.entry(name, value)


def _title(name: str) -> str:
    """Return the name of a choice as people write it: ``ADOBE_DEFLATE`` becomes ``Adobe deflate``."""
    words = re.sub(r"_+", " ", name).strip()
    return words if len(words) <= 4 and words != "NONE" else words.capitalize()
