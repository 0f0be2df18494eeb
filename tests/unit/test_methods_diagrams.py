"""The pictures of ``docs/methods.md``: which packets go together, and how they are drawn."""

from __future__ import annotations

from typing import Any

import pytest
from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.l2 import ARP, Ether
from scapy.packet import Packet as Built

from hatoba.packets.dissect import Packet, dissect_ethernet
from hatoba.reports.text import width
from tools import methods
from tools.methods_diagrams import CONDITIONS, diagram
from tools.methods_exchanges import exchanges
from tools.methods_scenes import SCENES, Played, Scene

US, THEM, ROUTER = "198.18.0.101", "198.18.0.30", "198.18.0.254"


def passed(*packets: Built) -> list[Packet]:
    return [dissect_ethernet(bytes(Ether() / packet)) for packet in packets]


def there(port: int, sport: int, flags: str, seq: int, ack: int = 0, ttl: int = 64) -> Built:
    return IP(src=US, dst=THEM, ttl=ttl) / TCP(sport=sport, dport=port, flags=flags, seq=seq, ack=ack)


def back(port: int, sport: int, flags: str, seq: int, ack: int = 0) -> Built:
    return IP(src=THEM, dst=US) / TCP(sport=port, dport=sport, flags=flags, seq=seq, ack=ack)


def error(about: Built, sender: str = THEM, code: int = 13) -> Built:
    return IP(src=sender, dst=US) / ICMP(type=3, code=code) / about


def told(port: int, state: str = "closed", reason: str = "reset", protocol: str = "tcp") -> dict[str, Any]:
    return {"type": "port", "port": port, "protocol": protocol, "state": state, "reason": reason}


def played(packets: list[Packet], *lines: dict[str, Any], ports: dict[int, str] | None = None, **scene: Any) -> Played:
    shown = Scene("fin", "-sF", THEM, ports or {22: "nobody"}, **scene)
    return Played(shown, US, packets, [*lines, {"type": "host", "state": "up", "reason": "reset"}])


def test_who_repeats_which_number() -> None:
    handshake = passed(
        there(22, 61000, "S", 7_000_000), back(22, 61000, "SA", 99, 7_000_001), there(22, 61000, "RA", 7_000_001, 100)
    )
    assert diagram(played(handshake, told(22, "open", "syn-ack"), ports={22: "listening"}), "en").splitlines() == [
        "$ hatoba scan -sF -p 22 198.18.0.30",
        "",
        "           hatoba                                   198.18.0.30",
        "           |                                                  |",
        "22/tcp     |--- SYN seq=x ----------------------------------->|  a program listens",
        "           |<-- SYN, ACK seq=y ack=x+1 -----------------------|",
        "           |--- RST, ACK seq=x+1 ack=y+1 -------------------->|",
        "           |                                                  |  = open: syn-ack",
    ]


def test_what_is_repeated_is_drawn_once_and_what_differs_is_not_lost() -> None:
    twice = passed(
        there(22, 61000, "F", 5000),
        there(22, 61001, "F", 9000),
        back(22, 61001, "RA", 0, 9001),
        back(22, 61000, "RA", 0, 5001),
        there(22, 61000, "F", 5000),
        back(22, 61000, "RA", 0, 5002),
    )
    assert len(exchanges(played(twice, told(22)), "22/tcp", 22)) == 3
    lines = diagram(played(twice, told(22)), "en").splitlines()
    assert [line.split("ack=")[1].split()[0] for line in lines if "<--" in line] == ["x+1", "x+2"]


def test_silence_is_written_out() -> None:
    text = diagram(played(passed(there(22, 61000, "F", 5000)), told(22, "open|filtered", "no-response")), "en")
    assert "(silence, however often it is asked)" in text
    answered = diagram(played(passed(there(22, 61000, "F", 5000), back(22, 61000, "RA", 0, 5001)), told(22)), "en")
    assert "silence" not in answered


def test_an_error_goes_to_the_question_that_it_quotes() -> None:
    first, second = there(22, 61000, "F", 5000), there(23, 61000, "F", 6000)
    packets = passed(first, second, error(second, ROUTER), error(first))
    shown = played(packets, told(22), told(23), ports={22: "rejected", 23: "rejected"})
    lines = [line for line in diagram(shown, "en").splitlines() if "ICMP" in line]
    assert [line.split(" -")[0].strip(" |") for line in lines] == [
        "<-- ICMP 3/13 (admin-prohibited)",
        "<-- 198.18.0.254: ICMP 3/13 (admin-prohibited)",
    ]


def test_other_ports_and_neighbour_search_stay_out() -> None:
    noise = passed(ARP(psrc=US, pdst=THEM), there(80, 61000, "F", 1000), back(80, 61000, "RA", 0, 1001))
    packets = [*noise, *passed(there(22, 61000, "F", 5000), back(22, 61000, "RA", 0, 5001))]
    assert [len(exchange) for exchange in exchanges(played(packets, told(22)), "22/tcp", 22)] == [2]


def test_a_trace_is_drawn_from_afar_and_tells_its_hops() -> None:
    near, far = there(22, 61000, "S", 1000, ttl=1), there(22, 61000, "S", 2000, ttl=64)
    shown = played(passed(near, error(near, ROUTER), far, back(22, 61000, "SA", 9, 2001)), told(22), shows="ttl")
    shown.lines[-1] |= {
        "trace": {"hops": [{"ttl": 1, "address": ROUTER}, {"ttl": 2, "address": THEM}]},
        "vanishing": {"port": 80, "protocol": "tcp", "hop": {"address": ROUTER}},
    }
    lines = diagram(shown, "en").splitlines()
    assert [line.split("ttl=")[1].split()[0] for line in lines if "ttl=" in line] == ["64", "1"]
    assert lines[-2:] == [
        f"The way: 1 {ROUTER}, 2 {THEM}",
        f"Probes for 80/tcp get as far as {ROUTER}, and no farther.",
    ]


def test_datagrams_are_named_by_what_they_ask() -> None:
    asked = passed(IP(src=US, dst=THEM) / UDP(sport=61000, dport=22), IP(src=THEM, dst=US) / UDP(sport=22, dport=61000) / b"hi")
    text = diagram(played(asked, told(22, "open", "udp-response", "udp")), "en")
    assert "--- UDP, empty ---" in text
    assert "<-- UDP, an answer ---" in text


@pytest.mark.parametrize("language", methods.PAGES)
def test_the_lines_of_the_stored_pictures_end_below_each_other(language: str) -> None:
    """Wide characters take two columns."""
    text = (methods.ROOT / "docs" / methods.PAGES[language]).read_text(encoding="utf-8")
    shafts = [line[: line.rindex("|") + 1] for line in text.splitlines() if line[11:15] in ("|---", "|<--")]
    assert len(shafts) > 60
    assert {width(line) for line in shafts} == {63}


def test_every_condition_is_said_in_both_languages() -> None:
    used = {condition for scene in SCENES for condition in scene.ports.values()}
    assert used == CONDITIONS.keys()
    assert all(set(words) == {"en", "ja"} for words in CONDITIONS.values())
