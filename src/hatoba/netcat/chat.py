"""How a broker's members sound to one another in a chat: with a name, line by line, and unable to steer a terminal.

What somebody types is text from a stranger to all others: control characters, terminal escapes and invisible characters are
shown instead of sent, and a line that pretends to be somebody else's still begins with its speaker's name.
"""

from __future__ import annotations

from collections.abc import Iterable

from hatoba.messages import _
from hatoba.netcat.broker import Member
from hatoba.reports.text import safe

MOST_LINE_BYTES = 4096
"""So much of a line that has no end yet is kept; then it is passed on as one."""


class Chat:
    """A :class:`~hatoba.netcat.broker.Voice`: ``<user1> hello``."""

    def __init__(self) -> None:
        self._unfinished: dict[int, bytes] = {}
        """The beginning of a line, by its speaker's number."""

    def joined(self, member: Member, present: Iterable[Member]) -> bytes:
        others = [one for one in present if one.leaving_since_s is None]
        lines = [_("* {address} is here as <{name}>").format(address=member.peer.host or "–", name=_name(member))]
        if others:
            names = ", ".join(f"<{_name(one)}>" for one in others)
            lines.append(_("* who was here before: {names}").format(names=names))
        return _text(lines)

    def said(self, member: Member | None, data: bytes) -> bytes:
        number = member.number if member is not None else 0
        *lines, rest = (self._unfinished.pop(number, b"") + data).split(b"\n")
        while len(rest) >= MOST_LINE_BYTES:
            lines.append(rest[:MOST_LINE_BYTES])
            rest = rest[MOST_LINE_BYTES:]
        if rest:
            self._unfinished[number] = rest
        return self._spoken(member, lines)

    def left(self, member: Member) -> bytes:
        rest = self._unfinished.pop(member.number, None)
        last = b"" if rest is None else self._spoken(member, [rest])
        return last + _text([_("* <{name}> is gone").format(name=_name(member))])

    @staticmethod
    def _spoken(member: Member | None, lines: Iterable[bytes]) -> bytes:
        return _text(f"<{_name(member)}> {_shown(line)}" for line in lines)


class NcatChat:
    """The same, word for word as ncat has it: by file descriptor, in whatever pieces arrive."""

    def joined(self, member: Member, present: Iterable[Member]) -> bytes:
        known = ", ".join(f"{one.peer.host} as <user{_descriptor(one)}>" for one in present) or "nobody"
        name = f"<user{_descriptor(member)}>"
        return f"<announce> {member.peer.host} is connected as {name}.\n<announce> already connected: {known}.\n".encode()

    def said(self, member: Member | None, data: bytes) -> bytes:
        name = "<user0>" if member is None else f"<user{_descriptor(member)}>"
        shown = "".join(chr(byte) if 32 <= byte < 127 or byte in b"\n\r\t" else f"\\{byte:03o}" for byte in data)
        return f"{name} {shown}".encode()

    def left(self, member: Member) -> bytes:
        return f"<announce> <user{_descriptor(member)}> is disconnected.\n".encode()


def _descriptor(member: Member) -> int:
    return member.connection.fileno()


def _name(member: Member | None) -> str:
    return "user0" if member is None else f"user{member.number}"


def _shown(line: bytes) -> str:
    return "\t".join(map(safe, line.rstrip(b"\r").decode(errors="replace").split("\t")))


def _text(lines: Iterable[str]) -> bytes:
    return "".join(line + "\n" for line in lines).encode()
