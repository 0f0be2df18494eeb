"""Each exception carries the status that the command line ends with."""

from __future__ import annotations

import pytest

from hatoba import errors


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (errors.UsageError("x"), 2),
        (errors.NotInScope("x"), 3),
        (errors.NotPermitted("x"), 1),
        (errors.WireError("x"), 1),
        (errors.OutputError("x"), 1),
    ],
)
def test_exit_status(error: errors.HatobaError, status: int) -> None:
    assert error.exit_status == status
    assert str(error) == "x"


def test_what_is_out_of_scope_is_kept() -> None:
    assert errors.NotInScope("x", ["198.18.0.0/24"]).networks == ("198.18.0.0/24",)
