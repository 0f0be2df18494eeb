"""The media type of a file, by its name: the standard library's table and the system's."""

from __future__ import annotations

import mimetypes

UNKNOWN = "application/octet-stream"
_PACKED = {"gzip": "application/gzip", "bzip2": "application/x-bzip2", "xz": "application/x-xz", "br": UNKNOWN}
"""A packed file is served packed and is so named: as a ``Content-Encoding`` the browser would unpack it."""


def media_type(name: str) -> str:
    """Text is said to be UTF-8, which most is; HTML and XML are not, as they say it themselves and what we said would win."""
    found, packing = mimetypes.guess_type(name)
    if packing is not None:
        return _PACKED.get(packing, UNKNOWN)
    if found is None:
        return UNKNOWN
    if found.startswith("text/") and found not in ("text/html", "text/xml"):
        return f"{found}; charset=utf-8"
    return found
