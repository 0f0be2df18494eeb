"""On what was measured."""

from __future__ import annotations

import platform
import sys
from pathlib import Path

import hatoba
from benchmarks.machine import cpu_model, describe, version


def test_versions_are_numbers() -> None:
    assert version(sys.executable) == platform.python_version()
    assert version("no-such-program-anywhere") == ""


def test_a_peer_that_is_missing_is_left_out() -> None:
    facts = describe(["no-such-program-anywhere"])
    assert facts["hatoba"] == hatoba.__version__
    assert "no-such-program-anywhere" not in facts
    assert platform.node() not in " ".join(facts.values()) or not platform.node()


def test_the_processor_is_named(tmp_path: Path) -> None:
    table = tmp_path / "cpuinfo"
    table.write_text("processor\t: 0\nmodel name\t: Abacus 9\nmodel name\t: Abacus 9\n", encoding="utf-8")
    assert cpu_model(table) == "Abacus 9"
    assert cpu_model(tmp_path / "missing") == platform.machine()
