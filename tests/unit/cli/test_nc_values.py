"""What the options and words of ``hatoba nc`` mean."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from hatoba.cli.nc import command
from hatoba.cli.nc_values import end_of, ends_to_check, relay_settings, socket_settings
from hatoba.errors import UsageError
from hatoba.netcat.ends import End, Transport
from hatoba.netcat.relay import AtPeerEnd, RelaySettings


def given(*arguments: str) -> dict[str, Any]:
    return command.make_context("nc", list(arguments)).params


@pytest.mark.parametrize(
    ("arguments", "end"),
    [
        (["198.18.0.2", "80"], End(Transport.TCP, "198.18.0.2", 80)),
        (["host", "ssh"], End(Transport.TCP, "host", 22)),
        (["-u", "host", "domain"], End(Transport.UDP, "host", 53)),
        (["--sctp", "host", "36412"], End(Transport.SCTP, "host", 36412)),
        (["198.18.0.2:80"], End(Transport.TCP, "198.18.0.2", 80)),
        (["[fd00:18::2]:http"], End(Transport.TCP, "fd00:18::2", 80)),
        (["[fd00:18::2]", "80"], End(Transport.TCP, "fd00:18::2", 80)),
        (["-l", "198.18.0.2:80"], End(Transport.TCP, "198.18.0.2", 80)),
        (["-U", "/run/s"], End(Transport.UNIX, "/run/s")),
        (["-uU", "@s"], End(Transport.UNIX_DATAGRAM, "@s")),
        (["-l", "80"], End(Transport.TCP, "", 80)),
        (["-l", "198.18.0.2", "80"], End(Transport.TCP, "198.18.0.2", 80)),
        (["-l", "-p", "80"], End(Transport.TCP, "", 80)),
        (["-l", "-p", "80", "198.18.0.2"], End(Transport.TCP, "198.18.0.2", 80)),
        (["-l", "-s", "198.18.0.2", "80"], End(Transport.TCP, "198.18.0.2", 80)),
    ],
)
def test_ends(arguments: list[str], end: End) -> None:
    assert end_of(given(*arguments)) == end


@pytest.mark.parametrize(
    ("word", "command"),
    [
        ("http://host/index.html", "host 80"),
        ("https://host", "--ssl host 443"),
        ("http://[fd00::1]:8080/", "fd00::1 8080"),
        ("gopher://host/", "host 70"),
        ("x-y://host:99999", "host 80"),
        ("https://[::1", "--ssl 198.18.0.2 443"),
    ],
)
def test_an_address_for_browsers_is_told_what_to_type(word: str, command: str) -> None:
    for arguments in ([word], [word, "80"], ["-l", word]):
        with pytest.raises(UsageError) as caught:
            end_of(given(*arguments))
        assert str(caught.value) == (f"{word} is an address for browsers; type host and port instead: hatoba nc {command}")
    with pytest.raises(UsageError, match="is an address for browsers"):
        ends_to_check(given("-z", word, "80"))


def test_ports_to_check() -> None:
    assert ends_to_check(given("-z", "h", "22", "80-82", "http,21")) == (End(Transport.TCP, "h"), [22, 80, 81, 82, 21])
    _end, ports = ends_to_check(given("-z", "-r", "h", "1-100"))
    assert sorted(ports) == list(range(1, 101))
    assert ports != sorted(ports)


def test_a_range_that_counts_down() -> None:
    with pytest.raises(UsageError, match="the range 70-60 counts down; type 60-70"):
        ends_to_check(given("-z", "h", "70-60"))
    with pytest.raises(UsageError, match=r"^70000 is no port: type a number from 0 to 65535"):
        ends_to_check(given("-z", "h", "70000-80"))


def test_sockets() -> None:
    settings = socket_settings(given("-6", "-n", "-s", "::1", "-p", "99", "-w", "2", "-T", "ef", "--ttl", "7", "-b", "h", "1"))
    assert (settings.family, settings.numeric, settings.source, settings.source_port) == (socket.AF_INET6, True, "::1", 99)
    assert (settings.connect_timeout_s, settings.traffic_class, settings.ttl, settings.broadcast) == (2.0, 0xB8, 7, True)
    assert socket_settings(given("-I", "5000", "-O", "6000", "-l", "-p", "9")).source_port == 0


def test_relays() -> None:
    assert relay_settings(given("h", "1")) == RelaySettings()
    settings = relay_settings(given("-d", "-q", "0", "-i", "500ms", "--no-shutdown", "--at-peer-end", "quit", "h", "1"))
    assert settings == RelaySettings(sends=False, half_close=False, quit_after_s=0.0, at_peer_end=AtPeerEnd.QUIT, idle_s=0.5)
    assert relay_settings(given("--send-only", "--recv-limit", "3", "h", "1")) == RelaySettings(receives=False, most_pieces=3)
