from __future__ import annotations

import pytest

from hatoba.identify.signatures.patterns import Pattern
from hatoba.identify.signatures.signature import Signature, Template, over
from hatoba.model import Protocol
from hatoba.registry.cpe import is_cpe23
from hatoba.service import Facts

CPE = Template.of("cpe:2.3:h:acme:greenhouse:{version}:*:*:*:*:*:*:*")
GREENHOUSE = Signature(
    "greenhouse",
    "mine.toml, 1",
    Pattern(r"^GH/(?P<version>\S+) (\S*)"),
    texts={"product": Template.of("Greenhouse"), "version": Template.of("{version}"), "extra": Template.of("model {2}, {{x}}")},
    cpe=(CPE,),
    confidence=9,
)
NGINX = Facts(
    "http", "nginx", "1.22.1", "Debian", "Linux", cpe23=("cpe:2.3:a:f5:nginx:1.22.1:*:*:*:*:*:*:*",), details=(("a", "b"),)
)


def test_facts_refer_to_groups() -> None:
    facts = GREENHOUSE.read(b"GH/1.2 m7\r\nmore")
    assert facts == Facts(
        "greenhouse", "Greenhouse", "1.2", "model m7, {x}", cpe23=("cpe:2.3:h:acme:greenhouse:1.2:*:*:*:*:*:*:*",),
        confidence=9, evidence=b"GH/1.2 m7", details=(("signature", "mine.toml, 1"),),
    )  # fmt: skip
    assert GREENHOUSE.read(b"SSH-2.0-x") is None


@pytest.mark.parametrize("words", [b"a:b*c?\\", b"\x1b[2J", b"\xff\xfe", b"x" * 5000, b"{version}", b":::::"])
def test_whatever_a_group_holds_facts_are_bounded_and_names_are_names(words: bytes) -> None:
    facts = GREENHOUSE.read(b"GH/" + words + b" m")
    assert facts is not None
    assert is_cpe23(facts.cpe23[0])
    assert max(map(len, (facts.version, facts.extra))) <= 160


@pytest.mark.parametrize("written", ["{", "}", "{a", "{a!r}", "{a:>9}", "{a.b}", "{}", "{a[0]}", "{-1}"])
def test_braces_that_are_no_reference(written: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        Template.of(written)


def test_it_counts_where_it_is_to() -> None:
    one = Signature("x", "s", Pattern("x"), ports=frozenset({7070}), send=b"hi\n")
    assert [one.counts_for(Protocol.TCP, port) for port in (7070, 7071)] == [True, False]
    assert not one.counts_for(Protocol.UDP, 7070)
    assert GREENHOUSE.counts_for(Protocol.TCP, 1)


def test_as_a_protocol_it_asks_or_listens() -> None:
    asking = Signature("x", "s", Pattern("x"), Protocol.UDP, frozenset({9, 7}), b"hi", 3).as_protocol()
    assert (asking.protocol, asking.ports, asking.greets, asking.rarity) == (Protocol.UDP, (7, 9), False, 3)
    assert [question.data for question in asking.questions] == [b"hi"]
    listening = GREENHOUSE.as_protocol()
    assert (listening.greets, listening.questions) == (True, ())
    assert listening.read((b"GH/1 m",)) == GREENHOUSE.read(b"GH/1 m")


def test_another_product_takes_no_version_over() -> None:
    told = over(NGINX, Facts("http", "ACME portal", details=(("signature", "s"),)))
    assert (told.product, told.version, told.extra, told.os, told.cpe23) == ("ACME portal", "", "", "Linux", ())
    assert dict(told.details) == {"a": "b", "signature": "s"}


def test_the_same_product_is_completed() -> None:
    told = over(NGINX, Facts("http", hostname="web"))
    assert (told.product, told.version, told.extra, told.hostname, told.cpe23) == (
        "nginx",
        "1.22.1",
        "Debian",
        "web",
        NGINX.cpe23,
    )


def test_another_version_has_another_name() -> None:
    linux = "cpe:2.3:o:linux:linux_kernel:*:*:*:*:*:*:*:*"
    told = over(Facts("http", "nginx", "1.22", cpe23=(*NGINX.cpe23, linux)), Facts("http", "nginx", "1.25"))
    assert (told.version, told.cpe23) == ("1.25", (linux,))
    system = "cpe:2.3:o:acme:os:1:*:*:*:*:*:*:*"
    assert over(Facts("http", cpe23=(linux,)), Facts("http", cpe23=(system,))).cpe23 == (system,)
