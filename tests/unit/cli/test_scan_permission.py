"""Permission: there, vouched for, asked for, refused."""

from __future__ import annotations

import io
from ipaddress import ip_network
from pathlib import Path

import pytest

from hatoba.cli.scan_permission import permitted_targets
from hatoba.errors import NotInScope
from hatoba.targets.build import build_targets
from hatoba.targets.ports import parse_ports
from hatoba.targets.ranges import Network
from hatoba.targets.scope import Permitted
from hatoba.targets.scope_file import ScopeFile


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def permit(
    path: Path, source: io.StringIO, *targets: str, authorized: bool = False, always: tuple[Network, ...] = ()
) -> Permitted:
    return permitted_targets(
        build_targets(targets, ports=parse_ports("22")).targets,
        ScopeFile(path),
        authorized=authorized,
        always=always,
        source=source,
        screen=Terminal(),
        by="aoi",
        now_s=0.0,
    )


def test_what_needs_no_permission_is_not_asked_about(tmp_path: Path) -> None:
    given = permit(tmp_path / "scope", io.StringIO(), "127.0.0.1", "198.18.0.5", always=(ip_network("198.18.0.0/24"),))
    assert given.by == "scope"


def test_without_a_terminal_it_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotInScope) as told:
        permit(tmp_path / "scope", io.StringIO("yes because\n"), "127.0.0.1", "198.18.0.5")
    assert told.value.networks == ("198.18.0.5/32",)
    assert not (tmp_path / "scope").exists()


def test_no_on_a_terminal_is_a_refusal(tmp_path: Path) -> None:
    with pytest.raises(NotInScope):
        permit(tmp_path / "scope", Terminal("no\n"), "198.18.0.5")


def test_yes_on_a_terminal_is_remembered(tmp_path: Path) -> None:
    permit(tmp_path / "scope", Terminal("yes my own lab\n"), "198.18.0.5")
    assert permit(tmp_path / "scope", io.StringIO(), "198.18.0.5").by == "scope"
    with pytest.raises(NotInScope):
        permit(tmp_path / "scope", io.StringIO(), "198.18.0.6")


def test_who_is_authorized_is_not_asked_and_the_file_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "scope").write_text("not a scope file")
    assert permit(tmp_path / "scope", io.StringIO(), "198.18.0.5", authorized=True).by == "--authorized"
