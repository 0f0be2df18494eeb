"""A folder's page: names, sizes, times, in HTML that needs nothing but itself.

Names are anybody's: they are shown without characters that act (:mod:`hatoba.reports.text`), escaped, and linked
percent-encoded behind ``./``, so that no name is a scheme. A page holds at most :data:`MOST_NAMES` names, chosen without
holding the others, and the next page goes on after the last; the rows are made as they are sent."""

from __future__ import annotations

import base64
import hashlib
import heapq
import html
import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote

from hatoba.messages import _
from hatoba.netcat.servers.beneath import Folder
from hatoba.netcat.servers.web_address import SHOWN_THOUGH_HIDDEN
from hatoba.reports.text import safe

MOST_NAMES = 1000

_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:60rem;padding:0 1rem;color-scheme:light dark}"
    "h1{font-size:1.3rem;overflow-wrap:anywhere}table{border-collapse:collapse;width:100%}"
    "th,td{padding:.2rem .6rem;text-align:left;border-bottom:1px solid #8884}td:first-child{overflow-wrap:anywhere}"
    ".n{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}form{margin:1rem 0}"
)
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
POLICY = f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
"""The page's Content-Security-Policy: no script, whoever named the files."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A file or folder to list. *name* as :func:`os.fsdecode` has it."""

    name: str
    is_folder: bool
    size_bytes: int
    modified_s: float


def names_in(descriptor: int, after: str, *, hidden: bool) -> tuple[list[str], bool]:
    """The first :data:`MOST_NAMES` names behind *after* in an open folder, sorted, and whether there are more. *hidden*: also
    those with a dot in front."""
    shown_though_hidden = {os.fsdecode(name) for name in SHOWN_THOUGH_HIDDEN}
    with os.scandir(descriptor) as found:
        names = (
            entry.name
            for entry in found
            if entry.name > after and (hidden or not entry.name.startswith(".") or entry.name in shown_though_hidden)
        )
        first = heapq.nsmallest(MOST_NAMES + 1, names)
    return first[:MOST_NAMES], len(first) > MOST_NAMES


def entries(folder: Folder, parts: Sequence[bytes], descriptor: int, names: Sequence[str]) -> Iterator[Entry]:
    """The entries of these names in the open folder *descriptor*, which *parts* lead to, without those that would not be
    served."""
    for name in names:
        raw = os.fsencode(name)
        try:
            status = os.stat(raw, dir_fd=descriptor, follow_symlinks=False)
            if stat.S_ISLNK(status.st_mode):
                target = folder.open([*parts, raw])
                try:
                    status = os.fstat(target)
                finally:
                    os.close(target)
        except OSError:  # gone meanwhile, or a link that leads out
            continue
        if stat.S_ISDIR(status.st_mode) or stat.S_ISREG(status.st_mode):
            yield Entry(name, stat.S_ISDIR(status.st_mode), status.st_size, status.st_mtime)


def page(parts: Sequence[bytes], found: Iterator[Entry], *, go_on_after: str | None, upload: bool) -> Iterator[bytes]:
    """The page in pieces. *go_on_after*: the name after which the next page begins, if there is one; *upload*: with a form."""
    path = "/" + "".join(f"{os.fsdecode(part)}/" for part in parts)
    title = html.escape(safe(path))
    yield (
        '<!doctype html>\n<meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width"><title>{title}</title><style>{_STYLE}</style>\n<h1>{title}</h1>\n'
    ).encode()
    if upload:
        yield _form()
    name, size, changed = html.escape(_("Name")), html.escape(_("Size")), html.escape(_("Changed (UTC)"))
    yield f'<table><thead><tr><th>{name}<th class="n">{size}<th class="n">{changed}</thead>\n<tbody>\n'.encode()
    if parts:
        yield b'<tr><td><a href="../">../</a><td><td>\n'
    for entry in found:
        yield _row(entry)
    yield b"</tbody></table>\n"
    if go_on_after is not None:
        link = html.escape(f"?after={quote(os.fsencode(go_on_after), safe='')}")
        more = html.escape(_("More names"))
        yield f'<p><a href="{link}">{more}</a>\n'.encode()


def _form() -> bytes:
    button = html.escape(_("Upload"))
    return (
        '<form method="post" enctype="multipart/form-data">'
        f'<input type="file" name="file" multiple required> <button>{button}</button></form>\n'
    ).encode()


def _row(entry: Entry) -> bytes:
    slash = "/" if entry.is_folder else ""
    link = f"./{quote(os.fsencode(entry.name), safe='')}{slash}"
    shown = html.escape(safe(entry.name)) + slash
    size = "" if entry.is_folder else f"{entry.size_bytes:,}"
    return f'<tr><td><a href="{link}">{shown}</a><td class="n">{size}<td class="n">{_moment(entry.modified_s)}\n'.encode()


def _moment(modified_s: float) -> str:
    try:
        return f"{datetime.fromtimestamp(int(modified_s), UTC):%Y-%m-%d %H:%M:%S}"
    except (ValueError, OverflowError, OSError):  # a time stamp that no calendar has
        return ""
