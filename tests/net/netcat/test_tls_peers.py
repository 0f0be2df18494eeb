"""TLS with the real ncat and with OpenSSL's programs, in both roles, and what each thing that goes wrong sounds like."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from hatoba.lab import Lab

pytestmark = pytest.mark.peer("ncat", "openssl", "curl")


@pytest.fixture(scope="module")
def found() -> Iterator[dict[str, Any]]:
    with Lab("nctls") as lab:
        host = lab.add_host("host")
        host.add_address("lo", "198.18.0.1/32")
        yield host.call("tests.net.netcat.tls_calls:matrix", timeout_s=280)


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
@pytest.mark.parametrize(
    ("client", "server", "statuses"),
    [("hatoba", "hatoba", [0, 0]), ("hatoba", "ncat", [0, 0]), ("ncat", "hatoba", [0, 1])],
)
def test_streams_both_ways(found: dict[str, Any], client: str, server: str, statuses: list[int], address: str) -> None:
    """An ncat that ends first goes without a goodbye, and status 1 says that more might have been to come."""
    assert found[f"streams {client} {server} {address}"] == {"statuses": statuses, "asked": True, "answered": True}


def test_half_close_cuts_nothing(found: dict[str, Any]) -> None:
    assert found["half-close"] == {"statuses": [0, 0], "answered": True}


def test_openssl_s_client(found: dict[str, Any]) -> None:
    told = found["s_client"].pop("told")
    assert found["s_client"] == {"statuses": [0, 0], "asked": True, "answered": True}
    assert "protocol inside (ALPN): h2" in told


def test_openssl_s_server(found: dict[str, Any]) -> None:
    told = found["s_server"].pop("told")
    assert found["s_server"] == {"status": 0, "asked": True, "answered": True}
    assert "the peer's certificate: CN=localhost, issued by CN=Test authority, valid until " in told
    assert "was not checked" not in told


def test_a_certificate_that_is_right(found: dict[str, Any]) -> None:
    assert found["right"]["heard"] == 350_000
    assert "certificate" not in found["right"]["told"]


@pytest.mark.parametrize(
    ("case", "words"),
    [
        ("expired", "the certificate of localhost has expired; it has to be renewed there"),
        ("other name", "the certificate of localhost is for another name; write the name that it is for"),
        ("other address", "the certificate of 127.0.0.1 is not for this address; write the name that it is for"),
        ("not trusted", "nobody that this machine trusts vouches for the certificate of localhost"),
        ("no tls", "localhost does not speak TLS on this port; leave out --ssl"),
    ],
)
def test_what_goes_wrong_is_one_sentence_and_status_1(found: dict[str, Any], case: str, words: str) -> None:
    told = found[case]["told"]
    assert words in told
    assert told.count("\n") == 1
    assert (found[case]["status"], found[case]["heard"]) == (1, 0)


def test_a_stream_that_is_cut(found: dict[str, Any]) -> None:
    assert found["cut"]["heard"] == "the first half"
    assert "without TLS's goodbye (close_notify): what came before may not be all of it" in found["cut"]["told"]
    assert (found["cut"]["told"].count("\n"), found["cut"]["status"]) == (1, 1)


def test_as_ncat_an_end_is_an_end(found: dict[str, Any]) -> None:
    assert found["as ncat"] == {"statuses": [0, 0], "heard": "hello", "told": ""}


def test_the_fingerprint_of_a_certificate_made_on_the_spot(found: dict[str, Any]) -> None:
    assert found["fingerprint"]["right"] == {"status": 0, "heard": "hello", "told": ""}
    assert found["fingerprint"]["wrong"]["status"] == 1
    assert "shows another certificate than the one asked for" in found["fingerprint"]["wrong"]["told"]


def test_clients_with_certificates(found: dict[str, Any]) -> None:
    told = found["known clients"]
    assert told["heard"] == "it is me"
    assert told["statuses"] == [1, 0]
    assert "showed no certificate, and --ssl-verify asks for one" in told["told"]
    assert "wants to see a certificate; give one with --ssl-cert and --ssl-key" in told["stranger"]


def test_many_clients_at_once(found: dict[str, Any]) -> None:
    assert found["many"] == {"heard": ["0", "1"], "answered": ["to all", "to all"]}


def test_servers_and_transfers_inside_tls(found: dict[str, Any]) -> None:
    assert found["served"] == {"curl": 0, "page": True, "statuses": [0, 0], "received": [True]}


def test_the_teaching_mode(found: dict[str, Any]) -> None:
    assert "from here on nobody between us can read along" in found["explained"]["client"]
    assert "the peer may be anybody" in found["explained"]["client"]
    assert "nobody vouches for it" in found["explained"]["server"]
    assert "we did not ask the client who it is" in found["explained"]["server"]
