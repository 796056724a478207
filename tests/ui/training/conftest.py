import json
from pathlib import Path

import numpy as np
import pytest
import tifffile
from scipy import ndimage

from app.engine.events import Finished, StateChanged
from tests.ui.jobs.fakes import fake_services, let_go


@pytest.fixture
def services(qapp, qtbot, tmp_path, monkeypatch):
    """Real services around a fake engine, in a home of their own."""
    monkeypatch.setenv("MICROGRAPHIA_HOME", str(tmp_path / "home"))
    made = fake_services()
    yield made
    let_go(made)


@pytest.fixture
def show(services, qtbot):
    """Show a panel; when it goes, nothing calls it any more."""

    def show_panel(panel, width=1000, height=700):
        qtbot.addWidget(panel, before_close_func=lambda _panel: let_go(services))
        panel.resize(width, height)
        panel.show()
        return panel

    return show_panel


@pytest.fixture
def images(tmp_path):
    """Six images of three samples."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    files = []
    for number in range(6):
        pixels = ndimage.gaussian_filter(np.random.default_rng(number).random((160, 170)), 1.5)
        file = folder / f"slide{'abc'[number // 2]}_field{number % 2}.tif"
        tifffile.imwrite(file, (pixels * 4000).astype(np.uint16))
        files.append(file)
    return files


@pytest.fixture
def answer(services, tmp_path):
    """Answer the survey that was asked for last; `found` says by file name what is special."""

    def say(**found):
        number, spec = services.engine.previews[-1]
        small = tmp_path / "small.npy"
        np.save(small, np.full((90, 96), 128, np.uint8))
        rows = [
            {
                "path": one.path, "shape": [1, 1, 1, 160, 170], "dtype": "uint16", "pixel_size_um": 0.1,
                "saturated": 0.0, "sharpness": 0.3, "is_out_of_focus": False, "same_as": None,
                "is_rgb": False, "nan": 0.0, "is_constant": False, "thumbnail": str(small), "error": "",
                "noise": 0.01, "shift_px": None, **found.get(Path(one.path).stem, {}),
            }
            for one in spec.inputs
        ]  # fmt: skip
        report = json.dumps({"images": rows, "low": 0.0, "high": 100.0, "remarks": []})
        services.engine.say(Finished(number, (), report))

    return say


@pytest.fixture
def tell_state(services):
    """Let a job change its state."""
    return lambda number, state: services.engine.say(StateChanged(number, state))
