from __future__ import annotations

import socket
import sys
from ipaddress import ip_network
from types import SimpleNamespace

import psutil
import pytest

from hatoba.wire import local


def test_own_networks_are_single_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    entries = [
        SimpleNamespace(family=socket.AF_INET6, address="fe80::1%eth0"),
        SimpleNamespace(family=socket.AF_INET, address="198.18.0.1"),
        SimpleNamespace(family=psutil.AF_LINK, address="02:00:00:00:00:01"),
    ]
    loopback = [SimpleNamespace(family=socket.AF_INET, address="127.0.0.1")]
    monkeypatch.setattr(psutil, "net_if_addrs", lambda: {"eth0": entries, "lo": loopback})
    monkeypatch.setattr(local.sys, "platform", "darwin")
    assert local.own_networks() == [ip_network("127.0.0.1/32"), ip_network("198.18.0.1/32"), ip_network("fe80::1/128")]
    assert local.own_addresses() == {network.network_address.packed for network in local.own_networks()}


@pytest.mark.skipif(sys.platform != "linux", reason="netlink is Linux'")
def test_netlink_and_psutil_tell_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    by_netlink = local.own_addresses()
    monkeypatch.setattr(local.sys, "platform", "darwin")
    assert by_netlink == local.own_addresses()


@pytest.mark.parametrize(
    ("aliases", "is_lab"),
    [([], False), (["uplink"], False), (["my hatoba-lab"], False), (["uplink", "hatoba-lab practice"], True)],
)
def test_only_the_mark_makes_a_lab(monkeypatch: pytest.MonkeyPatch, aliases: list[str], is_lab: bool) -> None:
    monkeypatch.setattr(local, "interface_aliases", lambda: aliases)
    expected = [ip_network("198.18.0.0/15"), ip_network("fd00:18::/32")] if is_lab else []
    assert local.lab_networks() == expected


def test_no_netlink_no_aliases(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local.sys, "platform", "darwin")
    assert local.interface_aliases() == []
