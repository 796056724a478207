"""What is written and drawn over one picture of a figure: bar, names, marks, time."""

from collections.abc import Sequence
from dataclasses import replace

from app.text import _
from app.ui.figure.frame import Cell, Frame
from app.ui.figure.sheet import ANCHORS, DARK, WHITE, Block, Image, Words
from app.ui.viewer import scalebar
from app.ui.viewer.legend import Legend
from app.ui.viewer.luts import DIFFERENCE, SIZE, brightest, table

BAR_SHARE = 0.25  # of a picture's width: the longest scale bar
TEXT_SHARE = 0.045  # of a picture's shorter side: the height of text
SMALLEST_TEXT = 9.0


class Notes:
    """What is written and drawn over one picture."""

    def __init__(self, frame: Frame, corner: tuple[int, int]) -> None:
        self.blocks: list[Block] = []
        self.words: list[Words] = []
        self._frame = frame
        self._left, self._top = corner
        self._right, self._bottom = corner[0] + frame.width, corner[1] + frame.height
        self._size = max(SMALLEST_TEXT, TEXT_SHARE * min(frame.width, frame.height))
        self._margin = 0.7 * self._size
        self._lines_above = 0  # in the upper left corner

    def put_bar(self, *, is_calibrated: bool) -> None:
        """Draw the scale bar in the lower right corner."""
        frame = self._frame
        bar = scalebar.choose(frame.part.width * BAR_SHARE, is_calibrated=is_calibrated)
        if bar is None:
            return
        length = bar.length / frame.part.width * frame.width
        thick = max(2.0, round(self._size / 5))
        right, bottom = self._right - self._margin, self._bottom - self._margin
        rim = max(1.0, round(thick / 5))
        at = (right - length, bottom - thick, right, bottom)
        self.blocks.append(Block((at[0] - rim, at[1] - rim, at[2] + rim, at[3] + rim), DARK, 0.75))
        self.blocks.append(Block(at, WHITE))
        size = self._fitting([bar.text], self._size)
        foot = at[1] - rim - 0.35 * size
        text = Words(bar.text, right - length / 2, foot, size, anchor="middle")
        if text.width / 2 > length / 2 + self._margin / 2:
            text = replace(text, x=right, anchor="end")
        self.words.append(text)

    def put_names(self, cell: Cell) -> None:
        """Name the channels: a title over a panel, or a list in their colours in the lower left corner."""
        state = cell.state
        if cell.title:
            size = self._fitting([cell.title], self._size)
            self._write_above(cell.title, size)
            return
        if not cell.has_legend or state.is_joint or len(state.channels) < 2:
            return
        names = [(state.channels[index].name, brightest(state.lut(index))) for index in state.shown]
        share = 0.6 if len(names) else 1.0
        size = self._fitting([name for name, _colour in names], self._size, share)
        size = min(size, 0.6 * self._frame.height / max(1, len(names)) / 1.25)
        foot = self._bottom - self._margin - 0.2 * size
        for name, colour in reversed(names):
            self.words.append(Words(name, self._left + self._margin, foot, size, colour))
            foot -= 1.25 * size

    def put_difference(self, legend: Legend | None) -> list[Image]:
        """Say in the lower left corner what the colours of a difference mean."""
        if legend is None:
            return []
        size, left = 0.8 * self._size, self._left + self._margin
        wide, foot = 0.3 * self._frame.width, self._bottom - self._margin - 0.2 * size
        low, high = legend.ends
        for text, x, anchor in (
            (low, left, ANCHORS[0]),
            ("0", left + wide / 2, ANCHORS[1]),
            (high, left + wide, ANCHORS[2]),
        ):
            self.words.append(Words(text, x, foot, size, anchor=anchor))
        strip = (left, foot - 1.7 * size, left + wide, foot - 1.1 * size)
        lines = (
            _("orange: {more} is brighter").format(more=legend.more),
            _("blue: {more} is darker").format(more=legend.more),
        )
        small = self._fitting(lines, size, 0.6)
        for number, text in enumerate(reversed(lines)):
            self.words.append(Words(text, left, strip[1] - (0.5 + 1.25 * number) * small, small))
        return [Image(table(DIFFERENCE)[None], (0, 0, SIZE, 1), strip, strip)]

    def put_tags(self, tags: Sequence[str], curtain: float | None) -> None:
        """Name raw and restored at the top: on both sides of the curtain, else in the right corner."""
        size = self._fitting(tags, 0.8 * self._size, 0.45)
        foot = self._top + self._margin + 0.8 * size
        if curtain is not None and len(tags) == 2:
            at = self._left + curtain
            near = 0.6 * size
            self.words.append(Words(tags[0], at - near, foot, size, anchor="end"))
            self.words.append(Words(tags[1], at + near, foot, size))
        elif tags:
            self.words.append(Words(", ".join(tags), self._right - self._margin, foot, size, anchor="end"))

    def put_stamp(self, text: str) -> None:
        """Write time or plane in the upper left corner."""
        self._write_above(text, self._fitting([text], self._size, 0.5))

    def hangcurtain_at(self, at: float) -> None:
        """Draw the line between the two sides."""
        x, wide = self._left + at, max(1.0, self._size / 14)
        self.blocks.append(Block((x - wide, self._top, x + wide, self._bottom), DARK, 0.6))
        self.blocks.append(Block((x - wide / 2, self._top, x + wide / 2, self._bottom), WHITE, 0.9))

    def _write_above(self, text: str, size: float) -> None:
        foot = self._top + self._margin + (0.8 + 1.25 * self._lines_above) * size
        self.words.append(Words(text, self._left + self._margin, foot, size))
        self._lines_above += 1

    def _fitting(self, texts: Sequence[str], size: float, share: float = 0.9) -> float:
        """Return `size`, or less if the longest text would take more than this share of the width."""
        longest = max((Words(text, 0, 0, 1.0).width for text in texts), default=0.0)
        room = share * self._frame.width
        return size if longest * size <= room else room / longest
