"""A datagram is answered from the address that it came to, whichever the route would prefer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from hatoba.lab import Lab
from hatoba.netcat import own_address
from tests.net.netcat.lone_host import host_of

ADDRESSES = ["127.0.0.1", "127.0.0.5", "::1", "fd00:18::77", "fd00:18::78"]
"""Of each pair below the route prefers one for both."""


@pytest.fixture(scope="module")
def found() -> Iterator[dict[str, Any]]:
    with Lab("nc-own-address") as lab:
        host = host_of(lab)
        for address in ADDRESSES[-2:]:
            host.run(["ip", "address", "add", f"{address}/128", "dev", "lo"])
        yield host.call("tests.net.netcat.own_address_calls:everything", [*ADDRESSES], timeout_s=120)


@pytest.mark.parametrize("address", ADDRESSES)
def test_who_asked_is_answered_by_whom_he_asked(found: dict[str, Any], address: str) -> None:
    assert found[address]["echo"] == {"heard": "ONE TWO "}


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("way", ["first", "anybody"])
def test_and_goes_on_being_heard(found: dict[str, Any], address: str, way: str) -> None:
    assert found[address][way] == {"heard": "answer", "out": "one two three"}


def test_what_the_kernel_does_not_tell_is_left_to_it() -> None:
    assert own_address.own_address([]) is None
