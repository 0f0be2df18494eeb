"""What is missing skips a test, and fails it under continuous integration."""

from __future__ import annotations

import pytest

from hatoba.lab import Lab
from tests import needs


@pytest.fixture(params=["false", "true"])
def outcome(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> type[BaseException]:
    monkeypatch.setenv("CI", request.param)
    return pytest.fail.Exception if request.param == "true" else pytest.skip.Exception


def test_missing_program(outcome: type[BaseException]) -> None:
    with pytest.raises(outcome, match="no-such-program is not installed"):
        needs.require_program("no-such-program")


def test_missing_namespaces(outcome: type[BaseException], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Lab, "available", staticmethod(lambda: (False, "no namespaces here")))
    with pytest.raises(outcome, match="no namespaces here"):
        needs.require_lab()


def test_present_program_is_given_with_its_path() -> None:
    assert needs.require_program("sh").endswith("/sh")


@pytest.mark.usefixtures("outcome")
def test_what_no_package_brings_is_skipped_everywhere() -> None:
    with pytest.raises(pytest.skip.Exception, match="no such thing in this kernel"):
        needs.beyond_reach("no such thing in this kernel")
