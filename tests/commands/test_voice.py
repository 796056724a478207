import io
import json

import pytest

from app.commands.voice import Voice
from app.engine import events
from models.errors import UserError


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self):
        return True


@pytest.fixture
def terminal():
    """A terminal that remembers what was written to it."""
    return Terminal()


def test_on_a_terminal_progress_is_one_line_that_is_replaced(terminal):
    voice = Voice(as_json=False, aside=terminal)
    for done in (1, 2):
        voice.hear(events.Progress(1, done, 4, "planes", 0))
    assert "\n" not in terminal.getvalue()
    assert "2 of 4 planes" in terminal.getvalue().split("\r")[-1]


def test_the_bar_is_wiped_before_anything_else_is_said(terminal, capsys):
    voice = Voice(as_json=False, aside=terminal)
    voice.hear(events.Progress(1, 1, 4, "planes", 0))
    voice.hear(events.ItemDone(1, 0, "/out.tif"))
    assert terminal.getvalue().endswith("\r")
    assert capsys.readouterr().out == "/out.tif\n"


def test_the_bar_never_breaks_the_line(terminal, monkeypatch):
    monkeypatch.setenv("COLUMNS", "20")
    Voice(as_json=False, aside=terminal).hear(events.Stage(1, "reading " * 20))
    assert len(terminal.getvalue().split("\r")[-1]) == 19


def test_away_from_a_terminal_progress_is_silent(capsys):
    voice = Voice(as_json=False)
    voice.hear(events.Stage(1, "Reading"))
    voice.hear(events.Progress(1, 1, 4, "planes", 0))
    assert capsys.readouterr() == ("", "")


def test_failures_and_remarks_go_to_the_error_stream(capsys):
    voice = Voice(as_json=False)
    voice.hear(events.ItemFailed(1, 0, "/a.tif", "images.gone", "a.tif is gone.", "Look for it."))
    voice.hear(events.ItemFailed(1, 1, "/b.tif", "restore.nan", "There are no numbers."))
    voice.hear(events.Remark(1, "restore.small", "The tile was made smaller."))
    written = capsys.readouterr()
    assert written.out == ""
    assert (
        written.err
        == "a.tif is gone. Look for it.\nb.tif: There are no numbers.\nThe tile was made smaller.\n"
    )


def test_with_json_every_event_is_a_line_of_plain_ascii(capsys):
    Voice(as_json=True).hear(events.ItemDone(1, 0, "/µm/\udce4.tif"))
    line = capsys.readouterr().out
    assert line.isascii()
    assert json.loads(line)["value"]["output"] == "/µm/\udce4.tif"


def test_a_name_that_is_no_text_can_still_be_said(capsys):
    voice = Voice(as_json=False)
    voice.hear(events.ItemDone(1, 0, "/\udce4.tif"))
    voice.warn(UserError("\udce4.tif is gone."))
    written = capsys.readouterr()
    assert written.out == "/\\udce4.tif\n"
    assert written.err == "\\udce4.tif is gone.\n"


def test_with_json_a_complaint_is_the_result(capsys):
    Voice(as_json=True).complain(UserError("It is gone.", hint="Look."), about="/a.tif")
    written = capsys.readouterr()
    assert json.loads(written.out) == {
        "failed": [{"input": "/a.tif", "code": "error", "sentence": "It is gone."}]
    }
    assert written.err == ""


def test_numbers_that_json_does_not_have_become_null(capsys):
    Voice(as_json=True).result({"pairs": [{"psnr": float("nan")}], "speed": (float("inf"), 1.5)}, "")
    assert json.loads(capsys.readouterr().out) == {"pairs": [{"psnr": None}], "speed": [None, 1.5]}
