"""What a start is made of: ``python -m benchmarks.start [ROUNDS]``.

Python alone, then with NumPy, then with what a plain scan loads, then a whole scan of one port, in turn on a host of a lab. And
what it would be without what ``hatoba.cli.loading`` does. ``docs/decisions/0026-start.md`` quotes what it prints.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping

from benchmarks.beds import open_host
from hatoba.lab import Lab

_QUIET = "from hatoba.cli.loading import loading; loading()"
_AS_EVER = "import gc; gc.set_threshold(700)"
_WORLD = "import hatoba.cli.main, hatoba.cli.scan, hatoba.cli.scan_run, hatoba.cli.real_world, hatoba.wire.ring"
_SCAN = ("scan", "--syn", "-Pn", "-n", "-p", "80")
_DATACLASSES = f"""
import dataclasses
plain, made = dataclasses.dataclass, []
def counted(cls=None, **options):
    if cls is None:
        return lambda cls: counted(cls, **options)
    made.append(cls)
    return plain(cls, **options)
dataclasses.dataclass = counted
{_WORLD}
print(len(made))
"""


def took_s(argv: list[str], environment: Mapping[str, str]) -> float:
    """How long a process takes from its start to its end."""
    began_s = time.perf_counter()
    subprocess.run(argv, check=True, stdout=subprocess.DEVNULL, env=environment)
    return time.perf_counter() - began_s


def stages(target: str) -> dict[str, list[str]]:
    """What is timed, by what it is."""

    def python(code: str) -> list[str]:
        return [sys.executable, "-P", "-c", code]

    hatoba = shutil.which("hatoba", path=os.path.dirname(sys.executable))
    assert hatoba is not None, "hatoba is not installed beside this Python"
    return {
        "Python alone": python("pass"),
        "with NumPy, and threads for its linear algebra": python("import numpy"),
        "with NumPy alone": python(f"{_QUIET}; import numpy"),
        "with all that a plain scan loads, the collector as ever": python(f"{_QUIET}; {_AS_EVER}; {_WORLD}"),
        "with all that a plain scan loads": python(f"{_QUIET}; {_WORLD}; import os; os._exit(0)"),
        "a scan of one port, to its end": [hatoba, *_SCAN, target],
    }


def measured(target: str, rounds: int) -> dict[str, float]:
    """The median of each stage in seconds. Called on the scanner's side of a lab."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    times: dict[str, list[float]] = {name: [] for name in stages(target)}
    for number in range(rounds + 1):
        for name, argv in stages(target).items():
            each_s = took_s(argv, environment)
            if number:  # the first round compiles, and fills the kernel's caches
                times[name].append(each_s)
    return {name: statistics.median(each) for name, each in times.items()}


def dataclass_count() -> int:
    """How many of the classes that a plain scan loads are dataclasses."""
    done = subprocess.run([sys.executable, "-P", "-c", _DATACLASSES], capture_output=True, text=True, check=True)
    return int(done.stdout)


def main(rounds: int) -> None:
    with Lab("start") as lab:
        bed = open_host(lab)
        for name, median_s in bed.scanner.call("benchmarks.start:measured", bed.targets[0], rounds).items():
            print(f"{median_s * 1000:4.0f} ms  {name}")
    print(f"{dataclass_count()} dataclasses are among what a plain scan loads")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 15)
