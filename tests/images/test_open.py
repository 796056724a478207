import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from app.images.open import READERS, can_open, has_image_suffix
from app.images.samples import samples
from tests.makers import cells, write_ome


@pytest.mark.parametrize("name", ["a.tif", "A.TIFF", "a.ome.tif", "b.lsm", "c.png", "d.JPG", "e.spe"])
def test_images_are_known_by_their_suffix(name):
    assert has_image_suffix(Path(name))


@pytest.mark.parametrize("name", [".hidden.tif", "a.ome.tif.part", "a.txt", "tif", "a.docx"])
def test_other_files_are_not_taken_for_images(name):
    assert not has_image_suffix(Path(name))


def test_content_counts_more_than_the_name(opened, tmp_path):
    pixels = cells((1, 1, 1, 30, 40))
    path = write_ome(tmp_path / "a.ome.tif", pixels).rename(tmp_path / "no suffix at all")
    assert can_open(path)
    source = opened(path)
    np.testing.assert_array_equal(source.read(source.info.whole()), pixels)


def test_a_picture_with_the_name_of_a_tiff_opens(opened, tmp_path):
    Image.fromarray(cells((30, 40), "uint8")).save(tmp_path / "a.png")
    path = (tmp_path / "a.png").rename(tmp_path / "a.tif")
    assert opened(path).info.shape == (1, 1, 1, 30, 40)


def test_a_name_with_umlauts_and_spaces_opens(opened, tmp_path):
    folder = tmp_path / "Bilder für µ-Versuche"
    folder.mkdir()
    assert opened(write_ome(folder / "Prüfung 1.ome.tif", cells((1, 1, 1, 30, 40)))).info.axes == "YX"


@pytest.mark.parametrize(
    ("mode", "dtype", "axes"),
    [
        ("L", "uint8", "YX"),
        ("1", "uint8", "YX"),
        ("LA", "uint8", "YX"),
        ("I;16", "uint16", "YX"),
        ("RGB", "uint8", "YXS"),
        ("RGBA", "uint8", "YXS"),
        ("P", "uint8", "YXS"),
    ],
)
def test_pictures_of_every_mode_are_read(opened, tmp_path, mode, dtype, axes):
    picture = Image.fromarray(cells((30, 40), "uint8"))
    if mode == "I;16":
        picture = Image.fromarray(cells((30, 40), "uint16"))
    elif mode != "L":
        picture = picture.convert(mode)
    picture.save(tmp_path / "a.png")
    source = opened(tmp_path / "a.png")
    assert (source.info.dtype, source.info.axes) == (dtype, axes)
    read = source.read(source.info.whole())
    picture = picture.getchannel(0) if mode == "LA" else picture
    expected = np.asarray(picture.convert("RGB") if axes == "YXS" else picture)
    expected = np.moveaxis(expected, -1, 0) if axes == "YXS" else expected[None]
    np.testing.assert_array_equal(read[0, :, 0], expected.astype(dtype))
    corner = source.info.plane()
    assert source.read(corner).shape == corner.shape


def test_16_bit_colours_are_not_cut_down(opened, tmp_path):
    import imagecodecs

    pixels = cells((3, 30, 40))
    (tmp_path / "a.png").write_bytes(imagecodecs.png_encode(np.ascontiguousarray(np.moveaxis(pixels, 0, -1))))
    source = opened(tmp_path / "a.png")
    assert (source.info.dtype, source.info.is_rgb) == ("uint16", True)
    np.testing.assert_array_equal(source.read(source.info.whole())[0, :, 0], pixels)


def test_every_sample_opens_and_has_a_credit(opened):
    listed = samples()
    assert len(listed) == 19
    for sample in listed:
        assert sample.title
        assert sample.licence
        assert sample.credit
        info = opened(sample.path).info
        assert info.nbytes > 0
    folder = listed[0].path.parent
    on_disk = {path for path in folder.rglob("*") if has_image_suffix(path)}
    assert on_disk == {sample.path for sample in listed}


def test_the_credit_of_the_gigadb_images_says_what_their_licence_rests_on():
    gigadb = [sample for sample in samples() if "giab032" in sample.credit]
    assert len(gigadb) == 2
    assert all("GigaDB's general terms" in sample.credit for sample in gigadb)


def test_every_reader_has_a_module_that_opens():
    import importlib

    for row in READERS:
        assert callable(importlib.import_module(row.module).open_source)


def test_tiff_is_read_with_nothing_but_numpy_and_tifffile(tmp_path):
    path = write_ome(tmp_path / "a.ome.tif", cells((1, 2, 3, 30, 40)))
    heavy = [
        "aicsimageio",
        "dask",
        "xarray",
        "zarr",
        "PIL",
        "scipy",
        "torch",
        "PySide6",
        "imagecodecs",
    ]
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from app.images.open import open_image\n"
        f"for name in {heavy}: sys.modules[name] = None\n"
        f"source = open_image(Path({str(path)!r}))\n"
        "print(source.read(source.info.whole()).shape)\n"
        "import app.images.writers.tiff, app.images.folders, app.images.record, app.images.samples\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "(1, 2, 3, 30, 40)", done.stderr


def test_a_huge_file_opens_without_being_read(opened, tmp_path):
    from app.images.writers.tiff import OmeTiffSink
    from tests.makers import info_for

    try:
        sink = OmeTiffSink.create(tmp_path / "a.ome.tif", info_for((1, 1, 256, 2048, 2048), "float32"))
    except Exception as error:  # noqa: BLE001 - whatever the drive has against 4 GB
        pytest.skip(f"needs room for a sparse file of 4 GB: {error}")
    if sink.path.stat().st_blocks * 512 > 1 << 30:
        sink.abandon()
        pytest.skip("needs a drive with sparse files")
    started = time.process_time()
    source = opened(sink.path)
    source.read(source.info.plane(z=128))
    assert time.process_time() - started < 5
    source.close()
    sink.abandon()
