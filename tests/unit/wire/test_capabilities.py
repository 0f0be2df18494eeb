from __future__ import annotations

import shlex
import socket
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from hatoba.errors import NotPermitted
from hatoba.probes import METHODS
from hatoba.wire import capabilities
from hatoba.wire.capabilities import Capabilities, default_method, namespace_obstacle, own_command, raw_remedy, require_raw

ALLOWED = Capabilities(
    python="3.11.7",
    kernel="Linux 6.1",
    user_id=1000,
    net_raw=True,
    net_raw_in_reach=True,
    net_admin=False,
    packet_socket=True,
    raw_ipv4=True,
    raw_ipv6=True,
    ipv6=True,
    error_queue=True,
    open_files_soft=1024,
    open_files_hard=524288,
)
REFUSED = replace(ALLOWED, net_raw=False, packet_socket=False, raw_ipv4=False, raw_ipv6=False, remedy="sudo lend hatoba")


def has(*programs: str) -> Callable[[str], str | None]:
    return lambda name: f"/usr/bin/{name}" if name in programs else None


def test_syn_is_the_default_only_where_it_works() -> None:
    assert default_method(ALLOWED) == "syn"
    assert default_method(REFUSED) == "connect"
    for lacking in ("packet_socket", "raw_ipv4"):
        half = replace(ALLOWED, **{lacking: False})
        assert half.methods == {"connect": True, **dict.fromkeys(METHODS, False)}
        assert default_method(half) == "connect"


def test_require_raw_is_one_sentence_with_the_command_and_the_other_way() -> None:
    require_raw("syn", ALLOWED)
    with pytest.raises(NotPermitted) as caught:
        require_raw("syn", REFUSED)
    sentence = str(caught.value)
    assert "sudo lend hatoba scan --syn ..." in sentence
    assert "--connect (-sT)" in sentence
    assert "\n" not in sentence
    with pytest.raises(NotPermitted, match="--connect"):
        require_raw("syn", replace(REFUSED, remedy=None))


@pytest.mark.parametrize("method", ["udp", "sctp-init", "ip-protocol"])
def test_connect_is_no_way_to_ask_other_ports_than_tcps(method: str) -> None:
    require_raw(method, ALLOWED)
    with pytest.raises(NotPermitted) as caught:
        require_raw(method, REFUSED)
    sentence = str(caught.value)
    assert f"--{method} must send packets of its own, which needs CAP_NET_RAW: leave it out, or" in sentence
    assert f"sudo lend hatoba scan --{method} ..." in sentence
    assert "--connect" not in sentence


def test_the_remedy_lends_one_capability_to_one_run_of_the_same_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(capabilities, "own_command", lambda: ["/opt/my venv/bin/hatoba"])
    remedy = raw_remedy(1000, 100, "/home/aoi", True, has("sudo", "setpriv"))
    assert remedy is not None
    assert shlex.split(remedy) == [
        "sudo",
        "setpriv",
        "--reuid=1000",
        "--regid=100",
        "--init-groups",
        "--inh-caps=+net_raw",
        "--ambient-caps=+net_raw",
        "env",
        "HOME=/home/aoi",
        "/opt/my venv/bin/hatoba",
    ]


@pytest.mark.parametrize(
    ("programs", "words"),
    [(("sudo",), ["sudo", "hatoba"]), (("doas",), ["doas", "hatoba"]), ((), ["su", "-c", '"$0" "$@"', "--", "root", "hatoba"])],
)
def test_the_remedy_where_programs_are_missing(
    monkeypatch: pytest.MonkeyPatch, programs: tuple[str, ...], words: list[str]
) -> None:
    monkeypatch.setattr(capabilities, "own_command", lambda: ["hatoba"])
    remedy = raw_remedy(1000, 100, "/", True, has(*programs))
    assert remedy is not None
    assert shlex.split(remedy) == words


def test_where_no_command_here_helps() -> None:
    assert raw_remedy(0, 0, "/root", True, has("sudo", "setpriv")) is None
    assert raw_remedy(0, 0, "/root", False, has("sudo", "setpriv")) == "docker run --cap-add=NET_RAW IMAGE hatoba"


def test_own_command_is_a_full_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "hatoba"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert own_command(["hatoba"]) == [str(program)]
    assert own_command([str(program), "doctor"]) == [str(program)]
    monkeypatch.chdir(tmp_path)
    assert own_command(["./hatoba"]) == [str(program)]
    assert own_command(["/somewhere/pytest"])[1:] == ["-m", "hatoba"]


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, None),
        ({"user.max_user_namespaces": "96365", "kernel.unprivileged_userns_clone": "1"}, None),
        ({"user.max_user_namespaces": "0"}, "user.max_user_namespaces=0"),
        ({"kernel.apparmor_restrict_unprivileged_userns": "1"}, "kernel.apparmor_restrict_unprivileged_userns=1"),
    ],
)
def test_what_forbids_namespaces(settings: dict[str, str], expected: str | None) -> None:
    assert namespace_obstacle(settings) == expected


def test_refused_namespaces_give_the_kernels_words(monkeypatch: pytest.MonkeyPatch) -> None:
    refused = subprocess.CompletedProcess([], 1, "", "Operation not permitted\n")
    monkeypatch.setattr(subprocess, "run", lambda *_a, **_k: refused)
    monkeypatch.setattr(capabilities, "namespace_obstacle", lambda _settings: None)
    found = capabilities.probe_capabilities(with_namespaces=True)
    assert (found.user_namespaces, found.namespace_obstacle) == (False, "Operation not permitted")


def test_what_counts_is_whether_the_sockets_open(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not who the user is."""
    real = socket.socket

    def no_raw(family: int, kind: int, *rest: int) -> socket.socket:
        if kind == socket.SOCK_RAW:
            raise PermissionError(1, "Operation not permitted")
        return real(family, kind, *rest)

    monkeypatch.setattr(capabilities.socket, "socket", no_raw)
    monkeypatch.setattr(capabilities, "_capability_sets", lambda: (0, 1 << capabilities.CAP_NET_RAW))
    monkeypatch.setattr(capabilities.os, "getuid", lambda: 1000)
    found = capabilities.probe_capabilities()
    assert found.methods == {"connect": True, **dict.fromkeys(METHODS, False)}
    assert (found.net_raw, found.net_raw_in_reach, found.user_namespaces) == (False, True, None)
    assert found.remedy is not None
    assert found.open_files_soft <= found.open_files_hard
