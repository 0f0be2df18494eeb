"""What can't be done is said in one clear sentence."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from subprocess import PIPE

import pytest

from hatoba.lab import LabError, host
from tests.net.conftest import MakeLab


@pytest.mark.peer("nft")
def test_wrong_rules_are_told_in_nfts_words(make_lab: MakeLab) -> None:
    one = make_lab().add_host("one")
    with pytest.raises(
        LabError, match=r"nft does not take the rules of the host one: 1:\S+ syntax error, .*: table .* swallow"
    ) as caught:
        one.rules("table inet t { chain c { tcp dport 80 swallow } }")
    assert "\n" not in str(caught.value)


@pytest.mark.peer("nft")
def test_one_wrong_rule_keeps_all_out(make_lab: MakeLab) -> None:
    one = make_lab().add_host("one")
    with pytest.raises(LabError):
        one.rules("table inet good { }\ntable inet bad { chain c { swallow } }")
    assert one.run(["nft", "list", "ruleset"]).stdout == ""


def test_missing_nft_is_named(make_lab: MakeLab, monkeypatch: pytest.MonkeyPatch) -> None:
    one = make_lab().add_host("one")
    monkeypatch.setattr(host, "find_program", lambda name: None)
    with pytest.raises(LabError, match="install the package nftables"):
        one.rules("table inet t { }")


@pytest.mark.parametrize("address", ["198.18.0.1", "198.18.0.1/33", "198.18.0.256/24", "harbour", "", "fe80::1%eth0/64"])
def test_bad_address(make_lab: MakeLab, address: str) -> None:
    with pytest.raises(LabError, match=r"is not an address with its prefix length; write it like 198\.18\.0\.1/24"):
        make_lab().add_host("one", [address])


def test_gateway_that_can_not_be_reached(make_lab: MakeLab) -> None:
    lab = make_lab()
    one = lab.add_host("one", ["198.18.0.1/24"])
    lab.link(one, lab.add_host("two"))
    with pytest.raises(LabError, match=r"The host one can't have the route 'default via 198\.18\.9\.1': .*gateway"):
        one.add_route("default via 198.18.9.1")


def test_unknown_device(make_lab: MakeLab) -> None:
    with pytest.raises(LabError, match=r"The host one can't have the address 198\.18\.0\.1/24 on eth7: No such device"):
        make_lab().add_host("one").add_address("eth7", "198.18.0.1/24")


def test_unknown_setting(make_lab: MakeLab) -> None:
    with pytest.raises(LabError, match=r"No such file or directory \(net\.ipv4\.no_such_thing\)\.$"):
        make_lab().add_host("one", sysctls={"net.ipv4.no_such_thing": 1})


@pytest.mark.parametrize("name", ["kernel.hostname", "net.ipv4.../../kernel/hostname", "net"])
def test_settings_beyond_the_network_are_refused(make_lab: MakeLab, name: str) -> None:
    with pytest.raises(LabError, match="is not a network setting"):
        make_lab().add_host("one", sysctls={name: 1})


def test_unknown_program_and_folder(make_lab: MakeLab) -> None:
    one = make_lab().add_host("one")
    with pytest.raises(LabError, match="The program no-such-program is not installed"):
        one.run(["no-such-program"])
    with pytest.raises(LabError, match="/no/such/program can't be started on the host one: No such file or directory"):
        one.run(["/no/such/program"])
    with pytest.raises(LabError, match=r"true can't be started on the host one: .*no/such/folder"):
        one.run(["true"], cwd="/no/such/folder")


def test_daemon_that_ends_at_once_leaves_its_last_words(make_lab: MakeLab) -> None:
    one = make_lab().add_host("one")
    with pytest.raises(LabError, match="ended with status 7 before it was ready; its last words: no room"):
        one.serve(["sh", "-c", "echo no room >&2; exit 7"], ready="^ready$")


def test_daemon_that_is_never_ready(make_lab: MakeLab) -> None:
    one = make_lab().add_host("one")
    with pytest.raises(LabError, match=r"did not become ready within 0\.1 seconds"):
        one.serve(["sleep", "1000"], ready="^ready$", timeout_s=0.1)


def test_port_in_use(make_lab: MakeLab) -> None:
    one = make_lab().add_host("one")
    one.listen([80])
    with pytest.raises(LabError, match="Address already in use"):
        one.listen([80])


def test_run_that_takes_too_long_is_killed(make_lab: MakeLab) -> None:
    with pytest.raises(subprocess.TimeoutExpired):
        make_lab().add_host("one").run(["sleep", "1000"], timeout_s=0.2)


def test_program_that_takes_too_long_is_killed_with_its_children(make_lab: MakeLab, tmp_path: Path) -> None:
    """A pipe ends when the last who holds it is gone: a count of processes would find those that are still dying."""
    one = make_lab().add_host("one")
    os.mkfifo(tmp_path / "held")
    program = one.popen(["sh", "-c", "sleep 1000 >held & echo up >held; wait"], stdout=PIPE, cwd=tmp_path)
    with (tmp_path / "held").open("rb") as held:
        assert held.readline() == b"up\n"
        with pytest.raises(subprocess.TimeoutExpired):
            program.communicate(timeout_s=0)
        assert held.read() == b""
