"""On what was measured: versions and the machine. No name of the machine, no user."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

import hatoba


def describe(programs: list[str]) -> dict[str, str]:
    """Facts by name, in the order in which a page shows them. *programs*: the peers, by name."""
    facts = {
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "hatoba": hatoba.__version__,
        **{program: version(program) for program in programs},
        "Python": f"{platform.python_version()}, NumPy {np.__version__}",
        "kernel": f"{platform.system()} {platform.release()}",
        "CPU": f"{os.cpu_count()} x {cpu_model()}",
    }
    return {name: value for name, value in facts.items() if value}


def version(program: str) -> str:
    """The number in the first line of ``program --version``; empty where it is not installed."""
    path = shutil.which(program)
    if path is None:
        return ""
    done = subprocess.run([path, "--version"], capture_output=True, text=True, check=False)
    first = next(iter((done.stdout or done.stderr).strip().splitlines()), "")
    number = re.search(r"\d+(\.\d+)+\S*", first)
    return number[0] if number else first


def cpu_model(cpuinfo: Path = Path("/proc/cpuinfo")) -> str:
    try:
        lines = cpuinfo.read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.machine()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())
