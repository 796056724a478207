"""The line above the picture about its file: gone, changed, cut off, or read as a person said."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QPushButton, QWidget

from app.text import _, ngettext
from app.ui.doubts import axes_in_words
from app.ui.names import shown_name, tip
from app.ui.sentence import SentenceStrip
from app.ui.session import OpenImage
from models.knobs import N_

State = Literal["gone", "changed", "growing", "cut", "corrected"]
Wish = Literal["reread", "as_file", "correct", "dismiss"]


@dataclass(frozen=True, slots=True)
class Line:
    """One row: what is said, what can be done, and whether it may go unnoticed."""

    words: Callable[[OpenImage], str]
    buttons: tuple[tuple[str, Wish], ...]
    is_quiet: bool = False


def _gone(image: OpenImage) -> str:
    return _("{name} is not there any more. What was read can still be looked at.").format(
        name=shown_name(image.path.name)
    )


def _changed(image: OpenImage) -> str:
    return _("{name} was changed by another program.").format(name=shown_name(image.path.name))


def _growing(image: OpenImage) -> str:
    return _("{name} is growing; there is more of it now.").format(name=shown_name(image.path.name))


def _cut(image: OpenImage) -> str:
    times, channels, depth, _height, _width = image.info.shape
    planes = times * channels * depth
    there = planes - len(image.missing)
    words = ngettext(
        "The file ends too early. The first of {planes} planes is there.",
        "The file ends too early. The first {there} of {planes} planes are there.",
        there,
    )
    return words.format(there=there, planes=planes)


def _corrected(image: OpenImage) -> str:
    words = [axes_in_words(image)]
    said = image.reading.pixel_size_um if image.reading is not None else None
    if said is not None and said.x is not None:
        words.append(_("{size} µm per pixel").format(size=f"{said.x:g}"))
    return _("Read as you said: {what}. This is remembered for the file.").format(what=", ".join(words))


# The most important first: one line is enough.
LINES: dict[State, Line] = {
    "gone": Line(_gone, ()),
    "changed": Line(_changed, ((N_("Read again"), "reread"), (N_("Not now"), "dismiss"))),
    "cut": Line(_cut, ((N_("Carry on"), "dismiss"),)),
    "growing": Line(
        _growing, ((N_("Read again"), "reread"), (N_("Not now"), "dismiss")), is_quiet=True
    ),
    "corrected": Line(
        _corrected,
        ((N_("As the file says"), "as_file"), (N_("Correct…"), "correct"), (N_("Carry on"), "dismiss")),
        is_quiet=True,
    ),
}  # fmt: skip


class FileStrip(SentenceStrip):
    """Shows the most important line about a file, with a button for each thing that can be done."""

    wished = Signal(int, str)  # key, Wish

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.state: State | None = None
        self.buttons: dict[Wish, QPushButton] = {}
        self.hide()

    def show_states(self, image: OpenImage | None, states: Iterable[State]) -> None:
        """Say the most important of what holds for an image, or nothing."""
        found = set(states)
        self.state = next((state for state in LINES if state in found), None)
        self.remove_buttons()
        self.buttons = {}
        if image is None or self.state is None:
            self.hide()
            return
        line = LINES[self.state]
        for text, wish in line.buttons:
            button = self.add_button(_(text))
            button.clicked.connect(lambda _on, wish=wish, key=image.key: self.wished.emit(key, wish))
            self.buttons[wish] = button
        self.say(line.words(image))
        self.setToolTip(tip(str(image.path)))
        self._be_quiet(quiet=line.is_quiet)
        self.show()

    def _be_quiet(self, *, quiet: bool) -> None:
        if self.property("quiet") != quiet:
            self.setProperty("quiet", quiet)
            self.style().unpolish(self)
            self.style().polish(self)
