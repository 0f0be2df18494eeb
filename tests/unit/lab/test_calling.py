"""The far side of Host.call: one function, JSON in, JSON out."""

from __future__ import annotations

import json
import subprocess
import sys


def call(target: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    wanted = json.dumps({"path": sys.path, "arguments": arguments})
    command = [sys.executable, "-m", "hatoba.lab.calling", target]
    return subprocess.run(command, input=wanted, capture_output=True, text=True, check=False)


def test_result_is_json() -> None:
    assert json.loads(call("operator:add", [1], ["港"]).stdout) == [1, "港"]


def test_what_it_prints_goes_to_standard_error() -> None:
    done = call("builtins:print", "talk")
    assert (done.stdout, done.stderr) == ("null", "talk\n")


def test_what_it_raises_ends_it() -> None:
    done = call("operator:truediv", 1, 0)
    assert done.returncode == 1
    assert done.stderr.strip().endswith("ZeroDivisionError: division by zero")
