"""A figure from the view to the file or to the clipboard; for a thread."""

from dataclasses import replace
from pathlib import Path
from typing import Literal

from app.images.errors import ImageError
from app.images.picture import Picture, png
from app.images.record import read_record
from app.images.writers.growing import write_whole
from app.text import _
from app.ui.figure.about import about
from app.ui.figure.compose import compose
from app.ui.figure.options import FigureOptions
from app.ui.figure.paint import painted
from app.ui.figure.svg import svg
from app.ui.viewer.compare import Pane
from app.ui.viewer.shot import Shot
from app.ui.viewer.state import ViewState

FigureKind = Literal["png", "svg"]
AS_SEEN = FigureOptions(density="screen", has_legend=False)


def make_figure(shot: Shot, options: FigureOptions, kind: FigureKind, path: Path) -> Path:
    """Draw a figure, write it and return its name."""
    sheet = compose(marked(shot), options)
    if kind == "svg":
        return write_whole(path, svg(sheet, dpi=options.dpi, texts=about(shot)).encode("utf-8"))
    return write_whole(path, png(painted(sheet), dpi=options.dpi, texts=about(shot)))


def copied(shot: Shot) -> tuple[Picture, bytes]:
    """Return what is seen, as pixels and as the bytes of a PNG."""
    picture = painted(compose(marked(shot), AS_SEEN))
    return picture, png(picture, texts=about(shot))


def marked(shot: Shot) -> Shot:
    """Return the shot with the mark of an image that is open by itself but was made by a restoration."""
    if len(shot.sides) > 1:
        return shot
    try:
        record = read_record(Path(shot.info.uri))
    except ImageError:
        record = None
    return shot if record is None else replace(shot, names=_restored)


def _restored(_pane: Pane, _state: ViewState) -> tuple[str, ...]:
    return (_("restored"),)
