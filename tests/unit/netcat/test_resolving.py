"""Names to addresses. Literal addresses only: nothing is asked."""

from __future__ import annotations

import socket

import pytest

from hatoba.errors import UsageError
from hatoba.netcat import resolving
from hatoba.netcat.ends import End, NotResolved, SocketSettings, Transport
from hatoba.netcat.resolving import Place, places

TCP = Transport.TCP


def test_addresses() -> None:
    assert places(End(TCP, "198.18.0.2", 80), SocketSettings()) == [Place(socket.AF_INET, ("198.18.0.2", 80))]
    assert places(End(TCP, "::1", 80), SocketSettings()) == [Place(socket.AF_INET6, ("::1", 80, 0, 0))]
    assert places(End(Transport.UNIX, "@name"), SocketSettings()) == [Place(socket.AF_UNIX, b"\0name")]


def test_everywhere_is_both_families_ipv6_first() -> None:
    families = [place.family for place in places(End(TCP, "", 80), SocketSettings(), listening=True)]
    assert families in ([socket.AF_INET6, socket.AF_INET], [socket.AF_INET]), "the second where the kernel has no IPv6"
    only = places(End(TCP, "", 80), SocketSettings(family=socket.AF_INET), listening=True)
    assert only == [Place(socket.AF_INET, ("0.0.0.0", 80))]


def test_names_that_may_not_be_looked_up() -> None:
    with pytest.raises(NotResolved, match="-n says not to look up names") as caught:
        places(End(TCP, "www.example.org", 80), SocketSettings(numeric=True))
    assert caught.value.exit_status == 2


@pytest.mark.parametrize(("host", "family", "option"), [("::1", socket.AF_INET, "-4"), ("198.18.0.2", socket.AF_INET6, "-6")])
def test_an_address_of_the_other_family(host: str, family: int, option: str) -> None:
    with pytest.raises(NotResolved) as told:
        places(End(TCP, host, 80), SocketSettings(family=family))
    assert str(told.value) == f"{host} has no address of the family that {option} asks for: leave {option} out"
    assert told.value.exit_status == 2


def test_names_that_nobody_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_arguments: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(resolving.socket, "getaddrinfo", unknown)
    with pytest.raises(NotResolved, match=r"nobody\.test: Name or service not known") as caught:
        places(End(TCP, "nobody.test", 80), SocketSettings())
    assert caught.value.exit_status == 1


def test_what_can_be_no_name() -> None:
    with pytest.raises(UsageError, match="can't be a name"):
        places(End(TCP, "a" * 70 + ".test", 80), SocketSettings())
