import csv
import io

import numpy as np
import pytest

from app.images.errors import CannotWrite
from app.images.measuring.files import with_suffix, write_whole
from app.images.measuring.measure import measure
from app.images.measuring.shapes import Line, Point, Rectangle
from app.images.measuring.table import Entry, as_csv
from tests.images.measuring.test_measure import noise, subject


def rows_of(content):
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))


def table(entries, names=("raw",), **changes):
    facts = {"file": "cells.tif", "scene": "Series 1", "channels": ("DAPI", "Actin"), "is_calibrated": True}
    return as_csv(entries, names=names, **(facts | changes))


@pytest.fixture
def both():
    raw = noise((2, 2, 3, 40, 50))
    return (
        subject(raw, unit=(0.1, 0.1)),
        subject(raw.astype(np.float32) * 2, "restored", unit=(0.1, 0.1)),
    )


def test_there_is_a_line_for_each_region_and_channel_with_raw_beside_restored(both):
    shapes = (Rectangle(1, 1, 2, 1), Line(((0, 0), (3, 3))), Point(2, 2))
    entries = [
        Entry(number, f"cell {number}", measure(shape, both, 1, 2, (0, 1)))
        for number, shape in enumerate(shapes, start=1)
    ]
    rows = rows_of(table(entries, ("raw", "restored")))
    assert [(row["Region"], row["Channel"]) for row in rows] == [
        (str(number), channel) for number in (1, 2, 3) for channel in ("DAPI", "Actin")
    ]
    first = rows[0]
    assert (first["File"], first["Image"], first["Name"], first["Kind"]) == (
        "cells.tif", "Series 1", "cell 1", "rectangle",
    )  # fmt: skip
    assert (first["Z"], first["T"]) == ("3", "2")
    inside = both[0].source.pixels[1, 0, 2, 10:20, 10:30].astype(float)
    assert float(first["Mean, raw"]) == pytest.approx(inside.mean())
    assert float(first["Mean, restored"]) == pytest.approx(2 * inside.mean())
    assert float(first["Area (µm²), raw"]) == pytest.approx(2.0)
    assert float(first["Pixels, raw"]) == 200
    assert float(first["Standard deviation, raw"]) == pytest.approx(inside.std(ddof=1))
    assert float(first["Integrated density (mean × µm²), raw"]) == pytest.approx(2 * inside.mean())
    assert float(first["Length of line or outline (µm)"]) == pytest.approx(6)


def test_a_line_has_a_length_and_no_area(both):
    (row,) = rows_of(table([Entry(1, "axis", measure(Line(((0, 0), (3, 4))), both[:1], 0, 0, (0,)))]))
    assert float(row["Length of line or outline (µm)"]) == 5
    assert row["Area (µm²), raw"] == ""
    assert row["Mean, raw"] != ""


def test_without_a_pixel_size_the_header_says_pixels(both):
    found = measure(Rectangle(1, 1, 2, 2), both[:1], 0, 0, (0,))
    (row,) = rows_of(table([Entry(1, "cell", found)], is_calibrated=False))
    assert "Area (px²), raw" in row
    assert "X (px)" in row


def test_what_is_not_known_is_empty(both):
    found = measure(Rectangle(1000, 1000, 2, 2), both[:1], 0, 0, (0,))
    (row,) = rows_of(table([Entry(1, "outside", found)], ("raw", "restored")))
    assert row["Mean, raw"] == row["Mean, restored"] == ""


@pytest.mark.parametrize("name", ["=1+1", "@SUM(A1)", "+cmd", "-x"])
def test_a_spreadsheet_computes_no_name(both, name):
    found = measure(Point(1, 1), both[:1], 0, 0, (0,))
    (row,) = rows_of(table([Entry(1, name, found)]))
    assert row["Name"] == "'" + name


def test_a_name_that_is_taken_is_kept_unless_the_person_agreed(tmp_path):
    file = tmp_path / "cells regions.csv"
    write_whole(file, b"one", may_replace=False)
    with pytest.raises(CannotWrite, match="already"):
        write_whole(file, b"two", may_replace=False)
    assert file.read_bytes() == b"one"
    write_whole(file, b"two", may_replace=True)
    assert file.read_bytes() == b"two"
    assert list(tmp_path.iterdir()) == [file]


def test_an_image_that_is_open_is_never_replaced(tmp_path):
    image = tmp_path / "cells.tif"
    image.write_bytes(b"pixels")
    with pytest.raises(CannotWrite):
        write_whole(image, b"table", may_replace=True, images={image})
    assert image.read_bytes() == b"pixels"


def test_a_folder_that_is_gone_is_told(tmp_path):
    with pytest.raises(CannotWrite, match="cannot be written"):
        write_whole(tmp_path / "gone" / "a.csv", b"", may_replace=True)


def test_the_ending_is_added_once(tmp_path):
    assert with_suffix(tmp_path / "a", ".csv").name == "a.csv"
    assert with_suffix(tmp_path / "a.CSV", ".csv").name == "a.CSV"
    assert with_suffix(tmp_path / "cells.tif", ".csv").name == "cells.tif.csv"
