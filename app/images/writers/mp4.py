"""Writes an MP4 with an ffmpeg that is installed: frames are piped to it, it does the packing."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import IO

import numpy as np

from app.images.errors import CannotWrite, NotSupported
from app.images.picture import Picture
from app.images.writers.places import check_room, renamed, started

PROGRAM = "ffmpeg"
ENCODERS = {  # that make H.264, the best first, with what they need
    "libx264": ("-preset", "medium", "-crf", "18"),
    "libopenh264": ("-b:v", "12M"),
    "h264_videotoolbox": ("-b:v", "12M"),
    "h264_mf": ("-b:v", "12M"),
}
BT709 = "bt709"  # the colours of high definition, stated so that every player shows the same
PATIENCE_SECONDS = 120
NO_CONSOLE = 0x08000000 if sys.platform == "win32" else 0


def find_ffmpeg() -> str | None:
    """Return the path of an ffmpeg that is installed, or None."""
    return shutil.which(PROGRAM)


class Mp4Writer:
    """Frames of one even size become an H.264 film that plays everywhere.

    Parameters
    ----------
    path : Path
    size : (width, height)
        Both even.
    per_second : float
    count : int
        Frames to expect, for a look at the room on the drive.

    Raises
    ------
    NotSupported
        If there is no ffmpeg, or it cannot make H.264.
    DiskFull, CannotWrite
        If the drive, or ffmpeg, refuses.
    """

    def __init__(self, path: Path, size: tuple[int, int], *, per_second: float, count: int) -> None:
        width, height = size
        if width % 2 or height % 2:
            raise ValueError(f"a film of {width} x {height} pixels; H.264 needs even numbers")
        program = find_ffmpeg()
        if program is None:
            raise NotSupported(
                "An MP4 needs the program ffmpeg, which is not installed here.",
                hint="Install ffmpeg, or choose GIF or APNG.",
            )
        path = Path(path).absolute()
        encoder = _encoder(program)
        check_room(path, width * height * count // 8)
        self.path, file = started(path, 0)
        file.close()
        self._told = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the process
        command = [program, "-hide_banner", "-nostdin", "-loglevel", "error", "-y"]
        command += ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{width}x{height}", "-r", f"{per_second:g}"]
        command += ["-i", "-", "-an", "-vf", f"scale=out_color_matrix={BT709}:out_range=tv"]
        command += ["-c:v", encoder, *ENCODERS[encoder], "-pix_fmt", "yuv420p"]
        command += ["-colorspace", BT709, "-color_primaries", BT709, "-color_trc", BT709]
        command += ["-movflags", "+faststart", "-f", "mp4", f"file:{self.path}"]
        try:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=self._told,
                creationflags=NO_CONSOLE,
            )
        except OSError as error:
            self._told.close()
            self.path.unlink(missing_ok=True)
            raise _refused(path, str(error)) from error
        assert self._process.stdin is not None
        self._pipe: IO[bytes] = self._process.stdin

    def add(self, frame: Picture) -> None:
        """Append a frame."""
        try:
            self._pipe.write(np.ascontiguousarray(frame).data)
        except OSError as error:  # ffmpeg has given up
            raise self._complaint() from error

    def close(self) -> Path:
        """Finish the file and return it."""
        try:
            self._pipe.close()
            code = self._process.wait(PATIENCE_SECONDS)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise self._complaint() from error
        if code:
            raise self._complaint()
        try:
            with self.path.open("rb") as file:
                os.fsync(file.fileno())
            final = renamed(self.path, self.path.with_name(self.path.name.removesuffix(".part")))
        except OSError as error:
            raise _refused(self.path, error.strerror or str(error)) from error
        self._told.close()
        return final

    def abandon(self) -> None:
        """End ffmpeg and remove what is not finished."""
        if self._process.poll() is None:
            self._process.kill()
        with suppress(OSError):  # nobody reads any more
            self._pipe.close()
        self._process.wait()
        self._told.close()
        self.path.unlink(missing_ok=True)

    def _complaint(self) -> CannotWrite:
        """Return ffmpeg's own last word as an error."""
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        self._told.seek(0)
        lines = self._told.read().decode("utf-8", "replace").strip().splitlines()
        return _refused(self.path, lines[-1].strip() if lines else "it said nothing")


def _encoder(program: str) -> str:
    """Return the best H.264 encoder that ffmpeg has."""
    try:
        done = subprocess.run(
            [program, "-hide_banner", "-encoders"],
            capture_output=True,
            timeout=PATIENCE_SECONDS,
            check=False,
            stdin=subprocess.DEVNULL,
            creationflags=NO_CONSOLE,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NotSupported(
            "The ffmpeg that is installed here does not start.",
            hint="Install it anew, or choose GIF or APNG.",
            program=program,
        ) from error
    known = set(re.findall(r"^ V\S+ (\S+)", done.stdout.decode("utf-8", "replace"), re.MULTILINE))
    found = next((name for name in ENCODERS if name in known), None)
    if found is None:
        raise NotSupported(
            "The ffmpeg that is installed here cannot make H.264 films.",
            hint="Install a complete ffmpeg, or choose GIF or APNG.",
            program=program,
        )
    return found


def _refused(path: Path, word: str) -> CannotWrite:
    return CannotWrite(
        f"{path.name.removesuffix('.part')} could not be made; ffmpeg says: {word}",
        hint="Check the room on the drive, choose another folder, or choose GIF or APNG.",
        path=str(path),
    )
