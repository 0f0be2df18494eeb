"""Hardware vendors: whose prefix an address begins with, and the script that writes the table."""

from __future__ import annotations

import hashlib
import json
import os
import random
import re
import subprocess
import sys
import zlib
from pathlib import Path

import pytest

from hatoba.registry import store
from hatoba.registry import vendors as room
from hatoba.registry.vendors import kind_of, vendor_of
from tools.registry import vendors as script

TABLE = Path(room.__file__).parent / "data" / "vendors.tsv"
IAB_HEAD = "Registry,Assignment,Organization Name,Organization Address\r\n"


def mac(text: str) -> bytes:
    return bytes.fromhex(text.replace(":", ""))


# What is told of an address ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("00:00:0c:12:34:56", "Cisco Systems, Inc"),  # MA-L, 24 bits
        ("b8:27:eb:00:00:01", "Raspberry Pi Foundation"),
        ("00:50:56:ff:ff:ff", "VMware, Inc."),
        ("00:55:da:0f:ff:ff", "Shinko Technos co.,ltd."),  # MA-M, 28 bits
        ("00:55:da:10:00:00", "KoolPOS Inc."),
        ("00:1b:c5:00:1f:ff", "OpenRB.com, Direct SIA"),  # MA-S, 36 bits
        ("00:1b:c5:00:20:00", "GORAMO - Janusz Gorecki"),
        ("00:50:c2:7d:50:01", "DEUTA-WERKE GmbH"),  # IAB, 36 bits
        ("08:00:30:00:00:01", "CERN / NETWORK RESEARCH CORPORATION / ROYAL MELBOURNE INST OF TECH"),
        ("00:00:5e:00:01:07", "ICANN, IANA Department"),  # a virtual router, RFC 9568 section 7.3
    ],
)
def test_the_owner_of_a_prefix(address: str, name: str) -> None:
    assert vendor_of(mac(address)) == name
    assert kind_of(mac(address)) == "universal"


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("52:54:00:12:34:56", "local"),  # QEMU
        ("02:60:8c:00:00:01", "local"),  # 3Com's, from before the bit meant this
        ("aa:00:04:00:01:04", "local"),  # DECnet
        ("ff:ff:ff:ff:ff:ff", "group"),
        ("01:00:0c:cc:cc:cc", "group"),  # Cisco's prefix with the group's bit
        ("01:00:5e:00:00:01", "group"),  # IPv4 multicast
        ("33:33:00:00:00:01", "group"),  # IPv6 multicast
        ("00:00:00:00:00:00", "universal"),
        ("00:55:da:f0:00:00", "universal"),  # IEEE's own block, this part not handed on
    ],
)
def test_an_address_that_names_no_vendor(address: str, kind: str) -> None:
    assert vendor_of(mac(address)) is None
    assert kind_of(mac(address)) == kind


def test_the_longest_prefix_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    table = {"0055da": "short", "0055da0": "middle", "0055da012": "long"}
    monkeypatch.setattr(room, "_vendors", lambda: table)
    assert [vendor_of(mac(text)) for text in ("0055da012fff", "0055da013000", "0055da100000", "0055db000000")] == [
        "long",
        "middle",
        "short",
        None,
    ]


@pytest.mark.parametrize("length", [0, 5, 7, 8, 20])
def test_an_address_of_another_length_has_no_vendor_and_no_kind(length: int) -> None:
    assert vendor_of(b"\0\0\x0c" + bytes(length) if length > 5 else bytes(length)) is None
    with pytest.raises(ValueError, match="6 bytes"):
        kind_of(bytes(length))


def test_no_six_bytes_raise_anything() -> None:
    rng = random.Random(5)
    for _turn in range(20_000):
        address = rng.randbytes(6)
        name = vendor_of(address)
        assert name is None or (name and kind_of(address) == "universal")


def test_importing_hatoba_and_the_room_reads_no_vendors() -> None:
    code = """
import sys
import hatoba, hatoba.registry
assert "hatoba.registry.vendors" not in sys.modules
from hatoba.registry import vendors
assert vendors._vendors.cache_info().currsize == 0
assert vendors.vendor_of(bytes.fromhex("525400000001")) is None
assert vendors._vendors.cache_info().currsize == 0, "a local address needs no table"
assert vendors.vendor_of(bytes.fromhex("00000c000001")) == "Cisco Systems, Inc"
assert "numpy" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True)


# The stored table ----------------------------------------------------------------------------------------------------


def test_the_table_is_what_its_head_says() -> None:
    head = store.head("vendors.tsv")
    _first, _, body = TABLE.read_bytes().partition(b"\n")
    assert head["format"] == "1"
    assert re.fullmatch(r"oui-data-\d+\.\d+\.\d+", head["source"])
    assert all(re.fullmatch(r"[0-9a-f]{64}", head[name]) for name in ("index-sha256", "iab-sha256"))
    assert hashlib.sha256(body).hexdigest() == head["body-sha256"]


def test_the_table_stays_small() -> None:
    content = TABLE.read_bytes()
    assert len(content) < 1_500_000
    assert len(zlib.compress(content, 9)) < 700_000


def test_every_line_is_a_clean_name_and_its_prefixes() -> None:
    rows = [line.split("\t") for line in TABLE.read_text(encoding="utf-8").split("\n")[1:-1]]
    names = [name for name, _prefixes in rows]
    assert names == sorted(set(names))
    prefixes = [prefix for _name, listed in rows for prefix in listed.split(" ")]
    assert len(set(prefixes)) == len(prefixes) > 57_000
    assert all(re.fullmatch("[0-9a-f]{6}|[0-9a-f]{7}|[0-9a-f]{9}", prefix) for prefix in prefixes)
    assert all(name.isprintable() and name == name.strip() and "  " not in name and len(name) <= 160 for name in names)
    assert not [name for name in names if not script.is_vendor(name)]
    assert {len(prefix) for prefix in prefixes} == {6, 7, 9}


# The script ----------------------------------------------------------------------------------------------------------


def test_what_is_stored_is_what_the_sources_make() -> None:
    """Needs the sources: HATOBA_OUI_DATA=package/index.json HATOBA_IAB=iab.csv."""
    index, iab = os.environ.get("HATOBA_OUI_DATA"), os.environ.get("HATOBA_IAB")
    if not index or not iab:
        pytest.skip("HATOBA_OUI_DATA and HATOBA_IAB do not name an index.json and an iab.csv")
    if hashlib.sha256(Path(index).read_bytes()).hexdigest() != store.head("vendors.tsv")["index-sha256"]:
        pytest.skip("another version of the package than the table was made from")
    assert script.main([index, iab, "--check"]) == 0


@pytest.mark.parametrize(
    ("registered", "name"),
    [
        ("Apple, Inc.", "Apple, Inc."),
        ("  Yichip\xa0Microelectronics\t(Hangzhou)\r\n Co.,Ltd ", "Yichip Microelectronics (Hangzhou) Co.,Ltd"),
        ("\u200bASUNG TECHNO CO.,Ltd", "ASUNG TECHNO CO.,Ltd"),
        ("a \x1b[31mred\x07 \u202e\x85 b", "a [31mred b"),
        ("A \u2028 B", "A B"),
        ("Prüftechnik 株式会社", "Prüftechnik 株式会社"),
        ("\x00\u200b", ""),
    ],
)
def test_names_lose_only_what_does_not_show(registered: str, name: str) -> None:
    assert script.cleaned(registered) == name


def test_who_is_left_out_and_how_lines_are_ordered() -> None:
    owners = {
        "00000C": "Zed",
        "0055DA": "IEEE Registration Authority",
        "0055DA1": "Zed ",
        "001BC5001": "Alpha\u200b",
        "0055DA2": "Private",
        "AA0004": "DIGITAL EQUIPMENT CORPORATION",
        "111111": "Somebody",
        "000009": "\u200b",
        "000001": "Zed",
    }
    assert list(script.lines(owners)) == ["Alpha\t001bc5001", "Zed\t000001 00000c 0055da1"]


@pytest.mark.parametrize("prefix", ["00000", "0055DA0G", "0055da0", "0055DA00", "0055DA0000"])
def test_a_prefix_of_another_length_or_other_signs_is_refused(prefix: str) -> None:
    with pytest.raises(script.SourceError, match="not a prefix"):
        list(script.lines({prefix: "x"}))


def test_a_name_that_is_too_long_is_refused_and_not_cut() -> None:
    with pytest.raises(script.SourceError, match="161 characters"):
        list(script.lines({"000001": "x" * 161}))


def test_a_shared_prefix_names_all_its_owners_until_the_list_changes() -> None:
    assert script.package_owners({"080030": "CERN\nGeneva"})["080030"].split(" / ")[1:] == [*script.SHARED["080030"][1:]]
    with pytest.raises(script.SourceError, match="mend SHARED"):
        script.package_owners({"080030": "Somebody else\nElsewhere"})


def test_another_list_than_iab_is_refused() -> None:
    assert script.iab_owners(IAB_HEAD + 'IAB,0050C27D5,"DEUTA, GmbH",x\r\n') == {"0050C27D5": "DEUTA, GmbH"}
    with pytest.raises(script.SourceError, match="does not begin with"):
        script.iab_owners("prefix,name\r\n")


def test_writing_then_checking_then_a_change_by_hand(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stored = tmp_path / "vendors.tsv"
    monkeypatch.setattr(script, "STORED", stored)
    index, iab = tmp_path / "index.json", tmp_path / "iab.csv"
    index.write_text(json.dumps({"00000C": "Zed\nStreet", "0050C2": "IEEE Registration Authority"}), encoding="utf-8")
    (tmp_path / "package.json").write_text('{"version": "1.2.3"}', encoding="utf-8")
    iab.write_text(IAB_HEAD + "IAB,0050C27D5,Alpha,x\r\n", encoding="utf-8", newline="")
    sources = [str(index), str(iab)]

    assert script.main([*sources, "--check"]) == 1
    assert not stored.exists()
    assert script.main(sources) == 0
    head, body = stored.read_text(encoding="utf-8").split("\n", 1)
    assert head.startswith("# format=1 source=oui-data-1.2.3 index-sha256=")
    assert body == "Alpha\t0050c27d5\nZed\t00000c\n"
    assert script.main([*sources, "--check"]) == 0
    stored.write_text(head + "\n" + body.replace("Zed", "Zod"), encoding="utf-8")
    assert script.main([*sources, "--check"]) == 1
    assert "not what these sources make" in capsys.readouterr().err


def test_sources_that_are_missing_or_broken_are_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert script.main([str(tmp_path / "index.json"), str(tmp_path / "iab.csv")]) == 1
    (tmp_path / "index.json").write_text("{", encoding="utf-8")
    (tmp_path / "package.json").write_text('{"version": "1"}', encoding="utf-8")
    (tmp_path / "iab.csv").write_text(IAB_HEAD, encoding="utf-8")
    assert script.main([str(tmp_path / "index.json"), str(tmp_path / "iab.csv")]) == 1
    told = capsys.readouterr().err.splitlines()
    assert len(told) == 2
    assert all(line.startswith("vendors.py: ") for line in told)
