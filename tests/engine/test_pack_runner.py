"""Packages for other programs: whole, described, and giving the same result outside."""

import hashlib
import io
import json
import zipfile

import numpy as np
import pytest
import torch

from app.engine.events import Finished
from app.engine.runners import pack
from app.engine.specs import PackSpec
from app.library.card import ModelCard, read_card, write_card
from app.library.errors import UnknownModel, WeightsDamaged
from app.paths import find_paths
from models import weights
from models.pssr.network import Layout, ResUNet
from models.restoration.family import Traits
from models.restoration.intensity import limits_of
from models.training.verdict import Case, conclude, to_json
from models.watch import Silent


class Context(Silent):
    """The part of a job's context that packing uses."""

    job = 1

    def __init__(self):
        self.paths = find_paths()

    def started(self, device):
        self.device = device


def network_of(layout):
    torch.manual_seed(1)
    network = ResUNet(layout)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.copy_(torch.randn_like(parameter) * 0.05)
    return network


@pytest.fixture(params=[1, 2, 4])
def model(request, tmp_path):
    """Return a folder as a training leaves it."""
    layout = Layout(scale=request.param, shrink=1, widths=(8, 8), blocks=(1, 1))
    data = weights.to_bytes(network_of(layout).state_dict())
    card = ModelCard(
        id="mine",
        name="Mine, ×2 / neurons: best",
        purpose="Takes the noise out.",
        family="pssr",
        version="1",
        licence="CC0-1.0",
        licence_words="free",
        citation="Somebody, Journal 1 (2020), doi 10.1234/abc.5: the method",
        scale=request.param,
        network=layout.to_json().decode(),
        weights="mine.safetensors",
        size=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        trained_on=("a.tif",),
    )
    folder = tmp_path / "mine"
    (folder / "history").mkdir(parents=True)
    (folder / "mine.safetensors").write_bytes(data)
    (folder / "card.toml").write_text(write_card(card), encoding="utf-8")
    cases = [Case("a", "dish", True, 21.0, 0.8, 20.0, 0.7, "gaussian", 18.0)]
    (folder / "verdict.json").write_text(to_json(conclude(cases)), encoding="utf-8")
    rng = np.random.default_rng(0)
    np.save(folder / "history" / "bad.npy", rng.normal(900, 50, (100, 130)).astype(np.float32))
    return folder


def packed(folder, output, **options):
    done = pack.run(PackSpec("", str(output), str(folder), **options), Context())
    assert isinstance(done, Finished)
    return done.outputs[0]


def contents(file):
    with zipfile.ZipFile(file) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def test_a_package_holds_what_its_description_names(model, tmp_path):
    files = contents(packed(model, tmp_path / "out.zip", authors=("A. Person",)))
    table = json.loads(files["rdf.yaml"])
    named = [
        table["documentation"],
        *table["covers"],
        *table["attachments"],
        table["inputs"][0]["test_tensor"],
        table["outputs"][0]["test_tensor"],
        table["weights"]["torchscript"],
    ]
    assert {entry["source"] for entry in named} == files.keys() - {"rdf.yaml"}
    assert all(hashlib.sha256(files[e["source"]]).hexdigest() == e["sha256"] for e in named)
    assert (table["license"], table["authors"]) == ("CC0-1.0", [{"name": "A. Person"}])
    assert [entry["doi"] for entry in table["cite"]] == ["10.1234/abc.5", "10.1038/s41592-021-01080-z"]
    assert table["name"] == "Mine - x2   neurons  best"
    assert files["cover.png"].startswith(b"\x89PNG")
    words = files["documentation.md"].decode()
    assert "1.0 dB above smoothing on 1 image: too few for a verdict" in words
    assert read_card(files["card.toml"].decode()).id == "mine"


def test_what_was_traced_gives_the_result_of_the_network(model, tmp_path):
    files = contents(packed(model, tmp_path / "out.zip"))
    seen, answer = (np.load(io.BytesIO(files[f"test_{one}.npy"])) for one in ("input", "output"))
    with pytest.warns(DeprecationWarning, match="deprecated"):
        script = torch.jit.load(io.BytesIO(files["weights.pt"]))
    scale = read_card(files["card.toml"].decode()).scale
    network = network_of(Layout(scale=scale, shrink=1, widths=(8, 8), blocks=(1, 1)))
    ready = torch.from_numpy(limits_of(seen).normalised(seen))
    with torch.no_grad():
        assert np.allclose(script(ready).numpy(), answer, atol=1e-5)
        assert np.allclose(network(ready).numpy(), answer, atol=1e-5)
        other = torch.rand(3, 1, 18, 44)
        assert torch.allclose(script(other), network(other), atol=1e-5)
    assert seen.mean() == pytest.approx(900, abs=10)


def test_an_existing_file_is_never_overwritten(model, tmp_path):
    taken = tmp_path / "out.zip"
    taken.write_bytes(b"precious")
    written = packed(model, tmp_path / "out")
    assert taken.read_bytes() == b"precious"
    assert written == str(tmp_path / "out_2.zip")
    assert "rdf.yaml" in contents(written)


def test_sides_and_halo_leave_something_of_the_smallest_input(model, tmp_path):
    table = json.loads(contents(packed(model, tmp_path / "out.zip"))["rdf.yaml"])
    size = table["inputs"][0]["axes"][2]["size"]
    out = table["outputs"][0]["axes"][2]
    assert size["min"] % size["step"] == 0
    assert size["min"] / out["scale"] > 2 * out["halo"]


def test_without_a_picture_a_verdict_or_a_licence_the_package_is_whole_all_the_same(model, tmp_path):
    (model / "history" / "bad.npy").write_bytes(b"no numbers")
    (model / "verdict.json").write_text("[]")
    text = (model / "card.toml").read_text(encoding="utf-8")
    (model / "card.toml").write_text(text.replace('"CC0-1.0"', '"not chosen"'), encoding="utf-8")
    files = contents(packed(model, tmp_path / "out.zip"))
    assert "license" not in json.loads(files["rdf.yaml"])
    assert "treat what it shows as not tested" in files["documentation.md"].decode()


def test_damaged_and_unknown_models_and_those_without_a_network_are_told(model, tmp_path):
    (model / "mine.safetensors").write_bytes(b"other")
    with pytest.raises(WeightsDamaged):
        packed(model, tmp_path / "out.zip")
    with pytest.raises(UnknownModel):
        pack.run(PackSpec("nobody", str(tmp_path / "out.zip")), Context())
    with pytest.raises(pack.CannotPack, match="no network"):
        pack.run(PackSpec("simple-smoothing", str(tmp_path / "out.zip")), Context())
    assert not list(tmp_path.glob("*.zip*"))


def test_a_network_that_does_not_trace_faithfully_is_not_packed():
    class Fickle(torch.nn.Module):
        def forward(self, x):
            return x * (2 if len(x) == 1 else 3)

    example = np.random.default_rng(0).random((1, 32, 32)).astype(np.float32)
    with pytest.raises(pack.CannotPack, match="same result"):
        pack.traced_network(Fickle(), Traits(), example)


def test_a_shipped_model_can_be_packed_by_its_name(tmp_path):
    done = pack.run(PackSpec("pssr-fluorescence-x2", str(tmp_path / "x2.zip")), Context())
    files = contents(done.outputs[0])
    assert np.load(io.BytesIO(files["test_output.npy"])).shape[2:] == tuple(
        2 * side for side in np.load(io.BytesIO(files["test_input.npy"])).shape[2:]
    )
