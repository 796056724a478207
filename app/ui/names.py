"""File names for the screen: on one line, and never so long that nothing else has room."""

import html
import re

LONGEST = 48  # characters of a name in a tab or a sentence
WORD = re.compile(r"\S{61,}")  # longer than any word; a label could not break it


def shown_name(name: str, most: int = LONGEST) -> str:
    """Return a name without line breaks, with … in its middle where it is longer than `most`."""
    return shortened("".join(letter if letter.isprintable() else "␣" for letter in name), most)


def shortened(text: str, most: int) -> str:
    """Return `text` with … in its middle where it is longer than `most`; its end is the telling part."""
    if len(text) <= most:
        return text
    head = (most - 1) // 2
    return f"{text[:head]}…{text[len(text) - (most - 1 - head) :]}"


def in_sentence(sentence: str) -> str:
    """Return a sentence whose endless words, names of files above all, are shortened."""
    plain = "".join(letter if letter.isprintable() or letter == "\n" else "␣" for letter in sentence)
    return WORD.sub(lambda found: shortened(found[0], LONGEST), plain)


def breakable(text: str) -> str:
    """Return `text` for a label that is not copied from: it can be broken anywhere, by signs of no width."""
    plain = "".join(letter if letter.isprintable() else "␣" for letter in text)
    return re.sub(r"(\S{8}|[/\\_.-])(?=\S)", "\\1\u200b", plain)


def tip(text: str) -> str:
    """Return `text` for a tooltip, where Qt would take what looks like a mark of HTML for one."""
    return f"<qt>{html.escape(text)}</qt>" if "<" in text else text
