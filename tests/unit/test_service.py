from __future__ import annotations

from ipaddress import ip_address

import pytest

from hatoba.model import Protocol
from hatoba.service import Facts, Outcome, Service, Tls


def service(facts: Facts | None, tls: Tls | None = None) -> Service:
    return Service(ip_address("198.18.0.2"), Protocol.TCP, 80, Outcome.RECOGNISED, facts, tls=tls)


@pytest.mark.parametrize(
    ("facts", "line"),
    [
        (None, ""),
        (Facts("http"), ""),
        (Facts("http", "nginx"), "nginx"),
        (Facts("http", "nginx", "1.2", "x"), "nginx 1.2 (x)"),
        (Facts("vnc", extra="protocol 3.8"), "protocol 3.8"),
    ],
)
def test_a_version_in_one_line(facts: Facts | None, line: str) -> None:
    assert service(facts).version_line == line


def test_only_tls_from_the_first_byte_on_counts_as_wrapped() -> None:
    assert not service(None).encrypted
    assert service(None, Tls("TLSv1.3", "x")).encrypted
    assert not service(None, Tls("TLSv1.3", "x", started=True)).encrypted
