"""Translation: the only words of gettext in the house.

`_` and `ngettext` look up whole sentences with named placeholders; the language is chosen once, when a
process starts, by `speak`. Without a catalogue the sentences stay as they are written: English.
"""

import gettext
import locale
import os
from importlib import resources
from pathlib import Path

DOMAIN = "micrographia"

_catalogue: gettext.NullTranslations = gettext.NullTranslations()


def speak(language: str = "") -> None:
    """Translate into `language`, such as ``"de"``; empty: the language of the system."""
    global _catalogue
    wanted = [language] if language else _system_languages()
    folder = resources.files("resources") / "language"
    _catalogue = gettext.translation(DOMAIN, Path(str(folder)), languages=wanted, fallback=True)


def _(sentence: str) -> str:
    """Return `sentence` in the chosen language."""
    return _catalogue.gettext(sentence)


def ngettext(one: str, many: str, count: int) -> str:
    """Return the sentence for `count` things in the chosen language."""
    return _catalogue.ngettext(one, many, count)


def _system_languages() -> list[str]:
    named = [os.environ.get(name, "") for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")]
    found = [language for names in named for language in names.split(":") if language]
    return found or [language for language in (locale.getlocale()[0],) if language]
