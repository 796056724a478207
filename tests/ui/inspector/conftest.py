import pytest

from app.library.catalogue import shipped_cards
from tests.ui.jobs.fakes import fake_services, let_go


@pytest.fixture
def services(qapp, qtbot):
    """Real services around a fake engine."""
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


@pytest.fixture(autouse=True)
def _only_smoothing_ships(monkeypatch):
    """Keep these tests apart from which networks come with the program and how well they fit."""
    cards = tuple(card for card in shipped_cards() if card.id == "simple-smoothing")
    monkeypatch.setattr("app.library.store.shipped_cards", lambda: cards)
