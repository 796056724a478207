"""The tools: one row each. To add a tool, write a row and let `begin` make its shape."""

from __future__ import annotations

from dataclasses import dataclass

from app.images.measuring.shapes import Ellipse, Kind, Line, Place, Point, Polygon, Rectangle, Shape
from models.knobs import N_


@dataclass(frozen=True, slots=True)
class Tool:
    """One row; with `by_clicks` corners are set one after another."""

    key: Kind
    title: str
    icon: str
    keys: str
    help: str
    by_clicks: bool = False


TOOLS: tuple[Tool, ...] = (
    Tool("line", N_("Line"), "tool-line", "Shift+L", N_("Drag from end to end; Shift keeps to 45°.")),
    Tool("segmented", N_("Segmented line"), "tool-segmented", "Shift+S",
         N_("Click at every bend; double-click at the end."), by_clicks=True),
    Tool("rectangle", N_("Rectangle"), "tool-rectangle", "Shift+R",
         N_("Drag from corner to corner; Shift makes a square.")),
    Tool("ellipse", N_("Ellipse"), "tool-ellipse", "Shift+E",
         N_("Drag from corner to corner; Shift makes a circle.")),
    Tool("polygon", N_("Polygon"), "tool-polygon", "Shift+P",
         N_("Click at every corner; double-click at the last."), by_clicks=True),
    Tool("freehand", N_("Freehand region"), "tool-freehand", "Shift+F", N_("Drag round the region.")),
    Tool("point", N_("Point"), "tool-point", "Shift+O", N_("Click on a pixel.")),
)  # fmt: skip


def tool(key: Kind) -> Tool:
    """Return the row of a tool."""
    return next(row for row in TOOLS if row.key == key)


def begin(key: Kind, at: Place, width: float) -> Shape:
    """Return the shape that a tool begins with; lines get a width."""
    x, y = at
    if key == "rectangle":
        return Rectangle(x, y, 0.0, 0.0)
    if key == "ellipse":
        return Ellipse(x, y, 0.0, 0.0)
    if key in ("polygon", "freehand"):
        return Polygon((at,), is_freehand=key == "freehand")
    return Point(x, y) if key == "point" else Line((at, at), width)


def end_handle(key: Kind) -> int:
    """Return the handle that is dragged while a shape is drawn."""
    return {"line": 1, "rectangle": 4, "ellipse": 4}.get(key, 0)
