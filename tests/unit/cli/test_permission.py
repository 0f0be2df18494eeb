from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any

import pytest

from hatoba.cli.nc_check import check
from hatoba.cli.permission import permission
from hatoba.errors import NotInScope
from hatoba.netcat.console import Console
from hatoba.netcat.ends import SocketSettings
from hatoba.targets.build import build_targets
from hatoba.targets.ports import parse_ports
from hatoba.targets.scope_file import ScopeFile, default_path

GIVEN: dict[str, Any] = {"shuffled": False, "unix": False, "sctp": False, "udp": False, "delay_s": None}


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _nothing_permitted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))


def test_own_addresses_need_none_and_others_do() -> None:
    ports = parse_ports("80")
    permission(build_targets(["127.0.0.1"], ports=ports).targets)
    stranger = build_targets(["192.0.2.7"], ports=ports).targets
    with pytest.raises(NotInScope, match="hatoba scope add"):
        permission(stranger)
    permission(stranger, authorized=True)


def test_who_types_under_sudo_is_who_permits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUDO_USER", "aoi")
    screen, keyboard = Terminal(), Terminal("yes, our own\n")
    monkeypatch.setattr("sys.stdin", keyboard)
    monkeypatch.setattr("sys.stderr", screen)
    permission(build_targets(["192.0.2.7"], ports=parse_ports("80")).targets)
    (grant,) = ScopeFile(default_path(os.environ)).load()
    assert (grant.by, grant.reason) == ("aoi", "our own")


@pytest.mark.parametrize("ports", [["80-82"], ["80", "81"]])
def test_several_ports_of_a_stranger_are_a_scan(ports: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is tried before somebody permits it."""
    monkeypatch.setattr("hatoba.cli.nc_check.check_ports", lambda *_asked, **_how: pytest.fail("it was tried"))
    with pytest.raises(NotInScope, match=r"192\.0\.2\.7"):
        check(
            {"words": ("192.0.2.7", *ports), "shuffled": False, "unix": False, "sctp": False, "udp": False},
            SocketSettings(),
            Console(None),
        )


def test_one_port_is_a_connection_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hatoba.cli.nc_check.check_ports", lambda *_asked, **_how: [])
    assert check(GIVEN | {"words": ("192.0.2.7", "80")}, SocketSettings(), Console(None)) == 1
