"""Opens the view in space and keeps it at what the viewer shows."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QObject, Signal
from PySide6.QtGui import QOffscreenSurface
from PySide6.QtWidgets import QWidget

from app.text import _, ngettext
from app.ui.background import Background
from app.ui.viewer.ortho import depth_of
from app.ui.viewer.scalebar import length_in_words
from app.ui.viewer.state import Side, ViewState, extent, is_calibrated
from app.ui.viewer.volume import Stack
from models.source import ImageInfo, ImageSource

if TYPE_CHECKING:
    from app.ui.viewer.space import SpaceWindow

PRIORITY = 2
Channels = tuple[tuple[int, int], ...]


class SpaceDoor(QObject):
    """Makes the window when it is wanted first; until then nothing of it is imported."""

    failed = Signal(object)  # UserError

    def __init__(self, background: Background, parent: QWidget) -> None:
        super().__init__(parent)
        self._background = background
        self._parent = parent
        self._info: ImageInfo | None = None
        self._seen: tuple[ViewState, Side, ImageSource | None, Channels] | None = None
        self._is_asked = False
        self._surface: QOffscreenSurface | None = None
        self.window: SpaceWindow | None = None

    def show_image(self, info: ImageInfo | None) -> None:
        """Turn another image from now on."""
        self._info = info
        self._seen = None
        if self.window is not None:
            self.window.forget()
            if info is None or depth_of(info) is None:
                self.window.close()

    def show_state(
        self, state: ViewState, side: Side, source: ImageSource | None, channels: Channels
    ) -> None:
        """Show what the viewer shows, if the window is open."""
        self._seen = (state, side, source, channels)
        if self.window is not None and self.window.isVisible():
            self._show()

    def open(self) -> None:
        """Open the window, if there is a stack; the first time after a look at the graphics card."""
        if self._info is None or depth_of(self._info) is None:
            return
        if self.window is not None:
            self._bring_up(self.window)
        elif not self._is_asked:
            self._is_asked = True
            self._background.run(_imported, self._ask, priority=PRIORITY)

    def _ask(self, _none: None) -> None:
        """Ask in a thread what the graphics card can do: its driver takes its time to wake up."""
        from app.ui.viewer import space_gl

        self._surface = space_gl.make_surface()  # kept here: it must end in the thread that made it
        if self._surface is None:
            self._make(has_card=False)
        else:
            answer = partial(space_gl.is_there, self._surface)
            self._background.run(answer, lambda found: self._make(has_card=found), priority=PRIORITY)

    def _make(self, *, has_card: bool) -> None:
        from app.ui.viewer.space import SpaceWindow

        self.window = SpaceWindow(self._background, self._parent, has_card=has_card)
        self.window.failed.connect(self.failed)
        application = QCoreApplication.instance()
        if application is not None:
            application.aboutToQuit.connect(self.window.close)  # while the card can still be told to let go
        self._bring_up(self.window)

    def _bring_up(self, window: SpaceWindow) -> None:
        window.show()
        self._show()
        window.raise_()
        window.activateWindow()
        window.view.setFocus()

    def _show(self) -> None:
        """Hand the stacks looked at to the window."""
        from app.ui.viewer.filling import MOST_CHANNELS, SpaceWish

        info, window = self._info, self.window
        deep = depth_of(info) if info is not None else None
        if info is None or window is None or deep is None or self._seen is None:
            return
        state, side, source, channels = self._seen
        drawn = channels[:MOST_CHANNELS]
        contrasts = [state.contrast(index, side) for index, _channel in drawn]
        known = tuple(contrast for contrast in contrasts if contrast is not None)
        if source is None or not drawn or len(known) != len(drawn):
            return
        over = extent(info)
        stack = Stack(
            deep.axis, state.t if deep.axis == "Z" else state.z, tuple(number for _i, number in drawn)
        )
        luts = tuple(state.lut(index) for index, _channel in drawn)
        wish = SpaceWish(source, stack, (over.width, over.height, deep.length), luts, known)
        window.show_wish(wish, lengths_in_words(info), len(channels) - len(drawn))


def _imported() -> None:
    """Import what is slow; for a thread."""
    from scipy import ndimage  # noqa: F401 - the processor may have to draw

    from app.ui.viewer import space, space_gl  # noqa: F401


def lengths_in_words(info: ImageInfo) -> tuple[str, str, str]:
    """Return how long the stack of an image is along x, y and z."""
    over, deep = extent(info), depth_of(info)
    *_rest, height, width = info.shape
    across = [_("{length} px").format(length=length) for length in (width, height)]
    if is_calibrated(info):
        across = [rounded_in_words(length) for length in (over.width, over.height)]
    if deep is None:
        return across[0], across[1], ""
    if deep.is_known:
        return across[0], across[1], rounded_in_words(deep.length)
    many = ngettext("{count} plane", "{count} planes", deep.count)
    many = many if deep.axis == "Z" else ngettext("{count} time", "{count} times", deep.count)
    return across[0], across[1], many.format(count=deep.count)


def rounded_in_words(length_um: float) -> str:
    """Return a length to three digits."""
    return length_in_words(float(f"{length_um:.3g}"))
