"""Who may use an HTTP proxy server."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hatoba.netcat.http_credentials import answer, basic, challenges
from hatoba.netcat.proxy_accounts import ProxyAccounts
from hatoba.netcat.socks import Account

ANN = Account("ann", "sec:rét")
TARGET = "www:80"


class Clock:
    now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


def proof(accounts: ProxyAccounts, account: Account = ANN, algorithm: int = 0, target: str = TARGET) -> str:
    told = answer(challenges([accounts.challenges()[algorithm]]), account, "CONNECT", target, "c")
    assert told is not None
    return told


@pytest.mark.parametrize("algorithm", [0, 1])
def test_digest(algorithm: int) -> None:
    clock = Clock()
    accounts = ProxyAccounts(ANN, clock=clock)
    told = proof(accounts, algorithm=algorithm)
    assert accounts.admits(told, "CONNECT", TARGET)
    assert accounts.admits(told, "CONNECT", "/path", TARGET)
    assert not accounts.admits(told, "GET", TARGET)
    assert not accounts.admits(told, "CONNECT", "mail:25")
    assert not accounts.admits(proof(accounts, Account("ann", "guess"), algorithm), "CONNECT", TARGET)
    assert not accounts.admits(proof(accounts, Account("bob", ANN.password), algorithm), "CONNECT", TARGET)
    clock.now_s += 299
    assert accounts.admits(told, "CONNECT", TARGET)
    clock.now_s += 2
    assert not accounts.admits(told, "CONNECT", TARGET)


def test_a_nonce_of_somebody_else() -> None:
    clock = Clock()
    told = proof(ProxyAccounts(ANN, clock=clock))
    assert not ProxyAccounts(ANN, clock=clock).admits(told, "CONNECT", TARGET)


def test_basic() -> None:
    accounts = ProxyAccounts(ANN)
    assert accounts.admits(basic(ANN), "CONNECT", TARGET)
    assert accounts.admits(basic(ANN).replace("Basic", "bAsic"), "CONNECT", TARGET)
    for wrong in (basic(Account("ann", "guess")), "Basic", "Basic !!!", "Basic /w==", "Bearer x", ""):
        assert not accounts.admits(wrong, "CONNECT", TARGET)
    assert not accounts.admits(None, "CONNECT", TARGET)


@given(st.text(max_size=100) | st.text(st.sampled_from('=",\\ abnoncqup'), max_size=80).map(lambda tail: "Digest " + tail))
def test_no_proof_confuses_it(told: str) -> None:
    assert not ProxyAccounts(ANN).admits(told, "CONNECT", TARGET)
