from dataclasses import dataclass

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication, QLabel, QVBoxLayout, QWidget

from app.ui.column import Column
from app.ui.forms import AutoForm, Fold, add_knobs, choice, several, whole_number
from app.ui.inspector.restore_page import PromiseButton
from models.knobs import knob
from models.restoration.registry import FAMILIES


@dataclass(frozen=True)
class Params:
    method: str = knob("auto", "Method", choices=("auto", "fast"))
    strength: float = knob(1.0, "Strength", low=0.5, high=2.0, unit="σ")
    passes: int = knob(2, "Passes", low=1, high=9)
    gentle: bool = knob(False, "Gentle", advanced=True)
    note: str = knob("", "Note")


@pytest.fixture
def form(qtbot):
    made = AutoForm()
    qtbot.addWidget(made)
    made.show()
    return made


def test_every_knob_becomes_a_row_and_the_simple_ones_come_first(form):
    add_knobs(form, Params)
    assert form.names() == ("method", "strength", "passes", "note", "gentle")
    assert [form.value(name) for name in form.names()] == ["auto", 1.0, 2, "", False]


def test_a_change_takes_the_auto_mark_away_and_back_to_auto_restores_it(form, qtbot):
    add_knobs(form, Params, (("passes", 3),))
    assert form.is_auto("passes")
    assert not form.back.isEnabled()
    with qtbot.waitSignal(form.changed):
        form.set_value("passes", 5)
    assert form.changes() == (("passes", 5),)
    assert form._marks["passes"].isHidden()
    form.back.click()
    assert form.changes() == ()
    assert form.value("passes") == 3
    assert form._marks["passes"].isVisible()


def test_limits_hold(form):
    add_knobs(form, Params)
    form.set_value("strength", 99.0)
    assert form.value("strength") == 2.0


def test_a_knob_that_does_not_exist_is_a_fault(form):
    with pytest.raises(ValueError, match="no parameter"):
        add_knobs(form, Params, (("nonsense", 1),))


@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_every_family_has_a_form(form, family):
    from app.ui.inspector.restore_settings import params_of

    add_knobs(form, params_of(family))
    assert all(editor.widget.accessibleName() for editor in form._editors.values())


def test_the_last_channel_cannot_be_taken_away(form):
    form.add_row("channels", "Channels", several(("DAPI", "Actin")))
    boxes = form._editors["channels"].widget.boxes
    boxes[0].click()
    assert form.value("channels") == (1,)
    boxes[1].click()
    assert form.value("channels") == (1,)
    boxes[0].click()
    assert form.value("channels") == ()
    form.set_value("channels", (0,))
    assert form.value("channels") == (0,)


def test_the_lowest_number_can_have_a_name(qtbot):
    editor = whole_number(0, low=0, zero="by free memory", unit="px")
    qtbot.addWidget(editor.widget)
    assert editor.widget.text() == "by free memory"
    editor.write(256)
    assert editor.widget.text() == "256 px"


def test_a_choice_gives_its_value_not_its_words(qtbot):
    editor = choice("cpu", [("auto", "what is fastest"), ("cpu", "the processor")])
    qtbot.addWidget(editor.widget)
    assert (editor.read(), editor.widget.currentText()) == ("cpu", "the processor")


def test_scrolling_past_changes_nothing(form):
    add_knobs(form, Params)
    box = form._editors["passes"].widget
    middle = QPointF(box.rect().center())
    wheel = QWheelEvent(
        middle,
        box.mapToGlobal(middle),
        QPoint(),
        QPoint(0, 120),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(box, wheel)
    assert form.value("passes") == 2


def test_a_fold_shows_and_hides_its_content(qtbot):
    content = QLabel("what is folded away")
    fold = Fold("More settings", content)
    qtbot.addWidget(fold)
    fold.show()
    assert not content.isVisible()
    fold.button.click()
    assert content.isVisible()


def test_a_column_gives_wrapped_text_the_height_it_needs(qtbot):
    page = QWidget()
    layout = QVBoxLayout(page)
    label = QLabel("a sentence that has to be wrapped " * 20, wordWrap=True)
    layout.addWidget(label)
    column = Column(page)
    qtbot.addWidget(column)
    column.resize(240, 120)
    column.show()
    qtbot.waitUntil(lambda: label.height() >= label.heightForWidth(label.width()))
    label.setText(label.text() * 2)
    qtbot.waitUntil(lambda: label.height() >= label.heightForWidth(label.width()))


def test_a_promise_goes_below_where_it_does_not_fit(qtbot):
    button = PromiseButton()
    qtbot.addWidget(button)
    button.show_words("Restore 40 planes, 2 channels", "about 3 min")
    button.resize(800, 40)
    button.show()
    assert button.text() == "Restore 40 planes, 2 channels – about 3 min"
    button.resize(button.minimumSizeHint().width(), 60)
    assert button.text() == "Restore 40 planes, 2 channels\nabout 3 min"
    assert button.accessibleName() == "Restore 40 planes, 2 channels – about 3 min"
