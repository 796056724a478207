"""Zarr folders of several images: plates, wells, containers, labels."""

import time
from pathlib import Path

import numpy as np
import pytest

from app.images.readers.zarr import metadata
from tests.images.zarr_maker import AXES, multiscale, write_array, write_group, write_image, write_json
from tests.makers import cells


def test_several_images_and_labels_are_scenes(opened, tmp_path):
    pixels = cells((20, 30))
    path = write_image(tmp_path / "a", pixels)
    other = multiscale(AXES[-2:], name="half")
    other["datasets"] = [{"path": "half"}]
    first = multiscale(AXES[-2:], name="")
    write_group(path, {"multiscales": [first, other]})
    write_array(path / "half", pixels[::2, ::2])
    write_group(path / "labels", {"labels": ["nuclei"]})
    write_image(path / "labels" / "nuclei", (pixels > 500).astype("uint32"), **{"image-label": {}})
    assert opened(path).info.scenes == ("Image 1", "half", "Labels nuclei")
    assert opened(path, 1).info.shape == (1, 1, 1, 10, 15)
    labels = opened(path, 2)
    assert labels.info.dtype == "uint32"
    np.testing.assert_array_equal(labels.read(labels.info.whole())[0, 0, 0], pixels > 500)


@pytest.mark.parametrize("version", [2, 3])
def test_a_container_of_several_series_opens_with_their_names(opened, tmp_path, version):
    said = {"bioformats2raw.layout": 3}
    path = write_group(tmp_path / "a", {"ome": said} if version == 3 else said, version)
    for number in (0, 1, 10):
        write_image(path / str(number), cells((20, 30 + number)), version=version)
    assert opened(path).info.scenes == ("Image 1", "Image 2", "Image 3")
    assert opened(path, 2).info.shape[-1] == 40
    listed = {"series": ["10", "0"]}
    write_group(path / "OME", {"ome": listed} if version == 3 else listed, version)
    image = '<Image ID="Image:{n}" Name="{name}"><Pixels DimensionOrder="XYZCT" Type="uint16" SizeX="1" SizeY="1" SizeZ="1" SizeC="1" SizeT="1"/></Image>'  # noqa: E501
    text = "".join(image.format(n=n, name=name) for n, name in enumerate(("liver", "lung")))
    (path / "OME" / "METADATA.ome.xml").write_text(f"<OME>{text}</OME>")
    assert opened(path, 0).info.scenes == ("liver", "lung")
    assert opened(path, 0).info.shape[-1] == 40


def write_plate(folder: Path, wells: list[str], fields: int, version: int = 2) -> Path:
    """Write a plate whose images exist only in the first and last well."""

    def said(content: dict) -> dict:
        return {"ome": content} if version == 3 else content

    listed = [
        {"path": well, "rowIndex": ord(well[0]) - 65, "columnIndex": int(well[2:]) - 1} for well in wells
    ]
    write_group(folder, said({"plate": {"wells": listed[::-1], "field_count": fields}}), version)
    for well in wells:
        images = [{"path": str(field)} for field in range(fields)]
        write_group(folder / well, said({"well": {"images": images}}), version)
    for well in (wells[0], wells[-1]):
        for field in range(fields):
            pixels = np.full((20, 30), ord(well[0]) + int(well[2:]) * 10 + field, "uint16")
            write_image(folder / well / str(field), pixels, version=version)
    return folder


@pytest.mark.parametrize("version", [2, 3])
def test_fields_of_a_plate_are_scenes_in_the_order_of_the_plate(opened, tmp_path, version):
    path = write_plate(tmp_path / "plate", ["A/1", "A/2", "A/10", "B/1"], 2, version)
    source = opened(path, 7)
    assert source.info.scenes == (
        "A/1, field 1", "A/1, field 2", "A/2, field 1", "A/2, field 2", "A/10, field 1", "A/10, field 2",
        "B/1, field 1", "B/1, field 2",
    )  # fmt: skip
    assert source.read(source.info.whole()).max() == ord("B") + 10 + 1


def test_a_plate_without_numbers_of_rows_is_in_order_too_and_lacks_what_is_missing(opened, tmp_path):
    path = write_plate(tmp_path / "plate", ["A/2", "A/10", "B/1"], 1)
    wells = [{"path": well} for well in ("B/1", "A/10", "A/2", "C/1", 5)]
    write_json(path / ".zattrs", {"plate": {"wells": wells, "field_count": 2}})
    (path / "A" / "10" / ".zattrs").write_text("damaged")
    names = opened(path).info.scenes
    assert names == ("A/2, field 1", "A/10, field 1", "A/10, field 2", "B/1, field 1")


def test_a_well_alone_has_its_fields_as_scenes(opened, tmp_path):
    path = write_plate(tmp_path / "plate", ["A/1"], 3)
    assert opened(path / "A" / "1", 2).info.scenes == ("Field 1", "Field 2", "Field 3")


def test_a_large_plate_opens_without_opening_its_images(opened, tmp_path):
    wells = [f"{chr(65 + row)}/{column + 1}" for row in range(16) for column in range(24)]
    path = write_plate(tmp_path / "plate", wells, 9)
    started = time.process_time()
    source = opened(path, 384 * 9 - 1)
    assert time.process_time() - started < 2
    assert len(source.info.scenes) == 384 * 9
    assert source.info.scenes[-1] == "P/24, field 9"


def test_metadata_of_a_plate_tell_of_the_plate_and_of_the_field(tmp_path):
    path = write_plate(tmp_path / "plate", ["A/1", "A/2"], 1)
    assert [entry.name for entry in metadata(path, 1)] == ["Folder", "Image A/2/0", "Levels"]
