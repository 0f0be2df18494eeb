"""The small server that has ports open."""

from __future__ import annotations

import sys

import pytest

from tests.net.conftest import MakeLab
from tests.net.lab_pair import pair

CONNECT = "tests.net.lab_calls:connect"
FAMILIES = [pytest.param(4, id="ipv4"), pytest.param(6, id="ipv6")]


def test_116_ports_hold_a_connection_each(make_lab: MakeLab) -> None:
    first, second = pair(make_lab())
    ports = list(range(20000, 20116))
    second.listen(ports, keep=True)
    assert first.call("tests.net.lab_calls:connect_all", "fd00:18::2", ports) == ports


def test_thousands_of_connections_to_one_port(make_lab: MakeLab) -> None:
    first, second = pair(make_lab())
    second.listen([80], keep=True)
    assert first.call("tests.net.lab_calls:connect_all", "198.18.0.2", [80] * 3000) == [80] * 3000


@pytest.mark.parametrize(
    ("port", "words"), [(21, b"220 hello\r\n"), (80, b"HTTP/1.0 200 OK\r\n\r\n")], ids=["greets", "answers"]
)
def test_listener_says_what_it_is_given(make_lab: MakeLab, port: int, words: bytes) -> None:
    first, second = pair(make_lab())
    second.listen([21, 80], greetings={21: "220 hello\r\n"}, answers={80: "HTTP/1.0 200 OK\r\n\r\n"})
    talk = "import socket,sys; c=socket.create_connection(('198.18.0.2',int(sys.argv[1]))); c.sendall(b'x'); print(c.recv(99))"
    done = first.run([sys.executable, "-c", talk, str(port)])
    assert done.stdout.strip() == repr(words)


@pytest.mark.parametrize("keep", [True, False])
def test_connections_are_noted_in_a_log(make_lab: MakeLab, keep: bool) -> None:
    first, second = pair(make_lab())
    second.listen([80], keep=keep, log="log/web")
    first.call(CONNECT, "198.18.0.2", 80)
    log = second.lab.work_folder / second.name / "log/web"
    said = second.run(["sh", "-c", f"tail -n +1 -f {log} | grep -m 1 connection"]).stdout
    assert said.startswith("port 80: connection from 198.18.0.1 port ")


UDP = "tests.net.lab_calls:udp_answer"


@pytest.mark.parametrize("address", ["198.18.0.2", "198.18.0.3", "fd00:18::2", "fd00:18::3"])
def test_a_udp_port_sends_datagrams_back_from_the_address_that_was_asked(make_lab: MakeLab, address: str) -> None:
    first, second = pair(make_lab())
    second.add_address("eth0", "198.18.0.3/24", "fd00:18::3/64")
    second.listen([], udp=[7], silent_udp=[9])
    assert first.call(UDP, address, 7, "ahoy", 30.0) == ["ahoy", address]
    assert first.call(UDP, address, 7, "", 30.0) == ["", address]
    assert first.call(UDP, address, 9, "ahoy", 0.2) is None


def test_tcp_and_udp_ports_are_served_together(make_lab: MakeLab) -> None:
    first, second = pair(make_lab())
    second.listen([80], udp=[80])
    assert first.call(CONNECT, "198.18.0.2", 80) == "connected"
    assert first.call(UDP, "198.18.0.2", 80, "ahoy", 30.0) == ["ahoy", "198.18.0.2"]
