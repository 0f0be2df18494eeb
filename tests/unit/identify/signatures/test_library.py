"""Users' signatures in an interview: what is asked when, and whose word stands."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from ipaddress import ip_address
from typing import Any

import pytest

from hatoba.identify.interview import Interview
from hatoba.identify.manner import Manner, Target
from hatoba.identify.signatures.library import Library
from hatoba.identify.signatures.patterns import Pattern
from hatoba.identify.signatures.signature import Signature, Template
from hatoba.model import Protocol
from hatoba.service import Facts, Outcome
from tests.unit.identify.peers import FakeDials, Peer, run

HTTP = b"HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\nX-Portal: ACME 7\r\nContent-Length: 2\r\n\r\nhi"


def signature(name: str, pattern: str, **fields: Any) -> Signature:
    texts = {key: Template.of(written) for key, written in fields.pop("texts", {}).items()}
    return Signature(name, "mine.toml, 1", Pattern(pattern), texts=texts, **fields)


GREENHOUSE = signature("greenhouse", r"^GH/(\S+)", send=b"STATUS\n", ports=frozenset({7070}), texts={"version": "{1}"})
PORTAL = signature("portal", r"\r\nX-Portal: ACME (\d+)", texts={"product": "ACME portal", "version": "{1}"})


def ask(
    port: int,
    answers: Callable[[bytes], Iterable[bytes]],
    *signatures: Signature,
    greeting: Iterable[bytes] = (),
    protocol: Protocol = Protocol.TCP,
) -> tuple[Facts | None, list[bytes]]:
    dials = FakeDials(lambda: Peer(greeting, answers))
    manner = Manner(library=Library(signatures))
    service, _took_s = run(Interview(dials, Target(ip_address("198.18.0.2"), protocol, port), manner).run())
    dials.assert_all_closed()
    assert (service.facts is not None) == (service.outcome is Outcome.RECOGNISED)
    return service.facts, dials.sent


def greenhouse(said: bytes) -> list[bytes]:
    return [b"GH/1.2\n"] if said == b"STATUS\n" else []


def test_its_question_is_the_first_on_its_port() -> None:
    facts, sent = ask(7070, greenhouse, GREENHOUSE)
    assert sent == [b"STATUS\n"]
    assert facts is not None
    assert (facts.name, facts.version, facts.details) == ("greenhouse", "1.2", (("signature", "mine.toml, 1"),))


@pytest.mark.parametrize("protocol", [Protocol.TCP, Protocol.UDP])
def test_a_console_may_show_what_it_was_sent(protocol: Protocol) -> None:
    own = signature("acme", r"ACME-OS ([\d.]+)", send=b"SHOW VERSION\r\n", ports=frozenset({7070}), protocol=protocol)

    def console(said: bytes) -> list[bytes]:
        return [said + b"ACME-OS 1.2\r\n> "] if said == own.send else []

    facts, _sent = ask(7070, console, own, protocol=protocol)
    assert facts is not None
    assert facts.name == "acme"


def test_its_question_comes_before_that_of_the_ports_own_protocol() -> None:
    own = signature("greenhouse", "^GH/", send=b"STATUS\n", ports=frozenset({80}))
    assert ask(80, lambda _said: [HTTP], own)[1][0] == b"STATUS\n"


def test_it_is_not_asked_elsewhere() -> None:
    facts, sent = ask(7071, greenhouse, GREENHOUSE)
    assert facts is None
    assert b"STATUS\n" not in sent


def test_without_ports_it_is_asked_anywhere_by_its_rarity() -> None:
    anywhere = signature("greenhouse", "^GH/", send=b"STATUS\n")
    assert ask(40_000, greenhouse, anywhere)[0] is not None
    rare = signature("greenhouse", "^GH/", send=b"STATUS\n", rarity=8)
    assert b"STATUS\n" not in ask(40_000, greenhouse, rare)[1]


def test_what_it_says_of_an_answer_stands_before_ours() -> None:
    facts, _sent = ask(80, lambda _said: [HTTP], PORTAL)
    assert facts is not None
    assert (facts.name, facts.product, facts.version, facts.extra) == ("portal", "ACME portal", "7", "")
    assert dict(facts.details)["status"] == "200 OK", "what else we know of it is kept"


def test_an_answer_that_it_does_not_match_is_ours() -> None:
    facts, _sent = ask(80, lambda _said: [HTTP.replace(b"ACME", b"acme")], PORTAL)
    assert facts is not None
    assert (facts.name, facts.product) == ("http", "nginx")


def test_a_greeting_that_nobody_else_knows() -> None:
    facts, sent = ask(40_000, lambda _said: [], signature("hello", "^HELLO "), greeting=[b"HELLO 1\n"])
    assert facts is not None
    assert (facts.name, facts.evidence, sent) == ("hello", b"HELLO ", [])


def test_an_answer_that_nobody_else_knows_is_enough() -> None:
    facts, sent = ask(40_000, lambda _said: [b"HOLA\n"], signature("hello", "^HOLA"))
    assert facts is not None
    assert (facts.name, len(sent)) == ("hello", 1), "nothing more is asked"


def test_a_greeting_that_others_know_is_known_by_both() -> None:
    named = signature("ssh", "OpenSSH", ports=frozenset({22}), texts={"device": "bastion"})
    facts, _sent = ask(22, lambda _said: [], named, greeting=[b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n"])
    assert facts is not None
    assert (facts.product, facts.version, facts.os, facts.device) == ("OpenSSH", "9.2p1", "Linux", "bastion")


def test_datagrams() -> None:
    one = signature("greenhouse", "^GH/", send=b"STATUS\n", protocol=Protocol.UDP, ports=frozenset({7070}))
    facts, sent = ask(7070, greenhouse, one, protocol=Protocol.UDP)
    assert facts is not None
    assert (facts.name, sent) == ("greenhouse", [b"STATUS\n"])


def test_datagrams_that_answer_another_question() -> None:
    one = signature("greenhouse", "^GH/", protocol=Protocol.UDP, ports=frozenset({7070}))
    facts, sent = ask(7070, lambda _said: [b"GH/1"], one, protocol=Protocol.UDP)
    assert facts is not None
    assert (facts.name, len(sent) > 0) == ("greenhouse", True)
    assert ask(7070, lambda _said: [b"HG/1"], one, protocol=Protocol.UDP)[0] is None


def test_the_first_that_matches_counts() -> None:
    facts, _sent = ask(80, lambda _said: [HTTP], PORTAL, signature("other", "nginx"))
    assert facts is not None
    assert facts.name == "portal"
