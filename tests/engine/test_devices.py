import pytest
import torch

from app.engine.runners import devices
from app.engine.runners.devices import NoSuchDevice, chosen_device, free_memory
from app.settings import Settings


@pytest.fixture
def no_gpu(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)


@pytest.fixture
def nvidia(monkeypatch):
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    monkeypatch.setattr(torch.version, "cuda", "13.0")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda index: "NVIDIA RTX 4070")
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda index: (9 << 30, 12 << 30))


@pytest.mark.usefixtures("no_gpu")
def test_without_a_gpu_the_processor_works_and_the_reason_is_given():
    device = chosen_device("auto")
    assert device.name == "cpu"
    assert device.words.startswith("CPU, ")
    assert "NVIDIA" in device.reason


@pytest.mark.usefixtures("nvidia")
def test_a_gpu_is_chosen_by_itself_and_named_in_words():
    device = chosen_device("auto")
    assert (device.name, device.words) == ("cuda:0", "NVIDIA RTX 4070, 12 GB")
    assert device.budget(Settings()).tile_bytes == 6 << 30


@pytest.mark.usefixtures("nvidia")
def test_the_settings_say_what_auto_means_and_the_job_has_the_last_word():
    assert chosen_device("auto", Settings(device="cpu")).name == "cpu"
    assert chosen_device("cuda", Settings(device="cpu")).name == "cuda:0"


@pytest.mark.usefixtures("nvidia")
@pytest.mark.parametrize("wish", ["cuda:3", "mps"])
def test_a_device_that_is_not_there_is_refused(wish):
    with pytest.raises(NoSuchDevice, match="cannot be used") as caught:
        chosen_device(wish)
    assert caught.value.hint


@pytest.mark.usefixtures("nvidia")
def test_precision_is_half_only_where_the_model_was_checked():
    device = chosen_device("cuda")
    assert device.precision(("float32",)) == "float32"
    assert device.precision(("float32", "float16")) == "float16"
    assert device.precision(("float32", "float16", "bfloat16")) == "bfloat16"


@pytest.mark.usefixtures("no_gpu")
@pytest.mark.parametrize(("is_fast", "expected"), [(True, "bfloat16"), (False, "float32")])
def test_the_processor_uses_bfloat16_only_where_it_is_fast(monkeypatch, is_fast, expected):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"amx_bf16": is_fast, "avx512_bf16": True})
    assert chosen_device("cpu").precision(("float32", "bfloat16")) == expected


def test_a_limit_on_memory_is_kept():
    budget = chosen_device("cpu").budget(Settings(memory_limit_gb=0.3))
    assert budget.tile_bytes + budget.band_bytes <= 0.3 * devices.GIB


def test_free_memory_is_known_without_psutil(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "psutil", None)
    assert free_memory() > 0
