import argparse
import json
from dataclasses import asdict

import pytest

from app.commands import match
from app.commands.voice import Voice
from app.engine import events
from app.paths import find_paths
from models.training.recipe import parse
from models.training.strengths import Matched, Meter, Strengths

FOUND = Matched(
    Strengths(low=40.0, high=240.0, offset=40.0, gain=2.0, read_noise=4.0),
    (
        Meter("noise", (50.0, 90.0), (6.0, 11.0), (6.1, 10.9), is_measured=True),
        Meter("sharpness", (), (), (0.0,), is_measured=False, reason="The noise hides the details."),
        Meter("specks", (), (0.001,), (0.0011,), is_measured=True),
    ),
    accuracy=0.55,
    patches=60,
    remarks=("The brightest pixels are cut off.",),
)
REPORT = asdict(FOUND) | {"files": {"made": "/gone.npy"}}


@pytest.fixture
def ask(monkeypatch, tmp_path, capsys):
    image = tmp_path / "image.tif"
    image.write_bytes(b"II*\0")
    monkeypatch.setattr(match, "run_job", lambda *_: events.Finished(1, (), json.dumps(REPORT)))

    def asked(*, as_json=False, recipe_out=""):
        words = argparse.Namespace(
            good=str(image), bad=str(image), scale=1, seed=0, recipe_out=str(recipe_out)
        )
        code = match.match_images(words, find_paths(), Voice(as_json=as_json))
        return code, capsys.readouterr().out

    return asked


def test_meters_strengths_and_remarks_are_told_in_words(ask):
    code, out = ask()
    assert code == 0
    assert "Noise at brightness 50" in out
    assert "not told" in out
    assert "55 % of 60 patches" in out
    assert "The brightest pixels are cut off." in out
    assert "Noise in the dark" in out


def test_a_program_gets_the_report_without_files_that_are_gone(ask):
    _, out = ask(as_json=True)
    report = json.loads(out)
    assert report["strengths"]["gain"] == 2.0
    assert "files" not in report


def test_a_recipe_is_written_and_never_over_another_file(ask, tmp_path):
    target = tmp_path / "mine.toml"
    ask(recipe_out=target)
    assert parse(target.read_text(encoding="utf-8")).degrade[0].photons == pytest.approx((50, 200), rel=1e-4)
    with pytest.raises(match.NameTaken, match=r"mine.toml already"):
        ask(recipe_out=target)
