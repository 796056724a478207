"""How long a restoration will take: from the history of jobs, else from what previews took."""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from app.library.card import ModelCard
from app.ui.background import Background
from app.ui.inspector.restore_words import megapixels
from models.errors import UserError
from models.source import ImageInfo

if TYPE_CHECKING:
    from app.engine.supervisor import Engine


class Promises(QObject):
    """The seconds that each model needs for the image at hand; history counts more than previews."""

    changed = Signal()

    def __init__(self, engine: "Engine", background: Background, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._engine = engine
        self._background = background
        self._sizes: dict[str, float] = {}  # megapixels of the result, by model
        self._from_history: dict[str, float] = {}  # seconds, by model
        self._pace: dict[str, float] = {}  # seconds per megapixel in previews, by model

    def ask(self, info: ImageInfo, channels: int, cards: Sequence[ModelCard], device: str) -> None:
        """Look up what these models take for an image; `changed` follows."""
        self._sizes = {card.id: megapixels(info, channels, card.scale) for card in cards}
        self._from_history = {}
        look_up = partial(_promised, self._engine, self._sizes, device)
        self._background.run(look_up, partial(self._take, self._sizes), self._do_without)

    def note_pace(self, model: str, seconds_per_megapixel: float) -> None:
        """Take in what a preview took; the fastest one counts, for the first ones also warm up."""
        self._pace[model] = min(seconds_per_megapixel, self._pace.get(model, seconds_per_megapixel))
        self.changed.emit()

    def seconds(self) -> dict[str, float]:
        """What is known, by the id of the model."""
        measured = {
            model: self._pace[model] * size for model, size in self._sizes.items() if model in self._pace
        }
        return measured | self._from_history

    def _take(self, asked: dict[str, float], found: dict[str, float]) -> None:
        if asked is self._sizes:
            self._from_history = found
            self.changed.emit()

    def _do_without(self, error: Exception) -> None:
        if not isinstance(error, UserError):
            raise error


def _promised(engine: "Engine", sizes: dict[str, float], device: str) -> dict[str, float]:
    """Ask the ledger; for a thread."""
    found = ((model, engine.promise("restore", model, device, size)) for model, size in sizes.items())
    return {model: seconds for model, seconds in found if seconds is not None}
