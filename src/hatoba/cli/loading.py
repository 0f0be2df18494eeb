"""The time until a command has all its modules: what Python and NumPy do meanwhile that no command needs.

Importing makes some sixty thousand objects, all of which stay. To look through them for cycles every seven hundred, as Python
does by itself, finds nothing and takes a tenth of that time; so does each later look through all that there is.

The linear algebra in NumPy's wheels (OpenBLAS) starts a thread for each further processor when it is loaded, which takes nearly
as long as all the rest of NumPy. No matrix is ever multiplied here; how many threads there are is said in its environment
variable.
"""

from __future__ import annotations

import gc
import os

_OBJECTS_A_LOOK = 50_000
_AS_EVER = gc.get_threshold()
_THREADS = "OPENBLAS_NUM_THREADS"
_said_for_loading: list[str] = []


def loading() -> None:
    """Modules are imported from now on: look for cycles seldom, and start no threads, unless the user says how many."""
    gc.set_threshold(_OBJECTS_A_LOOK)
    if _THREADS not in os.environ:
        os.environ[_THREADS] = "1"
        _said_for_loading.append(_THREADS)


def loaded() -> None:
    """All is there, the work begins: look for cycles as ever, but not among what stays. Does nothing without :func:`loading`
    before it: a program that calls the command has a collector of its own mind."""
    if gc.get_threshold()[0] == _OBJECTS_A_LOOK:
        gc.freeze()
        gc.set_threshold(*_AS_EVER)
        while _said_for_loading:  # programs that are started from here have a mind of their own
            os.environ.pop(_said_for_loading.pop(), None)


def over() -> None:
    """The process ends, and what is left goes with it: it need not be looked through before."""
    gc.freeze()
