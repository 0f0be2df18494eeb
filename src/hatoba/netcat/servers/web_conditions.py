"""Which bytes of a file a request gets: conditions (RFC 9110 section 13) and ranges (section 14). Pure.

One range is answered with it (206). Several in one request are answered with the whole file (200), which section 14.2 allows:
hardly a client asks for more than one, and overlapping ones have been used to make servers send a file many times over.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import formatdate, parsedate_to_datetime
from http import HTTPStatus

_ENTITY_TAG = re.compile(r'(W/)?"[\x21\x23-\x7e\x80-\xff]*"')
_ONE_RANGE = re.compile(r"bytes\s*=\s*([0-9]*)\s*-\s*([0-9]*)\s*", re.IGNORECASE | re.ASCII)
_MOST_DIGITS = 18
_STILL_CHANGING_S = 2.0
"""Within so long a file may be written again without a new time stamp: those of many file systems are no finer."""


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What tells one state of a file from another."""

    size_bytes: int
    modified_s: float
    entity_tag: str

    @property
    def last_modified(self) -> str:
        return formatdate(int(self.modified_s), usegmt=True)


def entity_tag(inode: int, size_bytes: int, changed_ns: int, now_s: float) -> str:
    """A file's ETag; weak (section 8.8.1) while it may still change unnoticed. *changed_ns* is the inode's change time, which,
    unlike the time of modification, no program can set back."""
    weak = "W/" if now_s - changed_ns / 1e9 < _STILL_CHANGING_S else ""
    return f'{weak}"{inode:x}-{size_bytes:x}-{changed_ns:x}"'


@dataclass(frozen=True, slots=True)
class Selection:
    """The status to answer with, and the bytes from *start* up to *stop* (not included)."""

    status: HTTPStatus
    start: int = 0
    stop: int = 0


def select(headers: Mapping[str, str], facts: FileFacts) -> Selection:
    """Judge a GET's or HEAD's conditions and range, in the order of section 13.2.2. *headers*: names in small letters."""
    if _precondition_fails(headers, facts):
        return Selection(HTTPStatus.PRECONDITION_FAILED)
    if _is_unchanged(headers, facts):
        return Selection(HTTPStatus.NOT_MODIFIED)
    whole = Selection(HTTPStatus.OK, 0, facts.size_bytes)
    wanted = headers.get("range")
    if wanted is None or not _range_still_applies(headers.get("if-range"), facts):
        return whole
    return _range(wanted, facts.size_bytes) or whole


def _precondition_fails(headers: Mapping[str, str], facts: FileFacts) -> bool:
    if (tags := headers.get("if-match")) is not None:
        return not _names(tags, facts.entity_tag, weak=False)
    since = _date(headers.get("if-unmodified-since"))
    return since is not None and int(facts.modified_s) > since


def _is_unchanged(headers: Mapping[str, str], facts: FileFacts) -> bool:
    if (tags := headers.get("if-none-match")) is not None:
        return _names(tags, facts.entity_tag, weak=True)
    since = _date(headers.get("if-modified-since"))
    return since is not None and int(facts.modified_s) <= since


def _range_still_applies(validator: str | None, facts: FileFacts) -> bool:
    """A date is as good as a strong tag only where the file had not changed within the second that it names (8.8.2.2); a
    client that has but a date gets the whole file if it is not exactly ours."""
    if validator is None:
        return True
    if _ENTITY_TAG.fullmatch(validator.strip()):
        return _names(validator, facts.entity_tag, weak=False)
    return validator.strip() == facts.last_modified and not facts.entity_tag.startswith("W/")


def _names(tags: str, own: str, *, weak: bool) -> bool:
    """Whether a list of entity tags holds our own, by the weak or the strong comparison (section 8.8.3.2)."""
    if tags.strip() == "*":
        return True
    if weak:
        return own.removeprefix("W/") in {found.group().removeprefix("W/") for found in _ENTITY_TAG.finditer(tags)}
    return not own.startswith("W/") and own in {found.group() for found in _ENTITY_TAG.finditer(tags)}


def _date(text: str | None) -> float | None:
    if text is None:
        return None
    try:
        return parsedate_to_datetime(text).timestamp()
    except (ValueError, OverflowError, TypeError):  # what is no date is as though it weren't there
        return None


def _range(wanted: str, size_bytes: int) -> Selection | None:
    """None for what we answer with the whole file: several ranges, another unit, something that isn't one."""
    found = _ONE_RANGE.fullmatch(wanted)
    if found is None:
        return None
    first, last = found.groups()
    if max(len(first), len(last)) > _MOST_DIGITS or (not first and not last) or (first and last and int(first) > int(last)):
        return None
    start = int(first) if first else max(size_bytes - int(last), 0)
    stop = min(int(last) + 1, size_bytes) if first and last else size_bytes
    if start >= stop:
        return Selection(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE)
    return Selection(HTTPStatus.PARTIAL_CONTENT, start, stop)
