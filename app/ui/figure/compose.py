"""From what is shown to a sheet: reads and draws the pixels anew, and places bar, names and marks.

Everything here is for a thread: it reads files.
"""

import math
from dataclasses import replace
from itertools import groupby

import numpy as np

from app.images.picture import Box
from app.ui.figure.frame import FAITHFUL, Cell, Frame, cells_of, curtain_at, frame_of, gap_of, shared, size_of
from app.ui.figure.notes import Notes
from app.ui.figure.options import FigureOptions
from app.ui.figure.sheet import Block, Image, Sheet, Words
from app.ui.viewer.contrast import as_rgb
from app.ui.viewer.loader import draw
from app.ui.viewer.plan import place
from app.ui.viewer.shot import Shot, Shown
from app.ui.viewer.state import ViewState, is_calibrated

BLACK = np.zeros((1, 1, 3), np.uint8)  # where no image is


def compose(shot: Shot, options: FigureOptions, *, stamp: str = "") -> Sheet:
    """Read, draw and place everything.

    Parameters
    ----------
    shot : Shot
    options : FigureOptions
    stamp : str
        Time or plane, written in the upper left corner.

    Raises
    ------
    UserError
        If the pixels cannot be read, or there are too many.
    """
    frame, rows = frame_of(shot, options), cells_of(shot, options)
    gap = gap_of(frame)
    width, height = size_of(shot, options)
    images: list[Image] = []
    blocks: list[Block] = []
    words: list[Words] = []
    for row, cells in enumerate(rows):
        for column, cell in enumerate(cells):
            corner = (column * (frame.width + gap), row * (frame.height + gap))
            is_last = row == len(rows) - 1 and column == len(cells) - 1
            images += _images(shot, frame, cell, corner)
            notes = Notes(frame, corner)
            if len(cell.pane) == 2:
                notes.hangcurtain_at(curtain_at(shot, frame))
            if options.has_bar and is_last:
                notes.put_bar(is_calibrated=is_calibrated(shot.info))
            if cell.pane == ("difference",):
                images += notes.put_difference(shot.legend)
            elif options.has_legend:
                notes.put_names(cell)
            if options.has_mark and (column == 0 or not cell.title):
                notes.put_tags(cell.tags, curtain_at(shot, frame) if len(cell.pane) == 2 else None)
            if stamp and column == 0 and row == 0:
                notes.put_stamp(stamp)
            blocks += notes.blocks
            words += notes.words
    return Sheet(width, height, tuple(images), tuple(blocks), tuple(words))


def _images(shot: Shot, frame: Frame, cell: Cell, corner: tuple[int, int]) -> list[Image]:
    """Draw the sides of one picture, the right one over the left one."""
    left, top = corner
    whole = (left, top, left + frame.width, top + frame.height)
    made = []
    for number, side in enumerate(cell.pane):
        shown = shot.sides.get(side)
        image = None if shown is None else _image(shown, cell.state, frame, corner)
        if image is None or not _covers(image.at, whole):
            made.append(
                Image(np.zeros((1, 1, 3), np.uint8), (0, 0, 1, 1), whole, _clip(whole, shot, frame, number))
            )
        if image is None:
            continue
        made.append(replace(image, clip=_clip(whole, shot, frame, number)))
    return made


def _clip(whole: Box, shot: Shot, frame: Frame, number: int) -> Box:
    """Return the part in which a side is seen: the second one to the right of the curtain only."""
    left, top, right, bottom = whole
    return (min(max(left + curtain_at(shot, frame), left), right), top, right, bottom) if number else whole


def _covers(at: Box, whole: Box) -> bool:
    return at[0] <= whole[0] and at[1] <= whole[1] and at[2] >= whole[2] and at[3] >= whole[3]


def _image(shown: Shown, state: ViewState, frame: Frame, corner: tuple[int, int]) -> Image | None:
    """Read and draw one side; what lies outside of the frame is cut off."""
    wish = shown.wish(replace(state, view=frame.part), frame.viewport)
    if wish is None or not wish.regions:
        return None
    *_, regions = [tuple(group) for _level, group in groupby(wish.regions, lambda region: region.level)]
    drawn = draw(shown.source, wish, regions, None, is_last=True)
    where = place(drawn.place, shown.over, shown.info.shapes)
    height, width = drawn.packed.shape
    per_x, per_y = width / where.width, height / where.height  # drawn pixels per unit
    part = shared(frame.part, where)
    if part is None:
        return None
    x0, x1 = ((edge - where.x) * per_x for edge in (part.x, part.x + part.width))
    y0, y1 = ((edge - where.y) * per_y for edge in (part.y, part.y + part.height))
    left, right = max(0, math.floor(x0 + FAITHFUL)), min(width, math.ceil(x1 - FAITHFUL))
    top, bottom = max(0, math.floor(y0 + FAITHFUL)), min(height, math.ceil(y1 - FAITHFUL))
    box = (x0 - left, y0 - top, x1 - left, y1 - top)
    at = (
        corner[0] + frame.x(part.x),
        corner[1] + frame.y(part.y),
        corner[0] + frame.x(part.x + part.width),
        corner[1] + frame.y(part.y + part.height),
    )
    whole = (corner[0], corner[1], corner[0] + frame.width, corner[1] + frame.height)
    limits = (right - left, bottom - top)
    return Image(
        as_rgb(drawn.packed[top:bottom, left:right]), _rounded(box, limits), _rounded(at, None), whole
    )


def _rounded(box: Box, limits: tuple[int, int] | None) -> Box:
    """Return a box whose edges are whole where they nearly are, and within (width, height)."""
    edges = [round(edge) if abs(edge - round(edge)) < FAITHFUL else edge for edge in box]
    if limits is not None:
        edges = [min(max(edge, 0), limits[number % 2]) for number, edge in enumerate(edges)]
    left, top, right, bottom = edges
    return (left, top, right, bottom)
