"""The architecture, held by machines."""

import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

ROOT = Path(__file__).parents[2]
OURS = {"app", "models", "resources"}


def in_fresh_interpreter(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_every_import_follows_the_contracts():
    code = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_nobody_else_provides_our_package_names():
    providers = packages_distributions()
    for name in OURS:
        assert set(providers.get(name, [])) <= {"micrographia"}, providers[name]


def test_the_window_process_imports_neither_torch_nor_the_slow_libraries():
    slow = ("torch", "scipy", "skimage", "sklearn", "aicsimageio", "tifffile", "pandas", "matplotlib")
    found = in_fresh_interpreter(
        f"import sys, app.ui.start; print([name for name in {slow} if name in sys.modules])"
    )
    assert found == "[]"


def test_the_first_paint_needs_neither_numpy_nor_pyqtgraph():
    found = in_fresh_interpreter(
        "import sys, app.ui.start; print([n for n in ('numpy', 'pyqtgraph', 'psutil') if n in sys.modules])"
    )
    assert found == "[]"


def test_the_worker_never_imports_qt():
    found = in_fresh_interpreter("import sys, app.engine.worker; print('PySide6' in sys.modules)")
    assert found == "False"


def test_no_widget_styles_itself():
    guilty = [
        str(file.relative_to(ROOT))
        for file in (ROOT / "app" / "ui").rglob("*.py")
        if "setStyleSheet" in file.read_text("utf-8") and file.name != "theme.py"
    ]
    assert guilty == []


def test_package_files_hold_a_docstring_only():
    for package in ("app", "models", "resources"):
        for file in (ROOT / package).rglob("__init__.py"):
            text = file.read_text("utf-8").strip()
            assert text.startswith('"""'), file
            assert text.endswith('"""'), file
            assert text.count('"""') == 2, file


def test_nothing_names_the_computer_it_was_written_on():
    marks = ("/" + "work" + "/", "/" + "root" + "/", "/" + "tmp" + "/bash")
    for folder in ("app", "models", "resources", "tests", "docs", "benchmarks", "installer"):
        for file in (ROOT / folder).rglob("*"):
            if file.suffix in (".py", ".md", ".toml", ".qss", ".svg", ".json", ".txt"):
                text = file.read_text("utf-8")
                assert not any(mark in text for mark in marks), file
