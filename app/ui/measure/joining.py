"""Who hears whom while measuring: the page, the controller and the files."""

from __future__ import annotations

from app.images.measuring.shapes import Kind, Line
from app.ui.measure.exchange import Exchange
from app.ui.measure.measuring import Measuring
from app.ui.measure.page import MeasurePage


def join(page: MeasurePage, measuring: Measuring, exchange: Exchange) -> None:
    """Connect the page with what it shows and what it wishes."""

    def take(key: Kind | None) -> None:
        if key is None:
            measuring.put_down()
        else:
            measuring.take_tool(key)

    def mark(distance: float | None) -> None:
        shape = measuring.shape
        if distance is None or not isinstance(shape, Line):
            measuring.show_spot(None)
        else:
            measuring.show_spot(shape.at(distance))

    page.tool_wished.connect(take)
    page.width_wished.connect(measuring.set_line_width)
    page.keep_clicked.connect(measuring.keep)
    page.delete_clicked.connect(measuring.delete)
    page.undo_clicked.connect(measuring.undo)
    page.list.chosen.connect(measuring.choose)
    page.list.renamed.connect(measuring.rename)
    page.plot.spot_pointed.connect(mark)
    page.table_clicked.connect(exchange.ask_for_table)
    page.rois_clicked.connect(exchange.ask_for_rois)
    page.import_clicked.connect(exchange.ask_to_open)
    measuring.image_changed.connect(page.show_image)
    measuring.tool_changed.connect(page.show_tool)
    measuring.notes_changed.connect(page.show_notes)
    measuring.measured.connect(page.show_shown)
    measuring.failed.connect(page.show_error)
    page.show_image(measuring.info)
    page.show_tool(measuring.tool)
    page.show_shown(measuring.shown)
    page.show_notes(measuring.notes)
