"""``python -m hatoba`` is the command."""

from __future__ import annotations

import subprocess
import sys

from hatoba import __version__


def test_the_module_runs_the_command() -> None:
    done = subprocess.run([sys.executable, "-m", "hatoba", "--version"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"hatoba {__version__}\n", "")


def test_the_module_passes_the_exit_status_on() -> None:
    done = subprocess.run([sys.executable, "-m", "hatoba", "--lang", "en", "scam"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "hatoba scan" in done.stderr
