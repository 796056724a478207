import pytest

from tests.ui.jobs.fakes import fake_services


@pytest.fixture
def services(qapp, qtbot):
    made = fake_services()
    yield made
    made.session.close_all()
    made.bridge.close()
    made.background.close()
