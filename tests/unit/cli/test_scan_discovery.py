"""What was said of looking for hosts."""

from __future__ import annotations

from typing import Any

import pytest

from hatoba.cli.scan_discovery import PING_LETTERS, pings_of, refuse_contradictions
from hatoba.errors import UsageError
from hatoba.model import Ping
from hatoba.probes import PINGS

METHODS = {"syn": "-sS", "udp": "-sU"}


def given(**said: Any) -> dict[str, Any]:
    flags = (
        *("find_hosts", "list_only", "no_discovery", "ping_echo", "ping_timestamp", "ping_mask", "no_names", "reverse_names"),
        *("fast", "prove_closed", "traceroute", "packet_trace", "dry_run", *METHODS),
    )
    values = (
        *("ping_syn", "ping_ack", "ping_udp", "ping_sctp", "ping_protocol"),
        *("top_ports", "scanflags", "pcap"),
    )
    return {**dict.fromkeys(flags, False), **dict.fromkeys(values), "ports": (), "exclude_ports": (), **said}


def test_every_ping_has_its_letters() -> None:
    assert set(PING_LETTERS) == set(PINGS)


def test_pings_that_were_asked_for() -> None:
    assert pings_of(given()) is None
    assert pings_of(given(no_discovery=True)) == ()
    syn = Ping("syn", (22,))
    assert pings_of(given(ping_mask=True, ping_syn=syn)) == (Ping("icmp-mask"), syn)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"no_discovery": True, "ping_echo": True}, "-Pn and -PE contradict each other"),
        ({"no_discovery": True, "ping_udp": Ping("udp", (53,))}, "-Pn and -PU contradict each other"),
        ({"find_hosts": True, "no_discovery": True}, "-sn and -Pn contradict each other"),
        ({"find_hosts": True, "list_only": True}, "-sn and -sL contradict each other"),
        ({"no_names": True, "reverse_names": True}, "-n and -R contradict each other"),
        ({"find_hosts": True, "syn": True}, "-sn looks for hosts and asks no ports: leave out -sS, or -sn"),
        ({"find_hosts": True, "ports": ("",)}, "leave out -p, or -sn"),
        ({"find_hosts": True, "fast": True}, "leave out -F, or -sn"),
        ({"find_hosts": True, "top_ports": 10}, "leave out --top-ports, or -sn"),
        ({"find_hosts": True, "prove_closed": True}, "leave out --prove-closed, or -sn"),
        ({"find_hosts": True, "scanflags": 0}, "leave out --scanflags, or -sn"),
        ({"list_only": True, "udp": True}, "-sL lists the targets and sends them nothing: leave out -sU, or -sL"),
        ({"list_only": True, "traceroute": True}, "leave out --traceroute, or -sL"),
        ({"list_only": True, "pcap": "f"}, "leave out --pcap, or -sL"),
        ({"list_only": True, "dry_run": True}, "leave out --dry-run, or -sL"),
    ],
)
def test_contradictions_are_one_sentence(said: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError) as told:
        refuse_contradictions(given(**said), METHODS)
    assert words in str(told.value)


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"find_hosts": True, "traceroute": True, "ping_echo": True, "reverse_names": True},
        {"list_only": True, "no_names": True},
        {"no_discovery": True, "udp": True, "ports": ("53",)},
    ],
)
def test_what_goes_together_passes(said: dict[str, Any]) -> None:
    refuse_contradictions(given(**said), METHODS)
