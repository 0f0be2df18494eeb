"""Reverse names by the system's resolver, in a lab: a real dnsmasq, one behind a relay that wants many questions at once, and
a server that is dead."""

from __future__ import annotations

import sys
from ipaddress import ip_address
from pathlib import Path

import pytest

from hatoba.lab import Host, Lab
from tests import needs
from tests.net.conftest import MakeLab
from tests.net.lab_pair import pair

NAMES = "tests.net.reverse_name_calls:names"
RELAY = str(Path(__file__).with_name("name_relay.py"))
COUNT, BATCH = 200, 40  # five full batches
ADDRESSES = [f"198.18.7.{number}" for number in range(1, COUNT + 1)]
EXPECTED = [f"host-{number}.example" for number in range(1, COUNT + 1)]
LATER_THAN_ANY_TEST = "options timeout:30 attempts:5"
"""How long the system's resolver waits for a dead server: 150 s for each name."""


def serve_names(host: Host, port: int = 53) -> None:
    """dnsmasq with the names of :data:`ADDRESSES`, an IPv6 address and a link-local one."""
    program = needs.require_program("dnsmasq")
    known = dict(zip(ADDRESSES, EXPECTED, strict=True)) | {"fd00:18:7::1": "six.example", "fe80::5": "link.example"}
    records = [f"--ptr-record={ip_address(text).reverse_pointer},{name}" for text, name in known.items()]
    options = ["--no-daemon", "--conf-file=/dev/null", "--no-resolv", "--no-hosts", f"--port={port}", "--log-facility=-"]
    host.serve([program, *options, "--pid-file=", *records], ready=r"started, version")


def use_server(lab: Lab, host: Host, options: str = "") -> None:
    """Let *host* look names up in its own /etc/hosts and then at 198.18.0.2, whatever the machine around does."""
    folder = host.write("names/resolv.conf", f"nameserver 198.18.0.2\n{options}\n").parent
    host.write("names/nsswitch.conf", "hosts: files dns\n")
    host.write("names/hosts", "127.0.0.1 localhost\n198.18.9.9 known-here.example\n")
    host.call("tests.net.reverse_name_calls:put_in_place", str(folder))


def test_the_hosts_file_and_a_real_name_server_are_asked(make_lab: MakeLab) -> None:
    lab = make_lab()
    first, second = pair(lab)
    serve_names(second)
    use_server(lab, first)
    wanted = ["198.18.7.8", "198.18.9.9", "198.18.8.1", "fd00:18:7::1", "fe80::5%eth0", "fe80::5%gone", "fe80::6%eth0"]
    told = first.call(NAMES, wanted)
    assert dict(zip(wanted, told["names"], strict=True)) == {
        "198.18.7.8": "host-8.example",
        "198.18.9.9": "known-here.example",
        "198.18.8.1": None,
        "fd00:18:7::1": "six.example",
        "fe80::5%eth0": "link.example",
        "fe80::5%gone": "link.example",
        "fe80::6%eth0": None,
    }
    assert told["problem"] is None


def test_two_hundred_names_are_asked_in_parallel(make_lab: MakeLab) -> None:
    """The server answers nobody before 40 questions wait: who asks one after another gets no name at all."""
    lab = make_lab()
    first, second = pair(lab)
    serve_names(second, 5353)
    relay = second.serve([sys.executable, RELAY, str(BATCH), "5353"], ready="^ready$")
    use_server(lab, first, LATER_THAN_ANY_TEST)
    told = first.call(NAMES, ADDRESSES)
    assert told["names"] == EXPECTED
    assert told["problem"] is None
    relay.kill()
    relay.wait()
    second.serve([sys.executable, RELAY, str(BATCH), "5353"], ready="^ready$")
    assert first.call(NAMES, ADDRESSES[:3], 1, 0.2)["names"] == [None] * 3


@pytest.mark.parametrize("dead", ["silent", "refusing"])
def test_a_dead_server_holds_nothing_up(make_lab: MakeLab, dead: str) -> None:
    """Its questions would be out for 150 s each; the program ends long before, and says what is missing."""
    lab = make_lab()
    first, second = pair(lab)
    if dead == "silent":
        second.serve([sys.executable, RELAY, "0", "5353"], ready="^ready$")
    use_server(lab, first, LATER_THAN_ANY_TEST)
    told = first.call(NAMES, ADDRESSES, 64, 1.0, timeout_s=120)
    assert told["names"] == [None] * COUNT
    assert told["problem"] is not None
    assert told["seconds"] < 100
