from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address

import numpy as np
import pytest
from builders import group

from hatoba.engine.doubts import Doubts
from hatoba.engine.host_book import HostBook
from hatoba.model import Answer, Deception, Hop, Host, Protocol, Reason, State, Trace, Vanishing
from hatoba.probes import METHODS, PINGS
from hatoba.results.batch import VERDICT, HostBatch

ROUTER = ip_address("198.18.0.6")


def book(on_link: bool = False) -> HostBook:
    asked, targets = group("198.18.0.0/29", [1, 2, 3])
    macs = np.arange(18, dtype=np.uint8).reshape(3, 6)
    asked = replace(asked, macs=macs, route=replace(asked.route, gateway=None)) if on_link else asked
    return HostBook(asked, targets, [ROUTER])


def told_of(hosts: HostBook, asked_only: bool = False) -> list[Host]:
    """One by one."""
    return [host for told in hosts.close(asked_only) for host in (told if isinstance(told, HostBatch) else [told])]


def learn(hosts: HostBook, rows: np.ndarray) -> None:
    hosts.learn(rows, [METHODS["syn"]])


def row(
    host: int, reason: Reason, answer: Answer, rtt_s: float = np.nan, responder: int = 0, port: int = 80, ttl: int = 60
) -> np.ndarray:
    rows = np.zeros(1, VERDICT)
    rows["protocol"], rows["port"], rows["ttl"] = 6, port, ttl
    rows["host"], rows["reason"], rows["answer"], rows["rtt_s"], rows["responder"] = host, reason, answer, rtt_s, responder
    rows["state"] = State.CLOSED
    return rows


def test_who_answered_is_up_by_the_first_answer_with_its_mean_round_trip() -> None:
    hosts = book()
    learn(hosts, np.concatenate([row(2, Reason.RESET, Answer.RST, 0.1), row(2, Reason.SYN_ACK, Answer.SYN_ACK, 0.3)]))
    learn(hosts, row(2, Reason.SYN_ACK, Answer.SYN_ACK, 0.2))
    told = {str(host.address): host for host in told_of(hosts)}
    assert list(told) == ["198.18.0.1", "198.18.0.2", "198.18.0.3"]
    assert (told["198.18.0.2"].state, told["198.18.0.2"].reason) == ("up", "reset")
    assert told["198.18.0.2"].rtt_s == pytest.approx(0.2)
    assert (told["198.18.0.1"].state, told["198.18.0.1"].reason) == ("unknown", "no-response")


def test_an_error_of_a_router_does_not_make_a_host_up_but_its_own_does() -> None:
    hosts = book()
    learn(hosts, row(1, Reason.ADMIN_PROHIBITED, Answer.ICMP, 0.1, responder=1))
    learn(hosts, row(2, Reason.ADMIN_PROHIBITED, Answer.ICMP, 0.1, responder=0))
    told = told_of(hosts)
    assert [host.state for host in told] == ["unknown", "up", "unknown"]
    assert [host.reason for host in told] == ["admin-prohibited", "admin-prohibited", "no-response"]
    assert [host.responder for host in told] == [ROUTER, None, None]


def test_a_host_that_is_down_has_its_routers_word_for_it_and_a_later_answer_takes_it_back() -> None:
    hosts = book()
    learn(hosts, row(1, Reason.HOST_UNREACH, Answer.ICMP, 0.1, responder=1))
    learn(hosts, row(1, Reason.ADMIN_PROHIBITED, Answer.ICMP, 0.1, responder=1))
    learn(hosts, row(2, Reason.HOST_UNREACH, Answer.ICMP, 0.1, responder=1))
    learn(hosts, row(2, Reason.RESET, Answer.RST, 0.1))
    told = [(host.state, host.reason, host.responder) for host in hosts.close(absent="no-response")]
    assert told == [("down", "host-unreach", ROUTER), ("up", "reset", None), ("down", "no-response", None)]
    assert [(places.tolist(), *why) for places, *why in hosts.absent(~hosts.up)] == [
        ([2], "no-response", None),
        ([0], "host-unreach", ROUTER),
    ]


def test_what_this_machine_could_not_send_is_no_silence() -> None:
    hosts = book()
    learn(hosts, row(1, Reason.LOCAL_ERROR, Answer.LOCAL))
    assert next((host.state, host.reason) for host in told_of(hosts)) == ("unknown", "local-error")


def test_the_time_to_live_is_that_of_the_answer_which_is_the_reason() -> None:
    hosts = book()
    hosts.there(np.array([True, False, False]), Reason.ARP_RESPONSE)
    learn(hosts, np.concatenate([row(1, Reason.RESET, Answer.RST, 0.1, ttl=64), row(2, Reason.RESET, Answer.RST, 0.1, ttl=61)]))
    assert [host.ttl for host in told_of(hosts)] == [None, 61, None]


def test_who_answered_the_echo_of_a_trace_is_there() -> None:
    hosts = book()
    stations = [(Hop(1, ROUTER, 0.1), Hop(2, ip_address(f"198.18.0.{last}"), 0.2)) for last in (1, 2)]
    hosts.traced({0: Trace("icmp-echo", 0, stations[0]), 1: Trace("icmp-echo", 0, stations[1][:1])})
    told = list(hosts.close(absent="no-response"))
    assert [(host.state, host.reason) for host in told[:2]] == [("up", "echo-reply"), ("down", "no-response")]
    assert told[0].rtt_s == pytest.approx(0.2)


def test_nobody_on_the_link_is_down() -> None:
    hosts = book()
    learn(hosts, row(3, Reason.NO_NEIGHBOUR, Answer.LOCAL))
    assert [(host.state, host.reason) for host in told_of(hosts)][2] == ("down", "no-neighbour")
    assert hosts.absent_from_link.tolist() == [False, False, True]


def test_an_early_end_tells_only_of_hosts_with_a_verdict() -> None:
    hosts = book()
    learn(hosts, row(2, Reason.RESET, Answer.RST, 0.1))
    assert [str(host.address) for host in hosts.close(stopped=True)] == ["198.18.0.2"]


def test_an_early_end_tells_of_each_host_by_itself_that_it_is_not_finished() -> None:
    hosts = book()
    for host in (1, 2, 3):
        learn(hosts, row(host, Reason.NO_RESPONSE, Answer.NONE))
    told = list(hosts.close(stopped=True))
    assert [isinstance(one, Host) and one.unfinished for one in told] == [True] * 3
    assert [len(one) for one in hosts.close() if isinstance(one, HostBatch)] == [3]


def test_a_host_that_is_there_by_other_signs_keeps_its_own_answer_as_the_reason() -> None:
    hosts = book()
    learn(hosts, row(2, Reason.RESET, Answer.RST, 0.1))
    hosts.there(np.array([True, True, False]), Reason.ARP_RESPONSE)
    assert [(host.state, host.reason) for host in hosts.close(absent="no-response")] == [
        ("up", "arp-response"),
        ("up", "reset"),
        ("down", "no-response"),
    ]


def test_the_first_answer_is_kept_for_the_way_to_the_host_and_a_silent_port_beside_it() -> None:
    hosts = book()
    told = row(2, Reason.RESET, Answer.RST, 0.1)
    told["protocol"], told["port"], told["ttl"] = 6, 22, 61
    silent = row(2, Reason.NO_RESPONSE, Answer.NONE)
    silent["protocol"], silent["port"], silent["state"] = 6, 80, State.FILTERED
    learn(hosts, np.concatenate([told, silent]))
    assert hosts.answered(1) == (METHODS["syn"], 22, 0, 61)
    assert hosts.silent(1) == (METHODS["syn"], 80, 0, 60)
    assert (hosts.answered(0), hosts.silent(0)) == (None, None)


def test_the_method_that_was_answered_is_kept_where_several_ask_for_the_same() -> None:
    hosts = book()
    asked = [PINGS["icmp-echo"], METHODS["udp"], PINGS["icmp-timestamp"]]
    told = np.concatenate(
        [row(1, Reason.TIMESTAMP_REPLY, Answer.TIMESTAMP_REPLY), row(2, Reason.ECHO_REPLY, Answer.ECHO_REPLY)]
    )
    told["protocol"], told["port"] = Protocol.ICMP, 0
    hosts.learn(told, asked, np.array([2, 0]))
    third = row(3, Reason.UDP_RESPONSE, Answer.UDP)
    third["answered_probe"] = 4
    hosts.learn(third, asked, np.array([1]))
    learn(hosts, row(1, Reason.RESET, Answer.RST))
    assert [hosts.answered(place) for place in range(3)] == [
        (PINGS["icmp-timestamp"], 0, 0, 60),
        (PINGS["icmp-echo"], 0, 0, 60),
        (METHODS["udp"], 80, 3, 60),
    ]
    assert hosts.of(np.array([1, 2])).answered(1) == (METHODS["udp"], 80, 3, 60)


@pytest.mark.parametrize(
    ("answer", "icmp_type", "reason"),
    [
        (Answer.ICMP, 3, "dest-unreach"),
        (Answer.ICMP6, 1, "dest-unreach"),
        (Answer.ICMP6, 4, "param-problem"),
    ],
)
def test_an_error_that_says_nothing_of_the_port_shows_its_host_and_not_how_long_it_takes(
    answer: Answer, icmp_type: int, reason: str
) -> None:
    hosts = book()
    noted = np.concatenate([row(host, Reason.NO_RESPONSE, answer) for host in (1, 2)])
    noted["state"], noted["icmp_type"] = State.FILTERED, icmp_type
    learn(hosts, np.concatenate([noted, row(2, Reason.RESET, Answer.RST, 0.2)]))
    first, second, _third = told_of(hosts)
    assert (first.state, first.reason, first.rtt_s) == ("up", reason, None)
    assert second.rtt_s == pytest.approx(0.2)


def test_a_book_of_some_hosts_knows_what_the_whole_one_did() -> None:
    hosts = book()
    learn(hosts, row(3, Reason.RESET, Answer.RST, 0.1))
    (host,) = told_of(hosts.of(np.array([2])))
    assert (str(host.address), host.state, host.reason) == ("198.18.0.3", "up", "reset")


def test_a_hardware_address_is_told_of_hosts_on_the_link_alone() -> None:
    for on_link, macs in ((True, [bytes(range(6)), bytes(range(6, 12))]), (False, [None, None])):
        hosts = book(on_link)
        learn(hosts, np.concatenate([row(n, Reason.RESET, Answer.RST, 0.1) for n in (1, 2)]))
        assert [host.mac for host in told_of(hosts)][:2] == macs


def test_a_part_of_the_hosts_takes_along_what_is_known() -> None:
    hosts = book()
    learn(hosts, np.concatenate([row(1, Reason.RESET, Answer.RST, 0.1), row(3, Reason.SYN_ACK, Answer.SYN_ACK, 0.3, port=22)]))
    part = hosts.of(np.array([1, 2]))
    part.time_out(np.array([0]))
    told = told_of(part)
    assert [(str(host.address), host.state, host.timed_out) for host in told] == [
        ("198.18.0.2", "unknown", True),
        ("198.18.0.3", "up", False),
    ]
    assert told[1].rtt_s == pytest.approx(0.3)
    assert (part.answered(0), part.answered(1)) == (None, (METHODS["syn"], 22, 0, 60))


def test_one_silent_port_of_each_host_is_kept() -> None:
    hosts = book()
    silent = row(2, Reason.NO_RESPONSE, Answer.NONE, port=81)
    silent["state"] = State.FILTERED
    noted = silent.copy()
    noted["host"], noted["answer"] = 3, Answer.ICMP
    learn(hosts, np.concatenate([row(2, Reason.RESET, Answer.RST, 0.1), silent, noted]))
    assert [hosts.silent(place) for place in range(3)] == [None, (METHODS["syn"], 81, 0, 60), None]


def test_ways_and_doubts_go_to_their_hosts() -> None:
    hosts = book()
    trace = Trace("syn", 80, (Hop(1, None),))
    vanishing = Vanishing(Protocol.TCP, 81, None)
    hosts.traced({0: trace})
    hosts.vanish({1: vanishing})
    hosts.doubt(Doubts(deceptions={2: Deception.TARPIT}, held={2: (80,)}))
    told = told_of(hosts)
    assert [host.trace for host in told] == [trace, None, None]
    assert [host.vanishing for host in told] == [None, vanishing, None]
    assert [(host.deception, host.held_ports) for host in told] == [
        (None, None),
        (None, None),
        (Deception.TARPIT, (80,)),
    ]


def test_silent_hosts_that_follow_each_other_are_told_together() -> None:
    asked, targets = group("198.18.0.0/25", list(range(1, 101)))
    hosts = HostBook(asked, targets, [ROUTER])
    learn(hosts, np.concatenate([row(31, Reason.SYN_ACK, Answer.SYN_ACK, 0.1), row(51, Reason.RESET, Answer.RST, 0.1)]))
    learn(hosts, np.concatenate([row(n, Reason.HOST_UNREACH, Answer.ICMP, responder=1) for n in (61, 62, 63)]))
    hosts.time_out(np.array([79, 80]))
    told = list(hosts.close())
    sizes = [len(one) if isinstance(one, HostBatch) else str(one.address) for one in told]
    by_itself = ["198.18.0.31", "198.18.0.51", "198.18.0.80", "198.18.0.81"]
    assert sizes == [30, by_itself[0], 19, by_itself[1], 9, 3, 16, *by_itself[2:], 19]
    refused = told[5]
    assert isinstance(refused, HostBatch)
    assert (refused.state, refused.reason, refused.responder) == ("unknown", "host-unreach", ROUTER)
    assert [str(host.address) for host in told_of(hosts)] == [f"198.18.0.{n}" for n in range(1, 101)]
    assert [host.timed_out for host in told_of(hosts)].count(True) == 2


def test_a_silent_host_of_which_there_is_more_to_tell_stands_by_itself() -> None:
    asked, targets = group("198.18.0.0/25", list(range(1, 8)))
    hosts = HostBook(asked, targets)
    hosts.traced({2: Trace("icmp-echo", 0, ())})
    hosts.vanish({4: Vanishing(Protocol.TCP, 80, None)})
    assert [len(one) if isinstance(one, HostBatch) else 0 for one in hosts.close()] == [2, 0, 1, 0, 2]


def test_only_those_of_which_something_is_known_and_none_at_all() -> None:
    hosts = book()
    assert told_of(hosts, asked_only=True) == []
    learn(hosts, row(2, Reason.RESET, Answer.RST, 0.1))
    assert [str(host.address) for host in told_of(hosts, asked_only=True)] == ["198.18.0.2"]
