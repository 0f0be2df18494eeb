"""The demo as somebody sees it who types ``hatoba demo`` or ``make demo``."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from hatoba.lab.topologies.practice import DROPPED_PORTS, OPEN_PORT
from tests import needs

DEMO = (sys.executable, "-P", "-m", "hatoba", "demo")


@pytest.fixture(scope="module")
def played() -> subprocess.CompletedProcess[str]:
    """One whole demo. It makes its own lab, and what it scans is in there."""
    needs.require_lab()
    needs.require_program("nft")
    environment = {**os.environ, "LC_ALL": "C.UTF-8"}
    return subprocess.run(DEMO, capture_output=True, text=True, env=environment, check=False, timeout=280)


def section(played: subprocess.CompletedProcess[str], number: int) -> str:
    """What stands under a heading of the demo."""
    match = re.search(rf"^{number}\. .*?(?=^{number + 1}\. |\Z)", played.stdout, re.MULTILINE | re.DOTALL)
    assert match is not None, played.stdout + played.stderr
    return match[0]


def test_it_ends_well(played: subprocess.CompletedProcess[str]) -> None:
    assert played.returncode == 0, played.stderr
    assert "Traceback" not in played.stderr


def test_it_says_which_servers_are_real(played: subprocess.CompletedProcess[str]) -> None:
    told = section(played, 1)
    for program in ("nginx", "sshd", "redis-server", "dnsmasq"):
        assert re.search(rf"the real {program}$|a stand-in for {program} \(", told, re.MULTILINE), told


@pytest.mark.parametrize(("number", "option"), [(2, "--connect"), (3, "--syn")])
def test_it_scans_all_hosts_in_both_ways(played: subprocess.CompletedProcess[str], number: int, option: str) -> None:
    told = section(played, number)
    assert re.search(rf"^\$ hatoba scan {option}.* 198\.18\.0\.10 198\.18\.0\.20 198\.18\.0\.30$", told, re.MULTILINE)
    for port in (22, 53, 80, 6379, OPEN_PORT):
        assert re.search(rf"^{port}/tcp +open ", told, re.MULTILINE), told
    for port in DROPPED_PORTS:
        assert re.search(rf"^{port}/tcp +filtered ", told, re.MULTILINE), told


def test_it_explains_one_verdict_of_each_state(played: subprocess.CompletedProcess[str]) -> None:
    told = section(played, 4)
    for state in ("open", "closed", "filtered"):
        assert re.search(rf"^    {state}: ", told, re.MULTILINE), told
    assert "ICMP 3/13" in told


def test_it_shuts_a_port_and_proves_it(played: subprocess.CompletedProcess[str]) -> None:
    told = section(played, 5)
    assert "Redis" in told
    assert re.search(r"^\$ hatoba scan .*-p 6379 198\.18\.0\.20$", told, re.MULTILINE)
    assert re.search(r"^6379/tcp +closed ", told, re.MULTILINE), told


def test_it_says_what_to_type_next(played: subprocess.CompletedProcess[str]) -> None:
    for line in ("hatoba lab", "hatoba scan localhost"):
        assert line in section(played, 6)


def test_an_interrupt_takes_everything_down() -> None:
    # A file that only this demo's processes hold open: when its other end closes, they are all gone.
    alive, held = os.pipe()
    environment = {**os.environ, "LC_ALL": "C.UTF-8", "PYTHONUNBUFFERED": "1"}
    demo = subprocess.Popen(DEMO, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment, pass_fds=(held,))
    os.close(held)
    assert demo.stdout is not None
    for line in demo.stdout:
        if line.startswith("$ hatoba scan"):
            break
    demo.send_signal(signal.SIGINT)
    _out, err = demo.communicate(timeout=60)
    assert demo.returncode == 130
    assert "what the demo had started is gone" in err
    assert "Traceback" not in err
    with open(alive, "rb") as end:
        assert end.read() == b""


def test_nobody_reads_it_any_more() -> None:
    shell = "set -o pipefail; " + " ".join(DEMO) + " | head -n 1"
    done = subprocess.run(["bash", "-c", shell], capture_output=True, text=True, check=False, timeout=280)
    assert "Traceback" not in done.stderr
    assert done.returncode == 141, done.stderr


def test_make_demo_calls_it() -> None:
    makefile = Path(__file__).resolve().parents[3] / "Makefile"
    assert re.search(r"^demo:.*\n(?:\t.*\n)*?\t.*hatoba demo", makefile.read_text(encoding="utf-8"), re.MULTILINE)
