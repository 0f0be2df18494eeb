from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hatoba.identify.certificate import certificate_of, judged, judged_chain
from hatoba.service import Certificate
from tests.unit.identify.servers import BEGINS, ENDS, NOW_S, certificate

DER = certificate(names=("target.lab", "*.target.lab", "198.18.0.2"))[0]


def read(der: bytes = DER) -> Certificate:
    found = certificate_of(der)
    assert found is not None
    return found


def test_what_a_certificate_says() -> None:
    found = read()
    assert (found.common_name, found.subject, found.issuer) == ("target.lab", "CN=target.lab", "CN=target.lab")
    assert found.names == ("target.lab", "*.target.lab", "198.18.0.2")
    assert (found.not_before, found.not_after, found.serial) == (BEGINS, ENDS, 0xABCDEF)
    assert (found.key, found.signature, found.self_signed) == ("RSA 2048", "sha256WithRSAEncryption", True)
    assert len(found.sha256) == 32


def test_a_key_on_a_curve() -> None:
    assert read(certificate(bits=0)[0]).key == "EC secp256r1"


def test_one_that_names_itself_as_issuer_and_is_signed_by_another_is_not_self_signed() -> None:
    assert not read(certificate(issuer="target.lab", bits=0)[0]).self_signed
    assert not read(certificate(issuer="some authority")[0]).self_signed


@pytest.mark.parametrize(
    ("now_s", "problem"), [(NOW_S, None), (ENDS + 1, "expired"), (BEGINS - 1, "not-yet-valid"), (ENDS, None), (BEGINS, None)]
)
def test_its_time(now_s: float, problem: str | None) -> None:
    problems = {"self-signed", problem} - {None}
    assert set(judged(read(), now_s, ()).problems) == problems


@pytest.mark.parametrize(
    ("asked", "right"),
    [
        (("target.lab",), True),
        (("TARGET.lab.",), True),
        (("www.target.lab",), True),
        (("a.www.target.lab",), False),
        (("198.18.0.2",), True),
        (("198.18.0.3",), False),
        (("target.example", "target.lab"), True),
        ((), True),
    ],
)
def test_its_name(asked: tuple[str, ...], right: bool) -> None:
    assert ("wrong-name" not in judged(read(), NOW_S, asked).problems) is right


def test_the_common_name_counts_where_there_is_no_other() -> None:
    found = read(certificate(names=())[0])
    assert found.names == ()
    assert "wrong-name" not in judged(found, NOW_S, ("target.lab",)).problems
    assert "wrong-name" in judged(found, NOW_S, ("other.lab",)).problems


def test_weak_ones() -> None:
    assert "weak-key" in judged(read(certificate(bits=1024)[0]), NOW_S, ()).problems
    for key, weak in (("EC secp192r1", True), ("EC sect163k1", True), ("EC secp256r1", False), ("EC brainpoolP224r1", False)):
        assert ("weak-key" in judged(replace(read(), key=key), NOW_S, ()).problems) is weak
    assert "weak-key" not in judged(replace(read(), key="Ed25519"), NOW_S, ()).problems
    for signature in ("ecdsa-with-SHA1", "sha1WithRSAEncryption", "md5WithRSAEncryption"):
        assert "weak-signature" in judged(replace(read(), signature=signature), NOW_S, ()).problems


def test_a_great_many_names_are_cut() -> None:
    found = read(certificate(names=[f"host{number}.lab" for number in range(2000)])[0])
    assert len(found.names) == 50


@given(
    st.binary(max_size=100)
    | st.builds(lambda at, byte: DER[:at] + bytes([byte]) + DER[at + 1 :], st.integers(0, len(DER) - 1), st.integers(0, 255))
)
def test_whatever_it_holds_nothing_raises(der: bytes) -> None:
    found = certificate_of(der)
    if found is not None:
        judged(found, NOW_S, ("target.lab",))


ROOT = certificate("some authority", bits=2048, names=())[0]
BELOW = certificate(issuer="some authority", bits=0)[0]


def test_a_chain_is_told_in_its_order() -> None:
    own, others = judged_chain([BELOW, ROOT], NOW_S, ("target.lab",))
    assert own is not None
    assert (own.common_name, own.problems) == ("target.lab", ())
    assert [(one.common_name, one.self_signed, one.problems) for one in others] == [("some authority", True, ())]


def test_what_did_not_sign_it_breaks_the_chain() -> None:
    other = certificate("some authority", bits=1024, names=())[0]
    for chain in ([BELOW, DER], [BELOW, other], [ROOT, BELOW], [BELOW, b"\x30\x03\2\1\1"]):
        own, _others = judged_chain(chain, NOW_S, ())
        assert own is not None
        assert "broken-chain" in own.problems


def test_those_that_were_sent_with_it_are_judged_too() -> None:
    _own, (root,) = judged_chain([BELOW, certificate("some authority", bits=1024, names=())[0]], ENDS + 1, ())
    assert root.problems == ("expired", "weak-key")


@pytest.mark.parametrize("ders", [[], [b""], [b"\x30\x82\xff\xff"], [b"\xff" * 99, ROOT]])
def test_without_a_certificate_that_can_be_read_there_is_none(ders: list[bytes]) -> None:
    assert judged_chain(ders, NOW_S, ()) == (None, ())


def test_a_great_many_certificates_are_cut() -> None:
    _own, others = judged_chain([ROOT] * 3000, NOW_S, ())
    assert len(others) == 9


def length(size: int) -> bytes:
    """DER's, in four bytes."""
    return b"\x84" + size.to_bytes(4)


def test_ten_megabytes_are_read_in_bounded_time_and_told_in_few_words() -> None:
    """Many names in one, and ten megabytes of nothing."""
    names = [f"host{number}.target.lab" for number in range(20_000)]
    found = read(certificate(names=names, common_name="x" * 64)[0])
    assert len(str(found)) < 8_000
    assert certificate_of(b"\x30" + length(10_000_000) + bytes(10_000_000)) is None
    assert certificate_of(DER + bytes(10_000_000)) is None


@pytest.mark.parametrize(
    "odd",
    [
        DER.replace(b"target.lab", b"target\0lab"),
        DER.replace(b"target.lab", b"\xff\xfe\x80\x81\x82get.lab"[:10]),
        DER.replace(b"*.target.lab", b"*.\x1b[2J;;;;;;"[:12]),
        DER.replace(b"231114221320Z", b"991332996099Z"),
        DER.replace(b"231114221320Z", b"zzzzzzzzzzzzz"),
        DER.replace(bytes.fromhex("550403"), bytes.fromhex("55047f")),
    ],
)
def test_odd_encodings(odd: bytes) -> None:
    assert odd != DER
    own, _others = judged_chain([odd, DER], NOW_S, ("target.lab",))
    assert own is None or len(str(own)) < 8_000


@given(st.lists(st.binary(max_size=60) | st.sampled_from([DER, ROOT, BELOW, BELOW[:-3]]), max_size=4))
def test_no_chain_makes_it_raise(ders: list[bytes]) -> None:
    own, others = judged_chain(ders, NOW_S, ("target.lab",))
    assert own is not None or others == ()
