"""What members of a chat hear."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hatoba.netcat.broker import Member
from hatoba.netcat.chat import MOST_LINE_BYTES, Chat, NcatChat
from hatoba.netcat.ends import Peer


@pytest.fixture
def members() -> Iterator[list[Member]]:
    ends = socket.socketpair()
    yield [Member(end, Peer(f"198.18.0.{number}", 4000), number) for number, end in enumerate(ends, 1)]
    for end in ends:
        end.close()


def test_coming_and_going(members: list[Member]) -> None:
    chat, (ann, bob) = Chat(), members
    assert chat.joined(ann, []) == b"* 198.18.0.1 is here as <user1>\n"
    assert chat.joined(bob, [ann]) == b"* 198.18.0.2 is here as <user2>\n* who was here before: <user1>\n"
    assert chat.left(ann) == b"* <user1> is gone\n"


def test_lines(members: list[Member]) -> None:
    chat, (ann, bob) = Chat(), members
    assert chat.said(ann, b"hel") == b""
    assert chat.said(bob, b"moin\r\n") == b"<user2> moin\n"
    assert chat.said(ann, b"lo\nand") == b"<user1> hello\n"
    assert chat.said(None, "grüße\n".encode()) == "<user0> grüße\n".encode()
    assert chat.left(ann) == b"<user1> and\n* <user1> is gone\n"
    assert chat.left(ann) == b"* <user1> is gone\n"


def test_nobody_steers_a_terminal_or_speaks_as_somebody_else(members: list[Member]) -> None:
    told = Chat().said(members[0], b"\x1b[2J\ta\rb\x9b\n<user2> I am he\n")
    assert told.decode() == "<user1> \\x1b[2J\ta\\x0db�\n<user1> <user2> I am he\n"


def test_a_line_without_end_is_cut(members: list[Member]) -> None:
    chat = Chat()
    told = chat.said(members[0], b"x" * (2 * MOST_LINE_BYTES + 1))
    assert told == (b"<user1> " + b"x" * MOST_LINE_BYTES + b"\n") * 2
    assert chat.said(members[0], b"\n") == b"<user1> x\n"


@given(st.lists(st.binary(max_size=40) | st.sampled_from([b"\n", b"\r\n", b"\x1b[31m", b"\xc3", b"\xa9"])))
def test_whatever_is_said_every_line_has_its_speaker(pieces: list[bytes]) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        chat, member = Chat(), Member(ours, Peer("198.18.0.1"), 1)
        told = b"".join(chat.said(member, piece) for piece in pieces) + chat.left(member)
    lines = told.decode().split("\n")
    assert lines.pop() == ""
    assert lines.pop() == "* <user1> is gone"
    assert all(line.startswith("<user1> ") and line.replace("\t", "").isprintable() for line in lines)


def test_ncats_words(members: list[Member]) -> None:
    chat, (ann, bob) = NcatChat(), members
    first, second = ann.connection.fileno(), bob.connection.fileno()
    assert chat.joined(ann, []) == (
        b"<announce> 198.18.0.1 is connected as <user%d>.\n<announce> already connected: nobody.\n" % first
    )
    assert chat.joined(bob, [ann]) == (
        b"<announce> 198.18.0.2 is connected as <user%d>.\n<announce> already connected: 198.18.0.1 as <user%d>.\n"
        % (second, first)
    )
    assert chat.said(ann, b"hello\tx \x1b[31m \xc3\xa9\n") == b"<user%d> hello\tx \\033[31m \\303\\251\n" % first
    assert chat.said(None, b"no newline") == b"<user0> no newline"
    assert chat.left(ann) == b"<announce> <user%d> is disconnected.\n" % first
