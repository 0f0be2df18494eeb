"""The demo where no namespaces can be had. It plays on a host of a lab, so that the loopback interface is not the machine's."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable

from hatoba.cli import demo_loopback
from hatoba.lab import Lab
from tests import needs

MakeLab = Callable[..., Lab]
DEMO = (sys.executable, "-P", "-m", "hatoba", "demo", "--loopback")
CALLS = "tests.net.cli.test_demo_loopback"


def test_the_whole_demo(make_lab: MakeLab) -> None:
    host = make_lab().add_host("alone")
    done = host.run(DEMO, env={"LC_ALL": "C.UTF-8"}, privileged=False)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    for port in (2222, 6379, 8080):
        assert re.search(rf"^{port}/tcp +open ", done.stdout, re.MULTILINE), done.stdout
    for state in ("open", "closed"):
        assert re.search(rf"^    {state}: ", done.stdout, re.MULTILINE), done.stdout
    assert "$ hatoba scan --connect" in done.stdout
    assert "--syn" not in done.stdout
    assert "Redis" in done.stdout


def test_in_japanese(make_lab: MakeLab) -> None:
    host = make_lab().add_host("alone")
    done = host.run([*DEMO[:4], "--lang", "ja", *DEMO[4:]], env={"LC_ALL": "C.UTF-8"})
    assert done.returncode == 0, done.stderr
    assert "$ hatoba --lang ja scan" in done.stdout


def test_a_port_that_somebody_else_has_is_left_to_them(make_lab: MakeLab) -> None:
    host = make_lab().add_host("alone")
    host.listen([6379, 8080], answers={8080: "mine"})
    first, second = host.call(f"{CALLS}:two_at_once")
    assert 2222 in first
    assert not {6379, 8080} & {*first, *second}
    assert not {*first} & {*second}


def test_without_loopback_it_is_one_sentence(make_lab: MakeLab) -> None:
    host = make_lab().add_host("alone")
    host.run([needs.require_program("ip"), "address", "flush", "dev", "lo"])
    done = host.run(DEMO, env={"LC_ALL": "C.UTF-8"})
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("hatoba: the demo's servers can't listen on the loopback interface")
    assert "Traceback" not in done.stderr


def two_at_once() -> tuple[list[int], list[int]]:
    """Ports of two sets of the demo's servers that run at the same time."""
    with demo_loopback.servers() as first, demo_loopback.servers() as second:
        return list(first.ports), list(second.ports)
