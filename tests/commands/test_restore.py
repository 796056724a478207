import os

import pytest

from app.commands.batch import Batch
from app.engine import events
from models.errors import UserError


@pytest.fixture
def batch(tmp_path):
    """Two files with a missing one between them."""
    for name in ("a.tif", "c.tif"):
        (tmp_path / name).touch()
    made = Batch()
    list(made.expand([str(tmp_path / name) for name in ("a.tif", "b.tif", "c.tif")]))
    return made


def test_only_files_that_exist_go_into_the_job(batch):
    assert [file[-5:] for file in batch.files] == ["a.tif", "c.tif"]
    assert [failure["code"] for failure in batch.failed] == ["images.gone"]


def test_results_stand_at_the_place_of_their_input(batch):
    batch.hear(events.ItemDone(1, 1, "/c_restored.ome.tif"))
    assert batch.outputs == [None, None, "/c_restored.ome.tif"]
    batch.hear(events.Finished(1, ("/a_restored.ome.tif", "/c_restored.ome.tif")))
    assert batch.outputs == ["/a_restored.ome.tif", None, "/c_restored.ome.tif"]


def test_failures_and_remarks_name_their_input(batch):
    batch.hear(events.ItemFailed(1, 1, "", "images.damaged", "c.tif contradicts itself."))
    batch.hear(events.Remark(1, "tile", "The tile was made smaller.", 0))
    batch.hear(events.Remark(1, "device", "The processor was used."))
    assert batch.failed[-1]["input"].endswith("c.tif")
    assert batch.remarks[0]["input"].endswith("a.tif")
    assert batch.remarks[1]["input"] == ""


def test_when_the_worker_dies_what_is_finished_stays_and_the_rest_has_failed(batch):
    batch.hear(events.ItemDone(1, 0, "/a_restored.ome.tif"))
    batch.fail(UserError("The worker went away."))
    assert batch.outputs[0] == "/a_restored.ome.tif"
    assert [failure["input"][-5:] for failure in batch.failed] == ["b.tif", "c.tif"]


def test_inputs_are_named_as_they_were_given(tmp_path, monkeypatch):
    (tmp_path / "a.tif").touch()
    monkeypatch.chdir(tmp_path)
    batch = Batch()
    list(batch.expand(["a.tif"]))
    assert batch.inputs == ["a.tif"]
    assert batch.files == [str(tmp_path / "a.tif")]


def test_a_subfolder_that_cannot_be_listed_stands_among_the_failures(tmp_path, monkeypatch):
    inner, file = tmp_path / "inner", tmp_path / "a.tif"
    inner.mkdir()
    file.touch()
    scandir = os.scandir

    def refuse(path):
        if path == inner:
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr("os.scandir", refuse)
    batch = Batch()
    list(batch.expand([str(tmp_path)]))
    assert batch.inputs == [str(inner), str(file)]
    assert [one["input"] for one in batch.failed] == [str(inner)]
