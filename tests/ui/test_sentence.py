import pytest

from app.ui.sentence import SentenceStrip

LONG = "cells.tif was changed by another program while it was looked at in this window."


@pytest.fixture
def strip(qtbot):
    strip = SentenceStrip()
    qtbot.addWidget(strip)
    for text in ("As the file says", "Correct…", "Carry on"):
        strip.add_button(text)
    strip.say(LONG)
    strip.show()
    return strip


def test_buttons_stand_beside_a_sentence_that_has_room(strip, qtbot):
    strip.resize(1000, 60)
    qtbot.waitUntil(lambda: strip._choices.x() > strip.words.geometry().right())


def test_buttons_stand_below_a_sentence_that_would_be_squeezed(strip, qtbot):
    strip.resize(420, 200)
    qtbot.waitUntil(lambda: strip._choices.y() > strip.words.geometry().bottom())
    assert strip.words.width() > 380


def test_without_buttons_the_sentence_has_all_the_room(strip, qtbot):
    strip.remove_buttons()
    strip.resize(420, 100)
    qtbot.waitUntil(lambda: strip.words.width() > 390)
