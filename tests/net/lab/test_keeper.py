"""Nothing of a lab is left, however it ends."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterable
from pathlib import Path

import pytest

from hatoba.lab import Host, Lab, LabError, launch

DEADLINE_S = 60

BUILD = """
import json, os, sys
from hatoba.lab import Lab, PIPE
lab = Lab()
host, other = lab.add_host("one", ["198.18.0.1/24"]), lab.add_host("two", ["198.18.0.2/24"])
lab.link(host, other)
listener = host.listen([80])
# A process that left its parent, as daemons do, and ignores what can be ignored.
shell = host.popen(["sh", "-c", "trap '' TERM HUP; (setsid sleep 1000 &); sleep 1000 & echo; wait"], stdout=PIPE)
shell.stdout.readline()
print(json.dumps({"pids": [lab.keeper_pid, listener.pid, shell.pid]}), flush=True)
sys.stdin.read()
"""


def wait_for_ends(pidfds: Iterable[int]) -> list[int]:
    """Wait until every process has ended; return the descriptors of those that still run at the deadline."""
    poll = select.poll()
    running = set(pidfds)
    for pidfd in running:
        poll.register(pidfd, select.POLLIN)
    deadline = time.monotonic() + DEADLINE_S
    while running and (left_s := deadline - time.monotonic()) > 0:
        for pidfd, _events in poll.poll(left_s * 1000):
            poll.unregister(pidfd)
            running.remove(pidfd)
    return list(running)


def network_of(pid: int) -> str:
    return os.readlink(f"/proc/{pid}/ns/net")


def processes_in(networks: set[str]) -> list[int]:
    """Every process of the machine that is in one of these network namespaces or holds a descriptor of one."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            held = {os.readlink(entry) for entry in (*folder.glob("fd/*"), folder / "ns/net")}
        except OSError:  # ended while we looked, or another user's
            continue
        if held & networks:
            found.append(int(folder.name))
    return found


def start_builder() -> tuple[subprocess.Popen[str], list[int]]:
    builder = subprocess.Popen([sys.executable, "-c", BUILD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert builder.stdout is not None
    return builder, json.loads(builder.stdout.readline())["pids"]


@pytest.mark.parametrize("victim", ["maker", "watcher", "process 1"])
def test_kill_9_leaves_no_process_and_no_namespace(victim: str) -> None:
    builder, pids = start_builder()
    with builder:
        watcher, listener, _shell = pids
        first = int(Path(f"/proc/{watcher}/task/{watcher}/children").read_text())
        networks = {network_of(listener), network_of(first)}
        everyone = [watcher, *processes_in(networks)]
        assert len(everyone) >= 6, "watcher, process 1, listener, shell, two sleepers"
        pidfds = [os.pidfd_open(pid) for pid in set(everyone)]
        os.kill({"maker": builder.pid, "watcher": watcher, "process 1": first}[victim], signal.SIGKILL)
        assert wait_for_ends(pidfds) == []
        assert processes_in(networks) == []
        for pidfd in pidfds:
            os.close(pidfd)
        builder.kill()


def test_end_of_the_makers_program_ends_the_lab() -> None:
    builder, pids = start_builder()
    pidfds = [os.pidfd_open(pid) for pid in pids]
    builder.communicate("")
    assert wait_for_ends(pidfds) == []
    for pidfd in pidfds:
        os.close(pidfd)


def test_exception_in_the_block_tears_down() -> None:
    pidfds = []
    with pytest.raises(RuntimeError, match="in the middle"), Lab() as lab:  # noqa: PT012 - what ends is what is tested
        pidfds.append(os.pidfd_open(lab.keeper_pid))
        pidfds.append(os.pidfd_open(lab.add_host("one").popen(["sleep", "1000"]).pid))
        raise RuntimeError("in the middle")
    assert all(select.select([pidfd], [], [], 0)[0] for pidfd in pidfds), "gone already when the block ends"
    for pidfd in pidfds:
        os.close(pidfd)


def test_lab_outlives_the_thread_that_made_it() -> None:
    made: list[Host] = []
    thread = threading.Thread(target=lambda: made.append(Lab().add_host("one")))
    thread.start()
    thread.join()
    (host,) = made
    try:
        assert host.run(["hostname"]).stdout == "one\n"
    finally:
        host.lab.close()


def test_forgotten_lab_is_torn_down() -> None:
    lab = Lab()
    pidfd = os.pidfd_open(lab.keeper_pid)
    del lab
    assert wait_for_ends([pidfd]) == []
    os.close(pidfd)


def test_closed_lab_says_so_and_closes_twice() -> None:
    lab = Lab()
    host = lab.add_host("one")
    process = host.popen(["sleep", "1000"])
    lab.close()
    lab.close()
    assert process.wait(DEADLINE_S) == -signal.SIGKILL
    process.terminate()
    with pytest.raises(LabError, match=r"The lab is closed\."):
        lab.add_host("two")


def test_lab_whose_keeper_was_killed_says_so() -> None:
    with Lab() as lab:
        pidfd = os.pidfd_open(lab.keeper_pid)
        os.kill(lab.keeper_pid, signal.SIGKILL)
        wait_for_ends([pidfd])
        os.close(pidfd)
        with pytest.raises(LabError, match="keeper has ended"):
            lab.add_host("one")


def test_keeper_that_does_not_start_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launch.sys, "executable", "/bin/false")
    with pytest.raises(LabError, match="keeper did not start"):
        Lab()
