"""Good images with their bad ones, and how far each pair lies apart."""

from __future__ import annotations

from collections.abc import Sequence
from math import hypot
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractItemView, QFrame, QHeaderView, QTableWidget, QTableWidgetItem, QWidget

from app.text import _, ngettext
from app.ui.icons import icon
from app.ui.names import shown_name
from app.ui.training.plan import Plan

FAR_PX = 1.0  # from which on a pair teaches its own shift
ROWS_SEEN = 10


class PairsTable(QTableWidget):
    """One row for each pair: the two names and the shift, in pixels of the bad image."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(0, 3, parent)
        self.setAccessibleName(_("Pairs"))
        self.setHorizontalHeaderLabels([_("Good image"), _("Bad image"), _("Shift")])
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setShowGrid(False)
        self.verticalHeader().hide()
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setTabKeyNavigation(False)
        self.setWordWrap(False)
        header = self.horizontalHeader()
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft)
        for column in (0, 1):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(2, QHeaderView.ResizeMode.ResizeToContents)

    def show_plan(self, plan: Plan) -> None:
        """Show the pairs of a plan."""
        partners = plan.partners
        self.setRowCount(len(partners))
        for row, (one, bad) in enumerate(partners):
            shift = shift_of(plan, one.path)
            self.setItem(row, 0, QTableWidgetItem(shown_name(one.path.name)))
            self.setItem(row, 1, QTableWidgetItem(shown_name(bad.name)))
            is_pair = is_pair_of(plan, one.path)
            told = QTableWidgetItem(shift_words(shift) if is_pair else _("nothing in common"))
            if shift is not None or not is_pair:
                is_far = shift is None or hypot(*shift) > FAR_PX
                told.setIcon(icon("warning", "warning") if is_far else icon("tick", "good"))
            self.setItem(row, 2, told)
        line = self.verticalHeader().defaultSectionSize()
        self.setMinimumHeight((min(ROWS_SEEN, len(partners)) + 2) * line)
        self.setVisible(bool(partners))


def shift_of(plan: Plan, path: Path) -> tuple[float, float] | None:
    """Return how far the bad image of a pair lies beside the good one; None while it is not known."""
    seen = plan.about(path)
    return None if seen is None else seen.shift_px


def is_pair_of(plan: Plan, path: Path) -> bool:
    """Return false if a good image and its bad one were compared and nothing in them lies on each other."""
    seen = plan.about(path)
    return seen is None or seen.is_pair


def shift_words(shift: tuple[float, float] | None) -> str:
    """Say a shift: ``"0.3 px"``."""
    return _("not measured yet") if shift is None else _("{n} px").format(n=f"{hypot(*shift):.1f}")


def registration_sentence(plan: Plan) -> tuple[str, str]:
    """Return what the shifts mean, and the role of the label that says it."""
    used, partners = plan.used, plan.partners
    if plan.paired and len(partners) != len(used):
        return _(
            "{good} good and {bad} bad images do not pair up: give both images of a pair the same name, "
            "or drop as many bad ones as there are good ones."
        ).format(good=len(used), bad=len(plan.paired)), "warning"
    shifts = [shift for one, _bad in partners if (shift := shift_of(plan, one.path)) is not None]
    apart = sum(not is_pair_of(plan, one.path) for one, _bad in partners)
    if apart:
        return ngettext(
            "Nothing in the two images of {n} pair lies on each other: another place, or too little to see. "
            "The training leaves it out.",
            "Nothing in the two images of {n} pairs lies on each other: other places, or too little to see. "
            "The training leaves them out.",
            apart,
        ).format(n=apart), "warning"
    far = _far(shifts)
    if far:
        return ngettext(
            "{n} pair lies more than 1 px apart; what the model learns would be shifted and blurred. "
            "Register the images, or leave the pair out.",
            "{n} pairs lie more than 1 px apart; what the model learns would be shifted and blurred. "
            "Register the images, or leave the pairs out.",
            far,
        ).format(n=far), "warning"
    if shifts:
        return _("All pairs lie well over each other."), "good"
    return "", ""


def _far(shifts: Sequence[tuple[float, float]]) -> int:
    return sum(hypot(*shift) > FAR_PX for shift in shifts)
