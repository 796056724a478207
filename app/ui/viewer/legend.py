"""What the colours of a difference mean: a strip from less to more, its ends in words."""

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QImage, QPainter

from app.text import _
from app.ui.viewer import luts
from app.ui.viewer.pointer import value_in_words

WHITE = QColor(255, 255, 255)
PLATE = QColor(0, 0, 0, 170)
PADDING = 7.0
SHARE = 0.6  # of the picture's width that it may take


@dataclass(frozen=True, slots=True)
class Legend:
    """The gray value where the colours end on both sides of zero, and the names of what is subtracted."""

    reach: float
    less: str
    more: str

    @property
    def ends(self) -> tuple[str, str]:
        """Both ends of the range, in words."""
        end = value_in_words(int(self.reach) if self.reach == int(self.reach) else self.reach)
        return (f"\u2212{end}", f"+{end}")

    @property
    def sentence(self) -> str:
        """The range and the colours, in words."""
        low, high = self.ends
        return _(
            "From {low} to {high} gray values: orange where {more} is brighter, blue where it is darker."
        ).format(low=low, high=high, more=self.more)


def paint(painter: QPainter, legend: Legend, corner: QPointF, width: float) -> None:
    """Draw a legend whose lower left corner is there, in a picture that is `width` wide."""
    metrics = QFontMetricsF(painter.font())
    line, strip = metrics.height(), max(8.0, round(metrics.height() / 2))
    wide = min(width * SHARE, 24 * metrics.averageCharWidth())
    flags = Qt.AlignmentFlag.AlignLeft | Qt.TextFlag.TextWordWrap
    words = metrics.boundingRect(QRectF(0, 0, max(wide, width * SHARE), 10 * line), flags, legend.sentence)
    inner = max(wide, words.width())
    height = words.height() + 4 + strip + 2 + line
    plate = QRectF(corner.x(), corner.y() - height - 2 * PADDING, inner + 2 * PADDING, height + 2 * PADDING)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(PLATE)
    painter.drawRoundedRect(plate, 5, 5)
    painter.setPen(WHITE)
    left, top = plate.left() + PADDING, plate.top() + PADDING
    painter.drawText(QRectF(left, top, inner, words.height() + 1), flags, legend.sentence)
    bar = QRectF(left, top + words.height() + 4, wide, strip)
    painter.drawImage(bar, _strip())
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRect(bar)
    below = QRectF(left, bar.bottom() + 2, wide, line)
    low, high = legend.ends
    painter.drawText(below, Qt.AlignmentFlag.AlignLeft, low)
    painter.drawText(below, Qt.AlignmentFlag.AlignHCenter, "0")
    painter.drawText(below, Qt.AlignmentFlag.AlignRight, high)


def _strip() -> QImage:
    table = luts.table(luts.DIFFERENCE)
    return QImage(table.tobytes(), luts.SIZE, 1, luts.SIZE * 3, QImage.Format.Format_RGB888).copy()
