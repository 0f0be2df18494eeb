"""Texts for people: gettext with a Japanese and an English catalogue.

``_`` looks a sentence up in the language in force; values are filled in afterwards, by name:
``_("{count} hosts").format(count=3)``. The language is chosen once at start-up by :func:`use_language`.
"""

from __future__ import annotations

import errno
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
    """Put *language* (``en``, ``ja``; None: the environment's) in force and return it. English is what the code says itself:
    its catalogue, which ``make lint`` holds to repeat that word for word, is not read."""
    global _current
    chosen = language or wanted_language()
    english = chosen == "en"
    _current = _gettext.NullTranslations() if english else _gettext.translation("hatoba", _FOLDER, [chosen], fallback=True)
    return chosen


def system_words(fault: OSError | int) -> str:
    """What the system says of a fault, an error or its number, in the language in force; an error that we gave words of our own
    keeps them.

    The C library speaks English to a program that sets no locale, so the faults that people meet have their words here.
    """
    if isinstance(fault, OSError):
        code, own = fault.errno or 0, fault.strerror or str(fault)
    else:
        code, own = fault, os.strerror(fault)
    known = code in _SYSTEM and (code < 0 or own == os.strerror(code))
    return translated(_SYSTEM[code]) if known else own


_SYSTEM = {
    errno.EPERM: _N("Operation not permitted"),
    errno.ENOENT: _N("No such file or directory"),
    errno.EIO: _N("Input/output error"),
    errno.ENXIO: _N("No such device or address"),
    errno.ENOMEM: _N("Cannot allocate memory"),
    errno.EACCES: _N("Permission denied"),
    errno.EBUSY: _N("Device or resource busy"),
    errno.ENODEV: _N("No such device"),
    errno.ENOTDIR: _N("Not a directory"),
    errno.EISDIR: _N("Is a directory"),
    errno.EINVAL: _N("Invalid argument"),
    errno.ENFILE: _N("Too many open files in system"),
    errno.EMFILE: _N("Too many open files"),
    errno.EFBIG: _N("File too large"),
    errno.ENOSPC: _N("No space left on device"),
    errno.EROFS: _N("Read-only file system"),
    errno.ENAMETOOLONG: _N("File name too long"),
    errno.ELOOP: _N("Too many levels of symbolic links"),
    errno.EDQUOT: _N("Disk quota exceeded"),
    errno.EAFNOSUPPORT: _N("Address family not supported by protocol"),
    errno.EADDRINUSE: _N("Address already in use"),
    errno.EADDRNOTAVAIL: _N("Cannot assign requested address"),
    errno.ENETDOWN: _N("Network is down"),
    errno.ENETUNREACH: _N("Network is unreachable"),
    errno.ENOBUFS: _N("No buffer space available"),
    errno.ETIMEDOUT: _N("Connection timed out"),
    errno.ECONNREFUSED: _N("Connection refused"),
    errno.EHOSTUNREACH: _N("No route to host"),
    # Of the resolver, as glibc numbers them (netdb.h).
    -2: _N("Name or service not known"),
    -3: _N("Temporary failure in name resolution"),
    -4: _N("Non-recoverable failure in name resolution"),
    -5: _N("No address associated with hostname"),
}
