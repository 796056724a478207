import json
from dataclasses import replace

import pytest
from PySide6.QtGui import QGuiApplication

from app.engine.events import Finished, Started
from app.engine.specs import CheckSpec
from app.ui.computer import Computer, Gpu, parse_nvidia, probe
from app.ui.device import DeviceEntry, outcome_words

PLAIN = Computer("Linux", "AMD EPYC", 2, 16.0, "2.13.0+cpu")
CARD = Gpu("NVIDIA RTX 4070", 12.0, "560.1")


def test_a_computer_without_a_card_says_so():
    assert PLAIN.device_words == "CPU, 2 cores"
    assert "this computer has none that can compute" in PLAIN.why_no_gpu("auto")
    assert [name for name, _words in PLAIN.devices()] == ["auto", "cpu"]


def test_a_card_that_works_is_offered_and_needs_no_excuse():
    able = replace(PLAIN, gpu=CARD, torch="2.13.0+cu130")
    assert able.device_words == "NVIDIA RTX 4070, 12 GB"
    assert able.why_no_gpu("auto") == ""
    assert "cuda" in dict(able.devices())
    assert "was chosen in the preferences" in able.why_no_gpu("cpu")


def test_a_card_without_its_pack_is_explained():
    unable = replace(PLAIN, gpu=CARD)
    assert unable.device_words == "CPU, 2 cores"
    assert "GPU pack" in unable.why_no_gpu("auto")


def test_a_driver_that_does_not_answer_is_quoted():
    said = "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver."
    gpu, complaint = parse_nvidia(said)
    assert gpu is None
    assert said in replace(PLAIN, complaint=complaint).why_no_gpu("auto")


def test_the_drivers_answer_is_understood():
    gpu, complaint = parse_nvidia("NVIDIA H200, 143771, 570.86.15\n")
    assert (gpu.name, round(gpu.memory_gb), gpu.driver, complaint) == ("NVIDIA H200", 151, "570.86.15", "")


def test_this_computer_can_be_looked_at():
    found = probe()
    assert found.cores >= 1
    assert found.memory_gb > 0.1
    assert found.torch


@pytest.fixture
def entry(services, show, qtbot):
    made = show(DeviceEntry(services), width=300, height=30)
    qtbot.waitUntil(lambda: made._computer is not None)
    return made


def test_the_entry_says_what_computes_and_when(entry, services, qtbot):
    idle = entry.text()
    with qtbot.waitSignal(services.bridge.started):
        services.engine.say(Started(3, "CPU, 7 cores"))
    assert entry.text() == "CPU, 7 cores, in use"
    with qtbot.waitSignal(services.bridge.finished):
        services.engine.say(Finished(3))
    assert entry.text() == idle


def test_a_click_opens_this_computer_and_its_text_can_be_copied(entry, qtbot):
    entry.click()
    sheet = entry.sheet
    assert sheet.isVisible()
    sheet.copy.click()
    text = QGuiApplication.clipboard().text()
    assert "PyTorch" in text
    assert sheet.reason.text() in text
    sheet.close()


def test_a_check_runs_as_a_job_and_its_lines_are_shown(entry, services, qtbot):
    entry.click()
    entry.sheet.check.click()
    qtbot.waitUntil(lambda: entry._check is not None)
    assert services.engine.asked[-1] == ("submit", CheckSpec("auto"))
    assert not entry.sheet.check.isEnabled()
    report = json.dumps({"checks": [{"name": "Write", "passed": True, "detail": "done"}], "reason": "Fast."})
    with qtbot.waitSignal(services.bridge.finished):
        services.engine.say(Finished(entry._check, (), report))
    assert entry.sheet.outcome.text() == "✓ Write: done\nFast."
    entry.sheet.close()


def test_a_report_that_is_not_understood_is_not_invented():
    assert outcome_words("")[0] == "The check is finished; its report stands under Jobs."
