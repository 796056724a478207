"""A browser in a real window, looking at a real folder."""

import numpy as np
import pytest
import tifffile

from app.ui.browser.places import Place


@pytest.fixture
def folder(tmp_path):
    place = tmp_path / "day 1"
    (place / "inner").mkdir(parents=True)
    for number in (1, 2, 10):
        tifffile.imwrite(place / f"cell {number}.tif", np.full((40, 60), number, np.uint8))
    (place / "notes.txt").write_text("no image")
    return place


@pytest.fixture
def browser(house, qtbot, folder):
    panel = house.window.places["browser"].content
    go_to(panel, folder, qtbot)
    return panel


def go_to(panel, folder, qtbot):
    """Go to a folder and wait until all is known of it."""
    panel.show_place(Place("folder", folder))
    qtbot.waitUntil(lambda: is_settled(panel, folder), timeout=10000)


def is_settled(panel, folder):
    entries = panel.model.entries()
    return (
        panel.place.folder == folder
        and panel._listing.is_complete
        and panel._listing.is_measured
        and len(entries) == len(panel._listing.entries)
        and all(entry.folder == folder for entry in entries)
    )


def names(panel):
    return [panel.model.index(row).data() for row in range(panel.model.rowCount())]
