"""What a request's target (RFC 9112 section 3.2) means here: the parts of a path, bytes as they are on the disk. Pure.

The path is cut at its slashes first and each part decoded once after that, so ``%2f`` makes no slash and ``%252e`` no dot. A
part that could mean anything but a name in a folder makes the whole target mean nothing: a dot alone, two dots, a slash, a
zero byte."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import parse_qs, quote, unquote_to_bytes

_ABSOLUTE = re.compile(rb"https?://[^/?#]*", re.IGNORECASE)
SHOWN_THOUGH_HIDDEN = frozenset({b".well-known"})
"""Hidden by its name and public by its purpose (RFC 8615)."""


@dataclass(frozen=True, slots=True)
class Address:
    """A path below the folder. *is_folder*: it ended with a slash. *after*: the query's ``after``, where a listing goes on."""

    parts: tuple[bytes, ...]
    is_folder: bool
    after: str = ""

    @property
    def path(self) -> str:
        """How the path is written in a URL: one slash in front, whatever the client sent, so that no ``Location`` made of it
        leads to another host."""
        return path_of(self.parts, is_folder=self.is_folder)

    @property
    def is_hidden(self) -> bool:
        return any(part.startswith(b".") and part not in SHOWN_THOUGH_HIDDEN for part in self.parts)


def read_target(target: bytes) -> Address | None:
    """The address that a request's target names, None where it names nothing below a folder."""
    absolute = _ABSOLUTE.match(target)
    if absolute:
        target = target[absolute.end() :] or b"/"
    path, _mark, query = target.partition(b"#")[0].partition(b"?")
    if not path.startswith(b"/"):
        return None
    parts = tuple(unquote_to_bytes(part) for part in path.split(b"/") if part)
    if any(part in (b".", b"..") or b"/" in part or b"\0" in part for part in parts):
        return None
    return Address(parts, path.endswith(b"/"), _after(query))


def path_of(parts: Sequence[bytes], *, is_folder: bool) -> str:
    return "/" + "/".join(quote(part, safe="") for part in parts) + ("/" if is_folder and parts else "")


def _after(query: bytes) -> str:
    try:
        values = parse_qs(query.decode("ascii", "replace"), max_num_fields=4, errors="surrogateescape")
    except ValueError:  # more fields than we have a use for
        return ""
    return values.get("after", [""])[0]
