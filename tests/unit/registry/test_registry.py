"""The room's door: what it hands out, and that opening it costs nothing."""

from __future__ import annotations

import subprocess
import sys

import pytest

import hatoba.registry


def test_importing_the_room_reads_nothing() -> None:
    code = """
import sys
import hatoba.registry
assert not {name for name in sys.modules if name.startswith("hatoba.registry.")}, sys.modules
from hatoba.registry import service_name
from hatoba.model import Protocol
assert service_name(443, Protocol.TCP) == "https"
assert not {"numpy", "click", "rich"} & set(sys.modules)
assert "hatoba.registry.hints" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("name", hatoba.registry.__all__)
def test_everything_that_is_promised_is_there(name: str) -> None:
    assert getattr(hatoba.registry, name).__name__ == name


def test_what_is_not_there_is_no_attribute() -> None:
    with pytest.raises(AttributeError, match="nothing_of_the_kind"):
        _ = hatoba.registry.nothing_of_the_kind
