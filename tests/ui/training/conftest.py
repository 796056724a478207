import pytest

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
