"""What ``test_hostile_lab`` has a host of the lab do."""

from __future__ import annotations

import resource
import subprocess
from typing import Any


def measured(command: list[str], timeout_s: float) -> dict[str, Any]:
    """Run *command*, which is the only child of this process: its status, what it said, and the most memory that it had."""
    done = subprocess.run(command, capture_output=True, timeout=timeout_s, check=False)
    return {
        "status": done.returncode,
        "out": done.stdout.decode("utf-8", "surrogateescape").encode("utf-8", "replace").decode(),
        "errors": done.stderr.decode("utf-8", "replace"),
        "peak_bytes": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024,
    }
