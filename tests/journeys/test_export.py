"""From a click on the Export page through the worker to a file that other programs read."""

import numpy as np
import tifffile
import zarr
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from app.engine.events import Finished
from app.images.open import open_image
from tests.makers import cells, write_ome


def open_data_page(walk, path):
    walk.drop(path)
    walk.until(lambda: walk.session.current is not None)
    viewer = walk.house.window.places["viewer"]
    walk.until(lambda: viewer.content is not None and viewer.content.shot() is not None)
    walk.until(lambda: viewer.content.is_idle)
    walk.house.desk.inspect("export")
    walk.until(lambda: walk.house.window.places["export"].content is not None)
    panel = walk.house.window.places["export"].content
    walk.until(panel.isVisible)
    QTest.mouseClick(panel.switches["data"], Qt.MouseButton.LeftButton)
    return panel


def choose_format(panel, title):
    panel.data.format.setFocus()
    for _row in range(panel.data.format.count()):
        if panel.data.format.currentText() != title:
            QTest.keyClick(panel.data.format, Qt.Key.Key_Down)
    assert panel.data.format.currentText() == title


def test_an_image_becomes_a_tiff_for_fiji_that_looks_the_same(walk, tmp_path):
    pixels = cells((2, 2, 3, 60, 80))
    image = write_ome(tmp_path / "cells.ome.tif", pixels, names=("DAPI", "Actin"))
    panel = open_data_page(walk, image)
    choose_format(panel, "TIFF for Fiji")
    QTest.mouseClick(panel.bar.export, Qt.MouseButton.LeftButton)
    final = walk.wait_for_end()
    assert isinstance(final, Finished)
    assert final.outputs == (str(tmp_path / "cells.tif"),)
    state = walk.house.window.places["viewer"].content.view_state
    with tifffile.TiffFile(final.outputs[0]) as file:
        np.testing.assert_array_equal(file.asarray(), pixels.transpose(0, 2, 1, 3, 4))
        contrasts = [state.contrast(index) for index in range(2)]
        expected = [limit for contrast in contrasts for limit in (contrast.low, contrast.high)]
        np.testing.assert_allclose(file.imagej_metadata["Ranges"], expected)
    walk.until(lambda: any("TIFF for Fiji" in toast.label.text() for toast in walk.house.notices._toasts))


def test_a_part_becomes_an_ome_zarr_and_opens_again(walk, tmp_path):
    pixels = cells((1, 2, 3, 60, 80))
    panel = open_data_page(walk, write_ome(tmp_path / "cells.ome.tif", pixels))
    choose_format(panel, "OME-Zarr 0.4")
    panel.data.planes.first.setValue(2)
    QTest.mouseClick(panel.bar.export, Qt.MouseButton.LeftButton)
    final = walk.wait_for_end()
    assert final.outputs == (str(tmp_path / "cells.ome.zarr"),)
    np.testing.assert_array_equal(zarr.open(final.outputs[0], mode="r")["0"][:], pixels[:, :, 1:])
    source = open_image(tmp_path / "cells.ome.zarr")
    np.testing.assert_array_equal(source.read(source.info.whole()), pixels[:, :, 1:])
    assert source.info.pixel_size_um.x == 0.1
    source.close()
