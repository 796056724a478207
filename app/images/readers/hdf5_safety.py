"""What is looked at before the library for HDF5 gets to see a file, and what of it is never followed."""

import struct
from pathlib import Path
from typing import Any

from app.images.errors import NotSupported, Truncated
from app.images.readers.planes import damaged

SIGNATURE = b"\x89HDF\r\n\x1a\n"
MOST_OBJECTS = 10_000

Data = Any  # h5py.Dataset or Group: h5py is not typed


def check_head(path: Path) -> None:
    """Raise an `ImageError` unless the first block of a file makes sense and all its bytes are there."""
    size = path.stat().st_size
    with path.open("rb") as file:
        start = 0
        while start < size:
            file.seek(start)
            head = file.read(64)
            if head.startswith(SIGNATURE):
                break
            start = start * 2 or 512
        else:
            raise damaged(path, "it has no head of an HDF5 file")
    version = head[8] if len(head) > 8 else 255
    if version > 3:
        raise damaged(path, "its head makes no sense")
    width, at = (head[13], 24 + 4 * (version == 1)) if version < 2 else (head[9], 12)
    if width != 8 or len(head) < at + 24:
        raise damaged(path, "its head makes no sense")
    base, _, end = struct.unpack_from("<3Q", head, at)
    if base + end > size:
        raise Truncated(
            f"{path.name} ends too early; nothing of it can be shown.",
            hint="Copy it again from where it was recorded.",
            path=str(path),
        )


def check_readable(path: Path, data: Data) -> None:
    """Raise an `ImageError` if the pixels of a data set are packed unreadably or lie in other files."""
    from h5py import h5z

    if data.is_virtual or data.external:
        raise NotSupported(
            f"The pixels of {path.name} lie in other files, which are not followed.",
            hint="Save it as one file in the program that wrote it.",
            path=str(path),
        )
    packing = data.id.get_create_plist()
    for index in range(packing.get_nfilters()):
        code, _, _, name = packing.get_filter(index)
        if not h5z.filter_avail(code):
            raise NotSupported(
                f"{path.name} is packed by a method that cannot be read"
                f" ({name.decode('latin-1')[:40] or f'number {code}'}).",
                hint="Save it uncompressed or with gzip in the program that wrote it.",
                path=str(path),
            )


def inner_names(group: Data) -> list[str]:
    """Return the names of what really lies in a group: no link by name, none into another file."""
    import h5py

    names = list(group)[:MOST_OBJECTS]
    return [name for name in names if isinstance(group.get(name, getlink=True), h5py.HardLink)]
