from __future__ import annotations

from ipaddress import ip_address

import pytest

from hatoba.identify.manner import Manner, Target, likely, others, recognise, speaks_for_tls
from hatoba.identify.protocols import PROTOCOLS
from hatoba.identify.protocols.protocol import NEVER_ELSEWHERE
from hatoba.model import Protocol

MANNER = Manner()


def target(port: int, protocol: Protocol = Protocol.TCP, address: str = "198.18.0.2", *names: str) -> Target:
    return Target(ip_address(address), protocol, port, names)


@pytest.mark.parametrize(
    ("port", "inside", "alpn", "name"),
    [
        (22, False, "", "ssh"),
        (443, True, "", "http"),
        (993, True, "", "imap"),
        (443, True, "imap", "imap"),
        (80, True, "", "http"),
    ],
)
def test_the_ports_own_protocol_comes_first(port: int, inside: bool, alpn: str, name: str) -> None:
    assert likely(MANNER, target(port), inside=inside, alpn=alpn)[0].name == name


def test_a_port_that_is_nobodys_has_none() -> None:
    assert likely(MANNER, target(40_000), inside=False) == []
    assert likely(MANNER, target(443), inside=False) == []


def test_others_are_asked_by_rarity_and_never_twice() -> None:
    own = likely(MANNER, target(80), inside=False)
    found = others(MANNER, target(80), own)
    assert [one.rarity for one in found] == sorted(one.rarity for one in found)
    assert not set(map(id, own)) & set(map(id, found))
    assert all(one.rarity <= 7 and one.questions and not one.greets for one in found)
    assert others(Manner(intensity=0), target(80), own) == []
    assert {one.protocol for one in others(MANNER, target(80, Protocol.UDP), ())} == {Protocol.UDP}


def test_what_makes_a_server_start_a_program_is_asked_on_its_own_port_alone() -> None:
    assert [one.name for one in likely(MANNER, target(3632), inside=False)] == ["distccd"]
    assert "distccd" not in [one.name for one in others(Manner(intensity=9), target(40_000), [])]


def test_where_tls_is_likely() -> None:
    assert speaks_for_tls(MANNER, 443)
    assert not speaks_for_tls(MANNER, 80)


def test_a_sure_reading_comes_before_a_doubtful_one() -> None:
    """A bare 220 may be FTP's or SMTP's, unless the port speaks for one of them."""
    smtp, ftp = (next(one for one in PROTOCOLS if one.name == name) for name in ("smtp", "ftp"))
    for preferred, name in (((), "smtp"), ((ftp,), "ftp"), ((smtp,), "smtp")):
        known = recognise(MANNER, Protocol.TCP, b"220 ready\r\n", preferred)
        assert known is not None
        assert (known[0].name, known[1].confidence < 8) == (name, True)
    known = recognise(MANNER, Protocol.TCP, b"220 FTP ready\r\n", ())
    assert known is not None
    assert known[0] is ftp
    assert recognise(MANNER, Protocol.TCP, b"\x01\x02", ()) is None
    assert recognise(MANNER, Protocol.UDP, b"SSH-2.0-x\r\n", ()) is None


@pytest.mark.parametrize(
    ("address", "names", "host"),
    [
        ("198.18.0.2", ("www.lab",), "www.lab"),
        ("198.18.0.2", (), "198.18.0.2"),
        ("fd00:18::2", (), "[fd00:18::2]"),
        ("fe80::1%eth0", (), "[fe80::1]"),
    ],
)
def test_how_a_host_stands_in_a_request(address: str, names: tuple[str, ...], host: str) -> None:
    assert target(80, Protocol.TCP, address, *names).host == host
    assert target(443, Protocol.TCP, address, *names).host == host
    assert target(8080, Protocol.TCP, address, *names).host == f"{host}:8080"


def test_every_protocol_can_be_reached() -> None:
    """It greets or it asks; it has a port of its own; and no two of one name have the same way."""
    for one in PROTOCOLS:
        assert one.greets or one.questions, one.name
        assert one.ports, one.name
        assert 1 <= one.rarity <= 9 or one.rarity == NEVER_ELSEWHERE
    assert len({(one.name, one.protocol) for one in PROTOCOLS}) == len(PROTOCOLS)
