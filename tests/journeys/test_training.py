"""From good images to a model that restores: the whole way through the Train room, with a real worker."""

import numpy as np
import pytest
import tifffile
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from app.engine.events import Committed, Finished, Metric
from app.images.samples import samples_folder
from app.ui.training.plan import MINUTES
from models.training.verdict import read_verdict
from tests.makers import cells, write_ome

LEFT = Qt.MouseButton.LeftButton
SIDE = 112  # pixels of an image to learn from
CORNERS = [(0, 0), (0, 200), (200, 0), (200, 200), (400, 100)]


def crops(name, folder, stem):
    """Write parts of a sample image, one for each corner."""
    folder.mkdir()
    whole = tifffile.imread(samples_folder() / name)
    files = []
    for number, (y, x) in enumerate(CORNERS):
        part = np.ascontiguousarray(whole[y : y + SIDE, x : x + SIDE])
        file = folder / f"{stem}{'abcde'[number]}_1.ome.tif"
        files.append(write_ome(file, part[None, None, None]))
    return files


@pytest.fixture
def good(tmp_path):
    return crops("actin_clean.ome.tif", tmp_path / "good", "slide ")


@pytest.fixture
def bad(tmp_path):
    return crops("actin_noisy.ome.tif", tmp_path / "bad", "slide ")


@pytest.fixture(autouse=True)
def short(monkeypatch):
    """Let a quick look last seconds."""
    monkeypatch.setitem(MINUTES, "quick", 0.05)


class Trainee:
    """Who trains in the Train room of a walk."""

    def __init__(self, walk):
        self.walk = walk
        walk.house.desk.go("train")
        place = walk.house.window.places["train"]
        walk.until(lambda: place.content is not None and place.content.isVisible())
        self.room = place.content

    @property
    def plan(self):
        return self.room.plan

    def go(self, key):
        """Click on a step, and wait for its page."""
        QTest.mouseClick(self.room.buttons[key], LEFT)
        self.walk.until(lambda: self.room.pages[key].content is not None)
        page = self.room.pages[key].content
        self.walk.until(page.isVisible)
        return page

    def give(self, zone, files):
        """Drop files on the step they belong to, and wait until they were looked at."""
        self.go(zone)
        self.walk.drop(*files, zone=zone)
        self.walk.until(lambda: all(self.plan.about(file) is not None for file in files))

    def begin(self, name):
        """Name the model, choose a quick look, and start."""
        page = self.go("learn")
        QTest.mouseClick(page.lengths.cards["quick"].radio, LEFT)
        QTest.keyClicks(page.name, name)
        self.walk.until(page.start.isEnabled)
        QTest.mouseClick(page.start, LEFT)
        self.walk.until(lambda: self.plan.run is not None)
        return page

    def see_the_verdict(self):
        """Wait for the verdict that comes by itself."""
        self.walk.until(lambda: self.room.step == "verdict")
        page = self.room.pages["verdict"].content
        self.walk.until(lambda: page.trained is not None and page.trained.folder == self.plan.run.folder)
        return page

    def use(self, page):
        """Use the model now, and wait until the Restore page has picked it."""
        QTest.mouseClick(page.use, LEFT)
        restore = self.walk.house.window.places["restore"]
        self.walk.until(lambda: restore.content is not None and restore.content.isVisible())
        self.walk.panel = restore.content
        model = page.trained.card.id
        self.walk.until(lambda: restore.content._card is not None and restore.content._card.id == model)
        return restore.content.page


@pytest.fixture
def trainee(walk):
    return Trainee(walk)


def test_good_images_and_a_bad_one_become_a_model_that_restores(trainee, walk, good, bad):
    trainee.give("good", good)
    assert {one.role for one in trainee.plan.good} == {"learn", "tune", "test"}
    trainee.give("bad", bad[:1])
    match = trainee.go("match")
    walk.until(lambda: trainee.plan.is_matched and trainee.plan.matched is not None)
    assert all(exhibit.picture.slide is not None for exhibit in (match.bad, match.made, match.good))
    assert trainee.plan.strengths == trainee.plan.matched.strengths

    learn = trainee.begin("Dim actin")
    walk.until(lambda: learn.view.now.picture.slide is not None)
    verdict = trainee.see_the_verdict()
    folder = trainee.plan.run.folder
    assert trainee.plan.run.state == "finished"
    assert verdict.trained.verdict == read_verdict(folder / "verdict.json")
    assert "unseen" in verdict.sentence.text() or "too few" in verdict.sentence.text()
    assert verdict.trained.pictures
    assert learn.view.at.text().startswith("step")
    assert learn.view.sentence.text()

    QTest.mouseClick(verdict.form.save, LEFT)
    walk.until(lambda: verdict.trained.is_saved)
    assert walk.house.services.library.card("dim-actin").name == "Dim actin"
    page = trainee.use(verdict)
    walk.until(lambda: walk.session.current is not None and walk.session.current.path == bad[0])
    walk.until(page.bar.run.isEnabled)
    QTest.mouseClick(page.bar.run, LEFT)
    final = walk.wait_for_end(2)
    assert isinstance(final, Finished)
    assert tifffile.imread(final.outputs[0]).shape == (SIDE, SIDE)


def test_a_paused_training_goes_on_and_a_stopped_one_keeps_the_best(trainee, walk, good, bad, monkeypatch):
    monkeypatch.setitem(MINUTES, "quick", 1.0)
    trainee.give("good", good)
    trainee.give("bad", bad[:1])
    learn = trainee.begin("Paused")
    walk.until(lambda: bool(walk.heard(Committed)))
    QTest.mouseClick(learn.view.buttons["pause"], LEFT)
    walk.until(lambda: trainee.plan.run.state == "paused")
    walk.until(learn.view.buttons["go on"].isVisible)
    before = len(walk.heard(Committed))
    QTest.mouseClick(learn.view.buttons["go on"], LEFT)
    walk.until(lambda: len(walk.heard(Committed)) > before)
    steps = [int(event.unit.split()[-1]) for event in walk.heard(Committed)]
    assert steps == sorted(set(steps))
    QTest.mouseClick(learn.view.buttons["stop"], LEFT)
    verdict = trainee.see_the_verdict()
    assert trainee.plan.run.state == "cancelled"
    assert verdict.trained.card.name == "Paused"
    assert verdict.trained.verdict is not None
    assert verdict.longer.isVisible()


def test_a_window_that_was_closed_while_it_learned_offers_to_continue(make_walk, good, bad):
    first = make_walk()
    trainee = Trainee(first)
    trainee.give("good", good)
    trainee.give("bad", bad[:1])
    trainee.begin("Closed")
    first.until(lambda: bool(first.heard(Metric)))
    plan = trainee.plan
    first.leave()

    second = make_walk()
    trainee = Trainee(second)
    learn = trainee.go("learn")
    second.until(lambda: learn.view.title.text() == "Interrupted - continue?")
    assert {one.path for one in trainee.plan.used} == {one.path for one in plan.used}
    assert (trainee.plan.bad, trainee.plan.name) == (plan.bad, "Closed")
    assert trainee.plan.strengths == plan.strengths
    QTest.mouseClick(learn.view.buttons["go on"], LEFT)
    verdict = trainee.see_the_verdict()
    assert trainee.plan.run.state == "finished"
    assert verdict.trained.card.name == "Closed"


def test_pairs_of_a_lab_teach_too(trainee, walk, good, bad):
    trainee.give("good", good)
    page = trainee.go("bad")
    QTest.mouseClick(page.ways.cards["pairs"].radio, LEFT)
    walk.drop(*bad, zone="bad")
    walk.until(lambda: len(trainee.plan.partners) == len(good))
    walk.until(lambda: all(trainee.plan.about(file).shift_px is not None for file in good[1:]))
    assert not trainee.plan.about(good[0]).is_pair  # a corner where there is next to nothing
    assert "Nothing in the two images of 1 pair" in page.registration.text()
    trainee.begin("Pairs")
    verdict = trainee.see_the_verdict()
    assert all(case.is_real for case in verdict.trained.verdict.cases)
    QTest.mouseClick(verdict.form.save, LEFT)
    walk.until(lambda: verdict.trained.is_saved)
    assert walk.house.services.library.card("pairs").name == "Pairs"


def test_noisy_images_alone_teach_to_take_the_noise_away(trainee, walk, bad):
    page = trainee.go("bad")
    QTest.mouseClick(page.ways.cards["noisy"].radio, LEFT)
    trainee.give("good", bad)
    trainee.begin("Alone")
    verdict = trainee.see_the_verdict()
    assert verdict.trained.card.family == "n2v"
    assert verdict.trained.verdict is None
    page = trainee.use(verdict)
    assert walk.house.services.library.card("alone").family == "n2v"


def test_a_movie_teaches_from_neighbouring_frames(trainee, walk, tmp_path):
    files = []
    for number in range(3):
        still = cells((1, 1, 1, SIDE, SIDE), seed=number)[0, 0, 0]
        frames = np.stack([np.roll(still, shift, axis=1) for shift in range(5)])
        files.append(write_ome(tmp_path / f"movie {'abc'[number]}.ome.tif", frames[:, None, None]))
    trainee.give("good", files)
    page = trainee.go("bad")
    QTest.mouseClick(page.ways.cards["sliders"].radio, LEFT)
    walk.until(page.movies.isVisible)
    page.movies.setFocus()
    QTest.keyClick(page.movies, Qt.Key.Key_Space)
    assert trainee.plan.frames == 5
    trainee.begin("Movie")
    verdict = trainee.see_the_verdict()
    assert verdict.trained.card.frames == 5


@pytest.mark.slow
def test_two_minutes_on_real_images_end_with_an_honest_verdict(trainee, walk, data_dir, monkeypatch):
    monkeypatch.setitem(MINUTES, "quick", 2.0)
    folder = data_dir / "train" / "fluorescence"
    good = [folder / "bian" / f"BPAE_{name}.tif" for name in ("actin", "mito", "nuclei")]
    good += [folder / "gigadb_pairs" / f"{name}_high.tif" for name in ("membrane", "mito-20x-noise1")]
    trainee.give("good", good)
    trainee.give("bad", [folder / "gigadb_pairs" / "actin-20x-noise1_low.tif"])
    trainee.go("match")
    walk.until(lambda: trainee.plan.matched is not None)
    trainee.begin("Real")
    walk.qtbot.waitUntil(lambda: trainee.room.step == "verdict", timeout=1_800_000)
    verdict = trainee.see_the_verdict()
    said, gain = verdict.sentence.text(), verdict.trained.verdict.gain_db
    assert ("above" if round(gain, 1) >= 0 else "below") in said
    assert "too few for a verdict" in said
