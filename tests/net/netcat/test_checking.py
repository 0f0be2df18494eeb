"""Ports by the function that checks them: several addresses of one name, and order."""

from __future__ import annotations

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


def test_what_the_system_lacks_is_no_closed_port() -> None:
    with Lab("nc") as lab:
        found = host_of(lab).call("tests.net.netcat.test_checking:check_with_little")
    assert found == [[5000], [True, False], "127.0.0.1: Address family not supported by protocol"]


def test_a_port_is_open_if_one_of_the_addresses_has_it() -> None:
    with Lab("nc") as lab:
        found = host_of(lab).call("tests.net.netcat.test_checking:check_names")
    assert found == [[5002, "127.0.0.3", False], [5001, "127.0.0.2", True], [5000, "127.0.0.3", True]]
