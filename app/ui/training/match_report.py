"""What came of a match, read back in a thread: strengths, meters, pictures beside each other. Free of Qt."""

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.ui.training.develop import Range, Slide, develop, display_range, load, to_gray
from models.training.strengths import Matched, Meter, Strengths

Gray = NDArray[np.uint8]
LEAST, MOST = 0.5, 2.0  # between which the true size of a pixel may lie from the one that was fitted


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """A match with everything that is shown of it.

    The unit of the slides is one pixel of the good image. `real` and `made` are crops at the same contrast,
    (n, h, w); `bad` is None and there are no real crops where there is no bad image.
    """

    matched: Matched
    bad: Slide | None
    made: Slide
    good: Slide
    real: tuple[Gray, ...] = ()
    fake: tuple[Gray, ...] = ()

    @property
    def can_be_tested(self) -> bool:
        """Whether there are crops to ask a person about."""
        return bool(self.real) and bool(self.fake)


def read_answer(report: str, good_um: float | None = None, bad_um: float | None = None) -> Answer:
    """Read a report and its files; for a thread.

    `good_um` and `bad_um` are the pixel sizes that the files state: with both, the bad image is shown at its
    true size.

    Raises
    ------
    OSError
        If a file is gone.
    ValueError
        If the report or a file is not what it should be.
    """
    table = json.loads(report)
    matched, files = matched_of(table), table["files"]
    scale = float(matched.strengths.scale)
    made = load(Path(files["made"]))
    bad = load(Path(files["bad"])) if files.get("bad") else None
    shown = display_range(made if bad is None else bad)
    return Answer(
        matched,
        None if bad is None else develop(bad, shown, _true_pixel(scale, good_um, bad_um)),
        develop(made, shown, scale),
        develop(load(Path(files["good"])), shown, 1.0),
        _crops(files.get("real_crops"), shown),
        _crops(files.get("made_crops"), shown),
    )


def matched_of(table: dict[str, Any]) -> Matched:
    """Return what a report's table says.

    Raises
    ------
    ValueError
        If something is missing or not as it should be.
    """
    try:
        known = {field.name for field in dataclasses.fields(Strengths)}
        strengths = Strengths(**{name: value for name, value in table["strengths"].items() if name in known})
        meters = tuple(
            Meter(
                meter["name"],
                tuple(meter["at"]),
                tuple(meter["measured"]),
                tuple(meter["produced"]),
                bool(meter["is_measured"]),
                str(meter.get("reason", "")),
            )
            for meter in table["meters"]
        )
        return Matched(
            strengths, meters, table.get("accuracy"), table.get("patches", 0), tuple(table.get("remarks", ()))
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError("the report of the match is incomplete") from error


def _true_pixel(scale: float, good_um: float | None, bad_um: float | None) -> float:
    """Return how many pixels of the good image one of the bad image is wide."""
    if not good_um or not bad_um:
        return scale
    true = bad_um / good_um
    return true if LEAST <= true / scale <= MOST else scale


def _crops(name: str | None, shown: Range) -> tuple[Gray, ...]:
    if not name:
        return ()
    crops = np.load(name, allow_pickle=False)
    if crops.ndim != 3 or crops.dtype.kind not in "buif":
        raise ValueError(f"{Path(name).name} holds no crops")
    return tuple(to_gray(crop, shown) for crop in crops)
