"""Files between two hosts: as the two commands show it."""

from __future__ import annotations

import hashlib
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from hatoba.lab import PIPE, Host, Lab, Process
from tests import needs
from tests.net.lab_pair import pair

ROOT = Path(__file__).parents[3]
NC = (sys.executable, "-P", "-m", "hatoba", "nc")
ENGLISH = {"LC_ALL": "C.UTF-8"}
ADDRESS = "198.18.0.2"
CONTENT = os.urandom(8_000_000)
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture(scope="module")
def hosts() -> Iterator[tuple[Host, Host]]:
    needs.require_lab()
    with Lab("transfer") as lab:
        yield pair(lab)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    (tmp_path / "source").write_bytes(CONTENT)
    return tmp_path / "source"


@pytest.fixture
def there(tmp_path: Path) -> Path:
    (tmp_path / "there").mkdir()
    return tmp_path / "there"


@contextmanager
def listening(host: Host, *arguments: str) -> Iterator[Process]:
    """``hatoba nc -v -l 9000`` with these arguments, once it listens. Its standard output is a pipe."""
    with host.popen([*NC, "-v", "-4", "-l", "9000", *arguments], stdout=PIPE, stderr=PIPE, env=ENGLISH) as process:
        assert process.stderr is not None
        assert b"listening on" in process.stderr.readline()
        yield process


def said(process: Process) -> tuple[int, str, str]:
    """Status, output and messages of a process that comes to its end by itself."""
    output, messages = process.communicate(timeout_s=60)
    return process.wait(), output.decode(), messages.decode()


@pytest.mark.parametrize("listener", ["--receive", "--send"])
def test_both_ends_print_the_same_sha_256(hosts: tuple[Host, Host], source: Path, there: Path, listener: str) -> None:
    ends = [("--receive", str(there / "target")), ("--send", str(source))]
    first, second = ends if listener == "--receive" else ends[::-1]
    with listening(hosts[1], *first) as process:
        done = hosts[0].run([*NC, ADDRESS, "9000", *second], env=ENGLISH)
        status, output, _messages = said(process)
    assert (done.returncode, status) == (0, 0), done.stderr
    assert sorted([done.stdout, output]) == [f"{SHA256}  source\n", f"{SHA256}  target\n"]
    assert (there / "target").read_bytes() == CONTENT
    checked = hosts[0].run(["sha256sum", "--check", "-"], stdin=output if listener == "--receive" else done.stdout, cwd=there)
    assert checked.stdout == "target: OK\n"


def test_a_transfer_that_is_cut_goes_on(hosts: tuple[Host, Host], source: Path, there: Path) -> None:
    with listening(hosts[1], "--receive", str(there / "target")) as process:
        relay = [sys.executable, "-m", "tests.net.netcat.transfer_relay", "9001", ADDRESS, "9000", "5000000"]
        with hosts[0].popen(relay, stdout=PIPE, cwd=ROOT) as cutting:
            assert cutting.stdout is not None
            assert cutting.stdout.readline() == b"ready\n"
            done = hosts[0].run([*NC, "198.18.0.1", "9001", "--send", str(source)], env=ENGLISH)
        status, _output, messages = said(process)
    assert (done.returncode, status) == (1, 1)
    assert re.search("the transfer was cut after [0-9,]+ of 8,000,000 bytes .*: run the same command again", done.stderr)
    kept = re.search("target.part keeps the first ([0-9,]+) of 8,000,000 bytes; run the same command again", messages)
    assert kept is not None, messages
    count = int(kept[1].replace(",", ""))
    assert 4_000_000 < count < 5_000_000
    assert (there / "target.part").read_bytes() == CONTENT[:count]

    with listening(hosts[1], "--receive", str(there / "target")) as process:
        done = hosts[0].run([*NC, ADDRESS, "9000", "--send", str(source)], env=ENGLISH)
        status, output, messages = said(process)
    assert (done.returncode, status) == (0, 0)
    assert (done.stdout, output) == (f"{SHA256}  source\n", f"{SHA256}  target\n")
    assert f"{kept[1]} bytes had come earlier and were not sent again" in messages
    assert [path.name for path in there.iterdir()] == ["target"]


def test_a_full_disk_keeps_a_partial_file(hosts: tuple[Host, Host], source: Path, there: Path) -> None:
    source.write_bytes(CONTENT * 5)  # more than the sockets' buffers hold: the sender is still sending when it hears of it
    script = (
        f"mount -t tmpfs -o size=3m none {there} && {{ '$@'; echo status $?; wc -c {there}/*; cat {there}/* | sha256sum; }}"
    )
    script = script.replace("'$@'", '"$@"')
    receive = [*NC, "-v", "-4", "-l", "9000", "--receive", str(there / "target")]
    argv = ["unshare", "--mount", "sh", "-c", script, "sh", *receive]
    with hosts[1].popen(argv, stdout=PIPE, stderr=PIPE, env=ENGLISH) as process:
        assert process.stderr is not None
        assert b"listening on" in process.stderr.readline()
        done = hosts[0].run([*NC, ADDRESS, "9000", "--send", str(source)], env=ENGLISH)
        _status, output, messages = said(process)
    assert done.returncode == 1
    assert "the other end stopped: its disk is full; what had come is kept" in done.stderr
    assert f"target.part keeps the first {3 << 20:,} bytes (No space left on device)" in messages
    kept = hashlib.sha256(CONTENT[: 3 << 20]).hexdigest()
    assert output.split() == ["status", "1", str(3 << 20), f"{there}/target.part", kept, "-"]


@pytest.mark.parametrize("program", ["nc", "ncat"])
def test_raw_speaks_with_plain_netcats(hosts: tuple[Host, Host], source: Path, there: Path, program: str) -> None:
    plain = needs.require_program("nc.openbsd" if program == "nc" else "ncat")
    closing = "-N" if program == "nc" else "--send-only"
    with listening(hosts[1], "--raw", "--receive", str(there / "in")) as process:
        hosts[0].run(["sh", "-c", f"{plain} {closing} {ADDRESS} 9000 < {source}"])
        assert said(process)[:2] == (0, f"{SHA256}  in\n")
    with listening(hosts[1], "--raw", "--send", str(source)) as process:
        hosts[0].run(["sh", "-c", f"{plain} {ADDRESS} 9000 < /dev/null > {there}/out"])
        assert said(process)[:2] == (0, f"{SHA256}  source\n")
    assert (there / "in").read_bytes() == (there / "out").read_bytes() == CONTENT


def test_a_plain_netcat_at_the_other_end_is_told_from_hatoba(hosts: tuple[Host, Host], source: Path, there: Path) -> None:
    plain = needs.require_program("nc.openbsd")
    with listening(hosts[1], "--receive", str(there / "target")) as process:
        hosts[0].run(["sh", "-c", f"{plain} -N {ADDRESS} 9000 < {source}"])
        status, output, messages = said(process)
    assert (status, output) == (1, "")
    assert "does not speak hatoba's file transfer" in messages
    assert list(there.iterdir()) == []


def test_many_senders_one_after_the_other(hosts: tuple[Host, Host], source: Path, there: Path) -> None:
    with listening(hosts[1], "-k", "--receive", str(there)) as process:
        statuses = [
            hosts[0].run([*NC, ADDRESS, "9000", "--send", str(source)], env=ENGLISH).returncode,
            hosts[0].run([*NC, ADDRESS, "9000", "--send", str(source)], env=ENGLISH).returncode,
            hosts[0].run([*NC, ADDRESS, "9000", "--send", __file__], env=ENGLISH).returncode,
        ]
        process.terminate()
    assert statuses == [0, 1, 0]  # the second one's name is taken
    assert (there / "source").read_bytes() == CONTENT
    assert (there / Path(__file__).name).read_bytes() == Path(__file__).read_bytes()
