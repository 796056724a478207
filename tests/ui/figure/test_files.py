import base64
import io
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from app.images.record import Provenance
from app.images.writers.tiff import OmeTiffSink
from app.ui.figure.compose import compose
from app.ui.figure.make import copied, make_figure
from app.ui.figure.options import FigureOptions
from app.ui.figure.paint import painted
from app.ui.figure.sheet import Block, Sheet, Words
from app.ui.figure.svg import svg
from app.ui.session import OpenImage, open_source
from tests.makers import info_for

NAMES = {"": "http://www.w3.org/2000/svg", "xlink": "http://www.w3.org/1999/xlink"}
HREF = f"{{{NAMES['xlink']}}}href"


def parsed(text):
    return ElementTree.fromstring(text.encode("utf-8"))


def found(root, name):
    return root.findall(f".//{{{NAMES['']}}}{name}")


def test_a_png_carries_density_and_texts(shot, tmp_path):
    path = make_figure(shot, FigureOptions(dpi=600), "png", tmp_path / "a.png")
    with Image.open(path) as image:
        assert image.info["dpi"] == pytest.approx((600, 600), abs=0.1)
        assert image.text["Title"] == "cells.ome.tif"
        np.testing.assert_array_equal(np.asarray(image), painted(compose(shot, FigureOptions(dpi=600))))


def test_an_svg_keeps_words_and_bars_apart_from_the_pictures(shot, tmp_path, pixels):
    options = FigureOptions(density="pixels", area="plane", dpi=254)
    path = make_figure(shot, options, "svg", tmp_path / "a.svg")
    root = parsed(path.read_text("utf-8"))
    assert root.get("width") == "16mm"
    assert root.get("viewBox") == "0 0 160 120"
    texts = [text.text for text in found(root, "text") if text.get("class") != "rim"]
    assert texts == ["2\u202fµm", "Actin", "DAPI"] or set(texts) == {"2\u202fµm", "Actin", "DAPI"}
    bars = [rect for rect in found(root, "rect") if rect.get("fill") == "#ffffff" and rect.get("x")]
    assert float(bars[0].get("width")) == pytest.approx(20)
    (image,) = found(root, "image")
    kind, data = image.get(HREF).split(",")
    assert kind == "data:image/png;base64"
    with Image.open(io.BytesIO(base64.b64decode(data))) as picture:
        bare = replace(options, has_bar=False, has_legend=False, has_mark=False)
        np.testing.assert_array_equal(np.asarray(picture), painted(compose(shot, bare)))


def test_what_files_and_people_are_called_cannot_break_an_svg():
    name = 'a & b <script> "µ" \u202f'
    words = Words(name, 5, 5, 10)
    sheet = Sheet(20, 10, (), (Block((0, 0, 5, 5), "#ffffff"),), (words,))
    root = parsed(svg(sheet, dpi=300, texts=(("Title", name),)))
    assert found(root, "title")[0].text == name
    assert {text.text for text in found(root, "text")} == {name}


def test_a_name_that_is_taken_stays_what_it_is(shot, tmp_path):
    (tmp_path / "a.png").write_text("mine")
    assert make_figure(shot, FigureOptions(), "png", tmp_path / "a.png").name == "a_2.png"
    assert (tmp_path / "a.png").read_text() == "mine"


def test_what_is_copied_is_what_is_seen(shot):
    picture, packed = copied(shot)
    with Image.open(io.BytesIO(packed)) as image:
        np.testing.assert_array_equal(np.asarray(image), picture)
    assert picture.shape[0] == pytest.approx(shot.viewport.height / 1.02, abs=2)  # as large as on the screen


def test_a_restored_image_that_is_open_alone_is_marked_too(viewer, qtbot, tmp_path, pixels):
    sink = OmeTiffSink.create(tmp_path / "r.ome.tif", info_for(pixels.shape))
    sink.write(sink.info.whole(), pixels)
    path = sink.close(Provenance(model_id="m"))
    source = open_source(path, cache_bytes=1 << 26)
    viewer.show_image(OpenImage(1, path, source, source.info))
    qtbot.waitUntil(lambda: viewer.is_idle)
    root = parsed(make_figure(viewer.shot(), FigureOptions(), "svg", tmp_path / "a.svg").read_text("utf-8"))
    assert "restored" in [text.text for text in found(root, "text")]
    source.close()
