"""From an error to what a person reads: a translated sentence, what is safe, and what can be done."""

import re
from dataclasses import dataclass
from pathlib import Path

from app.text import _
from app.ui.names import in_sentence
from models.errors import UserError
from models.knobs import N_

NOTHING_LOST = N_("Nothing was changed.")


@dataclass(frozen=True, slots=True)
class Advice:
    """What the window adds to an error: what is safe, and ids of actions that help."""

    safe: str = NOTHING_LOST
    actions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Message:
    """An error as it is shown; `actions` are ids of rows in `app.ui.actions`."""

    sentence: str
    hint: str
    safe: str
    details: str
    actions: tuple[str, ...]


_ORIGINAL_SAFE = N_("Your file was not changed.")
_RESULTS_SAFE = N_("Your original and everything that is finished are safe.")

# By the whole code first, then by its part before the dot.
ADVICE: dict[str, Advice] = {
    "images": Advice(_ORIGINAL_SAFE, ("file.open",)),
    "session.no_images": Advice(_ORIGINAL_SAFE, ("file.open", "file.open_folder")),
    "settings": Advice(N_("The settings hold until the program is closed."), ("edit.preferences",)),
    "library": Advice(NOTHING_LOST, ("go.models",)),
    "engine": Advice(_RESULTS_SAFE, ("go.jobs",)),
    "restoration": Advice(_RESULTS_SAFE, ("go.jobs",)),
}


def message_for(error: UserError) -> Message:
    """Return what to show for an error."""
    advice = ADVICE.get(error.code) or ADVICE.get(error.code.split(".")[0]) or Advice()
    facts = [f"{name}: {value}" for name, value in error.fields.items() if value is not None]
    details = "\n".join([error.code, *facts])
    return Message(
        sentence=in_sentence(_(error.sentence)),
        hint=in_sentence(_(error.hint)) if error.hint else "",
        safe=_(advice.safe),
        details=without_home(details),
        actions=advice.actions,
    )


def without_home(text: str) -> str:
    """Return `text` with the home folder written as ``~``, so that it can be passed on."""
    home = str(Path.home())
    if home in ("", "/", "\\"):
        return text
    return re.sub(re.escape(home) + r"(?=[/\\\s\"':,)]|$)", "~", text)
