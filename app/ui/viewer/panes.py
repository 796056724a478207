"""The pictures side by side: what is put up goes to every canvas, what any of them wishes is passed on."""

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from app.ui.names import in_sentence
from app.ui.viewer.canvas import Canvas
from app.ui.viewer.compare import MODES, Pane
from app.ui.viewer.contrast import Packed
from app.ui.viewer.legend import Legend
from app.ui.viewer.loader import Drawn
from app.ui.viewer.plan import Viewport, place
from app.ui.viewer.state import Rect, Side, ViewState, extent, is_calibrated
from models.source import ImageInfo

Named = tuple[Pane, tuple[str, ...]]  # sides and their names

NOWHERE = Rect(0, 0, 1, 1)


class Panes(QWidget):
    """As many canvases as any way to compare needs; they all look at the same place."""

    view_wished = Signal(object)  # Rect, in units
    curtain_wished = Signal(float)  # place in units along x
    box_wished = Signal(object)  # Rect, in units
    box_released = Signal()
    pointer_moved = Signal(object)  # (x, y) in units | None
    stepped = Signal(str, int)  # axis, by how many
    resized = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.canvases = tuple(Canvas(self) for _pane in range(max(len(row.panes) for row in MODES)))
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        for canvas in self.canvases:
            canvas.setFocusProxy(parent)
            layout.addWidget(canvas, 1)
            canvas.view_wished.connect(self.view_wished)
            canvas.curtain_wished.connect(self.curtain_wished)
            canvas.box_wished.connect(self.box_wished)
            canvas.box_released.connect(self.box_released)
            canvas.pointer_moved.connect(self.pointer_moved)
            canvas.stepped.connect(self.stepped)
            canvas.resized.connect(self.resized)

    @property
    def seen(self) -> Rect:
        """What is seen on each canvas, in units."""
        return self.canvases[0].seen

    @property
    def viewport(self) -> Viewport:
        """The size of each canvas in pixels of the screen."""
        return self.canvases[0].viewport_size

    def show_image(self, info: ImageInfo | None) -> None:
        """Make room for another image."""
        for canvas in self.canvases:
            canvas.overlay.show_sentence("")
            over = extent(info) if info is not None else NOWHERE
            canvas.show_extent(over, is_calibrated=info is not None and is_calibrated(info))

    def show_state(self, state: ViewState, over: Rect, panes: Sequence[tuple[Pane, tuple[str, ...]]]) -> None:
        """Show these sides under these names, at the place and with the curtain of `state`.

        `over` is the extent of all that there is to see.
        """
        for number, canvas in enumerate(self.canvases):
            canvas.show_reach(over)
            canvas.setVisible(number < len(panes))
            if number < len(panes):
                canvas.show_sides(*panes[number])
            canvas.show_view(state.view)
            canvas.show_curtain(over.x + state.curtain * over.width)

    def put_up(self, side: Side, drawn: Drawn, info: ImageInfo, over: Rect) -> None:
        """Put up what was drawn of one side, whose image `info` lies over `over`."""
        region = drawn.region
        where = place(drawn.place, over, info.shapes)
        shown, whole = drawn.place.shape[3:], info.shapes[region.level][3:]
        is_whole = shown[0] >= whole[0] and shown[1] >= whole[1]
        plane = (region.t, region.z, drawn.wish.luts)
        for canvas in self.canvases:
            canvas.overlay.show_sentence("")
            canvas.show_pixels(side, drawn.packed, where, plane=plane, is_whole=is_whole)

    def clear(self, side: Side) -> None:
        """Take down one side."""
        for canvas in self.canvases:
            canvas.clear(side)

    def show_sentence(self, sentence: str) -> None:
        """Say in the middle of the pictures why nothing is seen."""
        for canvas in self.canvases:
            canvas.overlay.show_sentence(in_sentence(sentence))

    def show_box(self, rect: Rect | None, packed: Packed | None) -> None:
        """Show the preview's frame and what is in it."""
        for canvas in self.canvases:
            canvas.show_frame(rect)
            canvas.show_in_frame(packed)

    def show_legend(self, legend: Legend | None) -> None:
        """Say what the colours of a difference mean; None: no difference is seen."""
        for canvas in self.canvases:
            canvas.overlay.show_legend(legend)

    def hold_panning(self, *, held: bool) -> None:
        """Let every drag move the picture, whatever lies under the pointer."""
        for canvas in self.canvases:
            canvas.is_panning_held = held
