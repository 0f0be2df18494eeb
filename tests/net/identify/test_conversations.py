"""Real conversations in a lab: TCP and UDP, both families, and what the network does to them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from hatoba.lab import Host, Lab

CALLS = "tests.net.identify.conversation_calls"


@pytest.fixture(scope="module")
def hosts() -> Iterator[tuple[Host, Host]]:
    with Lab("talk") as lab:
        pair = tuple(
            lab.add_host(name, [f"198.18.0.{number}/24", f"fd00:18::{number}/64"])
            for number, name in enumerate(("scanner", "target"), 1)
        )
        lab.link(*pair)
        pair[1].listen([7000], udp=[7001], greetings={7000: "hello\n"}, answers={7000: "bye\n"}, keep=True)
        yield pair[0], pair[1]


@pytest.mark.parametrize("version", [4, 6])
def test_a_stream(hosts: tuple[Host, Host], version: int) -> None:
    scanner, target = hosts
    assert scanner.call(f"{CALLS}:stream", target.address(version), 7000) == ["hello\n", "bye\n", "eth0"]


def test_datagrams_come_back_from_who_was_asked(hosts: tuple[Host, Host]) -> None:
    scanner, target = hosts
    assert scanner.call(f"{CALLS}:datagram", target.address(), 7001) == "ping"


@pytest.mark.parametrize("version", [4, 6])
def test_datagrams_from_any_port_of_who_was_asked_and_of_nobody_else(hosts: tuple[Host, Host], version: int) -> None:
    scanner, target = hosts
    other = {4: "198.18.0.3/24", 6: "fd00:18::3/64"}[version]
    target.run(["ip", "address", "add", other, "dev", "eth0", *(["nodad"] if version == 6 else [])])
    answer = f"from {CALLS} import answer_from_elsewhere as answer; answer('{target.address(version)}', 7002)"
    server = target.popen(
        [sys.executable, "-c", answer], stdout=subprocess.PIPE, env={"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    )
    assert server.stdout is not None
    assert server.stdout.readline()
    heard = scanner.call(f"{CALLS}:stray", target.address(version), 7002, other.partition("/")[0])
    assert heard == ["answer 1", "answer 2"]
    assert server.wait(60) == 0


@pytest.mark.parametrize(("port", "error"), [(7999, "ConnectionRefusedError")])
def test_refusals_are_os_errors(hosts: tuple[Host, Host], port: int, error: str) -> None:
    scanner, target = hosts
    assert scanner.call(f"{CALLS}:refused", target.address(), port) == error


def test_an_interface_that_there_is_not(hosts: tuple[Host, Host]) -> None:
    scanner, target = hosts
    assert scanner.call(f"{CALLS}:through", target.address(), 7000, "nowhere9") == "WireError"
