"""``docs/loss.md`` and ``docs/loss.ja.md``: the tables of ``loss.py``, and the picture beside them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from benchmarks.loss import Row

DOCS = Path(__file__).resolve().parent.parent / "docs"
WAY, LAB = "way", "lab"
_PAGES = {"en": "loss.md", "ja": "loss.ja.md"}
_PICTURES = {"en": "loss.svg", "ja": "loss.ja.svg"}
_WORDS: dict[str, dict[str, Any]] = {
    "en": {
        WAY: [
            "lost each way",
            "`--max-retries`",
            "scans",
            "loss, true",
            "loss, told",
            "missing, predicted",
            "missing, really",
            "open ones",
        ],
        LAB: [
            "lost each way",
            "scans",
            "all states right",
            "open ports found",
            "loss, true",
            "loss, told",
            "predicted to be missing",
            "time, median",
        ],
        "any": "(none)",
        "unknown": "can't be known",
        "of": "{right} of {all}",
        "x": "predicted to be missing, in all scans",
        "y": "really missing",
        "title": "Predicted and really missing answers",
        "legend": "--max-retries {retries}",
    },
    "ja": {
        WAY: [
            "片道の損失",
            "`--max-retries`",
            "スキャン数",
            "真の損失率",
            "報告された損失率",
            "欠けの予測",
            "実際の欠け",
            "うち開いたポート",
        ],
        LAB: [
            "片道の損失",
            "スキャン数",
            "全ポートの状態が正しい",
            "見つけた開いたポート",
            "真の損失率",
            "報告された損失率",
            "欠けの予測",
            "時間の中央値",
        ],
        "any": "（指定なし）",
        "unknown": "不明",
        "of": "{all} 回中 {right} 回",
        "x": "欠けの予測（全スキャンの合計）",
        "y": "実際の欠け",
        "title": "応答の欠けの予測と実際",
        "legend": "--max-retries {retries}",
    },
}
_COLOURS = {1: "#0072b2", 2: "#d55e00", 3: "#009e73"}  # told apart by the colour-blind, too (Okabe and Ito)
_SIZE, _LEFT, _TOP, _SPAN = (620, 520), 80, 40, 420
_DECADES = range(-2, 6)


def way_table(rows: Sequence[Row], ports: int, language: str) -> str:
    words = _WORDS[language]
    lines = [f"| {' | '.join(words[WAY])} |", "| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"]
    for row in rows:
        retries = words["any"] if row.retries is None else str(row.retries)
        cells = [f"{row.loss_percent} %", retries, str(row.runs), _percent(row.true_loss), _percent(row.told_loss)]
        cells += [words["unknown"] if row.predicted is None else _count(row.predicted), str(row.missed), str(row.missed_open)]
        lines.append(f"| {' | '.join(cells)} |".replace("–", words["unknown"]))
    return "\n".join(lines)


def lab_table(rows: Sequence[Row], language: str) -> str:
    words = _WORDS[language]
    lines = [f"| {' | '.join(words[LAB])} |", "| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"]
    for row in rows:
        cells = [
            f"{row.loss_percent} %",
            str(row.runs),
            words["of"].format(right=row.right, all=row.runs),
            words["of"].format(right=row.found_all_open, all=row.runs) + " (116/116)",
            _percent(row.true_loss),
            _percent(row.told_loss),
            words["unknown"] if row.predicted is None else _count(row.predicted),
            f"{sorted(row.seconds)[len(row.seconds) // 2]:.2f} s",
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.2f} %"


def _count(number: float) -> str:
    return f"{number:.0f}" if number >= 100 else f"{number:.3g}"


def renew(language: str, name: str, text: str) -> None:
    """Put *text* between the marks of that name."""
    path = DOCS / _PAGES[language]
    page, begin, end = path.read_text(encoding="utf-8"), f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    before, after = page.split(begin)[0], page.split(end)[1]
    path.write_text(f"{before}{begin}\n\n{text}\n\n{end}{after}", encoding="utf-8")


def picture(rows: Sequence[Row], language: str) -> None:
    (DOCS / _PICTURES[language]).write_text(drawn(rows, language), encoding="utf-8")


def drawn(rows: Sequence[Row], language: str) -> str:
    """An SVG: a point for each row whose prediction is a number, with the range in which chance puts what was missed."""
    words = _WORDS[language]
    width, height = _SIZE
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="13">',
        f"<title>{words['title']}</title>",
        f'<rect width="{width}" height="{height}" fill="white"/>',
        *_axes(words),
    ]
    for row in rows:
        if row.retries in _COLOURS and row.predicted and row.loss_percent:
            parts += _point(row, _COLOURS[row.retries])
    for place, (retries, colour) in enumerate(_COLOURS.items()):
        y = _TOP + 20 + 20 * place
        parts.append(f'<circle cx="{_LEFT + 20}" cy="{y - 4}" r="5" fill="{colour}"/>')
        parts.append(f'<text x="{_LEFT + 32}" y="{y}">{words["legend"].format(retries=retries)}</text>')
    return "\n".join([*parts, "</svg>", ""])


def _at(count: float) -> float:
    """Along an axis, in pixels from its beginning; what is below the axis stands at its beginning."""
    return _SPAN * (math.log10(max(count, 10 ** _DECADES[0])) - _DECADES[0]) / (len(_DECADES) - 1)


def _axes(words: dict[str, Any]) -> list[str]:
    bottom, right = _TOP + _SPAN, _LEFT + _SPAN
    parts = []
    for decade in _DECADES:
        x, y = _LEFT + _at(10**decade), bottom - _at(10**decade)
        label = f"{10.0**decade:g}" if decade < 5 else "100000"
        parts.append(f'<path d="M{x:.1f} {_TOP}V{bottom}M{_LEFT} {y:.1f}H{right}" stroke="#ddd"/>')
        parts.append(f'<text x="{x:.1f}" y="{bottom + 18}" text-anchor="middle">{label}</text>')
        parts.append(f'<text x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{label}</text>')
    parts.append(f'<path d="M{_LEFT} {bottom}L{right} {_TOP}" stroke="#888" stroke-dasharray="4"/>')
    parts.append(f'<text x="{_LEFT + _SPAN / 2}" y="{bottom + 42}" text-anchor="middle">{words["x"]}</text>')
    middle = _TOP + _SPAN / 2
    parts.append(f'<text x="22" y="{middle}" text-anchor="middle" transform="rotate(-90 22 {middle})">{words["y"]}</text>')
    return parts


def _point(row: Row, colour: str) -> list[str]:
    assert row.predicted is not None
    spread = 2 * math.sqrt(max(row.missed, 1))
    x, bottom = _LEFT + _at(row.predicted), _TOP + _SPAN
    low, y, high = (bottom - _at(count) for count in (row.missed - spread, row.missed, row.missed + spread))
    return [
        f'<path d="M{x:.1f} {low:.1f}V{high:.1f}" stroke="{colour}"/>',
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5" fill="{colour}"/>',
        f'<text x="{x + 9:.1f}" y="{y + 14:.1f}" font-size="11">{row.loss_percent} %</text>',
    ]
