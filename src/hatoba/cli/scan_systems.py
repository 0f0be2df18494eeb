"""What ``hatoba scan`` was told of asking hosts for their operating systems, and what does not go with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hatoba.errors import UsageError
from hatoba.messages import _

_WITHOUT_PORTS = {"find_hosts": "-sn", "list_only": "-sL"}
_ABOUT_SYSTEMS = {"osscan_limit": "--osscan-limit", "osscan_guess": "--osscan-guess"}


def refuse_without_ports(given: Mapping[str, Any]) -> None:
    """Raise UsageError for what is about systems where none are asked for, or where no ports are asked."""
    for key, wanted in (("systems", "-O"), ("everything", "-A")):
        if not given[key]:
            continue
        for other, option in _WITHOUT_PORTS.items():
            if given[other]:
                raise UsageError(
                    _("{wanted} looks at ports, and {option} asks none: leave one of them out").format(
                        wanted=wanted, option=option
                    )
                )
    if not (given["systems"] or given["everything"]):
        for key, option in _ABOUT_SYSTEMS.items():
            if given[key]:
                raise UsageError(_("{option} is about operating systems, which only -O asks for: add -O").format(option=option))
