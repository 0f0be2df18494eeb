"""What measures, watches and filters: what the daemons of the captures did not say, and who must not be taken for one."""

from __future__ import annotations

import struct

import pytest

from hatoba.identify.manner import sure
from hatoba.identify.protocols import commands, measures


def _zabbix(said: bytes) -> bytes:
    return b"ZBXD\1" + struct.pack("<II", len(said), 0) + said


@pytest.mark.parametrize(
    ("answers", "name"),
    [
        ((b"\xff",), ""),
        ((b"\x09",), "iperf3"),
        ((b"\x09", b"\x0a"), "iperf3"),
        ((b"\x09", b"\xfe\0\0\0\1"), "iperf3"),
        ((b"\x09", b"\x09"), ""),
        ((b"\x09", b""), ""),
    ],
)
def test_one_byte_alone_is_nobody_for_sure(answers: tuple[bytes, ...], name: str) -> None:
    facts = measures.read_iperf(answers)
    assert (facts.name if facts else "") == name
    assert facts is None or sure(facts) == (len(answers) > 1)


def test_a_zabbix_server_is_no_agent() -> None:
    refused = _zabbix(b'{"response":"failed","info":"Permission denied."}')
    facts = measures.read_zabbix_server((refused,))
    assert facts is not None
    assert (facts.name, facts.version, facts.extra) == ("zabbix-trapper", "", "refuses strangers")
    assert commands.read_zabbix((refused,)) is None
    assert measures.read_zabbix_server((_zabbix(b"6.0.14"),)) is None


@pytest.mark.parametrize(
    "answer",
    [
        struct.pack(">IcIII", 13, b"O", 1, 0, 0),  # a version that there never was
        struct.pack(">IcIII", 13, b"O", 6, 0x1000, 0),  # an action that there is not
        struct.pack(">IcIII", 13, b"A", 6, 0, 0),
        struct.pack(">IcII", 9, b"O", 6, 0),
    ],
)
def test_what_is_no_milter(answer: bytes) -> None:
    assert measures.read_milter((answer,)) is None


def test_files_that_are_read_from_a_bus_are_no_version() -> None:
    head = struct.pack(">IIIIII", 0, 8192, 12, 0, 12, 0)
    assert measures.read_owserver((head + b"      22.437",)) is None
    assert measures.read_owserver((bytes(24),)) is None
