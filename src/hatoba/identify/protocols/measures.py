"""What measures and watches, and what filters for others: iperf3, Ganglia, 1-Wire, Zabbix's server, ICAP, milters, Postfix's
policies; and two that serve developers, CVS and OpenOCD."""

from __future__ import annotations

import json
import re
import struct

from hatoba.identify.protocols.complete import length_prefixed, line
from hatoba.identify.protocols.product import named, product
from hatoba.identify.protocols.protocol import Answers, Question, ServiceProtocol
from hatoba.identify.protocols.spoken import spoken
from hatoba.identify.protocols.text import text
from hatoba.registry.cpe import cpe23
from hatoba.service import Facts

_IPERF_COOKIE = b"hatobahatobahatobahatobahatobahatoba\0"
_IPERF_PARAMETERS = json.dumps(
    {"tcp": True, "omit": 0, "time": 1, "num": 0, "blockcount": 0, "parallel": 1, "len": 1024, "client_version": "3"}
).encode()
_WANTS_PARAMETERS, _WANTS_STREAMS, _IPERF_DONE, _IPERF_ERROR = b"\x09", b"\x0a", b"\x10", b"\xfe"


def read_iperf(answers: Answers) -> Facts | None:
    """iperf3's iperf_api.h: states are single bytes. A cookie is answered with "parameters, please", they with "streams,
    please". No stream is opened, so nothing is measured. (A server that measures for somebody else says 255, as others may.)"""
    if answers[0] != _WANTS_PARAMETERS:
        return None
    if len(answers) == 1:
        return Facts("iperf3", confidence=4, evidence=answers[0])
    if (second := answers[1][:1]) not in (_WANTS_STREAMS, _IPERF_ERROR):
        return None
    return Facts("iperf3", "iperf3", cpe23=(cpe23("a", "es", "iperf3"),), confidence=9, evidence=answers[0] + second)


def _zabbix_asked() -> bytes:
    asked = b'{"request":"zabbix.stats"}'
    return b"ZBXD\1" + struct.pack("<II", len(asked), 0) + asked


def read_zabbix_server(answers: Answers) -> Facts | None:
    """Zabbix manual, "Remote monitoring of Zabbix stats": a server or a proxy tells whom it may, and refuses others in the same
    words."""
    answer = answers[0]
    if answer[:5] != b"ZBXD\1" or len(answer) < 14:
        return None
    said = answer[13 : 13 + int.from_bytes(answer[5:9], "little")]
    if not re.match(rb'\{"response":"(?:success|failed)"', said):
        return None
    found = re.search(rb'"version":"(\d[\w.]{0,20})"', said)
    version = text(found[1]) if found else ""
    names = (cpe23("a", "zabbix", "zabbix", version),)
    extra = "" if found else "refuses strangers"
    return Facts(
        "zabbix-trapper",
        "Zabbix server or proxy",
        version,
        extra,
        cpe23=names,
        confidence=9,
        evidence=answer[:13] + (found[0] if found else said[:80]),
    )


_OW_READ = 2
_OW_PATH = b"/system/configuration/version\0"
_OW_HEAD = 24


def read_owserver(answers: Answers) -> Facts | None:
    """OWFS's documentation, "owserver protocol": version, payload, result, flags, size, offset; then what was read."""
    answer = answers[0]
    if len(answer) < _OW_HEAD or answer[:4] != bytes(4):
        return None
    payload, result, _flags, size, offset = struct.unpack_from(">iiIiI", answer, 4)
    found = re.fullmatch(rb"(\d[\w.]{0,20})\0?", answer[_OW_HEAD : _OW_HEAD + max(payload, 0)])
    if found is None or not 0 < result <= payload or size != result or offset:
        return None
    return Facts("owserver", "OWFS owserver", text(found[1]), "open to anybody", confidence=10, evidence=found[1])


_GANGLIA = re.compile(
    rb'<\?xml version="1\.0"[^>]{0,80}\?>\s{0,4}<!DOCTYPE GANGLIA_XML \[.{0,6000}?'
    rb'(<GANGLIA_XML VERSION="(\d[\w.]{0,20})" SOURCE="(gmond|gmetad)">)',
    re.DOTALL,
)


def read_ganglia(answers: Answers) -> Facts | None:
    """gmond.conf(5), "tcp_accept_channel": XML with its own document type in front, to whoever connects."""
    found = _GANGLIA.match(answers[0])
    if found is None:
        return None
    version = text(found[2])
    return Facts("ganglia", f"Ganglia {text(found[3])}", version, "open to anybody", confidence=10, evidence=found[1])


_ICAP = re.compile(rb"ICAP/1\.0 \d{3} [^\r\n]{1,60}\r\n(?:[\w-]{1,40}: ?[^\r\n]{0,300}\r\n){0,30}")
_ICAP_PRODUCTS = (
    product(rb"(?i:\nServer: )C-ICAP/(?P<version>\d[\w.]*)", "C-ICAP"),
    product(rb"(?i:\nServer: |\nService: )Kaspersky [^\r\n]{1,60}", "Kaspersky ICAP server"),
)


def read_icap(answers: Answers) -> Facts | None:
    """RFC 3507 section 4.3.3: a status, then fields as HTTP has them."""
    found = _ICAP.match(answers[0])
    if found is None:
        return None
    words = re.search(rb"(?i:\n)(Server: [^\r\n]{1,100})", found[0])
    evidence = found[0].split(b"\r\n")[0] + (b"\r\n" + words[1] if words else b"")
    return named(Facts("icap", confidence=9, evidence=evidence), found[0], _ICAP_PRODUCTS)


def _milter() -> bytes:
    """libmilter's mfdef.h, SMFIC_OPTNEG: version 6, everything that a mail server can do for a filter."""
    return struct.pack(">IcIII", 13, b"O", 6, 0x1FF, 0x1FFFFF)


def read_milter(answers: Answers) -> Facts | None:
    answer = answers[0]
    size = int.from_bytes(answer[:4], "big")
    if not 13 <= size <= 4096 or answer[4:5] != b"O" or len(answer) < 17:
        return None
    version, actions = struct.unpack_from(">II", answer, 5)
    if not 2 <= version <= 6 or actions > 0x1FF:
        return None
    return Facts("milter", extra=f"protocol {version}", confidence=8, evidence=answer[:17])


_POLICY = b"request=smtpd_access_policy\n\n"
"""Of no client, no sender and no recipient: there is nothing that a server could remember of it."""


PROTOCOLS = (
    ServiceProtocol(
        "iperf3",
        read_iperf,
        ports=(5201,),
        questions=(
            Question(_IPERF_COOKIE, lambda heard: len(heard) >= 1),
            Question(struct.pack(">I", len(_IPERF_PARAMETERS)) + _IPERF_PARAMETERS, lambda heard: len(heard) >= 1),
        ),
        rarity=9,
        farewell=_IPERF_DONE,
    ),
    ServiceProtocol(
        "zabbix-trapper",
        read_zabbix_server,
        ports=(10051,),
        questions=(Question(_zabbix_asked(), length_prefixed(5, 4, 13, "little")),),
        rarity=9,
    ),
    ServiceProtocol("ganglia", read_ganglia, ports=(8649, 8651), greets=True),
    ServiceProtocol(
        "owserver",
        read_owserver,
        ports=(4304,),
        questions=(
            Question(
                struct.pack(">IIIIII", 0, len(_OW_PATH), _OW_READ, 0, 8192, 0) + _OW_PATH, length_prefixed(4, 4, _OW_HEAD)
            ),
        ),
        rarity=9,
    ),
    ServiceProtocol(
        "icap",
        read_icap,
        ports=(1344,),
        tls_ports=(11344,),
        questions=(
            Question(
                b"OPTIONS icap://hatoba.invalid/ ICAP/1.0\r\nHost: hatoba.invalid\r\n\r\n", lambda heard: b"\r\n\r\n" in heard
            ),
        ),
        rarity=8,
    ),
    ServiceProtocol(
        "milter",
        read_milter,
        ports=(7357, 8891, 8893, 11332),
        questions=(Question(_milter(), length_prefixed(0, 4, 4)),),
        rarity=9,
        farewell=b"\0\0\0\1Q",
    ),
    ServiceProtocol(
        "smtp-policy",
        spoken("smtp-policy", rb"action=[A-Za-z0-9_]{1,40}[^\n]{0,200}\n\n"),  # Postfix's SMTPD_POLICY_README
        ports=(10023, 10031, 12340),
        questions=(Question(_POLICY, lambda heard: heard.endswith(b"\n\n")),),
        rarity=9,
    ),
    ServiceProtocol(
        "cvspserver",
        spoken(  # CVS's cvsclient.texi, "Connection and Authentication": how it complains of another beginning
            "cvspserver",
            rb"cvs \[p?server aborted\]: bad auth protocol start: [^\n]{0,80}",
            (product(rb"^cvs \[", "CVS pserver"),),
            9,
        ),
        ports=(2401,),
        questions=(Question(b"HATOBA\n", line),),
        rarity=9,
    ),
    ServiceProtocol(
        "openocd",
        spoken(  # OpenOCD's manual, "Tcl Server": each command and each answer ends with 0x1a
            "openocd",
            rb"Open On-Chip Debugger \d[\w.+-]{0,40}[^\x1a]{0,60}\x1a",
            (product(rb"Debugger (?P<version>\d[\w.]*)", "OpenOCD", ("openocd", "open_on-chip_debugger")),),
        ),
        ports=(6666,),
        questions=(Question(b"version\x1a", lambda heard: heard.endswith(b"\x1a")),),
        rarity=9,
    ),
)
