import random

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel

from app.ui.training.blind_test import BlindTest, Revealed, questions

REAL = tuple(np.full((64, 64), 200, np.uint8) for _number in range(15))
MADE = tuple(np.full((64, 64), 20, np.uint8) for _number in range(12))


@pytest.fixture
def test(qtbot):
    made = BlindTest(chance=random.Random(3))
    qtbot.addWidget(made)
    made.resize(900, 600)
    made.show()
    qtbot.waitActive(made)
    made.start(REAL, MADE)
    return made


def said(widget):
    return " ".join(label.text() for label in widget.findChildren(QLabel) if label.isVisible())


def test_ten_of_either_kind_are_asked_in_random_order():
    one, other = questions(REAL, MADE, random.Random(1)), questions(REAL, MADE, random.Random(2))
    assert sum(question.is_real for question in one) == 10
    assert len(one) == 20
    assert [q.is_real for q in one] != [q.is_real for q in other]
    for question in one:
        assert question.crop[0, 0] == (200 if question.is_real else 20)


def test_with_fewer_crops_fewer_are_asked():
    assert len(questions(REAL[:3], MADE, random.Random(1))) == 6


def test_arrow_keys_answer_and_nothing_is_given_away_before_the_end(test, qtbot):
    for place, question in enumerate(test.asked):
        assert f"{place + 1} of 20" in said(test)
        assert "right" not in said(test).replace("Arrow right", "")
        qtbot.keyClick(test, Qt.Key.Key_Left if question.is_real else Qt.Key.Key_Right)
    assert test.answers == [question.is_real for question in test.asked]
    assert "You were right 20 of 20 times" in said(test)
    assert "You can tell them apart" in said(test)


def test_at_the_end_it_shows_which_were_which(test):
    for _question in test.asked:
        test.answer(is_real=True)
    test.answer(is_real=True)  # one too many changes nothing
    shown = test.findChildren(Revealed)
    kinds = [said(card) for card in shown]
    assert kinds.count("real ") + kinds.count(" real") == 10
    assert len(kinds) == 20
    assert "You were right 10 of 20 times; by guessing alone one gets 6 to 14." in said(test)


def test_buttons_answer_too_and_the_arrow_keys_go_on_working_after_a_click(test, qtbot):
    qtbot.mouseClick(test.real, Qt.MouseButton.LeftButton)
    qtbot.mouseClick(test.made, Qt.MouseButton.LeftButton)
    qtbot.keyClick(test.made, Qt.Key.Key_Left)
    assert test.answers == [True, False, True]


def test_again_asks_anew_and_escape_leaves(test, qtbot):
    for _question in test.asked:
        test.answer(is_real=False)
    qtbot.mouseClick(test.again, Qt.MouseButton.LeftButton)
    assert test.answers == []
    assert "1 of 20" in said(test)
    with qtbot.waitSignal(test.left):
        qtbot.keyClick(test, Qt.Key.Key_Escape)
