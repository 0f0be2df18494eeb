"""``--compat``: the same words, on the same streams, with the same exit status as the programs themselves."""

from __future__ import annotations

from typing import Any

import pytest

from hatoba.cli import nc_compat
from hatoba.lab import Lab
from tests.net.netcat.lone_host import host_of

pytestmark = pytest.mark.peer("ncat", "nc.openbsd")


@pytest.mark.parametrize("program", ["openbsd", "ncat"])
def test_ours_is_theirs(program: str) -> None:
    with Lab("nc") as lab:
        found: list[dict[str, Any]] = host_of(lab).call("tests.net.netcat.compat_calls:ours_and_theirs", program, timeout_s=280)
    assert len(found) > 20
    different = [each for each in found if each["ours"] != each["theirs"]]
    assert different == []
    assert {each["theirs"][2] for each in found} >= {0, 1}, "there is something to tell apart"


def test_the_waits_are_theirs() -> None:
    assert (nc_compat._PROBE_S, nc_compat._NCAT_WAIT_S) == (1.0, 2.0)
