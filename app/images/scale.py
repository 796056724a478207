"""Pixel sizes out of what files say, and what is doubtful about them."""

from dataclasses import dataclass

from app.images import imagej
from app.images.ome import OmeImage
from models.source import Doubt, PixelSize

SMALLEST_UM, LARGEST_UM = 1e-4, 100.0
PRINT_DPI = (72, 75, 96, 100, 120, 150, 180, 200, 240, 254, 300, 350, 400, 600, 720, 1200)
INCH, CENTIMETRE = 2, 3  # TIFF's resolution units

NO_SIZE = PixelSize()
Resolution = tuple[float | None, float | None]  # pixels per unit along y and x


@dataclass(frozen=True, slots=True)
class Scale:
    """Pixel size in micrometres, seconds between time points, and a unit that made no sense."""

    size: PixelSize = NO_SIZE
    interval_s: float | None = None
    has_odd_unit: bool = False

    def settled(self) -> tuple[PixelSize, tuple[Doubt, ...]]:
        """Return the size without impossible values, and the doubts that remain."""
        doubts: list[Doubt] = []
        kept = {}
        for axis, length in (("z", self.size.z), ("y", self.size.y), ("x", self.size.x)):
            is_possible = length is None or SMALLEST_UM <= length <= LARGEST_UM
            kept[axis] = length if is_possible else None
            if not is_possible and "pixel_size_range" not in doubts:
                doubts.append("pixel_size_range")
        size = PixelSize(**kept)
        if self.has_odd_unit or (size.y is None) != (size.x is None):
            doubts.append("unit")
        if size.y is None and size.x is None and not doubts:
            doubts.append("pixel_size")
        return size, tuple(doubts)


def from_ome(image: OmeImage) -> Scale:
    """Return what OME-XML says."""
    return Scale(image.pixel_size_um, image.time_interval_s, image.has_odd_unit)


def from_imagej(notes: imagej.Notes, resolution: Resolution) -> Scale:
    """Return what ImageJ says: pixels per unit as resolution, the unit and the rest in its notes."""
    y, x = resolution
    along_x, along_y, along_z = (
        imagej.micrometres(unit) for unit in (notes.unit, notes.unit_y, notes.unit_z)
    )
    units = [unit for unit in (notes.unit, notes.unit_y, notes.unit_z) if unit]
    is_odd = any(not imagej.is_no_length(unit) and imagej.micrometres(unit) is None for unit in units)
    return Scale(
        PixelSize(
            z=notes.spacing * along_z if notes.spacing and along_z else None,
            y=along_y / y if y and along_y else None,
            x=along_x / x if x and along_x else None,
        ),
        notes.interval_s if notes.frames > 1 else None,
        is_odd,
    )


def from_resolution(resolution: Resolution, unit: int) -> Scale:
    """Return the size that plain TIFF's resolution means, unless it is one for printers and screens."""
    length = {INCH: 25400.0, CENTIMETRE: 10000.0}.get(unit)
    if length is None:
        return Scale()
    sizes = []
    for per_unit in resolution:
        dpi = per_unit * 25400.0 / length if per_unit else 0.0
        is_print = not dpi or any(abs(dpi - usual) < 0.5 for usual in PRINT_DPI) or dpi < 72
        sizes.append(None if is_print or not per_unit else length / per_unit)
    y, x = sizes
    return Scale(PixelSize(None, y, x))
