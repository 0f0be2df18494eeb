from __future__ import annotations

from typing import Any

import pytest

from hatoba.cli.scan_systems import refuse_without_ports
from hatoba.errors import UsageError
from tests.unit.cli.test_resume_options import options

NOTHING: dict[str, Any] = dict.fromkeys(
    ("systems", "everything", "osscan_limit", "osscan_guess", "find_hosts", "list_only"), False
)


@pytest.mark.parametrize(
    ("said", "says"),
    [
        (("systems", "find_hosts"), "-O looks at ports, and -sn asks none: leave one of them out"),
        (("everything", "list_only"), "-A looks at ports, and -sL asks none: leave one of them out"),
        (("osscan_limit",), "--osscan-limit is about operating systems, which only -O asks for: add -O"),
        (("osscan_guess",), "--osscan-guess is about operating systems, which only -O asks for: add -O"),
    ],
)
def test_what_does_not_go_together(said: tuple[str, ...], says: str) -> None:
    with pytest.raises(UsageError) as told:
        refuse_without_ports(NOTHING | dict.fromkeys(said, True))
    assert str(told.value) == says


def test_what_does() -> None:
    refuse_without_ports(NOTHING)
    refuse_without_ports(NOTHING | {"systems": True, "osscan_limit": True, "osscan_guess": True})
    refuse_without_ports(NOTHING | {"everything": True, "osscan_guess": True})


def test_what_it_comes_to() -> None:
    chosen = options("-O", "--osscan-limit", "--osscan-guess", "198.18.0.2")
    assert (chosen.plan.systems, chosen.plan.systems_limit, chosen.systems_guess) == (True, True, True)
    assert not chosen.plan.traceroute
    assert chosen.version_intensity is None
    everything = options("-A", "198.18.0.2")
    assert (everything.everything, everything.version_intensity) == (True, 7)
    assert not everything.plan.systems, "whether packets are allowed is not known yet"
