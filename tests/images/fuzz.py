"""Damages files and looks what the readers make of them: an image or a sentence, quickly, in bounded memory.

Run as a program it reads cases as JSON from its input and prints one line for each that went wrong. Each
file is opened in a process of its own, so that a crash is seen and named, except where the reader does that
by itself.
"""

import contextlib
import json
import os
import random
import re
import resource
import signal
import sys
import tempfile
import time
import traceback
from dataclasses import asdict, dataclass
from pathlib import Path

SECONDS = 10.0
SPARE_BYTES = 1 << 30  # beyond what a process has before it opens the file
WORST = (0, 1, 2, 0x7F, 0x80, 0xFE, 0xFF)
HEADS = (64, 1024, 8192)


@dataclass(frozen=True)
class Case:
    """One damaged file: made of `source` by `kind` with `seed`; ``"as it is"`` takes it unchanged."""

    source: str
    kind: str
    seed: int = 0

    def data(self) -> bytes:
        whole = Path(self.source).read_bytes()
        if self.kind == "cut":
            return whole[: max(1, len(whole) * self.seed // 50)] if self.seed else whole[:1]
        if self.kind == "flip":
            return flipped(whole, self.seed)
        return whole


def cuts(source: Path, places: int = 50) -> list[Case]:
    """Return `source` cut at so many places."""
    return [Case(str(source), "cut", seed * 50 // places) for seed in range(places)]


def flips(source: Path, count: int, start: int = 0) -> list[Case]:
    """Return `count` copies of `source` with a few bytes changed."""
    return [Case(str(source), "flip", start + seed) for seed in range(count)]


def flipped(whole: bytes, seed: int) -> bytes:
    """Return `whole` with bytes changed near its start, near its end or anywhere."""
    rng = random.Random(seed)
    data = bytearray(whole)
    for _ in range(rng.choice((1, 1, 2, 4, 16, 64))):
        span = min(len(data), rng.choice((*HEADS, len(data))))
        at = rng.randrange(span)
        at = len(data) - 1 - at if rng.random() < 0.3 else at
        data[at] = rng.choice((*WORST, rng.randrange(256)))
    return bytes(data)


def look(path: Path) -> str:
    """Open `path` and read its first, middle and last plane; return what went wrong, empty if nothing did."""
    from app.images.open import open_image, read_metadata
    from app.images.partial import missing_planes
    from models.errors import UserError
    from models.source import Region

    def corner(source: object, t: int, c: int, z: int) -> None:
        *_, height, width = source.info.shape
        box = Region((t, t + 1), (c, c + 1), (z, z + 1), (0, min(2048, height)), (0, min(2048, width)))
        pixels = source.read(box)
        assert pixels.shape == box.shape
        assert pixels.dtype == source.info.dtype

    def planes(*, partial: bool) -> None:
        source = open_image(path, partial=partial)
        try:
            t, c, z, _, _ = source.info.shape
            missing = missing_planes(source) if partial else frozenset()
            for place in {(0, 0, 0), (t // 2, c // 2, z // 2), (t - 1, c - 1, z - 1)} - missing:
                corner(source, *place)
        finally:
            source.close()

    for step in (lambda: planes(partial=False), lambda: planes(partial=True), lambda: read_metadata(path)):
        started = time.monotonic()
        try:
            step()
        except UserError as error:
            if re.search(r"\n|Error|Exception|Traceback|!$", error.sentence) or not error.sentence.endswith(
                "."
            ):
                return f"no sentence: {error.sentence!r}"
        except Exception:  # noqa: BLE001 - this is what is looked for
            return traceback.format_exc()[-1500:]
        if time.monotonic() - started > SECONDS:
            return f"took {time.monotonic() - started:.0f} s"
    return ""


def look_apart(path: Path) -> str:
    """Do as `look` in a process of its own, with bounded memory and time."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        resource.setrlimit(resource.RLIMIT_AS, (_address_space() + SPARE_BYTES,) * 2)
        if os.environ.get("MICROGRAPHIA_FUZZ_CRASH"):  # to see that a crash is seen
            os.kill(os.getpid(), signal.SIGKILL)
        with open(writer, "w") as pipe:  # noqa: PTH123 - a pipe has no path
            pipe.write(look(path))
        os._exit(0)
    os.close(writer)
    clock = signal.signal(signal.SIGALRM, lambda *_: os.kill(child, signal.SIGKILL))
    signal.alarm(int(3 * SECONDS))
    with open(reader) as pipe:  # noqa: PTH123
        said = pipe.read()
    _, status = os.waitpid(child, 0)
    signal.alarm(0)
    signal.signal(signal.SIGALRM, clock)
    if os.WIFSIGNALED(status):
        return f"ended by signal {os.WTERMSIG(status)}"
    return said


def main() -> None:
    """Look at all cases given on the input."""
    from app.images import open as opening

    cases = [Case(**one) for one in json.load(sys.stdin)]
    import liffile  # noqa: F401 - once for all children
    from PIL import Image

    import app.images.readers.aics_metadata
    import app.images.readers.arrays
    import app.images.readers.lif
    import app.images.readers.tiff_metadata  # noqa: F401

    Image.init()

    with tempfile.TemporaryDirectory() as folder:
        for case in cases:
            path = Path(folder) / f"damaged{Path(case.source).suffix}"
            path.write_bytes(case.data())
            with contextlib.suppress(OSError):
                row = opening._reader(path, opening._head(path))
            apart = look if row is not None and row.is_isolated else look_apart
            wrong = apart(path)
            if wrong:
                sys.stdout.write(json.dumps(asdict(case) | {"wrong": wrong}) + "\n")
                sys.stdout.flush()


def _address_space() -> int:
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[0])
    return pages * os.sysconf("SC_PAGE_SIZE")


if __name__ == "__main__":
    main()
