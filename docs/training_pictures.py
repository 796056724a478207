"""Trains a model from the samples in the real window and takes pictures of the steps on the way."""

import shutil
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtGui import QImage
from window_pictures import SAMPLES, SIZES, THEMES, Theatre, own_home

from app.settings import Theme
from app.ui.training.panel import STEPS, TrainPanel

GOOD = ("actin_clean.ome.tif", "hippocampal_neuron.ome.tif", "nuclei_field.ome.tif")
MORE_GOOD = ("hela_lysosomes_mitochondria_nuclei.ome.tif", "cell_dna_microtubules_actin.ome.tif")
BAD = "actin_noisy.ome.tif"
ENDED = ("finished", "cancelled", "failed")
SEEN_STATES = 4  # of the unseen crop, before the picture of learning is taken

Picture = tuple[str, Theme, int, QImage]  # name, theme, width of the window


def training_pictures(
    application: Any, length: str
) -> Iterator[Picture]:  # Any: QApplication, as everywhere here
    """Yield pictures of Good images, Match, Learning and Verdict in every theme and size."""
    with own_home("light") as images:
        good, bad = images / "Good", images / "Bad"
        for folder, names in ((good, GOOD + MORE_GOOD), (bad, (BAD,))):
            folder.mkdir()
            for name in names:
                shutil.copy(SAMPLES / name, folder)
        theatre = Theatre(application, SIZES[0])
        for name in _steps(theatre, good, bad, length):
            yield from _in_every_look(theatre, name)
        theatre.close()


def _in_every_look(theatre: Theatre, name: str) -> Iterator[Picture]:
    for theme in THEMES:
        for size in SIZES:
            theatre.house.settings.change(theme=theme)
            theatre.house.window.resize(size)
            theatre.rest(0.5)
            yield name, theme, size.width(), theatre.picture()
    theatre.house.settings.change(theme="light")
    theatre.house.window.resize(SIZES[0])


def _steps(theatre: Theatre, good: Path, bad: Path, length: str) -> Iterator[str]:
    """Go through the steps as a person does; yield the name of each that is worth a picture."""
    assert theatre.house.desk is not None
    theatre.house.desk.go("train")
    theatre.rest()
    panel = theatre.house.window.findChild(TrainPanel)
    assert panel is not None
    pages: dict[str, Any] = {}
    for step in STEPS:
        panel.go(step.key)
        theatre.until(partial(_is_made, panel, step.key))
        pages[step.key] = panel.pages[step.key].content
    panel.take("good", [good])
    _wait(theatre, lambda: len(panel.plan.seen) >= len(GOOD + MORE_GOOD))
    yield "train-good"
    panel.take("bad", [bad])
    _wait(theatre, lambda: bool(panel.plan.bad) and panel.plan.about(panel.plan.bad[0]) is not None)
    panel.go("match")
    _wait(theatre, lambda: panel.plan.is_matched)
    yield "train-match"
    panel.go("learn")
    learn = pages["learn"]
    learn.lengths.picked.emit(length)
    learn.name.setText("My actin")
    learn.name.textEdited.emit("My actin")
    learn.start.click()
    _wait(theatre, lambda: learn.view.slider.maximum() >= SEEN_STATES or _state(panel) in ENDED)
    yield "train-learning"
    _wait(theatre, lambda: _state(panel) in ENDED)
    panel.go("verdict")
    _wait(theatre, lambda: pages["verdict"].trained is not None)
    yield "train-verdict"


def _is_made(panel: TrainPanel, key: str) -> bool:
    return panel.pages[key].content is not None


def _state(panel: TrainPanel) -> str:
    return "" if panel.plan.run is None else panel.plan.run.state


def _wait(theatre: Theatre, is_so: Callable[[], bool]) -> None:
    theatre.until(is_so, minutes=LONGEST_MINUTES)
    theatre.rest()


LONGEST_MINUTES = 60.0
