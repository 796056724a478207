"""What can be wrong with image files, told in sentences.

ImageError                 an image cannot be read or written
├── FileGone               there is no such file or folder
├── NoPermission           the system does not allow it
├── ReadingFailed          the drive or the network gave up
├── UnknownFormat          no reader takes the file
├── EmptyFile              the file has no bytes
├── NoPixels               the image has no pixels
├── Damaged                the file contradicts itself
│   └── Truncated          the file ends too early; fields say what is there
├── NotSupported           a compression or pixel type that cannot be read
├── TooLarge               more than memory can hold
├── NoSuchScene            the file has fewer images
├── WrongReading           the person's axes do not fit the file
├── NoImages               a folder without images
├── NoPartner              pairs of images of which one is missing
├── DiskFull               too little room for the result
└── CannotWrite            the result cannot be stored there
"""

from pathlib import Path

from models.errors import UserError


class ImageError(UserError):
    """An image cannot be read or written."""

    code = "images.error"


class FileGone(ImageError):
    """There is no such file or folder."""

    code = "images.gone"


class NoPermission(ImageError):
    """The system does not allow it."""

    code = "images.permission"


class ReadingFailed(ImageError):
    """The drive or the network gave up while reading."""

    code = "images.reading_failed"


class UnknownFormat(ImageError):
    """No reader takes the file."""

    code = "images.unknown_format"


class EmptyFile(ImageError):
    """The file has no bytes."""

    code = "images.empty_file"


class NoPixels(ImageError):
    """The image has no pixels."""

    code = "images.no_pixels"


class Damaged(ImageError):
    """The file contradicts itself."""

    code = "images.damaged"


class Truncated(Damaged):
    """The file ends too early; `fields` has ``plane`` (the first that is missing) and ``planes``."""

    code = "images.truncated"


class NotSupported(ImageError):
    """A compression or pixel type that cannot be read."""

    code = "images.not_supported"


class TooLarge(ImageError):
    """More than memory can hold."""

    code = "images.too_large"


class NoSuchScene(ImageError):
    """The file has fewer images."""

    code = "images.no_such_scene"


class WrongReading(ImageError):
    """The person's axes do not fit the file."""

    code = "images.wrong_reading"


class NoImages(ImageError):
    """A folder without images."""

    code = "images.no_images"


class NoPartner(ImageError):
    """Pairs of images of which one is missing."""

    code = "images.no_partner"


class DiskFull(ImageError):
    """Too little room for the result; `fields` has ``missing`` bytes."""

    code = "images.disk_full"


class CannotWrite(ImageError):
    """The result cannot be stored there."""

    code = "images.cannot_write"


def from_system(error: OSError, path: Path) -> ImageError:
    """Return the image error that says what `error` means for reading `path`."""
    name = path.name or str(path)
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return FileGone(
            f"{name} is not there any more.",
            hint="Look whether it was moved or renamed, or whether its drive is connected.",
            path=str(path),
        )
    if isinstance(error, PermissionError):
        return NoPermission(
            f"{name} may not be read by this user account.",
            hint="Ask its owner for permission, or copy it to a folder of your own.",
            path=str(path),
        )
    if isinstance(error, IsADirectoryError):
        return UnknownFormat(
            f"{name} is a folder, not an image.", hint="Open the images in it.", path=str(path)
        )
    return ReadingFailed(
        f"{name} could not be read: {error.strerror or error}.",
        hint="Check the drive or the network connection, then try again.",
        path=str(path),
    )


def too_early(path: Path, plane: int | None = None, planes: int | None = None) -> Truncated:
    """Return the error for a file of which only `plane` of `planes` planes are there."""
    again = "Copy it again from where it was recorded."
    if plane is None or planes is None:
        return Truncated(
            f"{path.name} ends too early: this part of it is missing.", hint=again, path=str(path)
        )
    if plane == 0:
        shown = "Nothing of it can be shown."
    else:
        shown = "The first can be shown." if plane == 1 else f"The first {plane} can be shown."
    return Truncated(
        f"{path.name} ends too early (in plane {plane + 1} of {planes}). {shown}",
        hint=again,
        path=str(path),
        plane=plane,
        planes=planes,
    )


def too_good(path: Path) -> Damaged:
    """Return the error for a file that claims far more pixels than its size can hold."""
    return Damaged(
        f"{path.name} claims to hold far more pixels than fit into a file of its size.",
        hint="It is damaged or was made to do harm; copy it again from where it was recorded.",
        path=str(path),
    )


def in_words(size: float) -> str:
    """Return a number of bytes as a person says it, such as ``"2.1 GB"``."""
    for unit in ("bytes", "kB", "MB", "GB", "TB"):
        if size < 1000 or unit == "TB":
            return f"{size:.0f} {unit}" if unit == "bytes" or size >= 100 else f"{size:.1f} {unit}"
        size /= 1000
    raise AssertionError
