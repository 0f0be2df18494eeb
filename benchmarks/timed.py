"""Run a program to its end and say what it cost: ``python -I -S timed.py FOLDER SECONDS PROGRAM [ARGUMENT...]``.

This is the process that waits for it, on the host of the lab where it runs, since only that one is told its CPU time and its
memory (wait4(2)). What the program prints goes to FOLDER/stdout and FOLDER/stderr; the costs come as JSON on standard output.

How many packets left by the host's first interface, and how long the middle 98 of 100 took, is read off its counters while the
program runs: some programs wait for seconds after their last packet. So is how long none left before the first, between it and
the last, and after the last.

The kernel counts as a program's peak memory also what its process held before the program was loaded, so nothing is imported
here that is not needed: below this file's own size, about 10 MB, a peak can't be told.
"""

import itertools
import json
import os
import signal
import sys
import time

EVERY_S = 0.02


def sent() -> int:
    """Packets so far (proc_pid_net(5), dev); 0 on a host without an interface."""
    with open("/proc/self/net/dev") as table:
        rows = [line.split() for line in table]
    return next((int(row[10]) for row in rows if row[0] == "eth0:"), 0)


def at_share(counted: list[tuple[float, int]], share: float) -> float:
    """When that share of all packets had left, between two looks in proportion."""
    first, last = counted[0][1], counted[-1][1]
    wanted = first + share * (last - first)
    for (before, least), (after, most) in itertools.pairwise(counted):
        if least <= wanted <= most and most > least:
            return before + (after - before) * (wanted - least) / (most - least)
    return counted[-1][0]


def paused_s(counted: list[tuple[float, int]]) -> float:
    """How long no packet left between the first one and the last."""
    pauses, since = 0.0, 0.0
    for (before, least), (after, most) in itertools.pairwise(counted):
        if most > least:
            pauses, since = pauses + since, 0.0
        elif least > counted[0][1]:
            since += after - before
    return pauses


def before_and_after_s(counted: list[tuple[float, int]]) -> tuple[float, float]:
    """How long it took until the first packet had left, and how long it went on after the last; all of it before the first if
    none left."""
    first, last = counted[0][1], counted[-1][1]
    began = next((at for at, count in counted if count > first), counted[-1][0])
    ended = next(at for at, count in counted if count == last)
    return began - counted[0][0], counted[-1][0] - max(began, ended)


def main(folder: str, seconds: str, argv: list[str]) -> None:
    """Time *argv*; it is killed after *seconds*."""
    out, err = (os.open(f"{folder}/{name}", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600) for name in ("stdout", "stderr"))
    null = os.open(os.devnull, os.O_RDONLY)
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGCHLD])
    streams = [(os.POSIX_SPAWN_DUP2, source, target) for target, source in enumerate((null, out, err))]
    started = time.perf_counter()
    # A Python program that may not keep its compiled files compiles them at every start, which nobody's does.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    process = os.posix_spawn(argv[0], argv, environment, file_actions=streams, setsigmask=[])
    until, counted = started + int(seconds), [(started, sent())]
    while not (waited := os.wait4(process, os.WNOHANG))[0]:
        signal.sigtimedwait([signal.SIGCHLD], EVERY_S)
        counted.append((time.perf_counter(), sent()))
        if counted[-1][0] > until:
            os.kill(process, signal.SIGKILL)
    ended, (_process, status, usage) = time.perf_counter(), waited
    counted.append((ended, sent()))
    before_s, after_s = before_and_after_s(counted)
    costs = {
        "wall_s": ended - started,
        "cpu_s": usage.ru_utime + usage.ru_stime,
        "kernel_s": usage.ru_stime,
        "peak_bytes": usage.ru_maxrss * 1024,  # Linux counts in KiB, getrusage(2)
        "sent": counted[-1][1] - counted[0][1],
        "sending_s": at_share(counted, 0.99) - at_share(counted, 0.01),
        "paused_s": paused_s(counted),
        "before_s": before_s,
        "after_s": after_s,
        "status": os.waitstatus_to_exitcode(status),
    }
    json.dump(costs, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3:])
