from __future__ import annotations

import numpy as np
import pytest
from builders import target_set

from hatoba.engine.host_book import HostBook
from hatoba.engine.leg import Leg
from hatoba.model import Answer, Protocol, Reason, State
from hatoba.results.batch import VERDICT


def book() -> HostBook:
    targets = target_set("198.18.0.0/29", "80-90")
    block = targets.blocks[0]
    return HostBook(Leg(block, Protocol.TCP, np.array([1, 2, 3]), block.ports[Protocol.TCP]), targets)


def row(host: int, reason: Reason, answer: Answer, rtt_s: float = np.nan, responder: int = 0) -> np.ndarray:
    rows = np.zeros(1, VERDICT)
    rows["host"], rows["reason"], rows["answer"], rows["rtt_s"], rows["responder"] = host, reason, answer, rtt_s, responder
    rows["state"] = State.CLOSED
    return rows


def test_who_answered_is_up_by_the_first_answer_with_its_mean_round_trip() -> None:
    hosts = book()
    hosts.learn(np.concatenate([row(2, Reason.RESET, Answer.RST, 0.1), row(2, Reason.SYN_ACK, Answer.SYN_ACK, 0.3)]))
    hosts.learn(row(2, Reason.SYN_ACK, Answer.SYN_ACK, 0.2))
    told = {str(host.address): host for host in hosts.close()}
    assert list(told) == ["198.18.0.1", "198.18.0.2", "198.18.0.3"]
    assert (told["198.18.0.2"].state, told["198.18.0.2"].reason) == ("up", "reset")
    assert told["198.18.0.2"].rtt_s == pytest.approx(0.2)
    assert (told["198.18.0.1"].state, told["198.18.0.1"].reason) == ("unknown", "no-response")


def test_an_error_of_a_router_does_not_make_a_host_up_but_its_own_does() -> None:
    hosts = book()
    hosts.learn(row(1, Reason.ADMIN_PROHIBITED, Answer.ICMP, 0.1, responder=1))
    hosts.learn(row(2, Reason.ADMIN_PROHIBITED, Answer.ICMP, 0.1, responder=0))
    assert [host.state for host in hosts.close()] == ["unknown", "up", "unknown"]


def test_nobody_on_the_link_is_down() -> None:
    hosts = book()
    hosts.learn(row(3, Reason.NO_NEIGHBOUR, Answer.LOCAL))
    assert [(host.state, host.reason) for host in hosts.close()][2] == ("down", "no-neighbour")


def test_an_early_end_tells_only_of_hosts_with_a_verdict() -> None:
    hosts = book()
    hosts.learn(row(2, Reason.RESET, Answer.RST, 0.1))
    assert [str(host.address) for host in hosts.close(asked_only=True)] == ["198.18.0.2"]
