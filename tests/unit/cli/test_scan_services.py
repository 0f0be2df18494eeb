from __future__ import annotations

from typing import Any

import pytest

from hatoba.cli.scan_services import ALL, DEFAULT_INTENSITY, LIGHT, intensity_of
from hatoba.errors import UsageError
from hatoba.identify import manner

NOTHING: dict[str, Any] = {
    "services": False, "version_intensity": None, "version_light": False, "version_all": False, "all_ports": False,
    "tls_ciphers": False, "waf_test": False,
    "find_hosts": False, "list_only": False, "signatures": (), "recog": (), "resume": None, "everything": False,
}  # fmt: skip


@pytest.mark.parametrize(
    ("said", "intensity"),
    [
        ({}, None),
        ({"services": True}, 7),
        ({"services": True, "version_intensity": 0}, 0),
        ({"services": True, "version_light": True}, 2),
        ({"services": True, "version_all": True}, 9),
        ({"services": True, "all_ports": True}, 7),
        ({"everything": True}, 7),
        ({"everything": True, "version_intensity": 3}, 3),
        ({"services": True, "tls_ciphers": True, "waf_test": True}, 7),
    ],
)
def test_how_much_is_asked(said: dict[str, Any], intensity: int | None) -> None:
    assert intensity_of(NOTHING | said) == intensity


@pytest.mark.parametrize(
    ("said", "says"),
    [
        ({"version_intensity": 0}, "--version-intensity is about services"),
        ({"signatures": ("mine.toml",)}, "--signatures is about services, which only -sV asks for: add -sV"),
        ({"recog": ("xml",)}, "--recog is about services"),
        ({"tls_ciphers": True}, "--tls-ciphers is about services"),
        ({"waf_test": True}, "--waf-test is about services"),
        ({"services": True, "version_light": True, "version_all": True}, "--version-light and --version-all contradict"),
        ({"services": True, "find_hosts": True}, "-sn asks no ports"),
    ],
)
def test_what_does_not_go_together(said: dict[str, Any], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        intensity_of(NOTHING | said)


def test_the_numbers_are_those_of_the_room_that_asks() -> None:
    """Written here once more, so that a scan without -sV loads neither asyncio nor TLS."""
    assert (DEFAULT_INTENSITY, LIGHT, ALL) == (manner.DEFAULT_INTENSITY, manner.LIGHT, manner.ALL)
