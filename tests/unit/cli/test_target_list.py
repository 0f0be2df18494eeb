"""A list of the targets."""

from __future__ import annotations

from hatoba.cli.target_list import TargetList
from hatoba.model import Address, Host, ScanEnd, ScanInfo, Shard
from hatoba.targets.build import build_targets
from hatoba.targets.ports import parse_ports
from hatoba.targets.target_set import TargetSet


class Names:
    """Keeps what it was asked, and knows the odd addresses."""

    problem: str | None = None

    def __init__(self) -> None:
        self.asked: list[Address] = []
        self.ahead: list[int] = []
        self.closed = 0

    def ask(self, address: Address) -> None:
        self.asked.append(address)

    def name(self, address: Address) -> str | None:
        self.ahead.append(len(self.asked) - self.asked.index(address))
        return f"host-{int(address) % 256}" if int(address) % 2 else None

    def close(self) -> None:
        self.closed += 1


def targets(*expressions: str) -> TargetSet:
    return build_targets(expressions, ports=parse_ports("80")).targets


def events(found: TargetSet, names: Names | None = None) -> tuple[ScanInfo, list[Host], ScanEnd]:
    clock = iter((10.0, 12.5))
    first, *hosts, last = TargetList(found, ["hatoba"], names, lambda: next(clock)).events()
    assert isinstance(first, ScanInfo)
    assert isinstance(last, ScanEnd)
    return first, [host for host in hosts if isinstance(host, Host)], last


def test_every_address_once_in_order_without_a_question() -> None:
    info, hosts, end = events(targets("198.18.0.2-3", "fd00:18::2"))
    assert (info.asked, info.address_count, info.arguments) == ((), 3, ("hatoba",))
    assert [str(host.address) for host in hosts] == ["198.18.0.2", "198.18.0.3", "fd00:18::2"]
    assert {(host.state, host.reason, host.names) for host in hosts} == {("unknown", "user-set", ())}
    assert (end.hosts_total, end.duration_s, end.probes_sent, end.problems) == (3, 2.5, 0, ())


def test_of_a_shard_its_own_addresses_are_listed() -> None:
    whole = targets("198.18.0.0/24")
    told = []
    for number in (1, 2, 3):
        info, hosts, _end = events(whole.part(Shard(number, 3)))
        assert (info.shard, info.address_count, info.all_addresses) == (Shard(number, 3), len(hosts), 256)
        told += [str(host.address) for host in hosts]
    assert len(told) == len(set(told)) == 256


def test_names_are_asked_for_ahead_each_once() -> None:
    names = Names()
    _info, hosts, _end = events(targets("198.18.0.0/22"), names)
    assert [host.names for host in hosts[:4]] == [(), ("host-1",), (), ("host-3",)]
    assert len(names.asked) == len(set(names.asked)) == len(hosts) == 1024
    assert max(names.ahead) == 256
    assert names.closed == 1


def test_a_name_that_was_asked_by_is_not_told_twice() -> None:
    found = targets("198.18.0.3")
    named = TargetSet(found.blocks, {0: ("host-3",)})
    assert events(named, Names())[1][0].names == ("host-3",)


def test_a_problem_with_names_is_told() -> None:
    names = Names()
    names.problem = "nobody answered"
    assert events(targets("198.18.0.2"), names)[2].problems == ("nobody answered",)


def test_a_list_can_be_stopped() -> None:
    names = Names()
    listed = TargetList(targets("198.18.0.0/22"), (), names, lambda: 0.0)
    told = listed.events()
    next(told), next(told)
    listed.stop()
    (end,) = told
    assert isinstance(end, ScanEnd)
    assert (end.interrupted, end.hosts_total) == (True, 1)
    assert names.closed
