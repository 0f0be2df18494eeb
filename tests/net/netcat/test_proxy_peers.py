"""Through the proxies of ncat, microsocks, dante and tinyproxy; and ncat, OpenBSD's nc and curl through ours."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from hatoba.lab import Lab

pytestmark = pytest.mark.peer("ncat", "nc.openbsd", "microsocks", "danted", "tinyproxy", "curl")


@pytest.fixture(scope="module")
def found() -> Iterator[dict[str, Any]]:
    with Lab("ncproxy") as lab:
        host = lab.add_host("host")
        host.add_address("lo", "198.18.0.1/32")
        yield host.call("tests.net.netcat.proxy_calls:matrix", timeout_s=280)


@pytest.mark.parametrize(
    "way",
    [
        *("microsocks", "microsocks, IPv6", "microsocks with a password", "dante, SOCKS 5", "dante, SOCKS 4", "tinyproxy"),
        *("ncat", "ncat with a password", "two, one after the other"),
    ],
)
def test_through_the_proxies_of_others(found: dict[str, Any], way: str) -> None:
    assert found[way] == {"answered": True, "status": 0, "told": ""}


def test_tls_through_a_proxy(found: dict[str, Any]) -> None:
    assert found["TLS through SOCKS"]["answered"]


@pytest.mark.parametrize(
    ("case", "words"),
    [
        ("refused by microsocks", "refuses: the connection was refused: the host is up, and nothing listens on that port"),
        ("refused by ncat", "answers 504 "),
        ("refused by tinyproxy", "answers 500 "),
        ("refused by dante, SOCKS 5", "refuses: the connection was refused"),
        ("refused by dante, SOCKS 4", "refuses: it could not connect, or does not want to"),
        ("wrong password, SOCKS", "does not accept this user and password; check --proxy-auth"),
        ("wrong password, HTTP", "does not accept this user and password; check --proxy-auth"),
    ],
)
def test_refusals_are_one_sentence_and_status_1(found: dict[str, Any], case: str, words: str) -> None:
    told = found[case]["told"]
    assert words in told
    assert told.count("\n") == 1
    assert (found[case]["status"], found[case]["answered"]) == (1, False)


@pytest.mark.parametrize(
    "client",
    [
        *("OpenBSD nc, SOCKS 5", "OpenBSD nc, SOCKS 5, IPv6", "OpenBSD nc, SOCKS 4", "OpenBSD nc, CONNECT", "ncat, HTTP"),
        *("ncat, HTTP with a password", "ncat, SOCKS 4", "ncat, SOCKS 5", "ncat, SOCKS 5 with a password"),
        "ncat, TLS through SOCKS 5",
    ],
)
def test_others_through_our_proxies(found: dict[str, Any], client: str) -> None:
    assert found[client]["answered"], found[client]["told"]


@pytest.mark.parametrize(
    "client", ["curl, HTTP", "curl, tunnel", "curl, digest", "curl, basic, tunnel", "curl, SOCKS 4A", "curl, SOCKS 5"]
)
def test_curl_through_our_proxies(found: dict[str, Any], client: str) -> None:
    assert found[client] == {"status": 0, "answered": True}


def test_who_has_the_wrong_password_is_refused(found: dict[str, Any]) -> None:
    assert found["curl, wrong password"] == "407"
    assert found["curl, wrong password, SOCKS"] == 97
    assert "was refused: say who you are" in found["told"]
