"""Who may connect."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from hatoba.errors import UsageError
from hatoba.netcat.access import Access, hosts_of_file, parse_hosts
from hatoba.netcat.ends import Peer


def resolver(name: str) -> list[str]:
    if name == "known.test":
        return ["198.18.0.7", "fd00:18::7"]
    raise socket.gaierror(socket.EAI_NONAME, "unknown")


def allows(access: Access, *hosts: str) -> list[bool]:
    return [access.allows(Peer(host, 1)) for host in hosts]


@pytest.mark.parametrize(
    ("written", "inside", "outside"),
    [
        ("198.18.0.2", ["198.18.0.2"], ["198.18.0.3", "::1"]),
        ("198.18.0.0/24,fd00:18::/64", ["198.18.0.255", "fd00:18::9"], ["198.18.1.0", "fd00:19::1"]),
        ("198.18.0-3.*", ["198.18.0.1", "198.18.3.255"], ["198.18.4.0", "fe80::1"]),
        ("198.18.0.2-4", ["198.18.0.2", "198.18.0.4"], ["198.18.0.1", "198.18.0.5"]),
        ("known.test", ["198.18.0.7", "fd00:18::7"], ["198.18.0.8"]),
        ("198.18.0.2/24", ["198.18.0.9"], ["198.18.1.9"]),
    ],
)
def test_what_may_be_written(written: str, inside: list[str], outside: list[str]) -> None:
    access = Access(parse_hosts([written], resolver))
    assert all(allows(access, *inside))
    assert not any(allows(access, *outside))


def test_denied_is_denied_and_without_an_allow_list_the_rest_may() -> None:
    denied = parse_hosts(["198.18.0.2"])
    assert allows(Access(None, denied), "198.18.0.2", "198.18.0.3") == [False, True]
    assert allows(Access(parse_hosts(["198.18.0.0/24"]), denied), "198.18.0.2", "198.18.0.3") == [False, True]
    assert allows(Access(()), "198.18.0.3") == [False], "an empty list allows nobody"


def test_a_link_local_peer_is_known_without_its_zone() -> None:
    assert allows(Access(parse_hosts(["fe80::/10"])), "fe80::1%eth0") == [True]


def test_lists_from_files(tmp_path: Path) -> None:
    path = tmp_path / "hosts"
    path.write_text("198.18.0.2  # a printer\n\n# nothing else\n198.18.1.0/24 known.test\n")
    assert len(hosts_of_file(str(path), resolver)) == 4


@pytest.mark.parametrize("written", ["198.18.0.300", "nobody.test", "198.18.5-3.1", "198.18.0.0/40"])
def test_what_is_no_host_is_told(written: str) -> None:
    with pytest.raises(UsageError, match=f"{written} is neither a host nor a network"):
        parse_hosts([written], resolver)


def test_a_list_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No such file or directory"):
        hosts_of_file(str(tmp_path / "none"))
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    with pytest.raises(UsageError, match="it is not text"):
        hosts_of_file(str(tmp_path / "binary"))
