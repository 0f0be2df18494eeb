"""The garbage collector while a command loads, and after. It belongs to the process, so each case has one of its own."""

from __future__ import annotations

import subprocess
import sys

import pytest

BEGIN = "import gc, sys; from hatoba.cli.loading import loaded, loading, over; before = gc.get_threshold();"


def told(code: str) -> list[str]:
    done = subprocess.run([sys.executable, "-c", BEGIN + code], capture_output=True, text=True, check=True)
    return done.stdout.split()


def test_cycles_are_seldom_looked_for_while_modules_are_imported_and_as_ever_afterwards() -> None:
    code = """
loading(); during = gc.get_threshold()
loaded(); print(during[0] > 10 * before[0], gc.get_threshold() == before, gc.get_freeze_count() > 1000)
"""
    assert told(code) == ["True"] * 3


def test_the_collector_of_a_program_that_calls_the_command_stays_as_it_is() -> None:
    code = """
gc.set_threshold(1234); loaded(); print(gc.get_threshold()[0], gc.get_freeze_count())
from hatoba.cli.main import main
main(["ports", "443"]); print(gc.get_threshold()[0], gc.get_freeze_count(), file=sys.stderr)
"""
    done = subprocess.run([sys.executable, "-c", BEGIN + code], capture_output=True, text=True, check=True)
    assert (done.stdout.split()[:2], done.stderr.split()) == (["1234", "0"], ["1234", "0"])


def test_at_the_end_nothing_is_left_to_look_through() -> None:
    assert told("many = [[] for _ in range(9)]; over(); print(gc.get_freeze_count() > 1000, len(gc.get_objects()) < 99)") == [
        "True",
        "True",
    ]


@pytest.mark.skipif(sys.platform != "linux", reason="threads are counted in /proc")
def test_numpy_starts_no_threads_unless_the_user_wants_some(monkeypatch: pytest.MonkeyPatch) -> None:
    code = "loading(); import numpy, os; print(os.environ['OPENBLAS_NUM_THREADS'], len(os.listdir('/proc/self/task')))"
    monkeypatch.delenv("OPENBLAS_NUM_THREADS", raising=False)
    assert told(code) == ["1", "1"]
    assert told("loading(); loaded(); import os; print('OPENBLAS_NUM_THREADS' in os.environ)")[0] == "False"
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "2")
    assert told(code)[0] == "2"


@pytest.mark.parametrize(
    "arguments", [["scan", "-n", "-sL", "198.18.0.1"], ["nc", "--compat", "openbsd", "-z", "-w", "1", "-U", "/nowhere"]]
)
def test_commands_that_may_run_for_long_say_when_they_have_loaded(arguments: list[str]) -> None:
    code = f"""
from hatoba.cli.main import main
sys.argv = ["hatoba", *{arguments!r}]; main(); print(gc.get_threshold() == before)
"""
    assert told(code)[-1] == "True"
