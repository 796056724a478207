"""What a person said in the window about files, for the commands that read them."""

from collections.abc import Sequence
from pathlib import Path

from app.commands.run import Listener
from app.engine.events import Remark
from app.images.errors import WrongReading
from app.images.open import open_image
from app.images.remembered import RememberedReadings
from app.paths import Paths
from app.text import ngettext
from models.errors import UserError
from models.source import Reading


def said_about(
    files: Sequence[str], scene: int, paths: Paths, hear: Listener, *, as_in_file: bool
) -> tuple[Reading, ...]:
    """Return how each file is to be read, and remark once on those that the person corrected.

    As in the window, a correction that does not fit any more is left out.
    """
    if as_in_file:
        return (Reading(),) * len(files)
    remembered = RememberedReadings(paths.data)
    found = tuple(_fitting(Path(file), scene, remembered.find(Path(file), scene)) for file in files)
    count = sum(reading != Reading() for reading in found)
    if count:
        sentence = ngettext(
            "{n} image is read as you corrected it in the window; --as-in-file reads what the file says.",
            "{n} images are read as you corrected them in the window; --as-in-file reads what the files say.",
            count,
        )
        hear(Remark(0, "images.corrected", sentence.format(n=count)))
    return found


def _fitting(path: Path, scene: int, reading: Reading | None) -> Reading:
    if reading is None:
        return Reading()
    try:
        open_image(path, scene, reading).close()
    except WrongReading:
        return Reading()
    except UserError:
        return reading  # whoever reads the file tells what is wrong with it
    return reading
