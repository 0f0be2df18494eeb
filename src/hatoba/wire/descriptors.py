"""How many sockets this process may open at once."""

from __future__ import annotations

import errno
import os

EXHAUSTED = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM, errno.EAGAIN, errno.EADDRNOTAVAIL})
"""What the kernel says when it has no more descriptors, memory or source ports to give."""

_RESERVE = 64
"""Descriptors left for everything else: reports, databases, name look-ups."""
_MOST = 1 << 16


def descriptor_limits() -> tuple[int, int]:
    """Soft and hard limit of open files (``RLIMIT_NOFILE``); endless counts as 2**31 - 1."""
    import resource

    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    soft, hard = (2**31 - 1 if limit == resource.RLIM_INFINITY else limit for limit in limits)
    return soft, hard


def descriptors_open() -> int:
    """How many descriptors this process has open; where the system shows none (no ``/proc``), about as many."""
    try:
        return len(os.listdir("/dev/fd")) - 1  # less the one that reads the folder
    except OSError:
        free = os.pipe()
        for descriptor in free:
            os.close(descriptor)
        return free[0]  # the lowest number that is free is given out first


def room_for_sockets() -> int:
    """How many sockets may be opened, after the soft limit was raised to the hard one (65,600 at most).

    The higher limit stays in force for this process and the programs that it starts.
    """
    import resource

    soft, hard = descriptor_limits()
    wanted = min(hard, _MOST + _RESERVE)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
        soft = wanted
    free = min(soft, _MOST + _RESERVE) - descriptors_open()
    # Where there is little, half of it is worth more than nothing.
    return max(free - _RESERVE, free // 2, 1)
