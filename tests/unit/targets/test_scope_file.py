from __future__ import annotations

import json
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_network
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hatoba.errors import HatobaError, OutputError, UsageError
from hatoba.targets.scope import Grant
from hatoba.targets.scope_file import ScopeFile, covering, default_path

NOW_S = 1_775_035_800.0


def grant(network: str, by: str = "aoi", reason: str = "our own network") -> Grant:
    return Grant(ip_network(network), by, NOW_S, reason)


@pytest.fixture
def file(tmp_path: Path) -> ScopeFile:
    return ScopeFile(tmp_path / "config" / "hatoba" / "scope.jsonl")


def test_where_it_is_kept() -> None:
    assert default_path({"XDG_CONFIG_HOME": "/x", "HOME": "/home/aoi"}) == Path("/x/hatoba/scope.jsonl")
    assert default_path({"HOME": "/home/aoi"}) == Path("/home/aoi/.config/hatoba/scope.jsonl")
    assert default_path({"XDG_CONFIG_HOME": "relative", "HOME": "/h"}) == Path("/h/.config/hatoba/scope.jsonl")


def test_what_is_added_is_kept_with_who_when_and_why(file: ScopeFile) -> None:
    assert file.load() == ()
    reason = 'the "office"\nnetwork \x1b[31m\u2028 事務所'
    given_grants = (grant("198.51.100.0/24", reason=reason), grant("2001:db8::/64"))
    assert [added.covered for added in file.add(given_grants)] == [None, None]
    assert file.load() == given_grants
    assert file.path.read_bytes().isascii()
    assert len(file.path.read_text().splitlines()) == 3
    assert json.loads(file.path.read_text().splitlines()[0]) == {"format": "hatoba scope", "version": 1}


def test_only_its_owner_may_read_and_write_it(file: ScopeFile) -> None:
    before = os.umask(0)
    try:
        file.add([grant("198.51.100.0/24")])
    finally:
        os.umask(before)
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.path.parent.stat().st_mode) == 0o700
    assert sorted(p.name for p in file.path.parent.iterdir()) == ["scope.jsonl", "scope.jsonl.lock"]


def test_what_is_covered_is_told_and_not_added(file: ScopeFile) -> None:
    wide = grant("198.51.100.0/24")
    file.add([wide])
    outcome = file.add(
        [grant("198.51.100.7/32"), grant("198.51.100.0/24"), grant("::ffff:198.51.100.9/128"), grant("198.51.0.0/16")]
    )
    assert [added.covered for added in outcome] == [wide, wide, wide, None]
    assert [str(held.network) for held in file.load()] == ["198.51.100.0/24", "198.51.0.0/16"]


def test_remove(file: ScopeFile) -> None:
    file.add([grant("198.51.100.0/24"), grant("203.0.113.0/28"), grant("2001:db8::/64")])
    assert [str(g.network) for g in file.remove([ip_network("203.0.113.0/28"), ip_network("2001:db8::/64")])] == [
        "203.0.113.0/28",
        "2001:db8::/64",
    ]
    assert [str(g.network) for g in file.load()] == ["198.51.100.0/24"]


def test_remove_of_what_is_not_there_changes_nothing(file: ScopeFile) -> None:
    file.add([grant("198.51.100.0/24")])
    before = file.path.read_bytes()
    with pytest.raises(HatobaError, match=r"203\.0\.113\.1 is not in the scope file") as caught:
        file.remove([ip_network("198.51.100.0/24"), ip_network("203.0.113.1/32")])
    assert caught.value.exit_status == 1
    with pytest.raises(HatobaError, match=r"198\.51\.100\.0/24, which is, holds it"):
        file.remove([ip_network("198.51.100.7/32")])
    assert file.path.read_bytes() == before


HEADER = b'{"format": "hatoba scope", "version": 1}\n'
GOOD = b'{"network": "198.51.100.0/24", "by": "aoi", "at": "2026-04-01T09:30:00+00:00", "reason": "ours"}\n'


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "line 1: this is not a scope file"),
        (b"[]\n", "line 1: this is not a scope file"),
        (b'{"format": "else", "version": 1}\n', "line 1: this is not a scope file"),
        (b'{"format": "hatoba scope"}\n', "line 1: this is not a scope file"),
        (b"\xff\xfe\n", "line 1: this is not a scope file"),
        (b'{"format": "hatoba scope", "version": 2}\n', "line 1: version 2"),
        (HEADER + GOOD + b"{\n", "line 3: this is no grant"),
        (HEADER + b"\n" + b"[1]\n", "line 3: this is no grant"),
        (HEADER + b"[" * 100_000 + b"\n", "line 2: this is no grant"),
        (HEADER + GOOD.replace(b"/24", b"/99"), "line 2: this is no grant"),
        (HEADER + GOOD.replace(b".0/24", b".7/24"), "line 2: this is no grant"),
        (HEADER + GOOD.replace(b"2026-04-01", b"2026-44-01"), "line 2: this is no grant"),
        (HEADER + GOOD.replace(b'"ours"', b"null"), "line 2: this is no grant"),
        (HEADER + GOOD.replace(b'"by"', b'"bye"'), "line 2: this is no grant"),
    ],
)
def test_a_damaged_file_is_named_with_its_line_and_left_alone(file: ScopeFile, content: bytes, said: str) -> None:
    file.path.parent.mkdir(parents=True)
    file.path.write_bytes(content)
    for act in (file.load, lambda: file.add([grant("203.0.113.0/28")]), lambda: file.remove([ip_network("203.0.113.0/28")])):
        with pytest.raises(UsageError, match=said) as caught:
            act()
        assert str(file.path) in str(caught.value)
    assert file.path.read_bytes() == content


def test_blank_lines_and_local_times_are_read(file: ScopeFile) -> None:
    file.path.parent.mkdir(parents=True)
    file.path.write_bytes(HEADER + b"\n" + GOOD.replace(b"+00:00", b""))
    assert [g.at for g in file.load()] == [NOW_S]


@given(st.binary(max_size=80))
def test_any_bytes_are_grants_or_a_usage_error(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.mktemp("scope") / "scope.jsonl"
    path.write_bytes(HEADER + content)
    try:
        held = len(ScopeFile(path).load())
    except UsageError:
        held = 0
    assert held == 0


def test_writers_at_the_same_time_lose_nothing(file: ScopeFile) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: ScopeFile(file.path).add([grant(f"198.51.100.{n}/32")]), range(32)))
    assert sorted(int(g.network[0]) & 255 for g in file.load()) == list(range(32))


def test_a_write_that_fails_leaves_the_old_file(file: ScopeFile, monkeypatch: pytest.MonkeyPatch) -> None:
    file.add([grant("198.51.100.0/24")])
    before = file.path.read_bytes()

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputError, match="No space left on device"):
        file.add([grant("203.0.113.0/28")])
    assert file.path.read_bytes() == before
    assert sorted(p.name for p in file.path.parent.iterdir()) == ["scope.jsonl", "scope.jsonl.lock"]


def test_a_folder_in_the_way_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "hatoba").write_text("a file where a folder should be")
    with pytest.raises(OutputError, match="can't be written"):
        ScopeFile(tmp_path / "hatoba" / "scope.jsonl").add([grant("198.51.100.0/24")])
    (tmp_path / "scope.jsonl").mkdir()
    with pytest.raises(UsageError, match="is a folder; give the name of a file in it"):
        ScopeFile(tmp_path / "scope.jsonl").load()


def test_a_link_is_followed(tmp_path: Path) -> None:
    kept = tmp_path / "kept.jsonl"
    link = tmp_path / "scope.jsonl"
    link.symlink_to(kept)
    ScopeFile(link).add([grant("198.51.100.0/24")])
    assert link.is_symlink()
    assert len(ScopeFile(kept).load()) == 1


def test_the_narrowest_cover_is_found() -> None:
    held = {g.network: g for g in (grant("198.51.0.0/16"), grant("198.51.100.0/24"))}
    assert covering(ip_network("198.51.100.7/32"), held) == held[ip_network("198.51.100.0/24")]
    assert covering(ip_network("198.51.101.0/24"), held) == held[ip_network("198.51.0.0/16")]
    assert covering(ip_network("198.0.0.0/8"), held) is None
