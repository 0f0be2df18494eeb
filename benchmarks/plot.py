"""The results as a picture: how long each program took beside hatoba, work by work. An SVG, from what ``page.as_json`` tells.

``python -m benchmarks.plot results/FILE.json`` draws an earlier run again, to standard output.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any

_WIDTH, _LEFT, _RIGHT, _TOP = 760, 300, 90, 46
_LINE, _GAP = 20, 12
_LOW, _HIGH = 0.25, 64.0
"""Ratios at the ends of the axis, whose scale is logarithmic."""
_SLOWER, _FASTER = "#0072b2", "#d55e00"  # told apart by the colour-blind, too (Okabe and Ito)


def drawn(results: Mapping[str, Any]) -> str:
    """A bar for each peer, from 1 (as long as hatoba) to the right if it took longer, to the left if it was quicker."""
    parts: list[str] = []
    y = _TOP
    for work in results["works"]:
        ours, *peers = work["contenders"]
        parts.append(f'<text x="8" y="{y + 14}" font-weight="bold">{escape(work["name"])}</text>')
        for peer in peers:
            parts += _bar(y, peer, peer["median_s"] / ours["median_s"])
            y += _LINE
        y += _GAP + _LINE * (not peers)
    frame = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {y + 8}" font-family="sans-serif" font-size="13">',
        "<title>Time of each program beside hatoba's</title>",
        f'<rect width="{_WIDTH}" height="{y + 8}" fill="white"/>',
        f'<text x="8" y="18">times as long as hatoba (the line is 1; {escape(results["machine"]["date"])})</text>',
        *_axis(y),
    ]
    return "\n".join([*frame, *parts, "</svg>", ""])


def position(ratio: float) -> float:
    """Of a ratio, in pixels from the left edge; what is off the scale stands at its end."""
    share = math.log(min(max(ratio, _LOW), _HIGH) / _LOW) / math.log(_HIGH / _LOW)
    return _LEFT + share * (_WIDTH - _LEFT - _RIGHT)


def _axis(bottom: int) -> list[str]:
    parts = []
    for ratio in (0.25, 0.5, 1, 2, 4, 8, 16, 32, 64):
        x = position(ratio)
        parts.append(f'<path d="M{x:.1f} {_TOP - 4}V{bottom - _GAP}" stroke="{"#555" if ratio == 1 else "#ddd"}"/>')
        parts.append(f'<text x="{x:.1f}" y="{_TOP - 8}" text-anchor="middle" font-size="11">{ratio:g}</text>')
    return parts


def _bar(y: int, peer: Mapping[str, Any], ratio: float) -> list[str]:
    stopped = any(run["status"] < 0 for run in peer["runs"])
    start, end = sorted((position(1.0), position(ratio)))
    colour = _SLOWER if ratio >= 1 else _FASTER
    return [
        f'<text x="{_LEFT - 8}" y="{y + 14}" text-anchor="end">{escape(peer["name"])}</text>',
        f'<rect x="{start:.1f}" y="{y + 3}" width="{end - start:.1f}" height="{_LINE - 6}" fill="{colour}" '
        f'fill-opacity="{0.4 if stopped else 1}"/>',
        f'<text x="{_WIDTH - _RIGHT + 8}" y="{y + 14}">{"&gt; " * stopped}{ratio:.2f}</text>',
    ]


if __name__ == "__main__":
    print(drawn(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))), end="")
