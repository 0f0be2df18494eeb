"""What the kernel answers to a refused request."""

from __future__ import annotations

import struct
import subprocess
import sys

import pytest

from hatoba.lab.netlink import _kernels_words


def refusal(*attributes: tuple[int, bytes]) -> bytes:
    """An error message with these attributes, as rtnetlink(7) and NETLINK_EXT_ACK lay it out."""
    body = b"".join(struct.pack("HH", 4 + len(value), kind) + value + bytes(-len(value) % 4) for kind, value in attributes)
    return struct.pack("IHHII", 36 + len(body), 2, 0x300, 1, 0) + struct.pack("i", -22) + bytes(16) + body


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (refusal((1, b"Nexthop has invalid gateway\0")), "Nexthop has invalid gateway"),
        (refusal((2, b"\x10\0\0\0"), (1, b"No such device\0")), "No such device"),
        (refusal((2, b"\x10\0\0\0")), ""),
        (refusal(), ""),
        (refusal((1, b"Cut short\0"))[:38], ""),
        (refusal()[:36] + b"\0\0\0\0", ""),
    ],
    ids=["words", "after another", "other only", "none", "cut", "length 0"],
)
def test_kernels_words(reply: bytes, words: str) -> None:
    assert _kernels_words(reply) == words


def test_pyroute2_is_entered_lightly() -> None:
    script = (
        "import sys; from hatoba.lab.netlink import _message_classes as m;"
        "print([c.__name__ for c in m()], 'pyroute2.ndb' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "['ifinfmsg', 'ifaddrmsg', 'rtmsg'] False\n"


def test_the_front_door_works_where_the_side_door_does_not() -> None:
    script = (
        "import sys, hatoba.lab.netlink as n; real = n._import_messages; seen = []\n"
        "def first_fails():\n"
        "    seen.append(1)\n"
        "    if len(seen) == 1: raise ImportError\n"
        "    return real()\n"
        "n._import_messages = first_fails\n"
        "print([c.__name__ for c in n._message_classes()], hasattr(sys.modules['pyroute2'], 'NDB'))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "['ifinfmsg', 'ifaddrmsg', 'rtmsg'] True\n"
