"""The view in space, opened from a real viewer and turned with a real mouse."""

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QGuiApplication, QOpenGLContext, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app.ui.viewer import space_gl
from app.ui.viewer.contrast import as_rgb
from app.ui.viewer.filling import brightness
from app.ui.viewer.space_door import lengths_in_words
from app.ui.viewer.space_gl import CardView, rays_for
from app.ui.viewer.space_soft import ProcessorView
from app.ui.viewer.state import Contrast
from models.source import PixelSize
from tests.makers import info_for
from tests.ui.viewer.conftest import ArraySource, PlaneGone, pixels_of, ramp, settled

NONE = Qt.KeyboardModifier.NoModifier
LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def no_card(monkeypatch):
    monkeypatch.setattr(space_gl, "is_there", lambda _surface: False)
    monkeypatch.setattr(space_gl, "make_surface", lambda: None)


@pytest.fixture
def open_space(qtbot, viewer, no_card):
    """Open the window and wait until it is drawn as finely as it gets."""

    def act():
        viewer.show_in_space()
        qtbot.waitUntil(lambda: viewer.space.window is not None, timeout=20000)
        drawn(qtbot, viewer)
        return viewer.space.window

    yield act
    if viewer.space.window is not None:
        viewer.space.window.close()


def drawn(qtbot, viewer):
    window = viewer.space.window

    def is_done():
        return window.is_idle and window.words.text().startswith("Drawn") and window.view.picture.is_idle

    qtbot.waitUntil(is_done, timeout=20000)


def center(window):
    image = window.view.picture.image
    return image.pixelColor(image.width() // 2, image.height() // 2)


def test_d_opens_the_stack_in_space(qtbot, look, viewer, open_space):
    look(ArraySource(ramp(planes=9), size_um=0.5))
    window = open_space()
    assert window.isVisible()
    assert isinstance(window.view.picture, ProcessorView)
    assert "No graphics card" in window.words.text()
    assert window.view.box.words == ("32\u202fµm", "32\u202fµm", "4.5\u202fµm")
    assert center(window).lightness() > 60


def test_a_drag_turns_and_a_double_click_goes_back(qtbot, look, viewer, open_space):
    look(ArraySource(ramp(planes=9)))
    window = open_space()
    view, first = window.view, window.view.camera.turn
    QTest.mousePress(view, LEFT, NONE, QPoint(100, 100))
    QTest.mouseMove(view, QPoint(180, 120))
    assert not np.allclose(view.camera.turn, first)
    QTest.mouseRelease(view, LEFT, NONE, QPoint(180, 120))
    drawn(qtbot, viewer)
    QTest.mouseDClick(view, LEFT, NONE, QPoint(100, 100))
    np.testing.assert_allclose(view.camera.turn, first)


def test_the_wheel_and_keys_zoom_and_turn(qtbot, look, viewer, open_space):
    look(ArraySource(ramp(planes=9)))
    view = open_space().view
    at = QPointF(view.rect().center())
    event = QWheelEvent(
        at, view.mapToGlobal(at), QPoint(), QPoint(0, 120), Qt.MouseButton.NoButton, NONE,
        Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(view, event)
    assert view.camera.zoom == pytest.approx(1.2)
    QTest.keyClick(view, Qt.Key.Key_Minus)
    assert view.camera.zoom == pytest.approx(1.0)
    before = view.camera.turn
    QTest.keyClick(view, Qt.Key.Key_Left)
    assert not np.allclose(view.camera.turn, before)
    QTest.keyClick(view, Qt.Key.Key_F)
    np.testing.assert_allclose(view.camera.turn, before)


def test_colours_and_contrast_are_those_of_the_viewer(qtbot, look, viewer, open_space):
    source = ArraySource(np.full((1, 1, 9, 32, 32), 100, np.uint16))
    look(source)
    viewer.set_state(viewer.view_state.with_contrast(0, Contrast(0, 100)))
    window = open_space()
    assert center(window).lightness() == 255
    reads = len(source.regions)
    viewer.set_state(viewer.view_state.with_contrast(0, Contrast(0, 200)))
    drawn(qtbot, viewer)
    assert center(window).lightness() == pytest.approx(128, abs=2)
    channel = replace(viewer.view_state.channels[0], lut="Red")
    viewer.set_state(viewer.view_state.with_channel(0, channel))
    drawn(qtbot, viewer)
    assert center(window).red() > 100
    assert center(window).green() == 0
    assert len(source.regions) == reads


def test_another_time_is_read_anew(qtbot, look, viewer, open_space):
    pixels = np.zeros((2, 1, 5, 32, 32), np.uint16)
    pixels[1] = 100
    look(ArraySource(pixels))
    viewer.set_state(viewer.view_state.with_contrast(0, Contrast(0, 100)))
    window = open_space()
    assert center(window).lightness() == 0
    viewer.go_to("T", 1)
    settled(qtbot, viewer)
    drawn(qtbot, viewer)
    assert center(window).lightness() == 255


def test_translucent_is_a_click_away(qtbot, look, viewer, open_space):
    look(ArraySource(ramp(planes=9)))
    window = open_space()
    before = center(window)
    QTest.mouseClick(window.blendings["translucent"], LEFT)
    drawn(qtbot, viewer)
    assert center(window) != before


def test_the_window_goes_with_the_stack(qtbot, look, viewer, open_space):
    look(ArraySource(ramp(planes=9)))
    window = open_space()
    look(ArraySource(ramp()))
    assert not window.isVisible()
    viewer.show_in_space()
    assert not window.isVisible()


def test_what_cannot_be_read_is_said(qtbot, look, viewer, no_card):
    source = ArraySource(ramp(planes=9))
    look(source)
    source.error = PlaneGone("Plane 1 is missing.", hint="Copy it again.")
    viewer.show_in_space()
    qtbot.waitUntil(lambda: viewer.space.window is not None, timeout=20000)
    window = viewer.space.window
    qtbot.waitUntil(lambda: "Plane 1 is missing. Copy it again." in window.words.text(), timeout=5000)
    window.close()


def test_lengths_are_said_as_they_are_known():
    info = info_for((1, 1, 20, 64, 32), pixel_size_um=PixelSize(0.5, 0.1, 0.1))
    assert lengths_in_words(info) == ("3.2\u202fµm", "6.4\u202fµm", "10\u202fµm")
    info = info_for((1, 1, 20, 64, 32), pixel_size_um=PixelSize(None, 0.1, 0.1))
    assert lengths_in_words(info)[2] == "20 planes"
    assert lengths_in_words(info_for((7, 1, 1, 64, 32))) == ("32 px", "64 px", "7 times")


def test_brightness_knows_no_number():
    values = np.array([[[0.0, 0.5, 1.0, np.nan, 9.0]]], np.float32)
    assert brightness(values, Contrast(0, 1))[0, 0].tolist() == [0, 128, 255, 0, 255]


# The card


def can_draw():
    if QGuiApplication.platformName() == "offscreen":
        return False
    context = QOpenGLContext()
    context.setFormat(space_gl.wanted_format())
    return context.create() and context.format().version() >= space_gl.OLDEST


@pytest.fixture
def card_view(qtbot):
    if not can_draw():
        pytest.skip("no OpenGL here")
    view = CardView()
    view.resize(200, 200)
    qtbot.addWidget(view)
    view.show()
    qtbot.waitExposed(view)
    yield view
    view.hide()


def test_card_and_processor_draw_the_same(qtbot, card_view):
    from app.ui.viewer.turning import Camera, render

    volume = np.zeros((20, 40, 40), np.uint8)
    volume[4:9, 5:35, 5:20] = 200
    other = np.zeros_like(volume)
    other[12:18, 10:30, 15:35] = 255
    for blending in ("maximum", "translucent"):
        card_view.show_stacks((volume, other), ("Cyan", "Magenta"), (40.0, 40.0, 40.0))
        for _round in range(8):  # it grows finer as it learns how fast the card is
            card_view.show_camera(Camera(), blending, is_moving=False)
            image = card_view.grabFramebuffer()
        found = pixels_of(image)
        size = (image.width(), image.height())
        expected = render(
            (volume, other), ("Cyan", "Magenta"), (40.0, 40.0, 40.0), Camera(), size, blending=blending
        )
        difference = np.abs(found.astype(int) - as_rgb(expected))
        assert difference.mean() < 6, blending


def test_the_card_is_asked_in_a_thread(qtbot, background):
    if not can_draw():
        pytest.skip("no OpenGL here")
    surface = space_gl.make_surface()
    answers = []
    background.run(lambda: space_gl.is_there(surface), answers.append)
    qtbot.waitUntil(lambda: bool(answers), timeout=20000)


def test_a_card_that_refuses_is_done_without(qtbot, look, viewer, monkeypatch):
    if not can_draw():
        pytest.skip("no OpenGL here")
    monkeypatch.setattr(space_gl, "is_there", lambda _surface: True)
    monkeypatch.setattr(CardView, "_compiled", lambda _view, _count: None)
    look(ArraySource(ramp(planes=9)))
    with qtbot.captureExceptions() as problems:
        viewer.show_in_space()
        qtbot.waitUntil(lambda: viewer.space.window is not None, timeout=20000)
        window = viewer.space.window
        qtbot.waitUntil(lambda: isinstance(window.view.picture, ProcessorView), timeout=20000)
        drawn(qtbot, viewer)
    assert not problems
    window.close()


def test_a_ray_goes_through_every_channel():
    program = rays_for(3)
    assert program.count("uniform sampler3D") == 3
    assert "{" in program
    assert "}}" not in program.replace("}\n}", "")
