import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, QSizeF, Qt
from PySide6.QtGui import QWheelEvent

from app.ui.training.develop import develop, display_range, load, to_gray
from app.ui.training.gaze import CLOSEST, Gaze
from app.ui.training.light_picture import LightPicture, image_of
from tests.ui.heartbeat import assert_no_gap


def test_contrast_follows_the_percentiles_and_survives_what_is_no_number():
    pixels = np.linspace(0, 1000, 10001, dtype=np.float32).reshape(1, -1)
    assert display_range(pixels) == pytest.approx((5, 998), abs=0.5)
    assert display_range(np.full((4, 4), np.nan)) == (0.0, 1.0)
    assert display_range(np.full((4, 4), 7.0)) == (7.0, 8.0)
    assert to_gray(np.array([[np.nan, -5.0, 50.0, 500.0, np.inf]]), (0.0, 100.0)).tolist() == [
        [0, 0, 128, 255, 255]
    ]


def test_a_large_picture_is_halved_until_it_is_small():
    slide = develop(np.zeros((1025, 2048), np.float32), (0.0, 1.0), 2.0)
    assert [level.shape for level in slide.levels] == [(1025, 2048), (512, 1024), (256, 512), (128, 256)]
    assert (slide.width, slide.height) == (4096.0, 2050.0)


def test_halves_are_means():
    slide = develop(np.tile(np.array([[0.0, 1.0], [1.0, 0.0]], np.float32), (200, 200)), (0.0, 1.0))
    assert set(np.unique(slide.levels[1])) == {128}


@pytest.mark.parametrize("array", [np.zeros((2, 3, 4)), np.zeros((0, 4)), np.array(["a"], dtype="U1")])
def test_a_file_without_a_plane_is_refused(tmp_path, array):
    np.save(tmp_path / "a.npy", array)
    with pytest.raises(ValueError, match="holds no plane"):
        load(tmp_path / "a.npy")


def test_pictures_beside_each_other_move_and_zoom_together(qtbot):
    gaze = Gaze()
    gaze.show_extent(100, 50)
    room = QSizeF(200, 200)
    assert gaze.is_fitting
    assert gaze.zoom(room) == 2.0
    with qtbot.waitSignal(gaze.changed):
        gaze.zoom_by(2.0, QPointF(40, 0), room)
    assert gaze.zoom(room) == 4.0
    assert (gaze.centre.x(), gaze.centre.y()) == (60.0, 25.0)  # the place under the pointer stays
    gaze.move_by(1000, -1000)
    assert (gaze.centre.x(), gaze.centre.y()) == (100.0, 0.0)
    gaze.zoom_by(1e6, QPointF(), room)
    assert gaze.zoom(room) == CLOSEST
    gaze.show_extent(100, 50)
    assert not gaze.is_fitting  # another answer of the same size leaves the eye where it is
    gaze.show_extent(100, 60)
    assert gaze.is_fitting


@pytest.fixture
def picture(qtbot):
    made = LightPicture(Gaze(), "Good")
    qtbot.addWidget(made)
    made.resize(200, 200)
    made.gaze.show_extent(100, 100)
    pixels = np.zeros((100, 100), np.float32)
    pixels[:50] = 1.0
    made.show_slide(develop(pixels, (0.0, 1.0)))
    made.show()
    return made


def test_a_slide_is_painted_where_the_gaze_looks(picture):
    image = picture.grab().toImage()
    assert image.pixelColor(100, 40).lightness() == 255
    assert image.pixelColor(100, 160).lightness() == 0
    picture.gaze.move_by(0, 30)
    image = picture.grab().toImage()
    assert image.pixelColor(100, 40).lightness() == 0


def test_keys_wheel_and_drag_move_the_gaze(picture, qtbot):
    qtbot.keyClick(picture, Qt.Key.Key_Plus)
    assert picture.gaze.zoom(QSizeF(200, 200)) == pytest.approx(2.5)
    qtbot.keyClick(picture, Qt.Key.Key_Right)
    assert picture.gaze.centre.x() == pytest.approx(74)
    qtbot.keyClick(picture, Qt.Key.Key_F)
    assert picture.gaze.is_fitting
    wheel = QWheelEvent(
        QPointF(100, 100),
        QPointF(100, 100),
        QPoint(),
        QPoint(0, 120),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    picture.wheelEvent(wheel)
    assert picture.gaze.zoom(QSizeF(200, 200)) == pytest.approx(2.5)
    qtbot.mousePress(picture, Qt.MouseButton.LeftButton, pos=QPoint(100, 100))
    qtbot.mouseMove(picture, QPoint(75, 100))
    qtbot.mouseRelease(picture, Qt.MouseButton.LeftButton, pos=QPoint(75, 100))
    assert picture.gaze.centre.x() == pytest.approx(60)
    qtbot.mouseDClick(picture, Qt.MouseButton.LeftButton)
    assert picture.gaze.is_fitting


def test_a_scale_bar_needs_a_pixel_size(picture):
    assert picture.bar() is None
    picture.show_unit(0.1)
    bar, pixels = picture.bar()
    assert bar.text == "2\u202fµm"
    assert pixels == pytest.approx(40)
    picture.grab()


def test_without_a_slide_it_says_why(picture):
    picture.show_slide(None, "Measuring…")
    assert picture.accessibleDescription() == "Measuring…"
    picture.grab()


def test_an_image_has_the_pixels_it_was_made_of():
    gray = np.arange(15, dtype=np.uint8).reshape(3, 5)[:, ::2]
    image = image_of(gray)
    assert [[image.pixelColor(x, y).lightness() for x in range(3)] for y in range(3)] == gray.tolist()


def test_a_very_large_picture_never_holds_up_the_window(picture, qtbot):
    pixels = np.random.default_rng(0).random((6000, 6000), np.float32)
    slide = develop(pixels, (0.0, 1.0))
    picture.resize(700, 700)

    def look_around():
        picture.gaze.show_extent(6000, 6000)
        picture.show_slide(slide)
        for step in range(20):
            picture.gaze.zoom_by(1.3, QPointF(step, step), QSizeF(700, 700))
            with qtbot.waitSignal(picture.gaze.changed):
                picture.gaze.move_by(5, 5)
            picture.grab()
        picture.gaze.fit()

    assert_no_gap(look_around)
