"""What a test needs of the machine: without it the test is skipped, but fails where CI=true, so that nothing is left untested
there unnoticed."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest

from hatoba.lab import Lab
from hatoba.lab.programs import find_program


def lacking(reason: str) -> NoReturn:
    """Skip the running test, or fail it under continuous integration."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"needed here, because CI=true: {reason}", pytrace=False)
    pytest.skip(reason)


def beyond_reach(reason: str) -> NoReturn:
    """Skip the running test, also under continuous integration: what it needs is part of a kernel, and no package brings it."""
    pytest.skip(reason)


def require_program(name: str) -> str:
    """The full path of a program that the test can't do without."""
    program = find_program(name)
    if program is None:
        lacking(f"the program {name} is not installed")
    return program


def require_lab() -> None:
    """Labs can be made on this machine."""
    possible, reason = Lab.available()
    if not possible:
        lacking(reason)
