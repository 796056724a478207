import threading
import weakref
from functools import partial

import pytest

from app.ui.background import Background


@pytest.fixture
def background(qapp):
    background = Background()
    yield background
    background.close()


def test_the_answer_comes_on_the_thread_of_the_window(background, qtbot):
    answers = []
    background.run(threading.get_ident, lambda there: answers.append((there, threading.get_ident())))
    qtbot.waitUntil(lambda: bool(answers))
    there, here = answers[0]
    assert there != here
    assert here == threading.get_ident()


def test_an_exception_goes_to_whoever_asked(background, qtbot):
    problems = []
    background.run(lambda: 1 / 0, lambda _result: None, problems.append)
    qtbot.waitUntil(lambda: bool(problems))
    assert isinstance(problems[0], ZeroDivisionError)


def test_an_exception_that_nobody_asked_about_reaches_the_crash_sheet(background, qtbot):
    with qtbot.capture_exceptions() as caught:
        background.run(lambda: 1 / 0, lambda _result: None)
        qtbot.waitUntil(lambda: bool(caught))
    assert caught[0][0] is ZeroDivisionError


def test_nobody_hears_of_a_cancelled_call(background, qtbot):
    gate, answers = threading.Event(), []
    task = background.run(gate.wait, answers.append)
    task.cancel()
    gate.set()
    background.run(lambda: "later", answers.append)
    qtbot.waitUntil(lambda: "later" in answers)
    assert answers == ["later"]


def test_nothing_is_held_of_a_call_that_is_over(background, qtbot):
    class Plane:
        pass

    planes = [Plane() for _number in range(3)]
    held = [weakref.ref(plane) for plane in planes]
    answers = []
    while planes:
        background.run(partial(lambda plane: type(plane), planes.pop()), answers.append)
    qtbot.waitUntil(lambda: len(answers) == 3)
    qtbot.waitUntil(lambda: not any(plane() for plane in held))
