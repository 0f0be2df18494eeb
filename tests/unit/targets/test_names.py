from __future__ import annotations

import socket
from ipaddress import ip_address
from typing import Any

import pytest

from hatoba.errors import UsageError
from hatoba.model import Address
from hatoba.targets.names import Lookup, choose, interface_name, look_up, of_others, system_resolver, unmapped


def lookup(*addresses: str, problem: str | None = None) -> Lookup:
    held = [ip_address(a) for a in addresses]
    return Lookup({f: tuple(a for a in held if a.version == f) for f in (4, 6)}, problem)


BOTH = lookup("198.18.0.1", "198.18.0.2", "fd00:18::1", "fd00:18::2")


@pytest.mark.parametrize(
    ("families", "every", "taken"),
    [
        ({4}, False, ["198.18.0.1"]),
        ({6}, False, ["fd00:18::1"]),
        ({4, 6}, False, ["198.18.0.1", "fd00:18::1"]),
        ({4}, True, ["198.18.0.1", "198.18.0.2"]),
        ({4, 6}, True, ["198.18.0.1", "198.18.0.2", "fd00:18::1", "fd00:18::2"]),
    ],
)
def test_which_addresses_are_taken(families: set[int], every: bool, taken: list[str]) -> None:
    chosen = choose("a.example", BOTH, frozenset(families), every)
    assert [str(a) for a in chosen.addresses] == taken
    others = [a for a in ("198.18.0.1", "198.18.0.2", "fd00:18::1", "fd00:18::2") if a not in taken]
    assert (chosen.note, [str(a) for a in chosen.others]) == (None, others)


def test_ipv4_by_default_falls_back_to_ipv6() -> None:
    chosen = choose("six.example", lookup("fd00:18::1", "fd00:18::2"), frozenset({4}), False)
    assert [str(a) for a in chosen.addresses] == ["fd00:18::1"]
    assert "no IPv4 address" in (chosen.note or "")


def test_ipv6_alone_does_not_fall_back() -> None:
    with pytest.raises(UsageError, match=r"leave out -6 to scan 198\.18\.0\.1"):
        choose("four.example", lookup("198.18.0.1"), frozenset({6}), False)


def test_unknown_names_and_failed_questions_differ() -> None:
    with pytest.raises(UsageError, match=r"nosuch\.example: no such name"):
        choose("nosuch.example", lookup(), frozenset({4}), False)
    with pytest.raises(UsageError, match="failed \\(try again\\)"):
        choose("a.example", lookup(problem="try again"), frozenset({4}), False)


def test_look_up_asks_each_name_once_in_both_families() -> None:
    asked: list[tuple[str, int]] = []

    def resolver(name: str, family: int) -> list[Address]:
        asked.append((name, family))
        if name == "broken.example":
            raise socket.gaierror(socket.EAI_AGAIN, "try again")
        return [ip_address("::ffff:198.18.0.9")] * 2 if family == 6 else []

    found = look_up(["a.example", "broken.example", "a.example"], resolver)
    assert sorted(asked) == [("a.example", 4), ("a.example", 6), ("broken.example", 4), ("broken.example", 6)]
    assert found["a.example"] == lookup("198.18.0.9")
    assert found["broken.example"] == lookup(problem="Temporary failure in name resolution")
    assert look_up([], resolver) == {}


def test_unmapped() -> None:
    assert str(unmapped(ip_address("::ffff:198.18.0.1"))) == "198.18.0.1"
    assert str(unmapped(ip_address("fd00:18::1"))) == "fd00:18::1"


def test_the_systems_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    def answers(name: str, _port: None, family: int, _kind: int) -> list[Any]:
        if name == "nosuch.example":
            raise socket.gaierror(socket.EAI_NONAME, "unknown")
        if name == "down.example":
            raise socket.gaierror(socket.EAI_AGAIN, "no server")
        sockaddr = ("198.18.0.1", 0) if family == socket.AF_INET else ("fe80::1%lo", 0, 0, 1)
        return [(family, socket.SOCK_STREAM, 6, "", sockaddr)]

    monkeypatch.setattr(socket, "getaddrinfo", answers)
    assert system_resolver("a.example", 4) == [ip_address("198.18.0.1")]
    assert system_resolver("a.example", 6) == [ip_address("fe80::1%lo")]
    assert system_resolver("nosuch.example", 4) == []
    with pytest.raises(OSError, match="no server"):
        system_resolver("down.example", 4)


def test_a_name_that_idna_refuses_is_nobodys() -> None:
    assert system_resolver("\u0fff" * 80, 4) == []


def test_interface_names(monkeypatch: pytest.MonkeyPatch) -> None:
    def by_index(index: int) -> str:
        if index != 2:
            raise OSError
        return "eth0"

    monkeypatch.setattr(socket, "if_indextoname", by_index)
    assert interface_name("2") == interface_name("eth0") == "eth0"
    with pytest.raises(UsageError, match="no interface with this number"):
        interface_name("3")


@pytest.mark.parametrize(("other", "noted"), [("::1", False), ("fd00:18::1", True)])
def test_the_other_loopback_address_is_not_worth_a_note(other: str, noted: bool) -> None:
    chosen = choose("localhost", lookup("127.0.0.1", other), frozenset({4}), False)
    assert [str(address) for address in chosen.addresses] == ["127.0.0.1"]
    assert (len(chosen.others) == 1) is noted


def test_of_many_names_with_other_addresses_one_sentence_tells() -> None:
    others = {f"{number}.example": (ip_address("fd00:18::1"), ip_address("fd00:18::2")) for number in range(1005)}
    few = dict(list(others.items())[:5])
    assert of_others({}) == []
    assert [sentence.partition(" has 2 other addresses")[0] for sentence in of_others(few)] == list(few)
    (told,) = of_others(others)
    assert told.startswith("0.example, 1.example, 2.example, 3.example, 4.example and 1,000 more names have other addresses")
