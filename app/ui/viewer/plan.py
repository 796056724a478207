"""Which pixels are needed for a view: pure, so that every case can be tested without a window."""

from dataclasses import dataclass, replace

from app.ui.viewer.state import Rect, ViewState, extent
from models.source import ImageInfo, Range, Region, Shape5

WHOLE_PIXELS = 1 << 22  # a plane up to this size is read whole, so that moving about needs no reading
QUICK_PIXELS = 1 << 20  # a coarse picture first, if the fine one has more pixels than twice this
SMALLEST_VIEW, LARGEST_VIEW = 1 / 4096, 32.0  # shares of the image's longer side
KEPT = 0.8  # the image may be moved out of this share of the view
BLOCK = 512  # crops begin and end at multiples of this, so that small moves find the same crop again
PATCH = 256  # likewise what is drawn of them, in drawn pixels
MOSTLY = 0.6  # a region of which more than this share is seen is drawn whole

MARGIN = 1.02  # a fitted picture does not touch the edges


@dataclass(frozen=True, slots=True)
class Extract:
    """What is drawn of a level: rows and columns, and how many of them make one drawn pixel."""

    y: Range
    x: Range
    step: int = 1

    def place_of(self, region: Region) -> Region:
        """Return `region` cut down to what is drawn, with squares at the far edges counted whole."""
        (top, bottom), (left, right) = self.y, self.x
        down, across = -(-(bottom - top) // self.step), -(-(right - left) // self.step)
        return replace(region, y=(top, top + down * self.step), x=(left, left + across * self.step))


@dataclass(frozen=True, slots=True)
class Viewport:
    """Size of the place for the picture in pixels of the screen."""

    width: int
    height: int


def fitted(view: Rect | None, over: Rect, viewport: Viewport) -> Rect:
    """Return what is seen: the least rectangle of the viewport's proportions that holds `view`."""
    wanted = view or over.grown(MARGIN)
    unit = max(wanted.width / viewport.width, wanted.height / viewport.height)
    width, height = unit * viewport.width, unit * viewport.height
    return Rect(wanted.x + (wanted.width - width) / 2, wanted.y + (wanted.height - height) / 2, width, height)


def zoomed(seen: Rect, factor: float, over: Rect, at: tuple[float, float] | None = None) -> Rect:
    """Return `seen` magnified by `factor` about a point that stays where it is; within reason."""
    x, y = at or (seen.x + seen.width / 2, seen.y + seen.height / 2)
    side = max(over.width, over.height)
    width = min(max(seen.width / factor, side * SMALLEST_VIEW), side * LARGEST_VIEW)
    share = width / seen.width
    return Rect(x - (x - seen.x) * share, y - (y - seen.y) * share, width, seen.height * share)


def moved(seen: Rect, by_x: float, by_y: float, over: Rect) -> Rect:
    """Return `seen` moved by units, but never so far that nothing of the image is left."""
    x = min(max(seen.x + by_x, over.x - seen.width * KEPT), over.x + over.width - seen.width * (1 - KEPT))
    y = min(max(seen.y + by_y, over.y - seen.height * KEPT), over.y + over.height - seen.height * (1 - KEPT))
    return Rect(x, y, seen.width, seen.height)


def plan(
    state: ViewState,
    info: ImageInfo,
    viewport: Viewport,
    *,
    over: Rect | None = None,
    channels: tuple[int, ...] | None = None,
) -> tuple[Region, ...]:
    """Return the regions to read for a view, coarse ones first, one per channel and level.

    Parameters
    ----------
    state : ViewState
    info : ImageInfo
        Of the image to read; its levels cover one and the same extent.
    viewport : Viewport
    over : Rect, optional
        Extent in units; that of `info` unless the image lies over another one.
    channels : tuple of int, optional
        Channels of this image; those that `state` shows unless given.
    """
    over = over or extent(info)
    visible = _clipped(state.view or over, over)
    if visible is None:
        return ()
    fine = finest_needed(state.view or over, over, info.shapes, viewport)
    levels = [fine] if _is_quick(visible, over, info.shapes, fine) else [_quick(info.shapes, fine), fine]
    t, z = min(state.t, info.shape[0] - 1), min(state.z, info.shape[2] - 1)
    found: list[Region] = []
    for level in dict.fromkeys(levels):
        y, x = crop(visible, over, info.shapes[level])
        shown = state.shown if channels is None else channels
        found += [Region((t, t + 1), (c, c + 1), (z, z + 1), y, x, level) for c in shown]
    return tuple(found)


def finest_needed(view: Rect, over: Rect, shapes: tuple[Shape5, ...], viewport: Viewport) -> int:
    """Return the coarsest level that still has a pixel for every pixel of the screen, else 0."""
    scale = min(viewport.width / view.width, viewport.height / view.height)  # screen pixels per unit
    wanted = over.width * scale
    enough = [level for level, shape in enumerate(shapes) if shape[-1] >= wanted]
    return max(enough, default=0)


def extract(state: ViewState, region: Region, over: Rect, shape: Shape5, viewport: Viewport) -> Extract:
    """Return what to draw of a region that was read: what is seen of it, no finer than the screen.

    Parameters
    ----------
    state : ViewState
    region : Region
        As `plan` gave it.
    over : Rect
        Extent of the image in units.
    shape : (T, C, Z, Y, X)
        Of the level of `region`.
    viewport : Viewport
    """
    view = state.view or over
    visible = _clipped(view, over) or over
    per_y, per_x = shape[-2] / over.height, shape[-1] / over.width
    scale = min(viewport.width / view.width, viewport.height / view.height)  # screen pixels per unit
    step = max(1, int(min(per_y, per_x) / scale))
    seen_y = ((visible.y - over.y) * per_y, (visible.y - over.y + visible.height) * per_y)
    seen_x = ((visible.x - over.x) * per_x, (visible.x - over.x + visible.width) * per_x)
    y, x = _patches(seen_y, region.y, step), _patches(seen_x, region.x, step)
    share = (y[1] - y[0]) * (x[1] - x[0]) / max(1, region.shape[3] * region.shape[4])
    return Extract(region.y, region.x, step) if share > MOSTLY else Extract(y, x, step)


def crop(visible: Rect, over: Rect, shape: Shape5) -> tuple[Range, Range]:
    """Return the rows and columns of one level that cover `visible`: all of them if the plane is small."""
    *_, height, width = shape
    if height * width <= WHOLE_PIXELS:
        return (0, height), (0, width)
    per_y, per_x = height / over.height, width / over.width
    rows = _blocks((visible.y - over.y) * per_y, (visible.y - over.y + visible.height) * per_y, height)
    columns = _blocks((visible.x - over.x) * per_x, (visible.x - over.x + visible.width) * per_x, width)
    return rows, columns


def place(region: Region, over: Rect, shapes: tuple[Shape5, ...]) -> Rect:
    """Return where the pixels of a region lie, in units."""
    *_, height, width = shapes[region.level]
    unit_y, unit_x = over.height / height, over.width / width
    (y0, y1), (x0, x1) = region.y, region.x
    return Rect(over.x + x0 * unit_x, over.y + y0 * unit_y, (x1 - x0) * unit_x, (y1 - y0) * unit_y)


def _blocks(start: float, stop: float, length: int) -> Range:
    first = max(0, int(start // BLOCK) * BLOCK)
    last = min(length, -int(-stop // BLOCK) * BLOCK)
    return (first, max(last, min(first + 1, length)))


def _patches(seen: tuple[float, float], within: Range, step: int) -> Range:
    """Return the whole patches of `within` that cover what is seen."""
    start, stop = within
    patch = PATCH * step
    first = start + max(0, int((seen[0] - start) // patch)) * patch
    last = start - int(-(seen[1] - start) // patch) * patch
    first = min(first, max(start, stop - 1))
    return (first, max(first + 1, min(last, stop)))


def _is_quick(visible: Rect, over: Rect, shapes: tuple[Shape5, ...], level: int) -> bool:
    (y0, y1), (x0, x1) = crop(visible, over, shapes[level])
    return (y1 - y0) * (x1 - x0) <= 2 * QUICK_PIXELS


def _quick(shapes: tuple[Shape5, ...], fine: int) -> int:
    """Return the finest level that is read at once, if there is one coarser than `fine`."""
    coarser = range(fine + 1, len(shapes))
    quick = [level for level in coarser if shapes[level][-1] * shapes[level][-2] <= QUICK_PIXELS]
    return quick[0] if quick else max(coarser, default=fine)


def _clipped(view: Rect, over: Rect) -> Rect | None:
    """Return the part of `view` that lies on the image."""
    left, right = max(view.x, over.x), min(view.x + view.width, over.x + over.width)
    top, bottom = max(view.y, over.y), min(view.y + view.height, over.y + over.height)
    return Rect(left, top, right - left, bottom - top) if left < right and top < bottom else None
