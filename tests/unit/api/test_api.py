"""The room's own names: each is there, and none is loaded before it is used."""

from __future__ import annotations

import subprocess
import sys

import pytest

import hatoba.api
from hatoba.api import request, scanning


def test_every_name_is_the_module_s_own() -> None:
    assert hatoba.api.ScanOptions is request.ScanOptions
    for name in ("scan", "scan_array", "scan_async", "scan_events"):
        assert getattr(hatoba.api, name) is getattr(scanning, name)
    assert set(hatoba.api.__all__) == {"ScanOptions", "scan", "scan_array", "scan_async", "scan_events"}


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="'nmap'"):
        hatoba.api.nmap  # noqa: B018


def test_what_the_command_line_shares_brings_no_more_along() -> None:
    code = "import sys, hatoba.api.pings; print(*(name for name in sys.modules if name.startswith('hatoba.api')))"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.split() == ["hatoba.api", "hatoba.api.pings"]
