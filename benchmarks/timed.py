"""Run a program to its end and say what it cost: ``python -I -S timed.py FOLDER SECONDS PROGRAM [ARGUMENT...]``.

This is the process that waits for it, on the host of the lab where it runs, since only that one is told its CPU time and its
memory (wait4(2)). What the program prints goes to FOLDER/stdout and FOLDER/stderr; the costs come as JSON on standard output.

The kernel counts as a program's peak memory also what its process held before the program was loaded, so nothing is imported
here that is not needed: below this file's own size, about 10 MB, a peak can't be told.
"""

import json
import os
import signal
import sys
import time


def main(folder: str, seconds: str, argv: list[str]) -> None:
    """Time *argv*; it is killed after *seconds*."""
    out, err = (os.open(f"{folder}/{name}", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600) for name in ("stdout", "stderr"))
    null = os.open(os.devnull, os.O_RDONLY)
    streams = [(os.POSIX_SPAWN_DUP2, source, target) for target, source in enumerate((null, out, err))]
    started = time.perf_counter()
    # A Python program that may not keep its compiled files compiles them at every start, which nobody's does.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    process = os.posix_spawn(argv[0], argv, environment, file_actions=streams)
    signal.signal(signal.SIGALRM, lambda _number, _frame: os.kill(process, signal.SIGKILL))
    signal.alarm(int(seconds))
    _process, status, usage = os.wait4(process, 0)
    ended = time.perf_counter()
    costs = {
        "wall_s": ended - started,
        "cpu_s": usage.ru_utime + usage.ru_stime,
        "peak_bytes": usage.ru_maxrss * 1024,  # Linux counts in KiB, getrusage(2)
        "status": os.waitstatus_to_exitcode(status),
    }
    json.dump(costs, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3:])
