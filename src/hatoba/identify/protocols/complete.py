"""When an answer is whole, by the ways in which protocols end what they say.

Each takes all that was heard so far. A wrong yes cuts an answer short, a wrong no costs a wait; neither is an error.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Literal

_LAST_REPLY_LINE = re.compile(rb"(?:^|\n)\d{3}(?: [^\n]*)?\r?\n\Z")
_TAGGED = re.compile(rb"(?:^|\n)hatoba\d? (?:OK|NO|BAD)[^\n]*\n", re.IGNORECASE)


def line(heard: bytes) -> bool:
    """A line."""
    return b"\n" in heard


def reply(heard: bytes) -> bool:
    """A numbered reply, of one line or many: the last has a space behind its number (RFC 959 section 4.2, RFC 5321 4.2.1)."""
    return _LAST_REPLY_LINE.search(heard) is not None


def greeted(heard: bytes) -> bool:
    """A greeting: its last line has ended, and says that it is the last where lines are numbered."""
    return reply(heard) if heard[:3].isdigit() and heard[3:4] == b"-" else heard.endswith(b"\n")


def tagged(heard: bytes) -> bool:
    """IMAP's answer to a command of ours, whose tags all begin with our name (RFC 3501 section 2.2.2)."""
    return _TAGGED.search(heard) is not None


def dotted(heard: bytes) -> bool:
    """Lines up to one that is a dot alone, or a single line that is an error (RFC 1939 section 3)."""
    return heard.endswith((b"\r\n.\r\n", b"\n.\n")) or (heard[:1] in (b"-", b"5") and heard.endswith(b"\n"))


def anything(heard: bytes) -> bool:
    """A single packet that fits into one segment."""
    return bool(heard)


def never(_heard: bytes) -> bool:
    """Its end can't be told: whatever comes until the other side pauses or ends."""
    return False


def length_prefixed(
    at: int, size: int, more: int = 0, order: Literal["big", "little"] = "big", mask: int = -1
) -> Callable[[bytes], bool]:
    """As many bytes as a number of *size* bytes at *at* says, less what *mask* takes away, and *more* besides."""

    def complete(heard: bytes) -> bool:
        field = heard[at : at + size]
        return len(field) == size and len(heard) >= (int.from_bytes(field, order) & mask) + more

    return complete
