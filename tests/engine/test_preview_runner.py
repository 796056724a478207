import json

import numpy as np
import pytest

from app.engine.events import Finished, Preview
from app.engine.runners import check, preview, restore
from app.engine.specs import CheckSpec, Input, PreviewSpec, RestoreSpec
from app.images.open import open_image
from models.errors import UserError
from tests.engine.bench import Bench, write_stack

QUICK = (("method", "gaussian"),)


@pytest.fixture
def bench(tmp_path):
    return Bench(tmp_path / "job")


@pytest.fixture
def image(tmp_path):
    path = tmp_path / "cells.tif"
    write_stack(path, (3, 200, 220))
    return path


def spec_of(path, **changes):
    options = {"t": 0, "channels": (), "z": 1, "y": (30, 94), "x": (50, 130)} | changes
    return PreviewSpec(Input(str(path)), "simple-smoothing", values=QUICK, **options)


def shown(bench):
    return np.load(bench.heard(Preview)[-1].path)


def test_the_box_is_the_same_as_that_part_of_the_result(bench, image):
    assert isinstance(bench.run(preview, spec_of(image)), Finished)
    box = shown(bench)
    final = bench.run(restore, RestoreSpec((Input(str(image)),), "simple-smoothing", values=QUICK))
    source = open_image(final.outputs[0])
    whole = source.read(source.info.plane(z=1))[0, 0, 0]
    source.close()
    assert box.dtype == np.float32
    assert box.shape == (1, 64, 80)
    np.testing.assert_allclose(box[0], whole[30:94, 50:130], atol=0.1)


def test_the_second_box_needs_no_measuring(bench, image, monkeypatch):
    bench.run(preview, spec_of(image))
    monkeypatch.setattr(preview, "prepare", lambda *_: pytest.fail("the image was measured again"))
    bench.run(preview, spec_of(image, y=(0, 64)))
    assert len(bench.heard(Preview)) == 2


def test_an_image_that_changed_is_measured_again(bench, image, monkeypatch):
    measured = []
    prepare = preview.prepare
    monkeypatch.setattr(preview, "prepare", lambda *args: measured.append(1) or prepare(*args))
    bench.run(preview, spec_of(image))
    write_stack(image, (3, 180, 220))
    bench.run(preview, spec_of(image))
    assert len(measured) == 2


def test_a_box_over_the_edge_is_cut(bench, image):
    bench.run(preview, spec_of(image, y=(-20, 40), x=(200, 260)))
    assert shown(bench).shape == (1, 40, 20)


@pytest.mark.parametrize("changes", [{"y": (300, 340)}, {"z": 3}, {"t": -1}, {"x": (9, 9)}])
def test_a_box_outside_the_image_is_refused(bench, image, changes):
    with pytest.raises(UserError, match="outside the image"):
        bench.run(preview, spec_of(image, **changes))


def test_every_channel_of_the_box_is_restored(bench, tmp_path):
    write_stack(tmp_path / "two.tif", (2, 100, 100), metadata={"axes": "CYX"})
    bench.run(preview, spec_of(tmp_path / "two.tif", z=0))
    assert shown(bench).shape[0] == 2


def test_a_sound_computer_passes_every_check(bench):
    report = json.loads(bench.run(check, CheckSpec(device="cpu")).report)
    assert report["failed"] == 0, report["checks"]
    assert [one["passed"] for one in report["checks"]] == [True] * len(report["checks"])
    assert len(report["checks"]) >= 2
    assert report["megapixels_per_s"]["simple-smoothing"] > 0
    assert report["device"].startswith("CPU")


def test_a_wrong_result_is_a_line_in_the_report(bench, monkeypatch):
    monkeypatch.setattr(check.np, "array_equal", lambda *_: False)
    report = json.loads(bench.run(check, CheckSpec(device="cpu")).report)
    assert report["failed"] == 1
    assert "does not hold what was written" in report["checks"][-1]["detail"]
