"""What goes over the pipe between a process and the one that reads files for it: JSON, then bytes."""

import dataclasses
import io
import json
import struct
from typing import IO, Any, cast

from app.images import errors
from app.images.metadata import Entry
from models.errors import UserError
from models.source import Channel, ImageInfo, PixelSize, Region

LENGTH = struct.Struct("<Q")
LONGEST = 1 << 28  # a message without its pixels

Message = dict[str, Any]  # plain JSON


class Gone(Exception):
    """The other process has ended."""


def send(pipe: IO[bytes], message: Message, data: memoryview | None = None) -> None:
    """Write a message and the bytes that go with it.

    Raises
    ------
    Gone
        If nobody reads any more.
    """
    text = json.dumps(message).encode("ascii")
    try:
        pipe.write(LENGTH.pack(len(text)) + text)
        if data is not None:
            pipe.write(data)
        pipe.flush()
    except (OSError, ValueError) as error:
        raise Gone from error


def receive(pipe: IO[bytes]) -> Message:
    """Read a message; bytes that go with it are still in the pipe.

    Raises
    ------
    Gone
        If there is none and will be none.
    """
    try:
        (length,) = LENGTH.unpack(_exactly(pipe, LENGTH.size))
        if length > LONGEST:
            raise Gone
        message: Message = json.loads(_exactly(pipe, length))
    except (OSError, ValueError) as error:
        raise Gone from error
    return message


def receive_into(pipe: IO[bytes], data: memoryview) -> None:
    """Fill `data` with the bytes that follow a message.

    Raises
    ------
    Gone
        If there are fewer.
    """
    buffered = cast("io.BufferedReader", pipe)  # what pipes of bytes are
    at = 0
    while at < len(data):
        try:
            count = buffered.readinto(data[at:])
        except (OSError, ValueError) as error:
            raise Gone from error
        if not count:
            raise Gone
        at += count


def from_error(error: UserError) -> Message:
    """Return an error about a file as a message."""
    return {
        "kind": type(error).__name__, "sentence": error.sentence, "hint": error.hint, "fields": error.fields
    }  # fmt: skip


def to_error(message: Message) -> errors.ImageError:
    """Return the error in a message."""
    kind = getattr(errors, message["kind"], None)
    if not (isinstance(kind, type) and issubclass(kind, errors.ImageError)):
        kind = errors.ImageError
    error: errors.ImageError = kind(message["sentence"], hint=message["hint"], **message["fields"])
    return error


def from_info(info: ImageInfo) -> Message:
    """Return the description of an image as a message."""
    return dataclasses.asdict(info)


def to_info(message: Message) -> ImageInfo:
    """Return the description of an image in a message."""
    lists = {name: tuple(message[name]) for name in ("scenes", "doubts")}
    channels = tuple(
        Channel(one["name"], one["colour"], tuple(one["display"]) if one["display"] else None)
        for one in message["channels"]
    )
    shapes = tuple(tuple(shape) for shape in message["shapes"])
    size = PixelSize(**message["pixel_size_um"])
    return ImageInfo(**message | lists | {"channels": channels, "shapes": shapes, "pixel_size_um": size})


def from_region(region: Region) -> list[Any]:
    """Return a region as part of a message."""
    return [*region.ranges, region.level]


def to_region(message: list[Any]) -> Region:
    """Return the region in part of a message."""
    *ranges, level = message
    t, c, z, y, x = (tuple(one) for one in ranges)
    return Region(t, c, z, y, x, level)


def from_entries(entries: tuple[Entry, ...]) -> list[Any]:
    """Return a tree of metadata as part of a message."""
    return [[entry.name, entry.value, from_entries(entry.entries)] for entry in entries]


def to_entries(message: list[Any]) -> tuple[Entry, ...]:
    """Return the tree of metadata in part of a message."""
    return tuple(Entry(name, value, to_entries(inner)) for name, value, inner in message)


def _exactly(pipe: IO[bytes], count: int) -> bytes:
    data = pipe.read(count)
    if data is None or len(data) < count:
        raise Gone
    return data
