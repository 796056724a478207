"""Says events and results: to people as sentences and a progress bar, to programs as JSON."""

import json
import math
import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any, TextIO

from app.engine import events
from app.engine.codec import encode
from models.errors import UserError

DONE, FAILED, STOPPED = 0, 1, 130
BAR_WIDTH = 24

Result = Mapping[str, object]
Failure = dict[str, str]


class Voice:
    """Says events and results: as JSON for programs, as sentences and a progress bar for people.

    Parameters
    ----------
    as_json : bool
    aside : text stream, optional
        Where people are told what is no result; else the error stream.
    """

    def __init__(self, *, as_json: bool, aside: TextIO | None = None) -> None:
        self._as_json = as_json
        self._aside = aside or sys.stderr
        self._has_bar = not as_json and self._aside.isatty()
        self._bar = ""
        self._stage = ""

    def hear(self, event: events.Event) -> None:
        """Say one event of a job."""
        if self._as_json:
            self._write(encode(event))
            return
        match event:
            case events.Stage(name=name):
                self._stage = name
                self._draw(name)
            case events.Progress(done=done, total=total, unit=unit) if total > 0:
                self._draw(f"{_bar(done / total)} {done:.0f} of {total:.0f} {unit}  {self._stage}")
            case events.ItemDone(output=output):
                self._write(output)
            case events.Remark(sentence=sentence):
                self._warn(sentence)
            case events.ItemFailed(input=path, sentence=sentence, hint=hint):
                name = PurePath(path).name
                self._warn(f"{sentence} {hint}" if name in sentence else f"{name}: {sentence} {hint}")

    def result(self, result: Result, text: str) -> None:
        """Say the result: the object for programs, the text (if there is any) for people."""
        if self._as_json:
            self._write(json.dumps(_for_json(result)))
        elif text:
            self._write(text)
        else:
            self._draw("")

    def tell(self, text: str) -> None:
        """Tell people something that is no result."""
        if not self._as_json:
            self._warn(text)

    def warn(self, error: UserError) -> None:
        """Tell people what is wrong and what to do; programs find it in the result."""
        self.tell(f"{error.sentence} {error.hint}")

    def complain(self, error: UserError, *, about: object = "") -> None:
        """Say why nothing was done, as the result."""
        self.warn(error)
        self.result({"failed": [failure(str(about), error.code, error.sentence)]}, "")

    def _write(self, text: str) -> None:
        self._draw("")
        encoding = sys.stdout.encoding or "ascii"
        try:
            text.encode(encoding)
        except UnicodeEncodeError:
            text = text.encode("ascii", "backslashreplace").decode()
        _say(text + "\n", sys.stdout)

    def _warn(self, text: str) -> None:
        self._draw("")
        encoding = self._aside.encoding or "ascii"
        _say(text.strip().encode(encoding, "backslashreplace").decode(encoding) + "\n", self._aside)

    def _draw(self, bar: str) -> None:
        """Replace the bar in the terminal's last line."""
        bar = bar[: shutil.get_terminal_size().columns - 1]
        if self._has_bar and bar != self._bar:
            _say("\r" + " " * len(self._bar) + "\r" + bar, self._aside)
            self._bar = bar


def _say(text: str, stream: TextIO) -> None:
    """Write `text`; if nobody reads the stream any more, the work goes on and the stream is let go silent."""
    try:
        stream.write(text)
        stream.flush()
    except BrokenPipeError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


def _for_json(value: Any) -> Any:  # Any: JSON
    """Return `value` with null in place of what JSON has no numbers for."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, Mapping):
        return {name: _for_json(content) for name, content in value.items()}
    if isinstance(value, list | tuple):
        return [_for_json(content) for content in value]
    return value


def _bar(share: float) -> str:
    full = round(BAR_WIDTH * min(max(share, 0.0), 1.0))
    return "[" + "#" * full + "." * (BAR_WIDTH - full) + "]"


def failure(about: str, code: str, sentence: str) -> Failure:
    """Return one entry of the lists of failures and remarks in a result."""
    return {"input": about, "code": code, "sentence": sentence}
