"""The default network for benchmarks of speed: the shipped one, or one of its shape with random weights."""

import tomllib
from importlib.resources import files

import torch

from app.engine.runners.devices import chosen_device
from app.library.store import Library
from app.paths import find_paths
from models.pssr.family import PssrRestorer
from models.pssr.network import Layout, ResUNet
from models.pssr.params import Params
from models.restoration.family import Restorer, Traits
from models.restoration.registry import family

DEFAULT = "pssr-fluorescence"


def default_network() -> tuple[Restorer, str]:
    """Return the default fluorescence network on the processor, and what it is in words."""
    library = Library(find_paths())
    if DEFAULT in {card.id for card in library.cards()}:
        card = library.card(DEFAULT)
        precision = chosen_device("cpu").precision(card.precisions)
        method = family(card.family)
        network = method.load(
            card.network.encode(), library.weights(DEFAULT), method.params(), "cpu", precision
        )
        return network, f"{DEFAULT}, {precision}"
    recipe = tomllib.loads((files("resources") / "recipes" / f"{DEFAULT}.toml").read_text())["network"]
    layout = Layout(recipe["scale"], recipe["shrink"], tuple(recipe["widths"]), tuple(recipe["blocks"]))
    torch.manual_seed(0)
    traits = Traits(layout.scale, layout.halo, layout.multiple)
    restorer = PssrRestorer(ResUNet(layout), traits, Params(), "cpu", "float32")
    return restorer, f"{DEFAULT} with random weights, float32"
