import shutil
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from app.ui.figure import movie
from app.ui.figure.compose import compose
from app.ui.figure.frame import FigureTooLarge
from app.ui.figure.movie import MovieMaker, MovieOrder
from app.ui.figure.options import FigureOptions
from app.ui.figure.paint import painted

OPTIONS = FigureOptions(density="pixels", has_legend=False)


@pytest.fixture
def maker(background):
    return MovieMaker(background)


@pytest.fixture
def order(shot, tmp_path):
    shots = tuple(shot.at("T", position).settled() for position in range(3))
    return MovieOrder(shots, OPTIONS, "T", 5.0, "apng", tmp_path / "a.png")


def files(order):
    return sorted(path.name for path in order.path.parent.glob("a*"))


def test_every_frame_is_the_figure_of_its_time_with_its_stamp(maker, order, qtbot):
    done = []
    maker.progressed.connect(lambda frames, count: done.append((frames, count)))
    with qtbot.waitSignal(maker.finished, timeout=20000) as made:
        maker.make(order)
    with Image.open(made.args[0]) as image:
        assert image.n_frames == 3
        for number, shot in enumerate(order.shots):
            image.seek(number)
            sheet = compose(shot, OPTIONS, stamp=f"time {number + 1} of 3")
            np.testing.assert_array_equal(np.asarray(image.convert("RGB")), painted(sheet))
    assert done[0] == (0, 3)
    assert done[-1] == (3, 3)
    assert maker.order is None
    assert files(order) == ["a.png"]


def test_a_gif_is_made_of_the_same_frames(maker, order, qtbot, tmp_path):
    order = replace(order, kind="gif", path=tmp_path / "a.gif")
    with qtbot.waitSignal(maker.finished, timeout=20000) as made:
        maker.make(order)
    with Image.open(made.args[0]) as image:
        assert image.n_frames == 3
        image.seek(1)
        sheet = compose(order.shots[1], OPTIONS, stamp="time 2 of 3")
        assert np.abs(np.asarray(image.convert("RGB")).astype(int) - painted(sheet)).mean() < 8


def test_a_film_has_even_sides(maker, order, qtbot, tmp_path):
    if shutil.which("ffmpeg") is None:
        pytest.skip("needs ffmpeg")
    seen = replace(order.shots[0].seen, x=0, y=0, width=4.05, height=4.05)
    shots = tuple(replace(shot, seen=seen) for shot in order.shots)
    order = replace(order, kind="mp4", path=tmp_path / "a.mp4", shots=shots)
    assert order.size()[0] % 2 == order.size()[1] % 2 == 0
    with qtbot.waitSignal(maker.finished, timeout=20000) as made:
        maker.make(order)
    assert made.args[0].stat().st_size > 0


def test_a_movie_that_is_cancelled_leaves_no_file(maker, order, qtbot):
    maker.progressed.connect(lambda frames, _count: maker.cancel() if frames == 1 else None)
    with qtbot.waitSignal(maker.cancelled, timeout=20000):
        maker.make(order)
    assert files(order) == []
    assert maker.order is None


def test_a_frame_that_cannot_be_drawn_ends_the_movie_without_a_file(maker, order, qtbot, monkeypatch):
    def fail(self, shot):
        raise FigureTooLarge("Too large.")

    monkeypatch.setattr(MovieOrder, "frame", fail)
    with qtbot.waitSignal(maker.failed, timeout=20000) as told:
        maker.make(order)
    assert isinstance(told.args[0], FigureTooLarge)
    assert files(order) == []


def test_the_end_of_the_program_leaves_no_half_movie(maker, order, background, qtbot):
    maker.make(order)
    qtbot.waitUntil(lambda: files(order) == ["a.png.part"])
    background.close()
    maker.leave()
    assert files(order) in ([], ["a.png"])  # unless it was done by then


def test_a_frame_too_large_to_play_is_refused_before_anything_is_made(order, monkeypatch):
    monkeypatch.setattr(movie, "MOST_PIXELS", 100)
    with pytest.raises(FigureTooLarge, match="too large for a movie"):
        order.size()
    assert files(order) == []


def test_names_of_what_is_compared_stay_though_the_viewer_goes_on(shot):
    renamed = replace(shot, names=lambda _pane, _state: ("then",))
    settled = renamed.settled()
    assert settled.now() == ((("raw",), ("then",)),)
