"""Going on with a scan on the command line, with an engine that plays a script."""

from __future__ import annotations

import json
from collections.abc import Sequence
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest

from hatoba.cli.scan_options import ScanOptions
from hatoba.cli.scan_resume import resume
from hatoba.cli.scan_run import Means
from hatoba.errors import NotInScope, NotPermitted, UsageError
from hatoba.model import Protocol, ScanPlan
from hatoba.service import Outcome, Service
from tests.unit.cli.scripted_scans import Script, run, world

PORT = (
    '{"type":"port","address":"198.18.0.2","protocol":"tcp","port":80,"state":"open","reason":"syn-ack","service":"http",'
    '"evidence":{"method":"syn","probes":1,"answer":"syn-ack","responder":"198.18.0.2"}}\n'
)
PLAN = ScanPlan(methods=("syn",), max_rate_pps=10.0, seed=7)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A scan of port 22 and 80 that was killed in the middle of a line."""
    path = tmp_path / "scan.jsonl"
    first = {
        "type": "scan",
        "format": 1,
        "seed": "7",
        "plan": {"methods": ["syn"], "pings": [], "max_rate_pps": 10},
        "targets": [{"addresses": ["198.18.0.2"], "zone": None, "ports": {"tcp": "22,80"}}],
        "names": {},
        "open_only": False,
    }
    path.write_text(json.dumps(first) + "\n" + PORT + '{"type":"po')
    return path


def resumed(script: Script, file: Path, *, options: dict[str, Any] | None = None, **changes: Any) -> int:
    return resume(ScanOptions(resume=str(file), **(options or {})), world(script, **changes), ("hatoba", "scan", "--resume"))


def test_the_rest_is_asked_and_added(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    script = Script()
    assert resumed(script, file) == 0
    assert script.plan == PLAN
    assert script.ports == "22,80"
    assert script.known is not None
    assert script.known.rows["port"].tolist() == [80]
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert [line["type"] for line in lines] == ["scan", "port", "resumed", "port", "host", "end"]
    assert lines[2]["arguments"] == ["hatoba", "scan", "--resume"]
    assert capsys.readouterr().err == f"hatoba: 1 port and 0 finished hosts are known from {file}, the rest is asked\n"


def test_services_are_asked_for_as_before_and_those_that_are_known_are_kept(file: Path) -> None:
    told = file.read_text().replace('"max_rate_pps": 10', '"version_intensity": 3, "all_ports": true')
    service = '{"type":"service","address":"198.18.0.2","protocol":"tcp","port":80,"outcome":"silent","service":null}\n'
    file.write_text(told.replace(PORT, PORT + service))
    asked: list[Any] = []

    def identified(
        scan: Script, options: ScanOptions, _permitted: object, known: Sequence[Service], _library: object
    ) -> Script:
        asked.append((options.version_intensity, options.all_ports, list(known)))
        return scan

    assert resumed(Script(), file, identified=identified) == 0
    address = ip_address("198.18.0.2")
    assert asked == [(3, True, [Service(address, Protocol.TCP, 80, Outcome.SILENT)])]


@pytest.mark.parametrize("given", ["signatures", "recog"])
def test_signatures_are_for_scans_that_ask_for_services(file: Path, given: str) -> None:
    with pytest.raises(UsageError, match=f"--{given} is about services, which .* did not ask for: leave it out"):
        resumed(Script(), file, options={given: ("x",)})


def test_what_came_to_its_end_is_left_as_it_is(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    content = file.read_text().rpartition("\n")[0] + '\n{"type":"end","interrupted":false}\n'
    file.write_text(content)
    script = Script()
    assert resumed(script, file) == 0
    assert not script.started
    assert "there is nothing left to ask" in capsys.readouterr().err
    assert file.read_text() == content


def test_permission_is_asked_for_anew(file: Path) -> None:
    def refuse(options: ScanOptions, targets: object) -> Any:
        assert not options.authorized
        raise NotInScope("not in scope", ("198.18.0.2",))

    content = file.read_bytes()
    with pytest.raises(NotInScope):
        resumed(Script(), file, permit=refuse)
    assert file.read_bytes() == content, "nothing was cut off or added"


def test_rights_are_looked_at_anew(file: Path) -> None:
    def means(options: ScanOptions) -> Means:
        assert (options.methods, options.hosts_only, options.pings, options.plan) == (("syn",), False, (), PLAN)
        raise NotPermitted("no right")

    with pytest.raises(NotPermitted):
        resumed(Script(), file, means=means)


def test_other_reports_are_whole(file: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.jsonl"
    assert resumed(Script(), file, options={"outputs": (("jsonl", str(other)), ("normal", "-"))}) == 0
    assert json.loads(other.read_text().splitlines()[0])["type"] == "scan"


def test_a_file_that_is_none(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("22/tcp open\n")
    with pytest.raises(UsageError, match="is no report of a scan"):
        resumed(Script(), path)


def test_methods_that_there_are_not(file: Path) -> None:
    file.write_text(file.read_text().replace('["syn"]', '["sin"]'))
    with pytest.raises(UsageError, match="there is no scan method 'sin'"):
        resumed(Script(), file)


def test_of_a_scan_that_was_stopped_the_next_step_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "scan.jsonl"
    options = {"outputs": (("jsonl", str(path)),)}
    assert run(Script(failed=True), options=options)[0] == 1
    assert capsys.readouterr().err.splitlines()[-1] == f"hatoba: hatoba scan --resume {path} asks the rest"
    assert run(Script(), options=options)[0] == 0
    assert "--resume" not in capsys.readouterr().err


def test_so_is_it_where_that_was_gone_on_with(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert resumed(Script(failed=True), file) == 1
    assert capsys.readouterr().err.splitlines()[-1] == f"hatoba: hatoba scan --resume {file} asks the rest"
