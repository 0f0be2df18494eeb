"""The entry of the command. ``hatoba --version`` is answered here, before anything that takes time is imported."""

from __future__ import annotations

import errno
import sys
from collections.abc import Sequence

from hatoba import __version__
from hatoba.cli.loading import loading, over
from hatoba.cli.streams import forget, release

BROKEN_PIPE = 141
"""Exit status where the reader of standard output went away: 128 + SIGPIPE, as a shell shows it for other programs."""


_OTHER_NAMES = {"hatoba-nc": ["nc"], "nc": ["nc", "--compat", "openbsd"], "ncat": ["nc", "--compat", "ncat"]}
"""Names that the command may be called by, links to it for instance, and what they stand for."""


def _as_called(argv: Sequence[str]) -> list[str]:
    return [*_OTHER_NAMES.get(argv[0].rpartition("/")[2], ()), *argv[1:]]


def main(argv: Sequence[str] | None = None) -> int:
    """Run ``hatoba`` with the arguments *argv* (those of the process where None) and return its exit status:
    0 done; 1 could not do it; 2 the command line or a file is wrong; 3 a target is not in scope; 130 interrupted."""
    if argv is not None:
        return _run(argv)
    loading()
    try:
        return _run(_as_called(sys.argv))
    finally:
        over()


def _run(arguments: Sequence[str]) -> int:
    try:
        if arguments[:1] in (["--version"], ["-V"]):
            print(f"hatoba {__version__}")
            status = 0
        else:
            from hatoba.cli.shell import run

            status = run(arguments)
        if sys.stdout is not None:
            sys.stdout.flush()
    except BrokenPipeError:
        forget(sys.stdout)
        return BROKEN_PIPE
    except KeyboardInterrupt:
        release(sys.stdout)
        return 130
    except OSError as error:
        # Only the last flush can end here: a full disk behind standard output.
        forget(sys.stdout)
        from hatoba.cli.shell import complain
        from hatoba.messages import _, system_words

        complain(_("the disk is full") if error.errno == errno.ENOSPC else system_words(error))
        return 1
    return status
