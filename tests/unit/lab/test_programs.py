"""Programs are found in the system's own folders too."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hatoba.errors import LabError
from hatoba.lab import programs


def test_path_gets_the_systems_folders_at_its_end_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/opt/bin:/sbin")
    assert programs.search_path() == "/opt/bin:/sbin:/usr/local/sbin:/usr/sbin"


def test_program_is_found_where_the_users_path_does_not_lead(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    daemon = tmp_path / "daemon"
    daemon.touch(0o755)
    monkeypatch.setenv("PATH", "/nowhere")
    assert programs.find_program("daemon") is None
    monkeypatch.setattr(programs, "_SYSTEM_FOLDERS", (os.fspath(tmp_path),))
    assert programs.find_program("daemon") == str(daemon)


def test_what_the_lab_has_itself_is_not_looked_up_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert programs.to_start(["no-such", "x"], installed=("no-such",))["argv"] == ["no-such", "x"]
    with pytest.raises(LabError, match="no-such is not installed"):
        programs.to_start(["no-such", "x"])
