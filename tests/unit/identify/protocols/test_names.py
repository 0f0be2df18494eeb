"""The CPE names that readers give: formatted strings all of them, spelled as the dictionary has them."""

from __future__ import annotations

import pytest

from hatoba.registry.cpe import is_cpe23
from tests.unit.identify.protocols.feeding import CAPTURES, Capture


@pytest.mark.parametrize("capture", CAPTURES.values(), ids=CAPTURES)
def test_names_of_real_daemons_are_names(capture: Capture) -> None:
    names = capture.read().cpe23
    assert all(map(is_cpe23, names))
    assert len({name[:10] for name in names}) == len(names), "one for each part"


@pytest.mark.parametrize(
    ("daemon", "beginning"),
    [
        ("openssh", "cpe:2.3:a:openbsd:openssh:9.2:p1:"),
        ("nginx", "cpe:2.3:a:f5:nginx:"),
        ("apache2", "cpe:2.3:a:apache:http_server:2.4.71:*:"),
        ("bind9", "cpe:2.3:a:isc:bind:9."),
        ("mariadb", "cpe:2.3:a:mariadb:mariadb:10."),
        ("postgresql", "cpe:2.3:a:postgresql:postgresql:*:"),
        ("redis", "cpe:2.3:a:redis:redis:7.0.15:*:"),
        ("dnsmasq", "cpe:2.3:a:thekelleys:dnsmasq:2."),
        ("snmpd", "cpe:2.3:a:net-snmp:net-snmp:*:"),
    ],
)
def test_vendors_and_products_are_the_dictionarys(daemon: str, beginning: str) -> None:
    assert any(name.startswith(beginning) for name in CAPTURES[daemon].read().cpe23), CAPTURES[daemon].read().cpe23
