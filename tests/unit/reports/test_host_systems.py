"""Systems in the table, grepable and normal reports."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hatoba.reports.host_systems import systems_lines
from hatoba.system import Known, Ruling, ShieldKind, SystemsTold, Trait
from tests.unit.reports.scans import PLAIN, report
from tests.unit.reports.systems import LINUX, TOLD, hostile_system, systems


def lines(address: str, explain: bool = False) -> list[str]:
    return list(systems_lines(TOLD[address], explain))


def test_one_system_and_who_contradicts() -> None:
    assert lines("198.18.0.2")[:2] == [
        "System: Linux 4.19 to 7.x (sure: 9 of 10)", "But a service says otherwise: service ssh on 22/tcp: FreeBSD"
    ]  # fmt: skip


def test_several_systems_with_their_ports() -> None:
    told = lines("198.18.0.3")
    assert told[0] == "2 systems answer here:"
    assert "  80/tcp: Windows 10 (sure: 7 of 10)" in told
    assert told[-1] == "Behind it: other hosts answer on 80/tcp, so it translates addresses (NAT)."


def test_can_t_tell_is_an_answer() -> None:
    assert lines("198.18.0.4")[0] == "System: can't tell for sure; it may be one of these:"
    assert lines("198.18.0.5")[0] == "System: can't tell, as what it shows fits no system that is known here."
    assert lines("198.18.0.6") == ["System: can't tell, as too little came back."]
    assert lines("198.18.0.7") == ["System: can't tell, as something answers in its stead and hides it."]


def test_every_shield_has_its_sentence_but_one_that_is_told_elsewhere() -> None:
    told = {shield.kind for address in TOLD for shield in TOLD[address].shields}
    assert told == set(ShieldKind)
    sentences = [line for address in TOLD for line in lines(address) if line.startswith(("In front", "Behind", "On the way"))]
    assert len(sentences) == len(set(sentences)) == len(ShieldKind) - 1


def test_explained_with_the_evidence() -> None:
    told = lines("198.18.0.2", explain=True)
    assert "It fits: ttl 64, options mss sack ts nop ws" in told
    assert "It does not fit: window 5000, service ssh on 22/tcp: FreeBSD" in told
    assert "  22/tcp: syn syn-ack, ack silence" in told
    assert "It shows: ttl 255, window 1" in lines("198.18.0.5", explain=True)


@pytest.mark.parametrize(
    ("known", "words"),
    [
        (
            Known.PUBLISHED,
            "Known from captures that others have published and from what is written of it; never run in hatoba's own labs.",
        ),
        (Known.READ, "Known from its source code or its maker's pages alone; never run in hatoba's own labs."),
    ],
)
def test_explained_with_how_well_the_system_is_known(known: Known, words: str) -> None:
    system = replace(LINUX, evidence=(*LINUX.evidence, Trait("known", known.value)))
    told = SystemsTold(Ruling.TOLD, (system,))
    assert words in list(systems_lines(told, explain=True))
    assert not any(line.startswith("Known from") for line in [*systems_lines(told, explain=False), *lines("198.18.0.2", True)])


def test_the_table_has_them_behind_the_ports_of_their_host() -> None:
    text = report("table", systems())
    assert text.index("22/tcp  open") < text.index("System: Linux") < text.index("198.18.0.3")


def test_grepable_and_normal() -> None:
    hosts = [line for line in report("grepable", systems()).splitlines() if "Ports:" in line]
    assert [line.partition("\tOS: ")[2] for line in hosts] == [
        "Linux 4.19 to 7.x", "Linux 4.19 to 7.x|Windows 10", "Windows 10|Linux 4.19 to 7.x", "", "", ""
    ]  # fmt: skip
    assert "System: Linux 4.19 to 7.x" in report("normal", systems())


@pytest.mark.parametrize("name", ["table", "grepable", "normal"])
def test_the_words_of_a_service_are_made_safe(name: str) -> None:
    text = report(name, hostile_system("\x1b[2J\x07\u202e\n/,"), replace(PLAIN, explain=True))
    assert not set("\x1b\x07\u202e") & set(text)
