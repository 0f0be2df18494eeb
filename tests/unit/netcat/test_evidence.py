"""A checked port as a verdict."""

from __future__ import annotations

import errno
import os

import pytest

from hatoba.netcat import evidence
from hatoba.netcat.checking import Checked
from hatoba.netcat.ends import Transport
from hatoba.netcat.evidence import verdict_of
from hatoba.wire.connect_errors import ORIGIN_ICMP, ORIGIN_ICMP6, SocketError

TARGET, ROUTER, OWN = bytes([198, 18, 0, 2]), bytes([198, 18, 0, 9]), bytes([198, 18, 0, 1])


@pytest.fixture(autouse=True)
def own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evidence, "own_addresses", lambda: frozenset({OWN}))


def fault(code: int) -> OSError:
    return OSError(code, os.strerror(code))


def icmp(its_type: int, code: int, offender: bytes = TARGET) -> SocketError:
    return SocketError(0, ORIGIN_ICMP, its_type, code, offender, 0, (TARGET, 80))


@pytest.mark.parametrize(
    ("transport", "checked", "state", "reason", "answer"),
    [
        (Transport.TCP, Checked(80, "198.18.0.2", None), "open", "syn-ack", "connected"),
        (Transport.SCTP, Checked(80, "198.18.0.2", None), "open", "init-ack", "init-ack"),
        (Transport.UDP, Checked(80, "198.18.0.2", None), "open", "udp-response", "udp"),
        (Transport.UDP, Checked(80, "198.18.0.2", None, False), "open|filtered", "no-response", None),
        (Transport.TCP, Checked(80, "198.18.0.2", fault(errno.ECONNREFUSED)), "closed", "conn-refused", "refused"),
        (Transport.SCTP, Checked(80, "198.18.0.2", fault(errno.ECONNREFUSED)), "closed", "abort", "abort"),
        (Transport.TCP, Checked(80, "198.18.0.2", fault(errno.ETIMEDOUT)), "filtered", "no-response", None),
        (Transport.TCP, Checked(80, "198.18.0.2", fault(errno.ENETUNREACH)), "filtered", "local-error", "local error"),
    ],
)
def test_what_the_kernel_reports(transport: Transport, checked: Checked, state: str, reason: str, answer: str | None) -> None:
    verdict = verdict_of(checked, transport)
    assert (verdict.state.word, verdict.reason.word, verdict.evidence.answer) == (state, reason, answer)
    assert str(verdict.evidence.responder) == ("None" if answer is None else "198.18.0.2")


@pytest.mark.parametrize(
    ("transport", "error", "state", "reason", "who"),
    [
        (Transport.TCP, icmp(3, 13, ROUTER), "filtered", "admin-prohibited", "198.18.0.9"),
        (Transport.TCP, icmp(3, 3), "filtered", "port-unreach", "198.18.0.2"),
        (Transport.UDP, icmp(3, 3), "closed", "port-unreach", "198.18.0.2"),
        (Transport.UDP, icmp(3, 3, ROUTER), "filtered", "port-unreach", "198.18.0.9"),
        (Transport.TCP, icmp(11, 0, ROUTER), "filtered", "time-exceeded", "198.18.0.9"),
        (Transport.TCP, icmp(3, 1, OWN), "filtered", "no-neighbour", "198.18.0.2"),
        (Transport.TCP, icmp(3, 13, OWN), "filtered", "local-error", "198.18.0.2"),
        (Transport.UDP, icmp(3, 5, ROUTER), "open|filtered", "no-response", "198.18.0.9"),
    ],
)
def test_whose_word_an_icmp_error_is(transport: Transport, error: SocketError, state: str, reason: str, who: str) -> None:
    verdict = verdict_of(Checked(80, "198.18.0.2", fault(errno.EHOSTUNREACH), icmp=error), transport)
    assert (verdict.state.word, verdict.reason.word, str(verdict.evidence.responder)) == (state, reason, who)


def test_an_icmp_error_of_ipv6() -> None:
    target = bytes(15) + b"\1"
    error = SocketError(0, ORIGIN_ICMP6, 1, 4, target, 0, (target, 80))
    verdict = verdict_of(Checked(80, "::1", fault(errno.ECONNREFUSED), icmp=error), Transport.UDP)
    assert (verdict.state.word, verdict.evidence.answer) == ("closed", "icmp6 1/4")


def test_of_several_questions_nobody_knows_which_one_was_answered() -> None:
    once = verdict_of(Checked(80, "198.18.0.2", None, took_s=0.004), Transport.TCP).evidence
    assert (once.probes, once.answered_probe, once.rtt_s) == (1, 1, 0.004)
    again = verdict_of(Checked(80, "198.18.0.2", None, asked=2, took_s=1.004), Transport.TCP).evidence
    assert (again.probes, again.answered_probe, again.rtt_s) == (2, 2, None)
    silent = verdict_of(Checked(80, "198.18.0.2", fault(errno.ETIMEDOUT), asked=2), Transport.TCP).evidence
    assert (silent.probes, silent.answered_probe, silent.rtt_s) == (2, None, None)
