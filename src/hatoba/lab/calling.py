"""``python -m hatoba.lab.calling package.module:function``: the other side of :meth:`hatoba.lab.Host.call`.

Reads ``{"path": [...], "arguments": [...]}`` from standard input and writes the result as JSON to standard output; what the
function itself prints goes to standard error.
"""

from __future__ import annotations

import importlib
import json
import os
import sys


def main(target: str) -> None:
    """Call the function. Its exceptions pass through, for the traceback on standard error."""
    result_descriptor = os.dup(1)
    os.dup2(2, 1)
    wanted = json.load(sys.stdin)
    sys.path[:] = wanted["path"]
    module_name, _colon, name = target.partition(":")
    function = getattr(importlib.import_module(module_name), name)
    result = json.dumps(function(*wanted["arguments"]))
    sys.stdout.flush()
    with open(result_descriptor, "w", encoding="utf-8") as results:
        results.write(result)


if __name__ == "__main__":
    main(sys.argv[1])
