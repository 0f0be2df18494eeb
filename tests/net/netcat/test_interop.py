"""``hatoba nc`` with the real ncat and OpenBSD's nc at the other end, in both roles."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from hatoba.lab import Lab
from tests.net.netcat.lone_host import host_of

pytestmark = pytest.mark.peer("ncat", "nc.openbsd")

PAIRS = [(one, other) for peer in ("ncat", "openbsd") for one, other in (("hatoba", peer), (peer, "hatoba"))]


@pytest.fixture(scope="module")
def found() -> Iterator[dict[str, Any]]:
    """What came of everything: one process on one host tries it all."""
    with Lab("nc") as lab:
        yield host_of(lab).call("tests.net.netcat.interop_calls:matrix", timeout_s=280)


@pytest.mark.parametrize("kind", ["tcp", "tcp6", "unix"])
@pytest.mark.parametrize(("client", "server"), PAIRS)
def test_streams_both_ways_to_their_ends(found: dict[str, Any], kind: str, client: str, server: str) -> None:
    assert found[f"{kind} {client} {server}"] == {"statuses": [0, 0], "asked": True, "answered": True}


@pytest.mark.parametrize("kind", ["udp", "udp6", "unix-datagram"])
@pytest.mark.parametrize(("client", "server"), PAIRS)
def test_datagrams_there_and_back(found: dict[str, Any], kind: str, client: str, server: str) -> None:
    assert found[f"{kind} {client} {server}"] == {"asked": True, "answered": True}


@pytest.mark.parametrize("peer", ["ncat", "openbsd"])
def test_half_close_cuts_nothing(found: dict[str, Any], peer: str) -> None:
    assert found[f"late-answer {peer}"] == {"statuses": [0, 0], "answered": True}
    assert found[f"late-question {peer}"] == {"statuses": [0, 0], "asked": True}


@pytest.mark.parametrize(("client", "server"), PAIRS)
def test_one_listener_takes_many_clients(found: dict[str, Any], client: str, server: str) -> None:
    told = found[f"keep-open {client} {server}"]
    assert told["heard"] == "012"
    assert set(told["statuses"]) <= {0}


@pytest.mark.parametrize(("client", "server"), PAIRS)
def test_open_and_closed_ports_are_told_apart(found: dict[str, Any], client: str, server: str) -> None:
    assert found[f"check {client} {server}"] == {"statuses": [0, 1]}
