"""The rules of the house hold here, and each check can fail."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tools import house


def tree(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


def test_no_rule_is_broken() -> None:
    assert house.breaches() == []


@pytest.mark.parametrize(
    "line",
    [
        "from hatoba.engine.scan import Scan",
        "import hatoba.engine.scan",
        "from hatoba.engine import scan",
        "from hatoba import engine",
        "from ..engine import scan",
        "from .. import engine",
        "def late():\n    from hatoba.engine import scan",
        "from hatoba.targets import ports",
    ],
)
def test_an_import_upwards_or_sideways_is_found(tmp_path: Path, line: str) -> None:
    package = tree(
        tmp_path / "hatoba",
        {"__init__.py": "", "probes/syn.py": line, "engine/scan.py": "", "targets/ports.py": "", "targets/__init__.py": ""},
    )
    assert len(list(house.import_breaches(package))) == 1


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("legs/leg", "from hatoba.engine.pacing.pace import Pace"),
        ("pacing/pace", "import hatoba.engine.loop"),
        ("rations/controls", "from hatoba.engine import loop"),
        ("loop", "from hatoba.engine.stages.discovery import discover"),
        ("stages/discovery", "def late():\n    from hatoba.engine.scan import Scan"),
    ],
)
def test_an_import_upwards_inside_the_engine_is_found(tmp_path: Path, module: str, line: str) -> None:
    assert len(list(house.floor_breaches(tree(tmp_path / "hatoba", {f"engine/{module}.py": line})))) == 1


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("scan", "from hatoba.engine.stages.discovery import discover"),
        ("loop", "from hatoba.engine import setting"),
        ("stages/discovery", "from hatoba.engine.stages.holding import hold"),
        ("pacing/pace", "from hatoba.engine.legs import leg"),
        ("__init__", "from hatoba.engine.scan import Scan"),
    ],
)
def test_an_import_downwards_inside_the_engine_is_allowed(tmp_path: Path, module: str, line: str) -> None:
    assert list(house.floor_breaches(tree(tmp_path / "hatoba", {f"engine/{module}.py": line}))) == []


@pytest.mark.parametrize(
    "line",
    [
        "from hatoba.packets.layouts import TCP",
        "from hatoba.probes.method import Method",
        "from . import method",
        "from .method import Method",
        "from hatoba import __version__",
        "import hatoba",
        "import numpy",
        "from engine import other",
    ],
)
def test_an_import_downwards_or_inside_the_room_is_allowed(tmp_path: Path, line: str) -> None:
    package = tree(
        tmp_path / "hatoba",
        {"__init__.py": "", "probes/syn.py": line, "probes/method.py": "", "packets/layouts.py": "", "engine/scan.py": ""},
    )
    assert list(house.import_breaches(package)) == []


def test_the_ground_floor_may_speak_to_itself_but_not_upwards(tmp_path: Path) -> None:
    package = tree(tmp_path / "hatoba", {"model.py": "from hatoba.errors import X", "errors.py": "import hatoba.cli.main"})
    tree(package, {"cli/main.py": ""})
    assert [breach.split(":")[0] for breach in house.import_breaches(package)] == [str(package / "errors.py")]


def test_a_room_without_a_layer_is_found(tmp_path: Path) -> None:
    package = tree(tmp_path / "hatoba", {"attic/box.py": ""})
    assert "no layer" in next(house.import_breaches(package))


def test_a_long_file_is_found(tmp_path: Path) -> None:
    tree(tmp_path, {"long.py": "x = 1\n" * 500, "short.py": "x = 1\n" * 499})
    assert [breach.split(":")[0] for breach in house.length_breaches([tmp_path])] == [str(tmp_path / "long.py")]


def test_a_long_function_is_found_and_its_docstring_does_not_count(tmp_path: Path) -> None:
    body = "    x = 1\n"
    tree(
        tmp_path,
        {
            "long.py": "def long():\n" + body * 59,
            "method.py": "class A:\n    async def long(self):\n" + ("    " + body) * 59,
            "short.py": "def short():\n" + body * 58,
            "told.py": 'def told():\n    """One\n' + "    two\n" * 40 + '    """\n' + body * 58,
        },
    )
    names = [Path(breach.split(":")[0]).name for breach in house.length_breaches([tmp_path])]
    assert names == ["long.py", "method.py"]


def test_a_name_that_says_nothing_is_found(tmp_path: Path) -> None:
    tree(tmp_path, {"room/utils.py": "", "room/helpers.py": "", "common.py": "", "room/address.py": ""})
    assert len(list(house.name_breaches([tmp_path]))) == 3


def test_a_module_without_a_test_is_found(tmp_path: Path) -> None:
    package = tree(
        tmp_path / "src" / "hatoba",
        {
            "wire/ring.py": "",
            "wire/_raw.py": "",
            "wire/__init__.py": '"""Only words."""',
            "wire/clock.py": "",
            "wire/base.py": "",
            "wire/gate.py": "",
            "engine/__init__.py": "def run(): ...",
        },
    )
    tests = tree(tmp_path / "tests", {"net/wire/test_ring_loss.py": "", "unit/wire/test_raw.py": "", "unit/test_clock.py": ""})
    tree(
        tests,
        {
            "unit/wire/test_other.py": "from hatoba.wire import gate\nimport hatoba.wire.base",
            "unit/x/test_y.py": "import clock",
        },
    )
    missing = {Path(breach.split(":")[0]).relative_to(package).as_posix() for breach in house.untested(package, tests)}
    assert missing == {"wire/clock.py", "engine/__init__.py"}


@pytest.mark.parametrize("text", ["import time\ntime.sleep(1)", "from time import monotonic, sleep"])
def test_a_sleeping_test_is_found(tmp_path: Path, text: str) -> None:
    tree(tmp_path, {"test_a.py": text, "test_b.py": "import time\ntime.monotonic()"})
    assert len(list(house.sleeping_tests(tmp_path))) == 1


@pytest.mark.parametrize("heavy", ["numpy", "click", "rich", "pyroute2", "asyncio"])
def test_importing_the_package_is_light(heavy: str) -> None:
    code = f"import sys, hatoba; sys.exit({heavy!r} in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
