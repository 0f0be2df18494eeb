from __future__ import annotations

from ipaddress import ip_address

import pytest

from hatoba.identify.systems.words import by_words, joined, said_by
from hatoba.model import Protocol
from hatoba.service import Facts, Outcome, Service
from hatoba.system import Opinion, System

LINUX = System("Linux 6", "Linux", "Linux", "", "general purpose", 8)


def service(port: int, os: str, **fields: object) -> Service:
    facts = Facts("ssh", os=os, **fields)  # type: ignore[arg-type]
    return Service(ip_address("198.18.0.2"), Protocol.TCP, port, Outcome.RECOGNISED, facts)


def test_only_services_that_name_a_system_speak() -> None:
    silent = Service(ip_address("198.18.0.2"), Protocol.TCP, 80, Outcome.SILENT)
    assert [one.where for one in said_by([service(443, "Linux"), service(22, "Linux"), service(25, ""), silent])] == [
        "ssh on 22/tcp", "ssh on 443/tcp"
    ]  # fmt: skip


@pytest.mark.parametrize(("word", "confidence"), [("Linux", 9), ("Unix", 9), ("Windows", 5), ("BeOS", 8)])
def test_what_a_word_does_to_a_system(word: str, confidence: int) -> None:
    assert joined(LINUX, said_by([service(22, word)])).confidence == confidence


def test_a_contradiction_outweighs_agreement() -> None:
    system = joined(LINUX, said_by([service(22, "Linux"), service(80, "Windows")]))
    assert system.confidence == 6
    assert [trait.opinion for trait in system.evidence] == [Opinion.FITS, Opinion.DIFFERS]


def test_words_alone_are_never_sure() -> None:
    (one,) = by_words(said_by([service(22, "Windows", confidence=10)]))
    (several,) = by_words(said_by([service(port, "Windows", confidence=10) for port in range(1, 9)]))
    assert (one.name, one.confidence, several.confidence) == ("Windows", 7, 7)
    (weak,) = by_words(said_by([service(22, "Windows", confidence=3)]))
    assert weak.confidence == 3


def test_a_word_that_is_not_known_is_told_as_it_was_said() -> None:
    (found,) = by_words(said_by([service(22, "Plan 9", device="router")]))
    assert (found.name, found.family, found.device, found.cpe23) == ("Plan 9", "Plan 9", "router", ())


def test_unix_alone_names_nothing() -> None:
    assert by_words(said_by([service(445, "Unix")])) == []
