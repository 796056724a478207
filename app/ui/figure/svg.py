"""From a sheet to SVG: pictures as PNG without loss, bars as rectangles, words as text that can be edited."""

import base64
from xml.sax.saxutils import escape, quoteattr

from app.images.picture import Box, Texts, png
from app.ui.figure.sheet import PAPER, Block, Image, Sheet, Words

MM = 25.4
FONT = "Arial, Helvetica, 'DejaVu Sans', sans-serif"
RIM = 0.2  # of the height of text


def svg(sheet: Sheet, *, dpi: float, texts: Texts = ()) -> str:
    """Return the sheet as the text of an SVG file that prints at so many dots per inch."""
    about = dict(texts)
    width, height = (f"{size / dpi * MM:.6g}mm" for size in (sheet.width, sheet.height))
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        f'version="1.1" width="{width}" height="{height}" viewBox="0 0 {sheet.width} {sheet.height}">',
        f"<title>{escape(about.get('Title', ''))}</title>",
        f"<desc>{escape(chr(10).join(f'{key}: {text}' for key, text in texts))}</desc>",
        "<defs>",
    ]
    lines += [f'<clipPath id="c{n}">{_rect(image.clip)}/></clipPath>' for n, image in enumerate(sheet.images)]
    lines += ["</defs>", f'<rect width="100%" height="100%" fill="{PAPER}"/>']
    lines += [_image(number, image) for number, image in enumerate(sheet.images)]
    lines += [_block(block) for block in sheet.blocks]
    lines += [_words(words) for words in sheet.words]
    return "\n".join([*lines, "</svg>", ""])


def _image(number: int, image: Image) -> str:
    """Place a whole embedded picture so that its box fills the rectangle; the rest is clipped."""
    height, width, _parts = image.picture.shape
    (x0, y0, x1, y1), (left, top, right, bottom) = image.box, image.at
    across, down = (right - left) / (x1 - x0), (bottom - top) / (y1 - y0)
    place = (left - x0 * across, top - y0 * down, width * across, height * down)
    x, y, wide, high = (f"{length:.6g}" for length in place)
    data = base64.b64encode(png(image.picture)).decode("ascii")
    # Squares stay squares where a pixel is larger than a dot.
    way = ' image-rendering="optimizeSpeed" style="image-rendering:pixelated"' if across > 1 else ""
    return (
        f'<g clip-path="url(#c{number})"><image x="{x}" y="{y}" width="{wide}" height="{high}" '
        f'preserveAspectRatio="none"{way} xlink:href="data:image/png;base64,{data}"/></g>'
    )


def _block(block: Block) -> str:
    return f'{_rect(block.at)} fill="{block.colour}" fill-opacity="{block.opacity:g}"/>'


def _rect(at: Box) -> str:
    left, top, right, bottom = at
    return f'<rect x="{left:.6g}" y="{top:.6g}" width="{right - left:.6g}" height="{bottom - top:.6g}"'


def _words(words: Words) -> str:
    """Write the text twice: its dark rim below, for not every program draws a rim behind the letters."""
    place = f'x="{words.x:.6g}" y="{words.y:.6g}" text-anchor="{words.anchor}"'
    text = escape(words.text)
    rim = f'stroke-width="{RIM * words.size:.6g}" stroke-linejoin="round"'
    return (
        f'<g font-family={quoteattr(FONT)} font-size="{words.size:.6g}">'
        f'<text {place} class="rim" fill="#000000" stroke="#000000" opacity="0.75" {rim}>{text}</text>'
        f'<text {place} fill="{words.colour}">{text}</text></g>'
    )
