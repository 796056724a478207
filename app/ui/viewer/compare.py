"""How two images stand together: one row per mode. To add a mode, write a row."""

from dataclasses import dataclass, replace

from app.ui.viewer.state import Comparison, Side, ViewState
from models.knobs import N_
from models.source import Channel

Pane = tuple[Side, ...]  # from left to right of the curtain, or just one

OPPOSITE: dict[Side, Side] = {"raw": "restored", "restored": "raw", "difference": "difference"}


@dataclass(frozen=True, slots=True)
class Mode:
    """One mode: `panes` are the pictures from left to right, and what each one holds.

    Where it `alternates`, the two images take turns.
    """

    key: Comparison
    title: str
    help: str
    icon: str
    panes: tuple[Pane, ...]
    alternates: bool = False


MODES: tuple[Mode, ...] = (
    Mode("single", N_("Single"), N_("One picture; hold B to see the first one"), "image", (("restored",),)),
    Mode("side", N_("Side by side"), N_("Both, moved together"), "side", (("raw",), ("restored",))),
    Mode("curtain", N_("Curtain"), N_("One over the other; drag it"), "compare", (("raw", "restored"),)),
    Mode("flicker", N_("Flicker"), N_("One after the other, by itself"), "flicker", (("raw",),),
         alternates=True),
    Mode("difference", N_("Difference"), N_("One minus the other, zero in black"), "difference",
         (("difference",),)),
)  # fmt: skip


def mode(key: Comparison) -> Mode:
    """Return the row of a mode."""
    return next(row for row in MODES if row.key == key)


def next_mode(state: ViewState) -> ViewState:
    """Return the state in the mode after the present one."""
    keys = [row.key for row in MODES]
    return replace(state, compare=keys[(keys.index(state.compare) + 1) % len(keys)])


def panes(
    state: ViewState, *, has_result: bool, is_raw_held: bool = False, is_turned: bool = False
) -> tuple[Pane, ...]:
    """Return what is seen: without a second image always the first one alone.

    While the first is held, every picture shows it in its place, so that the eye stays where it is. While
    pictures take turns, it is the other one's when `is_turned`.
    """
    if not has_result:
        return (("raw",),)
    row = mode(state.compare)
    rows = row.panes
    if is_raw_held:
        return tuple(("raw",) for _pane in rows)
    if state.is_swapped != (row.alternates and is_turned):
        return tuple(tuple(OPPOSITE[side] for side in pane) for pane in rows)
    return rows


def match_channels(raw: tuple[Channel, ...], restored: tuple[Channel, ...]) -> tuple[int | None, ...]:
    """Return for each raw channel the restored one: by name, by order if as many, else None."""
    names = [channel.name for channel in restored]
    if len(raw) == len(restored):
        return tuple(range(len(raw)))
    is_named = len(set(names)) == len(names) and all(names)
    return tuple(names.index(channel.name) if is_named and channel.name in names else None for channel in raw)
