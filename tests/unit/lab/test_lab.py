"""The room's front door is light, and every name behind it is there."""

from __future__ import annotations

import subprocess
import sys

import pytest

import hatoba.lab


@pytest.mark.parametrize("name", hatoba.lab.__all__)
def test_name_is_there(name: str) -> None:
    assert getattr(hatoba.lab, name) is not None


def test_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Harbour'"):
        _ = hatoba.lab.Harbour


def test_import_is_light() -> None:
    script = "import sys, hatoba.lab; print([m for m in ('subprocess', 'ipaddress', 'pyroute2', 'numpy') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout == "[]\n"
