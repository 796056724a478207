"""What can be wrong with models: missing, damaged, unreadable or already there.

LibraryError
├── UnknownModel       no card with this id
├── UnreadableCard     a card that is not TOML or does not hold what a card must hold
├── WeightsMissing     the card is here, its weights are not
├── WeightsDamaged     the weights are not the ones that the card describes
├── ModelExists        another model with the same id is here already
└── PlaceUnusable      the folder for models cannot be written
"""

from models.errors import UserError


class LibraryError(UserError):
    """Root of everything that is wrong with a model in the library."""

    code = "library"


class UnknownModel(LibraryError):
    """There is no model with this id."""

    code = "library.unknown_model"


class UnreadableCard(LibraryError):
    """A model card cannot be understood."""

    code = "library.card"


class WeightsMissing(LibraryError):
    """The file with a model's weights is not there."""

    code = "library.missing"


class WeightsDamaged(LibraryError):
    """The file with a model's weights does not have the checksum that its card states."""

    code = "library.damaged"


class ModelExists(LibraryError):
    """A different model with the same id is in the library already."""

    code = "library.exists"


class PlaceUnusable(LibraryError):
    """The folder for models cannot be written."""

    code = "library.place"
