"""A model from the library, ready to run, loaded once per worker."""

from typing import Any

from app.engine.context import JobContext
from app.engine.runners.devices import Device, chosen_device
from app.engine.specs import Values
from app.library.card import ModelCard
from app.library.store import Library
from app.settings import Settings
from models.errors import UserError
from models.knobs import with_values
from models.restoration.family import Restorer
from models.restoration.registry import FAMILIES, family


class UnknownFamily(UserError):
    """The model's card names a method that this version of the program does not have."""

    code = "library.family"


class WrongValue(UserError):
    """A setting of the model does not exist or lies outside its limits."""

    code = "engine.value"


def loaded(model: str, values: Values, device: Device, context: JobContext) -> Restorer:
    """Return the restorer of `model` on `device`, in the fastest precision that its card allows.

    Kept warm in the worker; a restorer that was moved elsewhere must be forgotten by `forget_kept`.

    Raises
    ------
    LibraryError, UnknownFamily, WrongValue
        And what the family raises on weights that do not fit.
    """
    library = Library(context.paths)
    card = library.card(model)
    precision = device.precision(card.precisions)
    if card.family not in FAMILIES:
        raise UnknownFamily(
            f"{card.name} needs the method {card.family}, which this version of the program does not have.",
            hint="Update the program or pick another model.",
            model=model,
        )
    method = family(card.family)
    params = _params(method.params, (*card.params, *values), card)

    def load() -> Restorer:
        context.stage("Loading the model")
        return method.load(
            card.network.encode(),
            library.weights(model),
            params,
            device.name,
            precision,
            checked=card.precisions,
        )

    return context.keep(("model", model, card.version, card.sha256, params, device.name, precision), load)


def device_for(card: ModelCard, wish: str, settings: Settings) -> Device:
    """Return the device for a model: what was asked for, or the processor for one without weights.

    Raises
    ------
    NoSuchDevice
        If a device that was asked for by name cannot be used.
    """
    return chosen_device("cpu" if card.weights is None else wish, settings)


def _params(kind: type[Any], values: Values, card: ModelCard) -> object:  # Any: a type for every family
    try:
        return with_values(kind, values)
    except ValueError as error:
        raise WrongValue(
            f"A setting of {card.name} cannot be used: {error}.",
            hint="Go back to the automatic settings.",
            model=card.id,
        ) from error
