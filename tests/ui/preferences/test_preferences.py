import pytest
from PySide6.QtWidgets import QLabel

from app.settings import load_settings
from app.ui.background import Background
from app.ui.preferences.holder import SettingsHolder
from app.ui.preferences.panel import Preferences


@pytest.fixture
def background(qapp):
    background = Background()
    yield background
    background.close()


def test_a_change_is_stored_at_once(qtbot, home, background):
    settings = SettingsHolder(home, background)
    dialog = Preferences(settings)
    qtbot.addWidget(dialog)
    dialog.memory.setValue(4.0)
    qtbot.waitUntil(lambda: load_settings(home).memory_limit_gb == 4.0)
    dialog.network.setChecked(False)
    qtbot.waitUntil(lambda: not load_settings(home).network)
    assert settings.current.memory_limit_gb == 4.0


def test_what_the_facility_fixed_has_a_lock_and_says_so(qtbot, home, background, tmp_path, monkeypatch):
    policy = tmp_path / "policy.toml"
    policy.write_text('network = false\ndevice = "cpu"\n')
    monkeypatch.setenv("MICROGRAPHIA_POLICY", str(policy))
    settings = SettingsHolder(home, background)
    dialog = Preferences(settings)
    qtbot.addWidget(dialog)
    assert not dialog.network.isEnabled()
    assert not dialog.device.isEnabled()
    assert dialog.theme.isEnabled()
    assert [label.text() for label in dialog.findChildren(QLabel)].count("Set by your facility.") == 2
    settings.change(network=True)
    assert settings.current.network is False


def test_the_folder_for_results_can_be_typed(qtbot, home, background):
    settings = SettingsHolder(home, background)
    dialog = Preferences(settings)
    qtbot.addWidget(dialog)
    dialog.folder.setText("/data/results")
    dialog.folder.editingFinished.emit()
    assert settings.current.results_dir == "/data/results"


def test_many_changes_in_a_row_end_in_the_last(qtbot, home, background):
    settings = SettingsHolder(home, background)
    for number in range(1, 30):
        settings.change(memory_limit_gb=float(number))
    qtbot.waitUntil(lambda: load_settings(home).memory_limit_gb == 29.0)


def test_the_file_opened_last_is_the_first_of_the_recent_ones(home, background, qtbot):
    settings = SettingsHolder(home, background)
    for name in ("a.tif", "b.tif", "a.tif"):
        settings.remember(name)
    assert settings.current.recent == ("a.tif", "b.tif")
    qtbot.waitUntil(lambda: load_settings(home).recent == ("a.tif", "b.tif"))
