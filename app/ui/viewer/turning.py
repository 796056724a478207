"""A stack turned in space: camera, box, and a picture drawn without a graphics card. Free of Qt.

Object space has its origin in the middle of the stack, x to the right, y down, z into the depth, in units
of the image. View space is the same, turned so that z leads away from who looks.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from app.ui.viewer.composite import Look, composite
from app.ui.viewer.contrast import Packed, Plane, as_rgb, colours
from app.ui.viewer.state import Contrast
from models.source import Pixels, Range

Blending = Literal["maximum", "translucent"]

Matrix = NDArray[np.float64]  # (3, 3)
Vector = tuple[float, float, float]  # x, y, z

FILLED = 0.92  # of the picture, by the diagonal of the box
NEAREST, FURTHEST = 20.0, 0.25  # zoom
ROWS = 48  # that are drawn at a time
DENSITY = 8.0  # of translucent stacks, along a side of a cube as large as they are
FULL = Contrast(0.0, 255.0)
EDGES = tuple((a, b) for a in range(8) for b in range(a + 1, 8) if (a ^ b) in (1, 2, 4))


def turned_about(axis: int, angle: float) -> Matrix:
    """Return a turn about the x, y or z axis (0, 1, 2) by radians."""
    one, other = ((1, 2), (2, 0), (0, 1))[axis]
    matrix = np.eye(3)
    matrix[one, one] = matrix[other, other] = math.cos(angle)
    matrix[one, other], matrix[other, one] = -math.sin(angle), math.sin(angle)
    return matrix


def first_turn() -> Matrix:
    """Return a view from above and from the left, in which all three axes are seen."""
    return turned_about(0, -0.5) @ turned_about(1, 0.6)


@dataclass(frozen=True, slots=True, eq=False)
class Camera:
    """How the stack is turned, from object to view space, and how large it is drawn."""

    turn: Matrix = field(default_factory=first_turn)
    zoom: float = 1.0

    def dragged(self, right: float, down: float) -> "Camera":
        """Return the camera after a drag, in radians: what is in front follows the hand."""
        turn = turned_about(1, -right) @ turned_about(0, down) @ self.turn
        left, _sizes, above = np.linalg.svd(turn)  # stays a turn, however often it is dragged
        return replace(self, turn=left @ above)

    def zoomed(self, factor: float) -> "Camera":
        """Return the camera nearer or further away, within reason."""
        return replace(self, zoom=min(max(self.zoom * factor, FURTHEST), NEAREST))

    def unit(self, extent: Vector, width: int, height: int) -> float:
        """Return how long a unit is drawn in a picture of this size, in pixels."""
        return self.zoom * FILLED * min(width, height) / math.hypot(*extent)


def corners(camera: Camera, extent: Vector, width: int, height: int) -> NDArray[np.float64]:
    """Return where the eight corners of the box lie: (8, 3), x and y in pixels, depth in units.

    The bits of a corner's number tell on which side it is along x, y and z.
    """
    signs = np.array([[(n >> axis & 1) - 0.5 for axis in range(3)] for n in range(8)])
    view = signs * extent @ camera.turn.T
    unit = camera.unit(extent, width, height)
    view[:, :2] = view[:, :2] * unit + (width / 2, height / 2)
    return view


def density(extent: Vector) -> float:
    """Return how much of the light a unit of a fully bright stack swallows, as an exponent."""
    return DENSITY / math.prod(extent) ** (1 / 3)


def hidden_corner(camera: Camera, extent: Vector) -> int:
    """Return the number of the corner that lies furthest away: its edges are behind the stack."""
    return int(np.argmax(corners(camera, extent, 1, 1)[:, 2]))


def render(
    volumes: Sequence[Pixels],
    luts: Sequence[str],
    extent: Vector,
    camera: Camera,
    size: tuple[int, int],
    *,
    blending: Blending = "maximum",
    is_wanted: Callable[[], bool] = lambda: True,
) -> Packed | None:
    """Draw stacks of brightness on the processor; return (h, w) packed colours.

    Parameters
    ----------
    volumes : sequence of (depth, height, width) uint8
        One per channel, all of equal shape; 255 is brightest.
    luts : sequence of str
        One per channel.
    extent : (x, y, z)
        How large the stack is, in units.
    camera : Camera
    size : (width, height)
        Of the picture; the finer it is, the more samples along each ray as well.
    blending : Blending
        The brightest value along each ray, or each value shines through those before it.
    is_wanted : callable
        Asked every few rows; None is returned as soon as it says no.
    """
    bands: list[Packed] = []
    for top in range(0, size[1], ROWS):
        if not is_wanted():
            return None
        rows = (top, min(top + ROWS, size[1]))
        seen = [_turned(volume, extent, camera, size, rows) for volume in volumes]
        if blending == "maximum":
            looks = [Look(lut, FULL) for lut in luts]
            bands.append(composite([stack.max(axis=0) for stack in seen], looks))
        else:
            thin = density(extent) * math.hypot(*extent) / len(seen[0])
            bands.append(_shine_through(seen, luts, thin))
    return np.concatenate(bands)


def _turned(volume: Pixels, extent: Vector, camera: Camera, size: tuple[int, int], rows: Range) -> Pixels:
    """Return some rows of a stack seen through the camera: (samples, rows, width), the nearest first."""
    from scipy import ndimage

    width, height = size
    unit = 1 / camera.unit(extent, width, height)  # of a pixel
    samples = max(2, math.ceil(math.hypot(*extent) / unit / max(1.0, camera.zoom)))
    step = math.hypot(*extent) / samples
    steps = np.array([step, unit, unit])  # along z, y, x of the view
    shape = np.array([samples, height, width])
    turn = camera.turn.T[::-1, ::-1]  # from view to object, in the order z, y, x
    per_voxel = np.array(volume.shape) / np.array(extent[::-1])
    matrix = per_voxel[:, None] * turn * steps
    offset = (np.array(volume.shape) - 1) / 2 - matrix @ ((shape - 1) / 2 - (0, rows[0], 0))
    some = (samples, rows[1] - rows[0], width)
    found: Pixels = ndimage.affine_transform(volume, matrix, offset, some, order=1, mode="constant")
    return found


def _shine_through(seen: Sequence[Pixels], luts: Sequence[str], thin: float) -> Packed:
    """Let the samples of each ray shine through those before them; a bright one swallows `thin`."""
    _samples, height, width = seen[0].shape
    tables = [as_rgb(colours(lut, FULL, "uint8")).astype(np.float32) / 255 for lut in luts]
    light = np.zeros((height, width, 3), np.float32)
    through = np.ones((height, width, 1), np.float32)
    for planes in zip(*seen, strict=True):
        brightest: Plane = np.maximum.reduce(planes)
        if not brightest.any():
            continue
        opacity = 1 - np.exp(np.float32(-thin) * (brightest[..., None] / np.float32(255)))
        shade = np.minimum(sum(table[plane] for table, plane in zip(tables, planes, strict=True)), 1.0)
        light += through * opacity * shade
        through *= 1 - opacity
    scaled = np.minimum(light * 255 + 0.5, 255).astype(np.uint32)
    packed: Packed = scaled[..., 0] << 16 | scaled[..., 1] << 8 | scaled[..., 2] | np.uint32(0xFF000000)
    return packed
