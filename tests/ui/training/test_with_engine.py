"""The first step with a real worker: real files are looked at, and a repeated field is found."""

from dataclasses import replace

import pytest
import tifffile

from app.engine.supervisor import Engine
from app.ui.bridge import EngineBridge
from app.ui.training.panel import TrainPanel


@pytest.fixture
def real(services, qtbot):
    """The services, but with an engine that starts a worker."""
    engine = Engine(services.paths, services.settings.current)
    bridge = EngineBridge(engine)
    yield replace(services, engine=engine, bridge=bridge)
    bridge.close()
    engine.close()


def test_images_are_looked_at_and_a_repeated_field_is_doubted(real, show, images, tmp_path, qtbot):
    whole = tifffile.imread(images[0])
    again = tmp_path / "pictures" / "slided_field0.tif"
    tifffile.imwrite(again, whole[10:, 20:])
    panel = show(TrainPanel(real))
    qtbot.waitUntil(lambda: panel.pages["good"].content is not None)
    panel.take("good", [tmp_path / "pictures"])
    qtbot.waitUntil(lambda: len(panel.plan.seen) == 7, timeout=60000)
    step = panel.pages["good"].content
    assert len(step.surveyor.pictures) == 7
    doubtful = {row.doubt.path for row in step.doubts.rows if row.doubt.key == "same"}
    assert doubtful == {again}
