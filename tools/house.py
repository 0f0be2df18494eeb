"""The rules of the house, held over the syntax tree: ``python tools/house.py`` prints each breach and fails.

* Imports go down only, and rooms of one layer do not import each other (ARCHITECTURE.md). Inside the engine they go down, too.
* A file stays under 500 lines, a function under 60 (its docstring not counted).
* A module has its test: ``src/hatoba/room/name.py`` has a ``test_name*.py`` in the ``room`` folder of ``tests/unit`` or
  ``tests/net``, or another test there imports it.
* No file is called utils.py, helpers.py or common.py: a name says what is inside.
* Tests do not sleep.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

LAYERS: tuple[frozenset[str], ...] = (
    frozenset({"model", "errors", "messages", "output_file", "service", "system"}),
    frozenset({"packets", "registry"}),
    frozenset({"probes", "targets", "results"}),
    frozenset({"reports", "wire"}),
    frozenset({"engine"}),
    frozenset({"identify", "netcat"}),
    frozenset({"lab", "api", "__init__"}),
    frozenset({"cli"}),
    frozenset({"__main__"}),
)
"""Rooms and top modules of the package, the lowest layer first."""

FRIENDS = frozenset({"model", "errors", "messages", "output_file", "service", "system", "api", "__init__"})
"""Modules that may import others of their own layer that are in this set too."""

FLOORS: dict[str, tuple[frozenset[str], ...]] = {
    "engine": (
        frozenset({"legs"}),
        frozenset({"pacing"}),
        frozenset({"rations"}),
        frozenset(),  # the modules that stand in no folder
        frozenset({"stages"}),
        frozenset({"scan", "group_scan"}),
    ),
}
"""Folders and modules inside a large room, the lowest floor first; what is not named stands on the floor of the empty set.
Those of one floor may import each other."""

FILE_LINES = 500
FUNCTION_LINES = 60
FORBIDDEN_NAMES = frozenset({"utils.py", "helpers.py", "common.py"})
PACKAGE = "hatoba"

Function = ast.FunctionDef | ast.AsyncFunctionDef


def room_of(path: Path, package: Path) -> str:
    """The room (or top module) that the file at *path* belongs to."""
    parts = path.relative_to(package).with_suffix("").parts
    return parts[0]


def imported_rooms(tree: ast.AST, path: Path, package: Path) -> Iterator[tuple[str, int]]:
    """Rooms of the package that a module imports, wherever in the file, with the line."""
    here = (PACKAGE, *path.relative_to(package).parts[:-1])
    for node in ast.walk(tree):
        names: list[tuple[str, ...]] = []
        if isinstance(node, ast.Import):
            names = [tuple(alias.name.split(".")) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = here[: len(here) - node.level + 1] if node.level else ()
            start = (*base, *(node.module.split(".") if node.module else ()))
            names = [(*start, alias.name) for alias in node.names] if len(start) == 1 else [start]
        for name in names:
            if name[0] == PACKAGE and len(name) > 1 and _is_module(package, name[1]):
                yield name[1], node.lineno


def _is_module(package: Path, name: str) -> bool:
    return (package / name).is_dir() or (package / f"{name}.py").exists()


def layer_of(room: str) -> int | None:
    return next((number for number, layer in enumerate(LAYERS) if room in layer), None)


def import_breaches(package: Path) -> Iterator[str]:
    for path in sorted(package.rglob("*.py")):
        room = room_of(path, package)
        layer = layer_of(room)
        if layer is None:
            yield f"{path}: the room {room!r} has no layer; name it in ARCHITECTURE.md and in LAYERS of tools/house.py"
            continue
        for other, line in imported_rooms(_tree(path), path, package):
            below = layer_of(other)
            allowed = other == room or (below is not None and below < layer) or ({room, other} <= FRIENDS and below == layer)
            if not allowed:
                yield f"{path}:{line}: {room} imports {other}, which is not below it"


def floor_breaches(package: Path) -> Iterator[str]:
    """Imports from a lower floor of a room to a higher one."""
    for room, floors in FLOORS.items():
        others = floors.index(frozenset())
        for path in sorted((package / room).rglob("*.py")):
            own = path.relative_to(package / room).with_suffix("").parts[0]
            for module, line in _imported_from(_tree(path), f"{PACKAGE}.{room}"):
                heights = [next((n for n, floor in enumerate(floors) if name in floor), others) for name in (own, module)]
                if own != "__init__" and heights[0] < heights[1]:
                    yield f"{path}:{line}: {room}/{own} imports {room}/{module}, which is not below it"


def _imported_from(tree: ast.AST, parent: str) -> Iterator[tuple[str, int]]:
    """What a module imports of the package *parent*: the first name below it, and the line."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == parent:
            yield from ((alias.name, node.lineno) for alias in node.names)
        else:
            full = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            full += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            yield from ((name[len(parent) + 1 :].split(".")[0], node.lineno) for name in full if name.startswith(f"{parent}."))


def length_breaches(folders: Iterable[Path]) -> Iterator[str]:
    for path in _files(folders):
        text = path.read_text(encoding="utf-8")
        lines = text.count("\n") + (not text.endswith("\n"))
        if lines >= FILE_LINES:
            yield f"{path}: {lines} lines; a file stays under {FILE_LINES}"
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, Function) and (length := function_lines(node)) >= FUNCTION_LINES:
                yield f"{path}:{node.lineno}: {node.name} has {length} lines; a function stays under {FUNCTION_LINES}"


def function_lines(function: Function) -> int:
    """Lines from ``def`` to the end, without the docstring."""
    length = (function.end_lineno or function.lineno) - function.lineno + 1
    first = function.body[0]
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
        length -= (first.end_lineno or first.lineno) - first.lineno + 1
    return length


def name_breaches(folders: Iterable[Path]) -> Iterator[str]:
    for path in _files(folders):
        if path.name in FORBIDDEN_NAMES:
            yield f"{path}: a file's name says what is inside; {path.name} does not"


def untested(package: Path, tests: Path) -> Iterator[str]:
    """Modules that no test of their room is named after or imports. An ``__init__.py`` that defines nothing needs none."""
    imported: dict[Path, set[str]] = {}
    for path in sorted(package.rglob("*.py")):
        if path.name == "__init__.py" and not _defines(_tree(path)):
            continue
        relative = path.relative_to(package)
        stem = relative.parent.name or PACKAGE if path.name == "__init__.py" else path.stem.strip("_")
        folders = [tests / kind / relative.parent for kind in ("unit", "net")]
        if any(True for folder in folders for _found in folder.glob(f"test_{stem}*.py")):
            continue
        module = ".".join((PACKAGE, *relative.with_suffix("").parts))
        if any(module in imported.setdefault(folder, _imports_of_tests(folder)) for folder in folders):
            continue
        yield f"{path}: no test; it belongs in {tests / 'unit' / relative.parent / f'test_{stem}.py'}"


def _imports_of_tests(folder: Path) -> set[str]:
    """The modules that the tests in *folder* import, by their full names."""
    names: set[str] = set()
    for path in folder.glob("test_*.py"):
        for node in ast.walk(_tree(path)):
            if isinstance(node, ast.ImportFrom) and node.module:
                names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
            elif isinstance(node, ast.Import):
                names |= {alias.name for alias in node.names}
    return names


def _defines(tree: ast.Module) -> bool:
    return any(isinstance(node, Function | ast.ClassDef) for node in tree.body)


def sleeping_tests(tests: Path) -> Iterator[str]:
    for path in _files([tests]):
        for node in ast.walk(_tree(path)):
            match node:
                case ast.Attribute(attr="sleep", value=ast.Name(id="time"), lineno=line):
                    pass
                case ast.ImportFrom(module="time", names=names, lineno=line) if any(alias.name == "sleep" for alias in names):
                    pass
                case _:
                    continue
            yield f"{path}:{line}: a test sleeps; wait for the event itself, or use a clock of the test's own"


def _files(folders: Iterable[Path]) -> Iterator[Path]:
    for folder in folders:
        yield from sorted(folder.rglob("*.py"))


def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def breaches(root: Path = ROOT) -> list[str]:
    """Every breach of the rules in the project at *root*, a line each."""
    package, tests = root / "src" / PACKAGE, root / "tests"
    code = [package, tests, root / "tools", root / "benchmarks"]
    return [
        *import_breaches(package),
        *floor_breaches(package),
        *length_breaches(code),
        *name_breaches(code),
        *untested(package, tests),
        *sleeping_tests(tests),
    ]


def main() -> int:
    found = breaches()
    print(*found, sep="\n", end="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
