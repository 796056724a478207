"""The keys that the viewer answers while it has the focus: one row each."""

from PySide6.QtCore import Qt

Key = Qt.Key
NONE = Qt.KeyboardModifier.NoModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier
CTRL = Qt.KeyboardModifier.ControlModifier
ALT = Qt.KeyboardModifier.AltModifier
KEYPAD = Qt.KeyboardModifier.KeypadModifier

# Key and modifiers: method of the viewer and its arguments.
COMMANDS: dict[tuple[Qt.Key, Qt.KeyboardModifier], tuple[str, tuple[str | int, ...]]] = {
    (Key.Key_Plus, NONE): ("zoom_in", ()),
    (Key.Key_Equal, NONE): ("zoom_in", ()),
    (Key.Key_Minus, NONE): ("zoom_out", ()),
    (Key.Key_F, NONE): ("fit", ()),
    (Key.Key_Less, NONE): ("step", ("C", -1)),
    (Key.Key_Greater, NONE): ("step", ("C", 1)),
    (Key.Key_Less, CTRL): ("step", ("Z", -1)),
    (Key.Key_Greater, CTRL): ("step", ("Z", 1)),
    (Key.Key_Less, ALT): ("step", ("T", -1)),
    (Key.Key_Greater, ALT): ("step", ("T", 1)),
    (Key.Key_Backslash, NONE): ("play", ()),
    (Key.Key_A, NONE): ("auto_contrast", ()),
    (Key.Key_A, SHIFT): ("auto_contrast_all", ()),
    (Key.Key_V, NONE): ("next_comparison", ()),
    (Key.Key_X, NONE): ("swap", ()),
}
# Whether these need Shift is the keyboard's affair.
SIGNS = (Key.Key_Plus, Key.Key_Less, Key.Key_Greater, Key.Key_Backslash)
DIGITS = tuple(getattr(Key, f"Key_{digit}") for digit in range(1, 10))


def command_for(key: int, modifiers: Qt.KeyboardModifier) -> tuple[str, tuple[str | int, ...]] | None:
    """Return the method of the viewer that a key calls, and its arguments."""
    modifiers &= ~KEYPAD
    if key in DIGITS and modifiers == NONE:
        return ("toggle_channel", (DIGITS.index(Key(key)),))
    if key in SIGNS:
        modifiers &= ~SHIFT
    return COMMANDS.get((Key(key), modifiers)) if key in {known for known, _with in COMMANDS} else None
