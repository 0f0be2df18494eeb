"""``hatoba lab`` on a terminal, from a second one, and in a script."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from hatoba.lab import PIPE, Host, Lab
from tests import needs

CALLS = "tests.net.cli.lab_calls"
LAB = (sys.executable, "-P", "-m", "hatoba", "lab")


@pytest.fixture(scope="module")
def machine() -> Iterator[Host]:
    """A host to make labs on."""
    needs.require_lab()
    with Lab("machine") as lab:
        yield lab.add_host("machine")


@pytest.fixture(scope="module")
def seen(machine: Host) -> dict[str, Any]:
    told: dict[str, Any] = machine.call(f"{CALLS}:a_shell", timeout_s=280)
    return told


def test_the_shell_says_where_one_is_and_what_to_type(seen: dict[str, Any]) -> None:
    for words in ("198.18.0.1;", "web", "198.18.0.20", "hatoba scan web data wall", "exit"):
        assert words in seen["guide"]


def test_what_was_typed_while_the_lab_was_made_is_not_lost(seen: dict[str, Any]) -> None:
    assert seen["typed ahead"] == "typed-42-ahead\n"


def test_ctrl_c_ends_what_runs_and_leaves_the_shell(seen: dict[str, Any]) -> None:
    assert seen["interrupted"] == "interrupted-130"


def test_the_window_keeps_its_size(seen: dict[str, Any]) -> None:
    assert seen["size"] == "33 111"


def test_one_goes_to_other_hosts_from_the_shell_and_from_another_terminal(seen: dict[str, Any]) -> None:
    assert seen["inside"] == "now on data\n"
    assert seen["second terminal"] == "web\n"
    assert seen["status there"] == 9


def test_a_host_that_is_not_there(seen: dict[str, Any]) -> None:
    assert seen["wrong host"] == [2, "hatoba: the lab has no host 'nowhere'; it has scanner, web, data, wall\n"]


def test_a_lab_is_not_made_in_a_lab(seen: dict[str, Any]) -> None:
    assert "this is a lab already" in seen["again"]


def test_leaving_takes_the_lab_along(seen: dict[str, Any]) -> None:
    assert seen["status"] == 7
    assert "no lab of yours is there" in seen["left"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_leaves_the_terminal_in_order(machine: Host, number: int) -> None:
    assert machine.call(f"{CALLS}:ended_by_a_signal", number) == [128 + number, False, True]


def test_a_connection_is_in_the_log(machine: Host) -> None:
    assert "198.18.0.1" in machine.call(f"{CALLS}:a_log")


@pytest.mark.parametrize(("script", "status"), [("exit 5", 5), ("kill -9 $$", 137)])
def test_a_command_gives_its_exit_status(machine: Host, script: str, status: int) -> None:
    done = machine.run([*LAB, "sh", "-c", f"hostname; {script}"])
    assert (done.stdout, done.returncode) == ("scanner\n", status)


def test_a_program_that_is_not_there_is_one_sentence(machine: Host) -> None:
    done = machine.run([*LAB, "no-such-program"])
    assert (done.returncode, done.stderr) == (1, "hatoba: The program no-such-program is not installed.\n")


def test_hatoba_is_there_where_the_path_does_not_lead_to_it(machine: Host) -> None:
    done = machine.run([*LAB, "hatoba", "lab", "--on", "web", "hatoba", "--version"], env={"PATH": "/usr/bin:/bin"})
    assert (done.stdout.split()[:1], done.stderr, done.returncode) == (["hatoba"], "", 0)


def test_ctrl_c_without_a_terminal_reaches_the_command(machine: Host) -> None:
    script = "trap 'echo interrupted; exit 3' INT; tail -f /dev/null > /dev/null & echo ready; wait"
    with machine.popen([*LAB, "sh", "-c", script], stdout=PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        process.send_signal(signal.SIGINT)
        assert process.stdout.readline() == b"interrupted\n"
        assert process.wait(60) == 3


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_visitor_without_a_terminal_takes_its_program_along(machine: Host, number: int) -> None:
    """As ``timeout 5 hatoba lab --on web tcpdump > file`` does."""
    script = "trap 'echo asked to end; exit 3' TERM HUP; tail -f /dev/null > /dev/null & echo ready; wait"
    with machine.popen([*LAB, "sh", "-c", "echo made; exec tail -f /dev/null"], stdout=PIPE) as lab:
        assert lab.stdout is not None
        assert lab.stdout.readline() == b"made\n"
        with machine.popen([*LAB, "--on", "web", "sh", "-c", script], stdout=PIPE) as visitor:
            assert visitor.stdout is not None
            assert visitor.stdout.readline() == b"ready\n"
            visitor.send_signal(number)
            assert visitor.wait(60) == 3
            assert visitor.stdout.read() == b"asked to end\n"


def test_a_visitor_that_is_killed_takes_its_program_along(machine: Host) -> None:
    with machine.popen([*LAB, "sh", "-c", "echo made; exec tail -f /dev/null"], stdout=PIPE) as lab:
        assert lab.stdout is not None
        assert lab.stdout.readline() == b"made\n"
        with machine.popen([*LAB, "--on", "web", "sh", "-c", "echo ready; exec tail -f /dev/null"], stdout=PIPE) as visitor:
            assert visitor.stdout is not None
            assert visitor.stdout.readline() == b"ready\n"
            visitor.kill()
            assert visitor.stdout.read() == b"", "it ends when the program, which holds the pipe, is gone"


def test_where_labs_are_forbidden_it_is_one_sentence(machine: Host) -> None:
    unshare, setpriv = map(needs.require_program, ("unshare", "setpriv"))
    forbid = 'echo 0 > /proc/sys/user/max_user_namespaces; exec "$@"'
    done = machine.run([unshare, "-Ur", "sh", "-c", forbid, "sh", setpriv, "--bounding-set=-all", *LAB], env={"LC_ALL": "C"})
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("hatoba: ")
    assert "sudo sysctl -w user.max_user_namespaces=" in line
