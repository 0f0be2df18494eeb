"""System calls report their errors, and capabilities are read right."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from hatoba.lab import kernel


def test_refusals_are_os_errors_with_their_errno() -> None:
    with open(os.devnull, "rb") as no_namespace, pytest.raises(OSError, match="setns") as caught:
        kernel.setns(no_namespace.fileno(), kernel.CLONE_NEWNET)
    assert caught.value.errno == errno.EINVAL
    with pytest.raises(OSError, match="prctl") as caught:
        kernel.prctl(kernel.PR_SET_PDEATHSIG, 10_000)
    assert caught.value.errno == errno.EINVAL


def test_capabilities_are_those_of_proc() -> None:
    mask = next(int(line.split()[1], 16) for line in Path("/proc/self/status").read_text().splitlines() if "CapEff" in line)
    for number in range(41):
        assert kernel.has_capabilities(number) is bool(mask & 1 << number)
    assert not kernel.has_capabilities(kernel.CAP_SYS_ADMIN, 63)


@pytest.mark.skipif(not kernel.has_capabilities(8), reason="needs CAP_SETPCAP")
def test_capabilities_given_up_do_not_come_back_by_exec() -> None:
    script = "from hatoba.lab import kernel; import os, sys; kernel.give_up_capabilities(); os.execv('/bin/grep', sys.argv[1:])"
    command = [sys.executable, "-c", script, "grep", "CapEff", "/proc/self/status"]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()[1] == "0" * 16
