from __future__ import annotations

import json
from pathlib import Path

import pytest

import hatoba
from hatoba.api.request import request
from hatoba.errors import NotInScope, UsageError
from hatoba.identify.identified_scan import IdentifiedScan
from hatoba.identify.judged_scan import JudgedScan
from hatoba.model import ScanEnd


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A scan of a host that is finished; its end was not written any more."""
    path = tmp_path / "scan.jsonl"
    told = {"address": "127.0.0.1", "protocol": "tcp", "service": None}
    lines = [
        {
            "type": "scan",
            "format": 1,
            "seed": "7",
            "open_only": False,
            "names": {"127.0.0.1": ["me"]},
            "plan": {"methods": ["connect"], "pings": []},
            "targets": [{"addresses": ["127.0.0.1"], "zone": None, "ports": {"tcp": "21-22"}}],
        },
        {
            "type": "port",
            "port": 22,
            "state": "open",
            "reason": "syn-ack",
            **told,
            "evidence": {"method": "connect", "probes": 1, "answer": "connected", "responder": "127.0.0.1"},
        },
        {
            "type": "port",
            "port": 21,
            "state": "closed",
            "reason": "conn-refused",
            **told,
            "evidence": {"method": "connect", "probes": 1, "answer": "refused", "responder": "127.0.0.1"},
        },
        {"type": "host", "address": "127.0.0.1", "names": ["me"], "state": "up", "reason": "syn-ack", "rtt_s": None},
    ]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def test_services_are_known_as_well(file: Path) -> None:
    service = {"type": "service", "address": "127.0.0.1", "protocol": "tcp", "port": 22, "outcome": "silent", "service": None}
    told = file.read_text().replace('"pings": []', '"pings": [], "version_intensity": 7')
    file.write_text(told + json.dumps(service) + "\n")
    kinds = [type(event).__name__ for event in hatoba.scan_events(resume=file)]
    assert [kind for kind in kinds if kind != "Progress"] == ["ScanInfo", "VerdictBatch", "Service", "Host", "ScanEnd"]


def test_what_is_known_is_told_and_not_asked_again(file: Path) -> None:
    content = file.read_bytes()
    verdicts = list(hatoba.scan(resume=file))
    assert [(verdict.port, verdict.state.word, verdict.evidence.method) for verdict in verdicts] == [
        (21, "closed", "connect"),
        (22, "open", "connect"),
    ]
    *_others, host, _progress, end = hatoba.scan_events(resume=str(file))
    assert isinstance(host, hatoba.Host)
    assert host.names == ("me",)
    assert isinstance(end, ScanEnd)
    assert (end.counts, end.hosts_up, end.probes_sent) == ({"open": 1, "closed": 1}, 1, 0)
    assert file.read_bytes() == content


def test_systems_need_the_right_to_packets_as_they_did_before(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr("hatoba.api.resume.require_packets", asked.append)
    text = file.read_text(encoding="utf-8").replace('"pings": []', '"pings": [], "systems": true')
    file.write_text(text, encoding="utf-8")
    assert isinstance(request(resume=file).scan, JudgedScan)
    assert asked == ["systems"]


def test_open_ones_alone(file: Path) -> None:
    assert [verdict.port for verdict in hatoba.scan(resume=file, open_only=True)] == [22]
    file.write_text(file.read_text().replace('"open_only": false', '"open_only": true'))
    assert hatoba.scan_array(resume=file)["port"].tolist() == [22]


def test_a_file_gives_no_permission(file: Path) -> None:
    file.write_text(file.read_text().replace("127.0.0.1", "203.0.113.7"))
    with pytest.raises(NotInScope):
        hatoba.scan(resume=file)


@pytest.mark.parametrize(
    "other",
    [{"targets": "127.0.0.1"}, {"ports": 22}, {"method": "connect"}, {"second_look": False}, {"seed": 0}, {"pings": ()}],
)
def test_the_file_says_what_is_asked(file: Path, other: dict[str, object]) -> None:
    with pytest.raises(UsageError, match=f"leave out {next(iter(other))}"):
        request(resume=file, **other)  # type: ignore[arg-type]


def test_a_file_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="can't be read"):
        hatoba.scan(resume=tmp_path / "missing")
    with pytest.raises(UsageError, match="no target"):
        hatoba.scan()


def test_signatures_of_ones_own_go_with_it(file: Path) -> None:
    mine = file.with_name("mine.toml")
    mine.write_text("[[signature]]\nname = 'x'\nmatch = 'y'\n")
    with pytest.raises(UsageError, match="signatures is about services"):
        request(resume=file, signatures=mine)
    file.write_text(file.read_text().replace('"pings": []', '"pings": [], "version_intensity": 7'))
    scan = request(resume=file, signatures=mine).scan
    assert isinstance(scan, IdentifiedScan)
    runner = scan._new_runner()
    runner.close()
    assert runner._manner.library is not None
