"""Pictures of the program at work, made without a screen.

``pictures.py tour DIR IMAGE...``: before and after of every image restored into DIR, and the window.
``pictures.py screenshots``: every page of the window, light and dark, into build/screenshots; those that
the documentation shows go to docs/images.
``pictures.py training``: the steps of a training, from samples to verdict, into the same places.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QColor, QFont, QImage, QPainter
from PySide6.QtWidgets import QApplication
from training_pictures import training_pictures
from window_pictures import ROOT, SIZES, save_small, screenshots, window_with

from app.images.open import open_image
from app.images.record import read_record
from models.source import Region

GAP, HEADING = 12, 28
DETAIL_PX = 128  # of the original, shown enlarged

Plane = NDArray[np.float32]


def main(arguments: Sequence[str]) -> int:
    """Make the pictures that are asked for; return the exit code."""
    parser = argparse.ArgumentParser(prog="pictures.py", description="Make pictures of the program at work.")
    commands = parser.add_subparsers(dest="command", required=True)
    tour_words = commands.add_parser("tour")
    tour_words.add_argument("folder", type=Path)
    tour_words.add_argument("images", type=Path, nargs="+")
    commands.add_parser("screenshots")
    training_words = commands.add_parser("training")
    training_words.add_argument("--length", choices=("quick", "normal"), default="quick")
    asked = parser.parse_args(arguments)
    application = QApplication(sys.argv[:1])
    if asked.command == "tour":
        made = tour(application, asked.folder.absolute(), [image.absolute() for image in asked.images])
    elif asked.command == "training":
        made = training(application, asked.length, ROOT / "build" / "screenshots", ROOT / "docs" / "images")
    else:
        made = screenshots(application, ROOT / "build" / "screenshots", ROOT / "docs" / "images")
    print("Pictures:")
    for file in made:
        print(f"  {file}")
    return 0


def tour(application: QApplication, folder: Path, images: Sequence[Path]) -> list[Path]:
    """Show what became of `images`, whose results lie in `folder`; return the files of the pictures."""
    made = []
    for image in images:
        result = newest_result(image, folder)
        if result is not None:
            made += before_and_after(image, result)
            window = folder / f"{image.name.split('.')[0]}_window.png"
            window_with(application, image, result).save(str(window))
            made.append(window)
    return made


def training(application: QApplication, length: str, folder: Path, shown: Path) -> list[Path]:
    """Train from the samples and take pictures of every step; return the files."""
    made = []
    heights = {size.width(): size.height() for size in SIZES}
    for name, theme, width, picture in training_pictures(application, length):
        file = folder / f"{theme}-{width}x{heights[width]}" / f"{name}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        picture.save(str(file))
        made.append(file)
        if theme == "light" and width == SIZES[0].width():
            shown.mkdir(exist_ok=True)
            save_small(file, shown / file.name)
    return made


def before_and_after(image: Path, result: Path) -> list[Path]:
    """Draw `image` beside its `result`, whole and a detail; return the files, which lie beside the result."""
    raw, restored = middle_plane(image), middle_plane(result)
    scale = restored.shape[0] // raw.shape[0]
    low, high = (float(value) for value in np.percentile(raw, (0.5, 99.8)))
    y, x = richest_spot(raw, DETAIL_PX)
    detail = raw[y : y + DETAIL_PX, x : x + DETAIL_PX]
    restored_detail = restored[
        y * scale : (y + detail.shape[0]) * scale, x * scale : (x + detail.shape[1]) * scale
    ]
    files = []
    for name, pair, enlarge in (
        ("before_after", (raw, restored), 1),
        ("before_after_detail", (detail, restored_detail), 4),
    ):
        size = pair[0].shape[1] * enlarge, pair[0].shape[0] * enlarge
        pictures = [as_picture(plane, low, high).scaled(*size) for plane in pair]
        file = result.parent / f"{image.name.split('.')[0]}_{name}.png"
        side_by_side(pictures, ("before", "after")).save(str(file))
        files.append(file)
    return files


def newest_result(image: Path, folder: Path) -> Path | None:
    """Return the newest result in `folder` whose record names `image`."""
    results = sorted(folder.glob("*.ome.tif"), key=lambda file: file.stat().st_mtime, reverse=True)
    for result in results:
        record = read_record(result)
        if record is not None and Path(record.input_path) == image:
            return result
    return None


def middle_plane(file: Path) -> Plane:
    """Return the first channel of the middle plane."""
    source = open_image(file)
    try:
        _t, _c, depth, _y, _x = source.info.shape
        region: Region = source.info.plane(0, 0, depth // 2)
        plane: Plane = source.read(region)[0, 0, 0].astype(np.float32)
        return plane
    finally:
        source.close()


def richest_spot(plane: Plane, size: int) -> tuple[int, int]:
    """Return the corner of the square of `size` pixels that varies most."""
    corners = [
        (y, x)
        for y in range(0, max(1, plane.shape[0] - size + 1), size // 2)
        for x in range(0, max(1, plane.shape[1] - size + 1), size // 2)
    ]
    return max(
        corners, key=lambda corner: plane[corner[0] : corner[0] + size, corner[1] : corner[1] + size].std()
    )


def as_picture(plane: Plane, low: float, high: float) -> QImage:
    """Return `plane` in gray, `low` black and `high` white."""
    gray = (np.clip((plane - low) / max(high - low, 1e-12), 0, 1) * 255).astype(np.uint8)
    height, width = gray.shape
    return QImage(
        np.ascontiguousarray(gray).tobytes(), width, height, width, QImage.Format.Format_Grayscale8
    ).copy()


def side_by_side(pictures: Sequence[QImage], titles: Sequence[str]) -> QImage:
    """Return the pictures in a row, each under its title."""
    width = sum(picture.width() + GAP for picture in pictures) + GAP
    height = max(picture.height() for picture in pictures) + HEADING + GAP
    sheet = QImage(width, height, QImage.Format.Format_RGB32)
    sheet.fill(QColor("white"))
    painter = QPainter(sheet)
    painter.setFont(QFont("sans-serif", 12))
    painter.setPen(QColor("black"))
    left = GAP
    for picture, title in zip(pictures, titles, strict=True):
        painter.drawText(QRect(left, 0, picture.width(), HEADING), Qt.AlignmentFlag.AlignVCenter, title)
        painter.drawImage(left, HEADING, picture)
        left += picture.width() + GAP
    painter.end()
    return sheet


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
