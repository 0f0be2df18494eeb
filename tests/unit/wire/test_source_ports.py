"""A scan's source ports belong to it alone until it closes them. Nothing is sent: the ports are only bound."""

from __future__ import annotations

import contextlib
import errno
import random
import socket

import pytest

from hatoba.errors import WireError
from hatoba.wire import source_ports
from hatoba.wire.base import SOURCE_PORTS
from hatoba.wire.source_ports import SourcePorts

FAMILIES = {"ipv4": (socket.AF_INET, ""), "ipv6": (socket.AF_INET6, "::")}


def free(family: int, address: str, port: int, kind: int = socket.SOCK_STREAM) -> bool:
    """Whether a program could have the port."""
    with contextlib.closing(socket.socket(family, kind)) as other:
        if family == socket.AF_INET6:
            other.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        try:
            other.bind((address, port))
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            return False
    return True


@pytest.mark.parametrize(("family", "address"), FAMILIES.values(), ids=FAMILIES)
def test_held_until_closed(family: int, address: str) -> None:
    ports = SourcePorts(seed=1)
    held = range(ports.first, ports.first + SOURCE_PORTS)
    try:
        assert [free(family, address, port) for port in held] == [False] * SOURCE_PORTS
    finally:
        ports.close()
    assert [free(family, address, port) for port in held] == [True] * SOURCE_PORTS


def test_two_scans_with_one_seed_share_no_port() -> None:
    with contextlib.closing(SourcePorts(seed=5)) as first, contextlib.closing(SourcePorts(seed=5)) as second:
        assert abs(first.first - second.first) >= SOURCE_PORTS


def test_a_port_in_use_is_stepped_around_and_the_others_are_let_go() -> None:
    wanted = random.Random(9).randrange(source_ports._LOWEST, source_ports._HIGHEST - SOURCE_PORTS)
    with contextlib.closing(socket.socket()) as other:
        other.bind(("", wanted + SOURCE_PORTS - 1))
        with contextlib.closing(SourcePorts(seed=9)) as ports:
            taken = range(ports.first, ports.first + SOURCE_PORTS)
            assert wanted + SOURCE_PORTS - 1 not in taken
            assert all(free(socket.AF_INET, "", port) for port in range(wanted, wanted + SOURCE_PORTS - 1) if port not in taken)


def test_above_the_range_of_ordinary_connections() -> None:
    with contextlib.closing(SourcePorts(seed=3)) as ports:
        assert ports.first > 60_999
        assert ports.first + SOURCE_PORTS <= 65_536


def test_without_a_free_run_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[int] = []

    def refuse(family: int, kind: int, port: int) -> contextlib.AbstractContextManager[object]:
        opened.append(port)
        if len(opened) % 4 == 0:
            raise OSError(errno.EADDRINUSE, "in use")
        return contextlib.nullcontext()

    monkeypatch.setattr(source_ports, "_bound", refuse)
    with pytest.raises(WireError, match="16 source ports"):
        SourcePorts(seed=1)
    assert len(opened) < 10_000


def test_a_machine_without_ipv6_holds_ipv4(monkeypatch: pytest.MonkeyPatch) -> None:
    real = socket.socket

    def only_ipv4(family: int = socket.AF_INET, *rest: int) -> socket.socket:
        if family == socket.AF_INET6:
            raise OSError(errno.EAFNOSUPPORT, "no such family")
        return real(family, *rest)

    monkeypatch.setattr(source_ports.socket, "socket", only_ipv4)
    ports = SourcePorts(seed=1)
    monkeypatch.undo()
    assert not free(socket.AF_INET, "", ports.first)
    ports.close()


@pytest.mark.parametrize(("family", "address"), FAMILIES.values(), ids=FAMILIES)
def test_for_datagrams_they_are_held_when_that_is_asked_for(family: int, address: str) -> None:
    with contextlib.closing(SourcePorts(seed=11)) as ports:
        held = range(ports.first, ports.first + SOURCE_PORTS)
        assert all(free(family, address, port, socket.SOCK_DGRAM) for port in held)
        ports.hold_datagrams()
        ports.hold_datagrams()
        assert not any(free(family, address, port, socket.SOCK_DGRAM) for port in held)
    assert all(free(family, address, port, socket.SOCK_DGRAM) for port in held)


def test_a_port_that_is_taken_for_datagrams_leaves_the_scan_its_others() -> None:
    with contextlib.closing(SourcePorts(seed=12)) as ports, contextlib.closing(socket.socket(type=socket.SOCK_DGRAM)) as other:
        other.bind(("", ports.first + 3))
        ports.hold_datagrams()
        assert not free(socket.AF_INET, "", ports.first), "those of TCP stay held"


def test_the_port_that_is_wanted_is_the_only_one() -> None:
    with contextlib.closing(SourcePorts(seed=13)) as lent:
        wanted = lent.first
    with contextlib.closing(SourcePorts(seed=1, wanted=wanted)) as ports:
        assert ports.first == wanted
        assert [free(socket.AF_INET, "", wanted + step) for step in range(2)] == [False, True]
        ports.hold_datagrams()
        assert [free(socket.AF_INET, "", wanted + step, socket.SOCK_DGRAM) for step in range(2)] == [False, True]


def test_a_wanted_port_that_is_in_use_is_one_sentence() -> None:
    with contextlib.closing(SourcePorts(seed=14)) as other, pytest.raises(WireError, match=f"source port {other.first} .*-g"):
        SourcePorts(seed=1, wanted=other.first)
