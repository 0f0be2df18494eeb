"""Ports by the function that checks them: several addresses of one name, and order."""

from __future__ import annotations

import pytest

from hatoba.lab import Lab
from tests.net.netcat.lone_host import host_of


def check_names() -> list[list[object]]:
    """Called on the lab's host: a name with two addresses, and an open port on the second only."""
    import socket

    from hatoba.netcat import checking
    from hatoba.netcat.ends import End, SocketSettings, Transport
    from hatoba.netcat.resolving import Place

    def two_places(_end: End, _settings: SocketSettings) -> list[Place]:
        return [Place(socket.AF_INET, (address, 0)) for address in ("127.0.0.2", "127.0.0.3")]

    checking.places = two_places  # type: ignore[assignment]
    with socket.create_server(("127.0.0.3", 5000)), socket.create_server(("127.0.0.2", 5001)):
        found = checking.check_ports(End(Transport.TCP, "name"), [5002, 5001, 5000], SocketSettings(), at_once=2)
        return [[each.port, each.address, each.fault is None] for each in found]


def check_with_little() -> list[object]:
    """Called on the lab's host: few descriptors; and a kind of socket that the system has for one of two addresses, or none."""
    import resource
    import socket

    from hatoba.netcat import checking
    from hatoba.netcat.ends import End, NotConnected, SocketSettings, Transport
    from hatoba.netcat.resolving import Place

    resource.setrlimit(resource.RLIMIT_NOFILE, (40, 40))
    end = End(Transport.TCP, "127.0.0.1")
    with socket.create_server(("127.0.0.1", 5000)):
        few = [each.port for each in checking.check_ports(end, range(4950, 5050), SocketSettings()) if each.fault is None]
        lacking, present = Place(socket.AF_APPLETALK, ("127.0.0.1", 0)), Place(socket.AF_INET, ("127.0.0.1", 0))
        checking.places = lambda *_asked: [present, lacking]  # type: ignore[assignment]
        one = [each.fault is None for each in checking.check_ports(end, [5000, 5001], SocketSettings())]
    checking.places = lambda *_asked: [lacking]  # type: ignore[assignment]
    try:
        list(checking.check_ports(end, [5000], SocketSettings()))
    except NotConnected as error:
        return [few, one, str(error)]
    return [few, one]


FIREWALL = """
table inet wall { chain arriving { type filter hook input priority 0
  tcp dport 5010 drop
  tcp dport 5011 reject with icmpx type admin-prohibited
  tcp dport 5012 reject with icmpx type port-unreachable
  udp dport 5013 reject with icmpx type host-unreachable
  udp dport 5014 drop
}
}
"""


def check_evidence() -> dict[str, list[str]]:
    """Called on the lab's host: what is said of open, closed and filtered ports."""
    import socket
    import subprocess

    from hatoba.cli.nc_check import _evidence
    from hatoba.netcat.checking import check_ports
    from hatoba.netcat.ends import End, SocketSettings, Transport

    subprocess.run(["nft", "-f", "-"], input=FIREWALL, text=True, check=True)
    settings = SocketSettings(connect_timeout_s=0.2)
    found: dict[str, list[str]] = {}
    with socket.create_server(("127.0.0.1", 5000)), socket.create_server(("::1", 5000), family=socket.AF_INET6):
        for transport, ports in ((Transport.TCP, [5000, 5001, 5010, 5011, 5012]), (Transport.UDP, [5001, 5013, 5014])):
            for address in ("127.0.0.1", "::1"):
                checked = check_ports(End(transport, address), ports, settings)
                found[f"{address} {transport.value}"] = [_evidence(each, transport) for each in checked]
    return found


def check_one_that_hangs_up() -> list[bool]:
    """Called on the lab's host: the port is open, and its program resets each connection before it is looked at."""
    import socket
    import struct

    from hatoba.netcat import checking
    from hatoba.netcat.ends import End, SocketSettings, Transport

    waiting = checking._await
    with socket.create_server(("127.0.0.1", 5000)) as server:

        def hang_up_first(*arguments: object) -> None:
            connection, _address = server.accept()
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.close()
            waiting(*arguments)  # type: ignore[arg-type]

        checking._await = hang_up_first
        return [each.fault is None for each in checking.check_ports(End(Transport.TCP, "127.0.0.1"), [5000], SocketSettings())]


@pytest.mark.peer("nft")
def test_every_verdict_has_its_evidence() -> None:
    with Lab("nc") as lab:
        found = host_of(lab).call("tests.net.netcat.test_checking:check_evidence")
    for address, prohibited, refused in (
        ("127.0.0.1", "ICMP 3/13 (administratively prohibited)", "ICMP 3/3 (port unreachable)"),
        ("::1", "ICMPv6 1/1 (administratively prohibited)", "ICMPv6 1/4 (port unreachable)"),
    ):
        is_open, closed, silent, rejected, unreachable = found[f"{address} tcp"]
        assert is_open.startswith(f"open: {address} accepted the connection, ")
        assert " ms after the probe: " in is_open
        assert closed.startswith(f"closed: {address} refused the connection with RST, ")
        assert silent.startswith("filtered: no answer to the probe: ")
        assert rejected.startswith(f"filtered: {address} answered {prohibited}, ")
        assert unreachable.startswith(f"filtered: {address} answered {refused}, ")
        closed, rejected, silent = found[f"{address} udp"]
        assert closed.startswith(f"closed: {address} answered {refused}, ")
        assert rejected.startswith(f"filtered: {address} answered ")
        assert silent.startswith("open|filtered: no answer to the probe: ")


def test_a_port_whose_program_hangs_up_at_once_is_open() -> None:
    with Lab("nc") as lab:
        assert host_of(lab).call("tests.net.netcat.test_checking:check_one_that_hangs_up") == [True]


def test_what_the_system_lacks_is_no_closed_port() -> None:
    with Lab("nc") as lab:
        found = host_of(lab).call("tests.net.netcat.test_checking:check_with_little")
    assert found == [[5000], [True, False], "127.0.0.1: Address family not supported by protocol"]


def test_a_port_is_open_if_one_of_the_addresses_has_it() -> None:
    with Lab("nc") as lab:
        found = host_of(lab).call("tests.net.netcat.test_checking:check_names")
    assert found == [[5002, "127.0.0.3", False], [5001, "127.0.0.2", True], [5000, "127.0.0.3", True]]
