"""Hold hatoba and nmap against every condition that a port can be in: all methods, both families, on the link, behind a router
that filters, and on loopback.

``python benchmarks/matrix.py --runs 10 --write`` prints how many runs were right to the last state and reason, and puts that
and the differences to nmap into ``docs/matrix.md``. Everything happens in network namespaces of its own.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER.parent))  # started as a file, Python looks beside it and not above

from benchmarks.matrix_page import markdown  # noqa: E402
from benchmarks.matrix_runs import Figures, compare, hold_against_truth, hold_rationed  # noqa: E402
from benchmarks.page import renew  # noqa: E402

DOC = FOLDER.parent / "docs" / "matrix.md"


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runs", type=int, default=10, help="runs of each scan")
    parser.add_argument("--rationed-runs", type=int, help="the same with the kernel's ICMP limits on; default: as many")
    parser.add_argument("--proved-runs", type=int, default=1, help="with --prove-closed, which takes minutes")
    parser.add_argument("--write", action="store_true", help="put the figures into docs/matrix.md")
    options = parser.parse_args()
    figures = Figures(
        hold_against_truth(options.runs),
        hold_rationed(options.runs if options.rationed_runs is None else options.rationed_runs),
        hold_rationed(options.proved_runs, prove=True),
        compare(),
    )
    for cell, series in figures.series():
        for wrong in series.wrong:
            print(f"{cell}: {len(wrong)} ports differ, such as {dict(list(wrong.items())[:5])}", file=sys.stderr)
    text = markdown(figures)
    print(text)
    if options.write:
        renew(DOC, text)
    return 0 if all(series.right == series.runs for _cell, series in figures.series()) else 1


if __name__ == "__main__":
    sys.exit(main())
