"""``docs/methods.md`` shows what really passes on the wire, in both languages, and what it says of logs is so."""

from __future__ import annotations

import re

import pytest

from tools import methods
from tools.methods_logs import METHODS, PROGRAMS, VISIT, left_behind
from tools.methods_scenes import SCENES


@pytest.mark.peer("nft", "dnsmasq")
@pytest.mark.exhaustive
def test_the_pictures_are_those_of_today(capsys: pytest.CaptureFixture[str]) -> None:
    assert methods.main(["check"]) == 0, capsys.readouterr().out


@pytest.mark.parametrize("name", methods.PAGES.values())
def test_each_method_and_ping_has_its_picture(name: str) -> None:
    text = (methods.ROOT / "docs" / name).read_text(encoding="utf-8")
    shown = re.findall(r"<!-- diagram: (\S+) -->\n```text\n\$ hatoba scan ", text)
    assert sorted(shown) == sorted(scene.name for scene in SCENES)


@pytest.mark.peer("sshd", "nginx", "dnsmasq")
@pytest.mark.exhaustive
def test_what_a_scan_leaves_behind() -> None:
    """Programs notice what completes a connection or speaks their language; the kernel counts all of it."""
    left = left_behind()
    for name in METHODS.keys() - {"connect", "udp"}:
        assert left[name].lines == dict.fromkeys(PROGRAMS, ()), name
    assert left["udp"].lines["dnsmasq"] == ("query[TXT] version.bind from 198.18.0.1",)
    assert left[VISIT].lines["sshd"]
    for name in METHODS.keys() - {"connect", "syn", "udp", "ip-protocol"}:
        assert left[name].counters == ("TcpOutRsts",), name
    assert left["connect"].counters[0] == left[VISIT].counters[0] == "TcpPassiveOpens"
    assert "TcpAttemptFails" in left["syn"].counters
    assert "TcpPassiveOpens" not in left["syn"].counters
    assert {"UdpNoPorts", "IcmpOutDestUnreachs"} <= set(left["udp"].counters)
