"""The pictures and the table of ``docs/methods.md`` and ``docs/methods.ja.md``, from scans that run in a lab.

    python tools/methods.py          draw them anew
    python tools/methods.py check    fail where a picture is not what passes on the wire today

What each method leaves on its target is written but not compared: when a program looks at a connection that was cut off at once
depends on how busy the machine is.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # started as a file, Python looks beside it and not above

from tools.methods_diagrams import diagram  # noqa: E402
from tools.methods_logs import METHODS, PROGRAMS, VISIT, Traces, left_behind  # noqa: E402
from tools.methods_scenes import SCENES, Played, play  # noqa: E402

PAGES = {"en": "methods.md", "ja": "methods.ja.md"}
_HEADS = {"en": ("method", "counters of the kernel that rise"), "ja": ("方式", "増えるカーネルのカウンター")}
_VISIT = {"en": "connecting and taking leave", "ja": "接続して、きちんと切る"}
_PICTURE = re.compile(r"(<!-- diagram: (\S+) -->\n).*?(<!-- /diagram -->)", re.DOTALL)
_TRACES = re.compile(r"(<!-- traces -->\n).*?(<!-- /traces -->)", re.DOTALL)


def with_pictures(text: str, played: Mapping[str, Played], language: str) -> str:
    """The page *text* with every picture drawn from *played*. Raises KeyError where a picture is of no scene."""
    return _PICTURE.sub(lambda mark: f"{mark[1]}```text\n{diagram(played[mark[2]], language)}\n```\n{mark[3]}", text)


def with_traces(text: str, traces: Mapping[str, Traces], language: str) -> str:
    """The page *text* with the table of what is left behind."""
    method, counters = _HEADS[language]
    rows = [f"| {method} | {' | '.join(PROGRAMS)} | {counters} |", "| --- |" + " --- |" * (len(PROGRAMS) + 1)]
    for name in (*METHODS, VISIT):
        left = traces[name]
        cells = [" ".join(f"`{line}`" for line in left.lines[program]) for program in PROGRAMS]
        shown = _VISIT[language] if name == VISIT else name
        rows.append(f"| {' | '.join([shown, *cells, ', '.join(left.counters)])} |")
    return _TRACES.sub(lambda mark: f"{mark[1]}{chr(10).join(rows)}\n{mark[2]}", text)


def unshown(text: str) -> list[str]:
    """The scenes that the page *text* has no place for."""
    return sorted({scene.name for scene in SCENES} - {mark[2] for mark in _PICTURE.finditer(text)})


def main(arguments: Sequence[str], folder: Path = ROOT / "docs") -> int:
    if arguments not in ([], ["check"]):
        print(__doc__, file=sys.stderr)
        return 2
    played = play()
    traces = {} if arguments else left_behind()
    wrong = []
    for language, name in PAGES.items():
        path = folder / name
        text = path.read_text(encoding="utf-8")
        drawn = with_pictures(text, played, language)
        wrong += [f"docs/{name} shows no picture of {scene}" for scene in unshown(text)]
        if not arguments:
            path.write_text(with_traces(drawn, traces, language), encoding="utf-8")
        elif drawn != text:
            wrong.append(f"docs/{name} is not what passes on the wire; run: python tools/methods.py")
    print("\n".join(wrong), end="\n" * bool(wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
