from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hatoba.identify.certificate import certificate_of, judged
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
