"""Keeps an eye on the file that is shown, says so in a strip, and reads it again when it comes back."""

from __future__ import annotations

from collections import defaultdict

from PySide6.QtCore import QObject, Signal

from app.ui.background import Background
from app.ui.doubts import is_corrected
from app.ui.file_strip import FileStrip, State
from app.ui.file_watch import FileWatch
from app.ui.session import OpenImage, Session


class FileKeeper(QObject):
    """Knows for each open image what there is to say about its file."""

    correct_wished = Signal()

    def __init__(self, session: Session, background: Background, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.strip = FileStrip()
        self.watch = FileWatch(background, self)
        self._happened: defaultdict[int, set[State]] = defaultdict(set)
        self._dismissed: defaultdict[int, set[State]] = defaultdict(set)
        self._returning: set[int] = set()
        session.current_changed.connect(self.show_image)
        session.image_opened.connect(self._begin)
        session.image_closed.connect(self._forget)
        session.reopen_failed.connect(self._wait_on)
        self.watch.gone.connect(self._note_gone)
        self.watch.returned.connect(self._read_returned)
        self.watch.changed.connect(self._note_change)
        self.watch.unchanged.connect(self._note_unchanged)
        self.strip.wished.connect(self._do)

    def show_image(self, image: OpenImage | None) -> None:
        """Watch another image."""
        self.watch.watch(image)
        self._show()

    def states(self, image: OpenImage) -> set[State]:
        """What there is to say about the file of an image."""
        found = set(self._happened[image.key])
        if image.missing:
            found.add("cut")
        if is_corrected(image):
            found.add("corrected")
        return found - self._dismissed[image.key]

    def _show(self) -> None:
        image = self._session.current
        self.strip.show_states(image, self.states(image) if image is not None else ())

    def _begin(self, image: OpenImage) -> None:
        """Begin anew with a file that was read, or read again."""
        self._happened.pop(image.key, None)
        self._returning.discard(image.key)
        self._dismissed[image.key] &= {"cut", "growing"}

    def _forget(self, key: int) -> None:
        for known in (self._happened, self._dismissed):
            known.pop(key, None)
        self._returning.discard(key)

    def _note_gone(self, key: int) -> None:
        self._happened[key] = {"gone"}
        self._show()

    def _read_returned(self, key: int) -> None:
        """Read a file that is back; the handles of before lead nowhere."""
        self._returning.add(key)
        self._session.reopen(key, is_quiet=True)

    def _wait_on(self, key: int) -> None:
        if key in self._returning:
            self._returning.discard(key)
            self.watch.wait_again()

    def _note_change(self, key: int, has_grown: bool) -> None:  # noqa: FBT001 - a slot
        if not has_grown:
            self._dismissed[key].discard("changed")
        if self._happened[key] != {"changed"}:
            self._happened[key] = {"growing" if has_grown else "changed"}
        self._show()

    def _note_unchanged(self, key: int) -> None:
        self._happened[key].clear()
        self._show()

    def _do(self, key: int, wish: str) -> None:
        from models.source import Reading

        state = self.strip.state
        if wish == "reread":
            self._session.reopen(key)
        elif wish == "as_file":
            self._session.reopen(key, reading=Reading())
        elif wish == "correct":
            self.correct_wished.emit()
        elif state is not None:
            self._dismissed[key].add(state)
            self._show()
