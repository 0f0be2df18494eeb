from __future__ import annotations

import pytest

from hatoba.engine.setting import method_of, ping_of, protocols_of
from hatoba.errors import UsageError
from hatoba.model import Protocol
from hatoba.probes import METHODS, PINGS
from hatoba.probes.connect import CONNECT


def test_methods_and_pings_by_name() -> None:
    assert method_of("connect") is ping_of("connect") is CONNECT
    assert method_of("fin") is METHODS["fin"]
    assert ping_of("icmp-echo") is PINGS["icmp-echo"]
    with pytest.raises(KeyError):
        ping_of("fin")


def test_tcp_flags_go_to_tcp_methods_alone() -> None:
    assert method_of("syn", 3) is not METHODS["syn"]
    assert method_of("syn", 3).name == "syn"
    assert method_of("udp", 3) is METHODS["udp"]


def test_protocols_of_methods_that_go_together() -> None:
    assert protocols_of(["udp", "syn"]) == (Protocol.TCP, Protocol.UDP)
    assert protocols_of([]) == ()


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (["syn", "connect"], "the same ports in two ways"),
        (["sctp-init", "sctp-cookie"], "the same ports in two ways"),
        (["ip-protocol", "udp"], "scan with it alone"),
        (["sin"], "there is no scan method 'sin'; there are: ack, "),
    ],
)
def test_methods_that_do_not(names: list[str], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        protocols_of(names)
