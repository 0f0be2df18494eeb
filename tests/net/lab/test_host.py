"""Hosts of a lab reach each other as their addresses, routes and rules say."""

from __future__ import annotations

import os
import sys

import pytest

from hatoba.lab import PIPE, LabError
from tests.net.conftest import MakeLab
from tests.net.lab_pair import pair

CONNECT = "tests.net.lab_calls:connect"
FAMILIES = [pytest.param(4, id="ipv4"), pytest.param(6, id="ipv6")]


@pytest.mark.parametrize("version", FAMILIES)
def test_open_port_connects_and_closed_port_refuses(make_lab: MakeLab, version: int) -> None:
    first, second = pair(make_lab())
    second.listen([80])
    assert first.call(CONNECT, second.address(version), 80) == "connected"
    assert first.call(CONNECT, second.address(version), 81) == "ECONNREFUSED"


@pytest.mark.parametrize("version", FAMILIES)
@pytest.mark.peer("nft")
def test_rules_drop_and_reject(make_lab: MakeLab, version: int) -> None:
    first, second = pair(make_lab())
    second.listen([80, 81, 82])
    second.rules(
        "table inet wall { chain input { type filter hook input priority 0\n"
        "tcp dport 81 drop\n tcp dport 82 reject with icmpx type admin-prohibited\n } \n }"
    )
    target = second.address(version)
    assert first.call(CONNECT, target, 80) == "connected"
    assert first.call(CONNECT, target, 81, 0.2) == "ETIMEDOUT"
    assert first.call(CONNECT, target, 82) == ("EHOSTUNREACH" if version == 4 else "EACCES")


def test_local_routes_answer_for_whole_networks(make_lab: MakeLab) -> None:
    lab = make_lab()
    first = lab.add_host(
        "first", ["198.18.0.1/30", "fd00:18::1/64"], routes=["198.18.64.0/18 via 198.18.0.2", "fd00:18:5::/48 via fd00:18::2"]
    )
    second = lab.add_host("second", ["198.18.0.2/30", "fd00:18::2/64"], routes=["local 198.18.64.0/18", "local fd00:18:5::/48"])
    lab.link(first, second)
    second.listen([80])
    for address in ("198.18.64.0", "198.18.99.77", "198.18.127.255", "fd00:18:5::", "fd00:18:5:abcd::1"):
        assert first.call(CONNECT, address, 80) == "connected"


def test_unreachable_and_prohibited_routes_refuse(make_lab: MakeLab) -> None:
    first, _second = pair(make_lab())
    first.add_route("unreachable 198.18.9.0/24", "prohibit 198.18.10.0/24")
    assert first.call(CONNECT, "198.18.9.1", 80) == "EHOSTUNREACH"
    assert first.call(CONNECT, "198.18.10.1", 80) == "EACCES"


def test_addresses_on_loopback_and_many_on_a_link(make_lab: MakeLab) -> None:
    lab = make_lab()
    first = lab.add_host("first", ["198.18.0.1/24"], routes=["198.18.7.7/32 via 198.18.0.2"])
    second = lab.add_host("second", [f"198.18.0.{n}/24" for n in range(2, 50)])
    lab.link(first, second)
    second.add_address("lo", "198.18.7.7/32")
    second.listen([80])
    for address in ("198.18.0.2", "198.18.0.49", "198.18.7.7"):
        assert first.call(CONNECT, address, 80) == "connected"
    assert first.call(CONNECT, "127.0.0.1", 80) == "ECONNREFUSED", "each host has a loopback of its own"
    assert len(second.addresses) == 49


def test_sysctls_hold_for_one_host_only(make_lab: MakeLab) -> None:
    lab = make_lab()
    quiet = lab.add_host("quiet", sysctls={"net.ipv4.icmp_ratelimit": 0})
    other = lab.add_host("other")
    values = [host.run(["cat", "/proc/sys/net/ipv4/icmp_ratelimit"]).stdout.strip() for host in (quiet, other)]
    assert values == ["0", "1000"]


def test_processes_take_input_and_give_output_and_status(make_lab: MakeLab) -> None:
    host = make_lab().add_host("one")
    big = "x" * 1_000_000
    done = host.run(["sh", "-c", "cat; echo oops >&2; exit 3"], stdin=big)
    assert (done.stdout, done.stderr, done.returncode) == (big, "oops\n", 3)
    with host.popen(["cat"], stdin=PIPE, stdout=PIPE) as process:
        assert process.poll() is None
        assert process.pid != os.getpid()
        assert os.path.exists(f"/proc/{process.pid}")
        process.terminate()
        assert process.wait(60) == -15


def test_environment_and_folder_are_passed_on(make_lab: MakeLab, tmp_path: os.PathLike[str]) -> None:
    host = make_lab().add_host("one")
    done = host.run(["sh", "-c", "echo $SHIP; pwd"], env={"SHIP": "maru"}, cwd=tmp_path)
    assert done.stdout.split() == ["maru", os.path.realpath(tmp_path)]


def test_without_privilege_there_is_no_raw_socket(make_lab: MakeLab) -> None:
    host = make_lab().add_host("one")
    script = "import socket; socket.socket(socket.AF_PACKET, socket.SOCK_RAW)"
    assert host.run([sys.executable, "-c", script]).returncode == 0
    refused = host.run([sys.executable, "-c", script], privileged=False)
    assert "PermissionError" in refused.stderr


def test_a_failing_call_says_what_happened(make_lab: MakeLab) -> None:
    host = make_lab().add_host("one")
    with pytest.raises(LabError, match="ValueError: no berth") as caught:
        host.call("tests.net.lab_calls:fail", "no berth")
    assert "Traceback" in caught.value.__notes__[0]
