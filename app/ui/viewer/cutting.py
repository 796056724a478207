"""Cuts stacks in the background, a while at a time; only the newest wish counts."""

from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import QObject, Signal

from app.ui.background import Background
from app.ui.viewer.composite import Look, composite
from app.ui.viewer.contrast import Packed
from app.ui.viewer.cuts import Cutter, Spot, make_cutter
from app.ui.viewer.volume import Stack
from models.errors import UserError
from models.source import ImageSource

PRIORITY = 2  # after the picture itself
WHILE_S = 0.1  # between two pictures of cuts that grow


@dataclass(frozen=True, slots=True)
class CutWish:
    """What to cut, where, and how to draw it."""

    source: ImageSource
    stack: Stack
    spot: Spot
    looks: tuple[Look, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Cut:
    """Both cuts of a wish as far as they have come; `done` of `total` planes."""

    wish: CutWish
    cutter: Cutter
    xz: Packed
    yz: Packed
    done: int
    total: int


class Cutting(QObject):
    """Cuts what is wished."""

    cut = Signal(object)  # Cut
    failed = Signal(object)  # UserError

    def __init__(self, background: Background, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._background = background
        self._wanted: CutWish | None = None
        self._last: Cut | None = None
        self._is_busy = False

    @property
    def is_idle(self) -> bool:
        """Whether everything wished has been cut."""
        return not self._is_busy

    def show(self, wish: CutWish) -> None:
        """Cut and draw this from now on."""
        if wish != self._wanted:
            self._wanted = wish
            self._go_on()

    def tell_again(self) -> None:
        """Tell the last cut once more: its place was cleared."""
        if self._last is not None:
            self.cut.emit(self._last)

    def forget(self) -> None:
        """Cut nothing, and let go of what is held in memory."""
        self._wanted = self._last = None

    def _go_on(self) -> None:
        wish, last = self._wanted, self._last
        if self._is_busy or wish is None:
            return
        if last is not None and last.wish == wish and last.done == last.total:
            return
        is_same = last is not None and (last.wish.source, last.wish.stack) == (wish.source, wish.stack)
        cutter = last.cutter if last is not None and is_same else None
        self._is_busy = True
        self._background.run(partial(cut_on, wish, cutter), self._take, self._refuse, priority=PRIORITY)

    def _take(self, found: Cut) -> None:
        self._is_busy = False
        wanted = self._wanted
        if wanted is None:
            return
        if (wanted.source, wanted.stack) == (found.wish.source, found.wish.stack):
            self._last = found
            self.cut.emit(found)
        self._go_on()

    def _refuse(self, error: Exception) -> None:
        self._is_busy = False
        self._wanted = None
        if not isinstance(error, UserError):
            raise error
        self.failed.emit(error)


def cut_on(wish: CutWish, cutter: Cutter | None) -> Cut:
    """Read for a while and draw what there is; for a thread."""
    if cutter is None:
        cutter = make_cutter(wish.source, wish.stack)
    done, total = cutter.progress(wish.spot)
    if done < total:
        cutter.go_on(wish.spot, WHILE_S)
    done, total = cutter.progress(wish.spot)
    xz, yz = composite(cutter.xz(wish.spot), wish.looks), composite(cutter.yz(wish.spot), wish.looks)
    return Cut(wish, cutter, xz, yz, done, total)
