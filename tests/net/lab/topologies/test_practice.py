"""The practice network is what it says."""

from __future__ import annotations

import pytest

from hatoba.lab.topologies import practice, services
from tests.net.conftest import MakeLab

CONNECT = "tests.net.lab_calls:connect"
ICMP = "tests.net.lab_calls:icmp_answer"
PORTS = {"web": [80], "data": [22, 53, 6379], "wall": [8080]}


@pytest.mark.peer("nft", "nginx", "sshd", "redis-server", "dnsmasq")
def test_practice_runs_real_daemons(make_lab: MakeLab) -> None:
    site = practice(make_lab())
    assert [s.sentence() for s in site.services if not s.is_real and s.program != "http"] == []
    assert site.notes == ()
    for host in site.targets:
        for version in (4, 6):
            for port in PORTS[host.name]:
                assert site.scanner.call(CONNECT, host.address(version), port) == "connected"
    for version in (4, 6):
        wall = site.wall.address(version)
        assert site.scanner.call(CONNECT, wall, 23, 0.2) == "ETIMEDOUT"
        assert site.scanner.call(ICMP, wall, 5900) == ([3, 13] if version == 4 else [1, 1])


def test_practice_without_any_daemon_uses_stand_ins_and_says_so(make_lab: MakeLab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "find_program", lambda name: None)
    site = practice(make_lab())
    assert not any(service.is_real for service in site.services)
    assert "a stand-in for nginx (not installed)" in site.services[0].sentence()
    for host in site.targets:
        for port in PORTS[host.name]:
            assert site.scanner.call(CONNECT, host.address(), port) == "connected"
