"""Databases that answer a binary question without a password: MongoDB, SQL Server, Oracle, Cassandra, DB2 and Derby, Neo4j,
Firebird."""

from __future__ import annotations

import re
import struct
from dataclasses import replace

from hatoba.identify.protocols.complete import anything, length_prefixed
from hatoba.identify.protocols.product import named, product
from hatoba.identify.protocols.protocol import Answers, Question, ServiceProtocol
from hatoba.identify.protocols.text import text
from hatoba.registry.cpe import cpe23
from hatoba.service import Facts

_OP_REPLY, _OP_QUERY, _OP_MSG = 1, 2004, 2013
_ASKED = 0x6861746F


def _bson(*elements: bytes) -> bytes:
    body = b"".join(elements) + b"\0"
    return struct.pack("<i", 4 + len(body)) + body


def _mongo(operation: int, body: bytes) -> bytes:
    return struct.pack("<iiii", 16 + len(body), _ASKED, 0, operation) + body


def _number(name: bytes, value: int) -> bytes:
    return b"\x10" + name + b"\0" + struct.pack("<i", value)


def _words(name: bytes, value: bytes) -> bytes:
    return b"\2" + name + b"\0" + struct.pack("<i", len(value) + 1) + value + b"\0"


_IS_MASTER = _mongo(_OP_QUERY, bytes(4) + b"admin.$cmd\0" + struct.pack("<ii", 0, -1) + _bson(_number(b"isMaster", 1)))
_BUILD_INFO = _mongo(_OP_MSG, bytes(4) + b"\0" + _bson(_number(b"buildInfo", 1), _words(b"$db", b"admin")))
_MONGO_VERSION = re.compile(rb"\x02version\0.{4}(\d[\w.+-]{0,40})\0", re.DOTALL)


def read_mongodb(answers: Answers) -> Facts | None:
    """MongoDB wire protocol: the answer names our request. ``isMaster`` and ``buildInfo`` are answered before anybody logs in;
    the first is the one message that every version takes in its oldest form."""
    answer = answers[0]
    if len(answer) < 36 or struct.unpack_from("<i", answer, 8)[0] != _ASKED:
        return None
    if struct.unpack_from("<i", answer, 12)[0] not in (_OP_REPLY, _OP_MSG):
        return None
    size = int.from_bytes(answer[:4], "little")
    facts = Facts("mongod", "MongoDB", cpe23=(cpe23("a", "mongodb", "mongodb"),), confidence=9, evidence=answer[:120])
    role = b"\7ismaster" in answer[:size] or b"ismaster\0" in answer[:size]
    facts = facts if role else replace(facts, product="", cpe23=(), confidence=8)
    told = answers[1] if len(answers) > 1 else b""
    told = told[: int.from_bytes(told[:4], "little")]
    if b"\2ferretdbVersion\0" in told:
        return replace(facts, product="FerretDB", cpe23=(cpe23("a", "ferretdb", "ferretdb"),))
    if (found := _MONGO_VERSION.search(told)) is None:
        return facts
    version = text(found[1])
    names = (cpe23("a", "mongodb", "mongodb", version),)
    return replace(facts, product="MongoDB", version=version, cpe23=names, confidence=10, evidence=found[0])


_TDS_PRELOGIN, _TDS_RESPONSE, _TDS_VERSION, _TDS_END = 0x12, 0x04, 0, 0xFF
_SQL_SERVER = {
    (8, 0): "2000", (9, 0): "2005", (10, 0): "2008", (10, 50): "2008 R2", (11, 0): "2012", (12, 0): "2014", (13, 0): "2016",
    (14, 0): "2017", (15, 0): "2019", (16, 0): "2022", (17, 0): "2025",
}  # fmt: skip


def _prelogin() -> bytes:
    """[MS-TDS] section 2.2.6.5: version, and encryption that we could not do; a list of places, then the values."""
    version, encryption, not_supported = bytes(6), 1, b"\2"
    options = struct.pack(">BHHBHHB", _TDS_VERSION, 11, 6, encryption, 17, 1, _TDS_END) + version + not_supported
    return struct.pack(">BBHHBB", _TDS_PRELOGIN, 1, 8 + len(options), 0, 0, 0) + options


def read_mssql(answers: Answers) -> Facts | None:
    answer = answers[0]
    if len(answer) < 8 + 11 or answer[:2] != b"\4\1" or answer[4:6] != b"\0\0":
        return None
    size = int.from_bytes(answer[2:4], "big")
    body = answer[8:size]
    if len(body) < 11 or body[0] != _TDS_VERSION or int.from_bytes(body[3:5], "big") != 6:
        return None
    at = int.from_bytes(body[1:3], "big")
    if at + 6 > len(body):
        return None
    major, minor, build = struct.unpack_from(">BBH", body, at)
    if not major:
        return None
    year = _SQL_SERVER.get((major, minor), "")
    version = f"{major}.{minor:02d}.{build}"
    maker = cpe23("a", "microsoft", "sql_server", year.replace(" R2", "").strip(), "r2" if year.endswith("R2") else "")
    name = f"Microsoft SQL Server {year}".strip()
    return Facts("ms-sql-s", name, version, cpe23=(maker,), confidence=10, evidence=answer[: 8 + at + 6][:160])


_TNS_CONNECT, _TNS_KINDS = 1, (2, 4, 5, 6, 11)
ORACLE_PRODUCTS = (
    product(
        rb"TNSLSNR for (?P<os>Linux|Solaris|AIX)[^:]{0,80}: Version (?P<version>\d[\d.]*)",
        "Oracle TNS listener",
        ("oracle", "database_server"),
    ),
    product(
        rb"TNSLSNR for [^:]{0,80}Windows: Version (?P<version>\d[\d.]*)",
        "Oracle TNS listener",
        ("oracle", "database_server"),
        "Windows",
    ),
    product(rb"TNSLSNR for [^:]{0,80}: Version (?P<version>\d[\d.]*)", "Oracle TNS listener", ("oracle", "database_server")),
)


def _tns_connect() -> bytes:
    """Oracle's Net services, a connect packet as clients from 8i on send it: what they want stands behind 58 bytes."""
    wanted = b"(DESCRIPTION=(CONNECT_DATA=(COMMAND=version)))"
    fixed = (
        struct.pack(">HHHHHHHHHHI", 0x0136, 0x012C, 0, 0x0800, 0x7FFF, 0x7F08, 0, 0x0100, len(wanted), 58, 0)
        + b"AA"
        + bytes(24)
    )
    return struct.pack(">HHBBH", 58 + len(wanted), 0, _TNS_CONNECT, 0, 0) + fixed + wanted


def read_oracle(answers: Answers) -> Facts | None:
    answer = answers[0]
    if len(answer) < 8 or answer[2:4] != b"\0\0" or answer[4] not in _TNS_KINDS or answer[6:8] != b"\0\0":
        return None
    size = int.from_bytes(answer[:2], "big")
    if not 8 <= size <= 4096:
        return None
    if answer[4] in (4, 5) and b"(DESCRIPTION=" not in answer[8:size] and b"(ERR" not in answer[8:size]:
        return None
    if answer[4] in (2, 6, 11) and size > 64 and b"TNSLSNR" not in answer:
        return None
    facts = named(
        Facts("oracle-tns", confidence=8 if answer[4] in (4, 5) else 6, evidence=answer[:160]), answer[:1000], ORACLE_PRODUCTS
    )
    number = re.search(rb"\(VSNNUM=(\d{6,10})\)", answer[8:size])
    if number is None or facts.product:
        return facts
    packed = int(number[1])
    version = f"{packed >> 24}.{packed >> 20 & 15}.{packed >> 12 & 255}.{packed >> 8 & 15}.{packed & 255}"
    names = (cpe23("a", "oracle", "database_server", version),) if packed else ()
    return replace(
        facts, product="Oracle TNS listener", version=version if packed else "", cpe23=names, confidence=9, evidence=number[0]
    )


_OPTIONS = struct.pack(">BBHBI", 4, 0, 0x6861, 5, 0)
_SUPPORTED, _ERROR = 6, 0


def read_cassandra(answers: Answers) -> Facts | None:
    """CQL binary protocol version 4, sections 2 and 4.2.4: SUPPORTED to OPTIONS, or an error in the version that it speaks."""
    answer = answers[0]
    if len(answer) < 9 or not 0x81 <= answer[0] <= 0x86 or answer[2:4] not in (b"\x68\x61", b"\0\0"):
        return None
    if answer[4] not in (_SUPPORTED, _ERROR):
        return None
    body = answer[9 : 9 + int.from_bytes(answer[5:9], "big")]
    if answer[4] == _ERROR and b"protocol version" not in body:
        return None
    facts = Facts("cassandra-native", "Apache Cassandra", cpe23=(cpe23("a", "apache", "cassandra"),), confidence=9)
    if b"SCYLLA_" in body:
        facts = replace(facts, product="ScyllaDB", cpe23=(cpe23("a", "scylladb", "scylla"),))
    versions = re.search(rb"\0\x11PROTOCOL_VERSIONS\0.((?:\0.[\w/.-]{1,20})+)", body, re.DOTALL)
    language = re.search(rb"\0\x0bCQL_VERSION\0.\0.([\d.]+)", body, re.DOTALL)
    extra = f"CQL {text(language[1])}" if language else ""
    details = (("protocols", ", ".join(re.findall(r"\d+/v\d+(?:-beta)?", text(versions[1])))),) if versions else ()
    return replace(facts, extra=extra, details=details, evidence=answer[:160])


_EXCSAT, _EXCSATRD = 0x1041, 0x1443
_EXTNAM, _SRVNAM, _SRVRLSLV, _SRVCLSNM, _MGRLVLLS = 0x115E, 0x116D, 0x115A, 0x1147, 0x1404
DRDA_PRODUCTS = (
    product(rb"Apache Derby.*?CSS\d+/(?P<version>\d[\w.]*)", "Apache Derby Network Server", ("apache", "derby")),
    product(rb"CSS\d+/(?P<version>\d[\w.]*)", "Apache Derby Network Server", ("apache", "derby")),
    product(rb"QDB2/(?P<os>LINUX|NT|AIX|HPUX|SUN).*?SQL(?P<extra>\d{5})", "IBM DB2", ("ibm", "db2")),
)


def _term(code: int, *content: bytes) -> bytes:
    body = b"".join(content)
    return struct.pack(">HH", 4 + len(body), code) + body


def _exchange() -> bytes:
    """DRDA version 5, volume 3, EXCSAT: who we are (in EBCDIC, as every server must read), and two managers' levels."""
    names = _term(_EXTNAM, "hatoba".encode("cp037")), _term(_SRVNAM, "hatoba".encode("cp037"))
    levels = _term(_MGRLVLLS, struct.pack(">HHHH", 0x1403, 7, 0x2407, 7))
    order = _term(_EXCSAT, names[0], levels, names[1])
    return struct.pack(">HBBH", 6 + len(order), 0xD0, 1, 1) + order


def read_drda(answers: Answers) -> Facts | None:
    answer = answers[0]
    if len(answer) < 10 or answer[2] != 0xD0 or answer[8:10] != b"\x14\x43":
        return None
    told: dict[int, bytes] = {}
    at, end = 10, min(len(answer), int.from_bytes(answer[:2], "big"))
    while at + 4 <= end:
        size, code = struct.unpack_from(">HH", answer, at)
        if size < 4 or at + size > end:
            break
        told[code] = _of_ebcdic(answer[at + 4 : at + size])
        at += size
    said = b" ".join(told.get(code, b"") for code in (_EXTNAM, _SRVCLSNM, _SRVRLSLV))
    facts = named(Facts("drda", evidence=answer[:160]), said, DRDA_PRODUCTS)
    os = {"LINUX": "Linux", "NT": "Windows", "HPUX": "HP-UX", "SUN": "Solaris"}.get(facts.os, facts.os)
    host = text(told.get(_SRVNAM, b"")) if facts.product == "IBM DB2" else ""
    return replace(facts, os=os, hostname=host, extra=facts.extra or ("" if facts.product else text(said)))


def _of_ebcdic(raw: bytes) -> bytes:
    """As ASCII; bytes that are no EBCDIC text are left as they are."""
    words = raw.decode("cp037").strip()
    return words.encode("ascii") if words.isascii() and words.isprintable() else raw


_BOLT = struct.pack(">IIIII", 0x6060B017, 0x00040405, 0x00000104, 0x00000004, 0x00000003)


def read_bolt(answers: Answers) -> Facts | None:
    """Bolt handshake specification: four bytes, the version that was chosen of the four that were offered."""
    answer = answers[0]
    if len(answer) != 4 or answer[:2] != b"\0\0" or not 1 <= answer[3] <= 5 or answer[2] > 9:
        return None
    return Facts("bolt", "Neo4j Bolt", extra=f"protocol {answer[3]}.{answer[2]}", confidence=7, evidence=answer)


_OP_CONNECT, _OP_ATTACH, _OP_ACCEPT, _OP_CONT_AUTH, _OP_ACCEPT_DATA, _OP_COND_ACCEPT = 1, 19, 3, 92, 94, 98
_FIREBIRD_PROTOCOLS = (10, 0xFFFF800D)
"""Firebird 1.5 to 2.5, and 3 and later; XDR keeps the sign of a short number."""


def _firebird() -> bytes:
    """Firebird's wire protocol, op_connect, in XDR: to attach, to no file, by nobody, in either of two protocols."""
    generic, fewest, most = 1, 0, 5
    offers = b"".join(
        struct.pack(">IIIII", one, generic, fewest, most, place) for place, one in enumerate(_FIREBIRD_PROTOCOLS, 1)
    )
    file, user = 0, 0
    return struct.pack(">IIIIIII", _OP_CONNECT, _OP_ATTACH, 3, generic, file, len(_FIREBIRD_PROTOCOLS), user) + offers


def read_firebird(answers: Answers) -> Facts | None:
    """A protocol that was accepted, or (3 and later) the wish to know who comes, with four empty fields."""
    answer = answers[0]
    if len(answer) < 12:
        return None
    operation, number = struct.unpack_from(">II", answer)
    accepted = operation in (_OP_ACCEPT, _OP_ACCEPT_DATA, _OP_COND_ACCEPT) and number in _FIREBIRD_PROTOCOLS
    asks_who = operation == _OP_CONT_AUTH and answer[4:20] == bytes(16)
    if not accepted and not asks_who:
        return None
    names = (cpe23("a", "firebirdsql", "firebird"),)
    since = "2.5 or earlier" if number == 10 else "3.0 or later"
    return Facts("firebird", "Firebird RDBMS", extra=since, cpe23=names, confidence=9, evidence=answer[:20])


PROTOCOLS = (
    ServiceProtocol(
        "mongod",
        read_mongodb,
        ports=(27017, 27018, 27019),
        questions=(
            Question(_IS_MASTER, length_prefixed(0, 4, 0, "little")),
            Question(_BUILD_INFO, length_prefixed(0, 4, 0, "little")),
        ),
        rarity=7,
    ),
    ServiceProtocol("ms-sql-s", read_mssql, ports=(1433,), questions=(Question(_prelogin(), length_prefixed(2, 2)),), rarity=7),
    ServiceProtocol(
        "oracle-tns",
        read_oracle,
        ports=(1521,),
        tls_ports=(2484,),
        questions=(Question(_tns_connect(), lambda heard: b"TNSLSNR" in heard or heard[4:5] in (b"\4", b"\5", b"\x0b")),),
        rarity=8,
    ),
    ServiceProtocol(
        "cassandra-native", read_cassandra, ports=(9042,), questions=(Question(_OPTIONS, length_prefixed(5, 4, 9)),), rarity=7
    ),
    ServiceProtocol(
        "drda", read_drda, ports=(50000, 1527), questions=(Question(_exchange(), length_prefixed(0, 2)),), rarity=8
    ),
    ServiceProtocol("bolt", read_bolt, ports=(7687,), questions=(Question(_BOLT, lambda heard: len(heard) >= 4),), rarity=8),
    ServiceProtocol("firebird", read_firebird, ports=(3050,), questions=(Question(_firebird(), anything),), rarity=8),
)
