"""Texts for people: gettext with a Japanese and an English catalogue.

``_`` looks a sentence up in the language in force; values are filled in afterwards, by name:
``_("{count} hosts").format(count=3)``. The language is chosen once at start-up by :func:`use_language`.
"""

from __future__ import annotations

import gettext as _gettext
import os
from collections.abc import Mapping
from pathlib import Path

LANGUAGES = ("en", "ja")
_FOLDER = Path(__file__).parent / "locale"
_current: _gettext.NullTranslations = _gettext.NullTranslations()


def _(message: str) -> str:
    return _current.gettext(message)


def _N(message: str) -> str:
    """Mark a text for the catalogues and leave it as it is: it is looked up later, with :func:`translated`."""
    return message


def _NN(singular: str, plural: str) -> tuple[str, str]:
    """Mark a text that counts, as :func:`_N` does."""
    return singular, plural


def translated(message: str) -> str:
    """Look up a text that was marked with :func:`_N` elsewhere. An empty text stays empty."""
    return _current.gettext(message) if message else message


def ngettext(singular: str, plural: str, count: int) -> str:
    return _current.ngettext(singular, plural, count)


def wanted_language(environ: Mapping[str, str] = os.environ) -> str:
    """The language of the environment, by POSIX's order (XBD section 8.2): LC_ALL, then LC_MESSAGES, then LANG."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        value = environ.get(name)
        if value:
            return "ja" if value.lower().startswith("ja") else "en"
    return "en"


def use_language(language: str | None = None) -> str:
    """Put *language* (``en``, ``ja``; None: the environment's) in force and return it."""
    global _current
    chosen = language or wanted_language()
    _current = _gettext.translation("hatoba", _FOLDER, [chosen], fallback=True)
    return chosen
