from __future__ import annotations

from ipaddress import ip_address

import pytest

from hatoba.model import Host
from hatoba.reports.absence import Absences

ROUTER = ip_address("198.18.0.254")


def told(*hosts: Host) -> list[str]:
    absences = Absences()
    for host in hosts:
        absences.note(host)
    return list(absences.sentences())


def gone(last: int, reason: str, by_router: bool = False) -> Host:
    return Host(ip_address(f"198.18.1.{last}"), (), "down", reason, responder=ROUTER if by_router else None)


@pytest.mark.parametrize(
    ("reason", "by_router", "words"),
    [
        ("no-response", False, "No answer from 198.18.1.7: off, a wrong address, or a firewall"),
        ("no-neighbour", False, "Nobody on the link answers for 198.18.1.7: off, or"),
        ("broadcast", False, "198.18.1.7: a link's broadcast address stands for every host on it; name the hosts"),
        ("host-unreach", True, "198.18.0.254 says that it has no way to 198.18.1.7 (host-unreach)"),
        ("no-route", True, "198.18.0.254 says that it has no way to 198.18.1.7 (no-route)"),
        ("admin-prohibited", True, "198.18.0.254 refuses what is sent to 198.18.1.7 (admin-prohibited)"),
        ("time-exceeded", True, "goes in circles or is too long: 198.18.0.254"),
        ("local-error", False, "This machine could not send to 198.18.1.7"),
    ],
)
def test_each_cause_has_its_sentence(reason: str, by_router: bool, words: str) -> None:
    (sentence,) = told(gone(7, reason, by_router))
    assert words in sentence


@pytest.mark.parametrize("reason", ["no-neighbour", "host-unreach", "admin-prohibited"])
def test_no_firewall_swallows_where_something_else_is_known(reason: str) -> None:
    assert not any("swallows" in sentence for sentence in told(gone(7, reason, reason != "no-neighbour")))


@pytest.mark.parametrize("reason", ["no-route", "no-gateway"])
def test_what_is_a_problem_is_not_told_twice(reason: str) -> None:
    assert told(gone(7, reason)) == []


def test_hosts_of_one_cause_share_a_sentence() -> None:
    silent, unknown = told(*(gone(last, "no-response") for last in (1, 2, 3)), gone(4, "no-neighbour"))
    assert silent.startswith("No answer from 198.18.1.1 and 2 more: ")
    assert unknown.startswith("Nobody on the link answers for 198.18.1.4: ")
