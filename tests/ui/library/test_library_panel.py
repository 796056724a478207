from dataclasses import replace

import pytest
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLabel

from app.library.card import Measured, ModelCard, Speed
from app.ui.library.panel import LibraryPanel, ModelPage
from app.ui.library.words import Shelf, facts, licence_sentence, verdict

CARD = ModelCard(
    "pssr-test",
    "PSSR for tests",
    "Takes noise out of fluorescence images.",
    "pssr",
    "1",
    "CC-BY-NC-4.0",
    "non-commercial only",
    citation="Fang et al. 2021",
    modality="fluorescence",
    scale=2,
    pixel_size_um=(0.05, 0.2),
    noise="strong shot noise",
    size=2_500_000,
    sha256="ab" * 32,
    trained_on=("neubias, 22 images",),
    measured=(
        Measured("real pairs", 4, True, "this model", 27.0, 29.5, 0.8, 0.1),
        Measured("real pairs", 4, True, "gaussian", 26.0, 28.0, 0.7, 0.2, tuned="blind"),
        Measured("real pairs", 4, True, "gaussian", 26.5, 28.9, 0.7, 0.2, tuned="truth"),
    ),
    speed=Speed("2 CPU cores", 1.4),
)


@pytest.fixture
def page(qtbot):
    made = ModelPage()
    qtbot.addWidget(made)
    made.show()
    return made


def test_the_models_of_the_program_are_listed_with_their_state(services, show, qtbot):
    panel = show(LibraryPanel(services))
    qtbot.waitUntil(lambda: panel.model.rowCount() > 0)
    texts = [panel.model.data(panel.model.index(row, 0)) for row in range(panel.model.rowCount())]
    assert "Simple smoothing (no AI)\nBuilt in" in texts
    assert panel.page.isVisible()


def test_the_verdict_compares_with_the_best_filter_that_did_not_see_the_truth():
    told = "+1.5 dB against the best simple filter in 1 test on real poor images that it never saw."
    assert verdict(CARD) == told
    assert verdict(replace(CARD, measured=())) == ""


def test_a_model_of_movies_says_so():
    assert "Movies" not in dict(facts(CARD))
    assert "5 neighbouring" in dict(facts(replace(CARD, network='{"frames": 5}')))["Movies"]


def test_facts_are_told_in_words():
    told = dict(facts(CARD))
    assert told["Made for"] == "fluorescence"
    assert told["Pixel size"] == "0.05 to 0.2 µm"
    assert told["Result"] == "2 × finer pixels in both directions"
    assert told["Size"] == "2.5 MB"
    assert dict(facts(replace(CARD, pixel_size_um=(0.004, 0.012))))["Pixel size"] == "4 to 12 nm"


def test_a_licence_says_what_it_means():
    assert licence_sentence(CARD) == "CC-BY-NC-4.0: Not for commercial use; name its makers."
    unknown = replace(CARD, licence="My own", licence_words="ask me")
    assert licence_sentence(unknown) == "My own: ask me"


def test_the_citation_can_be_copied(page):
    page.show_model(Shelf(CARD, "installed"))
    page.copy.click()
    assert QGuiApplication.clipboard().text() == "Fang et al. 2021"


def test_every_measurement_is_in_the_table(page):
    page.show_model(Shelf(CARD, "built in"))
    page.fold.button.click()
    shown = [label.text() for label in page.findChildren(QLabel)]
    assert "29.50 dB" in shown
    assert "gaussian (strength chosen with the clean image in hand)" in shown


def test_a_model_without_measurements_shows_no_table(page):
    page.show_model(Shelf(replace(CARD, measured=(), citation=""), "damaged"))
    assert page.state.text() == "Damaged"
    assert not page.fold.isVisible()
    assert not page.verdict.isVisible()
    assert not page.copy.isVisible()


def test_doubts_about_a_model_are_on_its_page(page):
    page.show_model(Shelf(CARD, "installed"))
    assert page.doubts.isHidden()
    doubt = "It was tested on the samples that it learned from; another sample may come out worse."
    page.show_model(Shelf(replace(CARD, doubts=(doubt,)), "installed"))
    assert page.doubts.text() == doubt
    assert not page.doubts.isHidden()
