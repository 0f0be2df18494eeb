"""What a plain scan loads from its first line to its last, and what it leaves alone."""

from __future__ import annotations

import sys

import pytest

from tests.labs import MakeLab
from tests.unit.test_hatoba import UNWANTED

CODE = f"""
import sys
from hatoba.cli.main import main
sys.argv = ["hatoba", "--lang", "en", "scan", *sys.argv[1:]]
status = main()
print(status, *(name for name in {UNWANTED!r} if name in sys.modules))
"""


@pytest.mark.parametrize("method", ["--syn", "--connect"])
def test_nothing_is_loaded_that_nobody_asked_for(make_lab: MakeLab, method: str) -> None:
    host = make_lab().add_host("alone")
    done = host.run([sys.executable, "-P", "-c", CODE, method, "-p", "1,2", "127.0.0.1"])
    assert "2 closed" in done.stdout
    assert done.stdout.splitlines()[-1] == "0"
