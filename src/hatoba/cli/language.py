"""Which language the command speaks: ``--lang`` wherever it stands, else the environment's."""

from __future__ import annotations

import gettext
import os
from collections.abc import Sequence
from pathlib import Path

import hatoba
from hatoba.errors import UsageError
from hatoba.messages import LANGUAGES, _, use_language

_LOCALE = Path(hatoba.__file__).parent / "locale"


def take_language(arguments: Sequence[str]) -> tuple[list[str], str | None]:
    """*arguments* without ``--lang``, and the language it asked for (None: nobody asked). What follows ``--`` is left alone,
    and what another program is to be told (``hatoba lab [--on HOST] COMMAND...``)."""
    rest: list[str] = []
    wanted: str | None = None
    given = iter(arguments)
    for argument in given:
        if argument == "--" or _names_a_program(rest, argument):
            return [*rest, argument, *given], wanted
        if argument == "--lang":
            wanted = _known(next(given, ""))
        elif argument.startswith("--lang="):
            wanted = _known(argument.removeprefix("--lang="))
        else:
            rest.append(argument)
    return rest, wanted


def _names_a_program(before: Sequence[str], argument: str) -> bool:
    return before[:1] == ["lab"] and before[-1] != "--on" and not argument.startswith("-")


def _known(language: str) -> str:
    plain = language.lower().replace("-", "_").split("_")[0].split(".")[0]
    if plain not in LANGUAGES:
        raise UsageError(_("no language {language!r}: type --lang en or --lang ja").format(language=language))
    return plain


def speak(language: str | None) -> str:
    """Put *language* (None: the environment's) in force, for click's own texts too, and return it.

    Click asks the standard library's ``gettext`` for the texts of the current domain, in the language that the environment
    names; its texts are in our catalogue (``click_texts.py``), so it is told our domain and our choice. ``LANGUAGE`` comes
    before every other variable there. English is what click says itself: no catalogue is read
    for it, as in :func:`use_language`.
    """
    chosen = use_language(language)
    os.environ["LANGUAGE"] = chosen
    gettext.bindtextdomain("hatoba", os.devnull if chosen == "en" else str(_LOCALE))
    gettext.textdomain("hatoba")
    return chosen
