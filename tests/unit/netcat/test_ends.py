"""The words of this room."""

from __future__ import annotations

import pytest

from hatoba.netcat.ends import End, Peer, Transport, path_address, path_text


@pytest.mark.parametrize(
    ("address", "text"),
    [
        (("198.18.0.2", 80), "198.18.0.2:80"),
        (("fd00:18::2", 80, 0, 0), "[fd00:18::2]:80"),
        (("::ffff:198.18.0.2", 80, 0, 0), "198.18.0.2:80"),
        ("/run/some.socket", "/run/some.socket"),
        (b"\0name", "@name"),
        ("", ""),
        (None, ""),
    ],
)
def test_peers_as_people_write_them(address: object, text: str) -> None:
    assert str(Peer.of(address)) == text


def test_ends_as_people_write_them() -> None:
    assert str(End(Transport.TCP, "www.example.org", 80)) == "www.example.org:80"
    assert str(End(Transport.UNIX, "@name")) == "@name"


def test_paths_there_and_back() -> None:
    for path in ("/run/some.socket", "@name"):
        assert path_text(path_address(path)) == path
