"""How addresses and routes of lab hosts are written."""

from __future__ import annotations

import contextlib
from ipaddress import IPv4Address, IPv6Address, ip_interface, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hatoba.errors import LabError
from hatoba.lab.addressing import Route, link_local, parse_interface, parse_route

ROUTES = [
    ("default via 198.18.0.1", Route("unicast", ip_network("0.0.0.0/0"), "198.18.0.1")),
    ("default via fd00:18::1", Route("unicast", ip_network("::/0"), "fd00:18::1")),
    ("default4 dev eth1", Route("unicast", ip_network("0.0.0.0/0"), None, "eth1")),
    ("default6 dev eth1", Route("unicast", ip_network("::/0"), None, "eth1")),
    ("198.18.4.0/22 via 198.18.0.1 dev eth0", Route("unicast", ip_network("198.18.4.0/22"), "198.18.0.1", "eth0")),
    ("198.18.4.0/22 dev eth0 via 198.18.0.1", Route("unicast", ip_network("198.18.4.0/22"), "198.18.0.1", "eth0")),
    ("local 198.18.0.0/16", Route("local", ip_network("198.18.0.0/16"), None, "lo")),
    ("local fd00:18:5::/48 dev eth0", Route("local", ip_network("fd00:18:5::/48"), None, "eth0")),
    ("unreachable 198.18.9.9", Route("unreachable", ip_network("198.18.9.9/32"))),
    ("blackhole default6", Route("blackhole", ip_network("::/0"))),
    ("prohibit fd00:18:9::/48", Route("prohibit", ip_network("fd00:18:9::/48"))),
]


@pytest.mark.parametrize(("text", "route"), ROUTES, ids=[text for text, _route in ROUTES])
def test_route(text: str, route: Route) -> None:
    assert parse_route(text) == route


@pytest.mark.parametrize(
    "text",
    [
        "",
        "default",
        "local",
        "198.18.4.0/22",
        "198.18.4.1/22 via 198.18.0.1",
        "198.18.4.0/22 via fd00:18::1",
        "default6 via 198.18.0.1",
        "198.18.4.0/22 via",
        "198.18.4.0/22 via gateway",
        "198.18.4.0/22 via 198.18.0.1 via 198.18.0.2",
        "198.18.4.0/22 metric 5",
        "throw 198.18.4.0/22",
        "nat 198.18.4.0/22 via 198.18.0.1",
    ],
)
def test_bad_route_is_named_with_what_to_write(text: str) -> None:
    with pytest.raises(LabError, match="is not a route; write it like 'default via") as caught:
        parse_route(text)
    assert repr(text) in str(caught.value)


@given(st.text(alphabet="0123456789./: abdefiltuv", max_size=40))
def test_any_text_is_a_route_or_a_lab_error(text: str) -> None:
    with contextlib.suppress(LabError):
        assert isinstance(parse_route(text), Route)


@given(st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6)), st.integers(0, 32))
def test_interface_reads_back(address: IPv4Address | IPv6Address, prefix: int) -> None:
    assert parse_interface(f"{address}/{prefix}") == ip_interface(f"{address}/{prefix}")


@given(st.text(alphabet="0123456789./:af%", max_size=30))
def test_any_text_is_an_interface_or_a_lab_error(text: str) -> None:
    with contextlib.suppress(LabError):
        assert str(parse_interface(text).ip) in str(ip_interface(text))


def test_link_local_address_flips_the_universal_bit() -> None:
    # The example of RFC 2464 section 4 and 5: 34-56-78-9A-BC-DE makes 3656:78FF:FE9A:BCDE.
    assert link_local("34:56:78:9a:bc:de") == ip_interface("fe80::3656:78ff:fe9a:bcde/64")
