"""The error a person can do something about; every room derives its own from it.

UserError                  the world is wrong: file gone, disk full, wrong channels
├── app.images.errors      files that cannot be read or written
├── app.library.errors     models that are missing, damaged or do not fit
├── app.engine.errors      jobs that cannot be stored or run
└── models.*               arrays that a method cannot work on

Anything else that is raised is a fault of the program and is shown as one.
"""

from typing import ClassVar

Field = str | int | float | None


class UserError(Exception):
    """A fault of the world, told in one sentence with what to do next.

    Parameters
    ----------
    sentence : str
        What happened, to what, and what is safe; English, one or two sentences.
    hint : str
        What to do next; empty if there is nothing to add.
    **fields : str, int, float or None
        The same facts for a program: numbers and names that the sentence mentions.

    Attributes
    ----------
    code : str
        Stable name of the kind of error, such as ``"images.truncated"``.
    """

    code: ClassVar[str] = "error"

    def __init__(self, sentence: str, *, hint: str = "", **fields: Field) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.hint = hint
        self.fields = fields


class Stopped(Exception):
    """Raised by `Watch.check` when the person asked the job to stop; never shown."""
