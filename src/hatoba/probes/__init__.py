"""One file per scan method: how to ask, and how to judge the answer.

Pure: the engine carries the bytes. To add a method, copy the file that is nearest, change its template, its cookie's place
and its table of verdicts, and name it in ``METHODS``.
"""

from __future__ import annotations

from hatoba.probes.method import Method
from hatoba.probes.syn import METHOD as SYN

METHODS: dict[str, Method] = {method.name: method for method in (SYN,)}
"""The methods that ask with packets of their own; ``connect`` asks through the kernel (``hatoba.probes.connect``)."""
