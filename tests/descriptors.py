"""What this process has open, for tests that nothing be left open."""

from __future__ import annotations

import gc
import os


def open_descriptors() -> list[str]:
    """All descriptors of this process. What an earlier test left to the garbage collector is closed before, not while it is
    counted."""
    gc.collect()
    return sorted(os.listdir("/proc/self/fd"))
