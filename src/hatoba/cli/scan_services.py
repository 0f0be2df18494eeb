"""What ``hatoba scan`` was told of asking ports for their services, and what does not go with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hatoba.cli.scan_discovery import was_said
from hatoba.errors import UsageError
from hatoba.messages import _

DEFAULT_INTENSITY, LIGHT, ALL = 7, 2, 9
"""As nmap has them."""

_INTENSITIES = {"version_intensity": "--version-intensity", "version_light": "--version-light", "version_all": "--version-all"}
_MORE = {"all_ports": "--allports", "tls_ciphers": "--tls-ciphers", "waf_test": "--waf-test"}
_WITHOUT_PORTS = {"find_hosts": "-sn", "list_only": "-sL"}


def intensity_of(given: Mapping[str, Any]) -> int | None:
    """How much is asked, 0 to 9; None where no port is asked for its service. Raises UsageError."""
    said = [name for key, name in _INTENSITIES.items() if was_said(given[key])]
    if len(said) > 1:
        raise UsageError(_("{one} and {other} contradict each other: leave one of them out").format(one=said[0], other=said[1]))
    if not (given["services"] or given["everything"]):
        brought = [f"--{key}" for key in ("signatures", "recog") if given[key] and given["resume"] is None]
        for name in (*said, *(name for key, name in _MORE.items() if given[key]), *brought):
            raise UsageError(_("{option} is about services, which only -sV asks for: add -sV").format(option=name))
        return None
    for key, name in _WITHOUT_PORTS.items():
        if given[key]:
            raise UsageError(
                _("-sV asks open ports for their services, and {option} asks no ports: leave one of them out").format(
                    option=name
                )
            )
    if given["version_light"] or given["version_all"]:
        return LIGHT if given["version_light"] else ALL
    intensity: int | None = given["version_intensity"]
    return DEFAULT_INTENSITY if intensity is None else intensity
