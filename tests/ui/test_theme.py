import re
from importlib.resources import files
from pathlib import Path

import pytest
from PySide6.QtGui import QColor

from app.ui.actions import ACTIONS
from app.ui.messages import ADVICE
from app.ui.panels import PANELS
from app.ui.theme import ROLES, style_sheet, tokens

TEXT_ON = (
    ("text", "window"), ("text", "surface"), ("text", "raised"), ("text", "hover"), ("quiet", "window"),
    ("quiet", "surface"), ("link", "surface"), ("link", "window"), ("on_accent", "accent"),
    ("on_accent", "accent_hover"), ("on_selection", "selection"), ("good", "surface"), ("warning", "surface"),
    ("bad", "surface"), ("good", "window"), ("warning", "window"), ("bad", "window"), ("on_notice", "notice"),
    ("notice_link", "notice"), ("text", "warning_fill"), ("text", "bad_fill"), ("bad", "bad_fill"),
)  # fmt: skip


def luminance(colour):
    def linear(part):
        return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4

    red, green, blue, _alpha = QColor(colour).getRgbF()
    return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)


def contrast(first, second):
    low, high = sorted((luminance(first), luminance(second)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("name", ["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), TEXT_ON)
def test_text_stands_out_from_its_ground(name, text, ground):
    assert contrast(tokens(name)[text], tokens(name)[ground]) >= 4.5


@pytest.mark.parametrize("name", ["light", "dark"])
def test_the_edges_of_controls_can_be_seen(name):
    for ground in ("surface", "window"):
        assert contrast(tokens(name)["edge"], tokens(name)[ground]) >= 3


def test_both_themes_have_the_same_tokens():
    assert tokens("light").keys() == tokens("dark").keys()
    assert set(ROLES.values()) <= tokens("light").keys()


def test_the_style_sheet_is_filled_in_and_grows_with_the_text():
    sheet = style_sheet("dark", point_size=15, scale=1.5)
    assert not re.search(r"\{[a-z_]+\}|\[\d+\]|<[\d.]+>", sheet)
    assert "padding: 10px 18px" not in style_sheet("dark", point_size=10, scale=1.0)


def test_every_icon_that_is_named_exists():
    there = {Path(str(icon)).stem for icon in (files("resources") / "icons").iterdir()}
    named = {row.icon for row in ACTIONS if row.icon} | {row.icon for row in PANELS}
    source = Path(str(files("resources"))).parent / "app" / "ui"
    for file in source.rglob("*.py"):
        named |= set(re.findall(r'\bicon\("([a-z-]+)"', file.read_text("utf-8")))
    assert named <= there


def test_advice_names_only_actions_that_exist():
    known = {row.id for row in ACTIONS}
    assert all(set(advice.actions) <= known for advice in ADVICE.values())


def test_no_key_is_given_twice():
    keys = [key for row in ACTIONS for key in row.keys]
    assert len(keys) == len(set(keys))
