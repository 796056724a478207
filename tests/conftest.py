"""What all tests share: a home of their own, and the folder of larger test data if there is one."""

import os
import signal
from pathlib import Path

import pytest

# A run started in the background ignores Ctrl-C, and programs that tests start would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--data", default=None, help="folder of larger test data, with train/ formats/ samples/")


@pytest.fixture(scope="session")
def data_dir(request: pytest.FixtureRequest) -> Path:
    """The folder of larger test data; without it the test is skipped."""
    named = request.config.getoption("--data") or os.environ.get("MICROGRAPHIA_DATA")
    if not named:
        pytest.skip("needs larger test data: pytest --data FOLDER, or MICROGRAPHIA_DATA")
    folder = Path(named)
    if not folder.is_dir():
        pytest.fail(f"there is no folder {folder}, which --data or MICROGRAPHIA_DATA names")
    return folder


@pytest.fixture(autouse=True)
def _own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep every test away from the person's own settings, models and jobs."""
    monkeypatch.setenv("MICROGRAPHIA_HOME", str(tmp_path / "home"))
