"""Databases that greet, or that answer a question that needs no password: MySQL, PostgreSQL, Redis, memcached, beanstalkd."""

from __future__ import annotations

import re
import struct
from dataclasses import replace

from hatoba.identify.protocols.complete import length_prefixed, line
from hatoba.identify.protocols.product import os_cpe, system_of
from hatoba.identify.protocols.protocol import Answers, Question, ServiceProtocol, StartTls
from hatoba.identify.protocols.text import text
from hatoba.registry.cpe import cpe23
from hatoba.service import Facts

_MYSQL_HEAD = 4  # three bytes of length, one of sequence
_CLIENT_SSL, _CLIENT_PROTOCOL_41, _CLIENT_SECURE = 0x0800, 0x0200, 0x8000
_MYSQL_ERROR = 0xFF
_VERSION = re.compile(rb"\d[\w.+~:-]*(?: \([\w@]{4,50}\))?")


def read_mysql(answers: Answers) -> Facts | None:
    """MySQL's documentation, "Protocol::HandshakeV10" and "ERR_Packet"."""
    packet = answers[0]
    size = int.from_bytes(packet[:3], "little")
    if len(packet) < 8 or not 4 <= size < 1024 or packet[3] not in (0, 1):
        return None
    body = packet[_MYSQL_HEAD : _MYSQL_HEAD + size]
    if body[0] == _MYSQL_ERROR:
        return _mysql_refusal(body)
    version, ended, rest = body[1:].partition(b"\0")
    if body[0] != 10 or not ended or not _VERSION.fullmatch(version) or len(rest) < 15 or rest[12] != 0:
        return None
    facts = Facts("mysql", evidence=body[: 2 + len(version)])
    return _mysql_product(facts, version)


def _mysql_product(facts: Facts, version: bytes) -> Facts:
    # MariaDB before 11.0 puts 5.5.5- in front, for replicas that would take version 10 for something older than 5.
    said = version.removeprefix(b"5.5.5-")
    number, dash, build = said.partition(b"-")
    words = text(number)
    if b"MariaDB" in said:
        build = build.removeprefix(b"MariaDB").lstrip(b"-")
        name, maker = "MariaDB", cpe23("a", "mariadb", "mariadb", words)
    elif build.startswith((b"release (", b"id64-release (")):
        name, maker = "Sphinx SphinxQL", cpe23("a", "sphinxsearch", "sphinx", words)
    else:
        name, maker = "MySQL", cpe23("a", "oracle", "mysql", words)
    os = "Linux" if re.search(rb"deb\d|ubuntu|\bel\d|fedora|maria~", build) else ""
    return replace(
        facts, product=name, version=words, extra=text(build) if dash else "", os=os, cpe23=(maker, *os_cpe(os)), confidence=10
    )


def _mysql_refusal(body: bytes) -> Facts | None:
    """An error instead of a greeting: our host is not allowed, or there are too many connections."""
    message = body[3:]
    code = int.from_bytes(body[1:3], "little")
    if code not in (1040, 1129, 1130, 1203) or not re.search(rb"[A-Za-z ]{8}", message):
        return None
    facts = Facts("mysql", extra={1130: "unauthorized", 1129: "blocked"}.get(code, "refused"), evidence=body[:160])
    name = "MariaDB" if b"MariaDB" in message else "MySQL" if b"MySQL" in message else ""
    maker = {"MariaDB": ("mariadb", "mariadb"), "MySQL": ("oracle", "mysql")}.get(name)
    return replace(facts, product=name, cpe23=(cpe23("a", *maker),) if maker else (), confidence=10 if name else 8)


def _mysql_offers_tls(answers: Answers) -> bool:
    rest = answers[0][_MYSQL_HEAD + 1 :].partition(b"\0")[2]
    return len(rest) >= 15 and bool(int.from_bytes(rest[13:15], "little") & _CLIENT_SSL)


def _mysql_tls() -> bytes:
    """Protocol::SSLRequest: capabilities, longest packet, character set (utf8), 23 zeros; the second packet."""
    capabilities = _CLIENT_SSL | _CLIENT_PROTOCOL_41 | _CLIENT_SECURE
    body = struct.pack("<IIB23x", capabilities, 1 << 24, 33)
    return len(body).to_bytes(3, "little") + b"\1" + body


_NO_SUCH_PROTOCOL = struct.pack(">IHH", 10, 255, 255) + b"\0\0"
_SUPPORTED = re.compile(rb"server supports (\d+\.\d+) to (\d+\.\d+)")


def read_postgresql(answers: Answers) -> Facts | None:
    """An ErrorResponse to a start-up message of a version that there is not ("Message Formats", "Error and Notice Message
    Fields" of PostgreSQL's documentation). The range of versions that it names tells releases apart: version 2 went with 14."""
    answer = answers[0]
    if answer[:1] != b"E" or len(answer) < 12:
        return None
    size = int.from_bytes(answer[1:5], "big")
    fields = {part[:1]: part[1:] for part in answer[5 : 1 + size].split(b"\0") if part}
    if not re.fullmatch(rb"[0-9A-Z]{5}", fields.get(b"C", b"")) or b"S" not in fields:
        return None
    said = fields.get(b"M", b"")
    if said.startswith(b"bad packet header") or b"unsupported pkt type" in said:
        pooler = Facts("postgresql", "PgBouncer", cpe23=(cpe23("a", "pgbouncer", "pgbouncer"),), confidence=9)
        return replace(pooler, evidence=answer[:160])
    supported = _SUPPORTED.search(said)
    facts = Facts("postgresql", "PostgreSQL DB", cpe23=(cpe23("a", "postgresql", "postgresql"),), confidence=10)
    if supported:
        since = "14 or later" if supported[1].startswith(b"3") else "13 or earlier"
        facts = replace(facts, extra=f"{since}; protocol {text(supported[1])} to {text(supported[2])}")
    os = "Windows" if b"\\" in fields.get(b"F", b"") else ""
    return replace(facts, os=os, evidence=answer[:160])


_INFO_END = re.compile(rb"\$(\d{1,7})\r\n")


def _redis_complete(heard: bytes) -> bool:
    size = _INFO_END.match(heard)
    return heard[:1] in (b"-", b"+") and b"\n" in heard if size is None else len(heard) >= size.end() + int(size[1]) + 2


_REDIS_ERRORS = re.compile(
    rb"-(?:NOAUTH |DENIED Redis|ERR (?:operation not permitted|unknown command ['`]|wrong number)|NOPERM )"
)


def read_redis(answers: Answers) -> Facts | None:
    """``INFO server``, as Redis's documentation lists its fields; servers that want a password say so."""
    answer = answers[0]
    size = _INFO_END.match(answer)
    if size is not None:
        fields = dict(part.split(b":", 1) for part in answer[size.end() :].split(b"\r\n") if b":" in part)
        fork = text(fields.get(b"server_name", b""))
        version = text(fields.get(b"valkey_version" if fork == "valkey" else b"redis_version", b""))
        if not version:
            return None
        product, vendor = ("Valkey key-value store", "lfprojects") if fork == "valkey" else ("Redis key-value store", "redis")
        os = text(fields.get(b"os", b""))
        system = os.split(" ")[0]
        names = (cpe23("a", vendor, fork or "redis", version), *os_cpe(system))
        notes = "; ".join(filter(None, (os.partition(" ")[2], text(fields.get(b"redis_mode", b"")))))
        said = b"redis_version:" + fields.get(b"redis_version", b"")
        return Facts("redis", product, version, notes, system, cpe23=names, confidence=10, evidence=said)
    if (error := _REDIS_ERRORS.match(answer)) is None:
        return None
    locked = b"NOAUTH" in error[0] or b"DENIED" in error[0]
    sure = locked or b"unknown command" not in error[0]
    return Facts(
        "redis",
        "Redis key-value store",
        extra="needs a password" if b"NOAUTH" in error[0] else "protected mode" if locked else "",
        cpe23=(cpe23("a", "redis", "redis"),),
        confidence=9 if sure else 6,
        evidence=answer[:80],
    )


def read_memcached(answers: Answers) -> Facts | None:
    """``version`` (doc/protocol.txt of memcached)."""
    found = re.match(rb"VERSION (\d[\w.]*)(?: ?\(?([^\r\n)]*)\)?)?\r\n", answers[0])
    if found is None:
        return None
    version, remark = text(found[1]), text(found[2] or b"")
    names = (cpe23("a", "memcached", "memcached", version),)
    os = system_of(found[2] or b"")
    return Facts("memcached", "Memcached", version, remark, os, cpe23=names, confidence=10, evidence=found[0].strip())


def read_beanstalkd(answers: Answers) -> Facts | None:
    """``stats`` (doc/protocol.txt of beanstalkd)."""
    answer = answers[0]
    version = re.search(rb'\nversion: "?(\d[\w.+]*)', answer)
    if not re.match(rb"OK \d+\r\n---\n", answer) or version is None:
        return None
    names = (cpe23("a", "beanstalkd_project", "beanstalkd", text(version[1])),)
    host = re.search(rb'\nhostname: "?([\w.-]+)', answer)
    called = text(host[1]) if host else ""
    return Facts("beanstalkd", "beanstalkd", text(version[1]), "", "", "", called, names, 10, version[0].strip())


MYSQL = ServiceProtocol(
    "mysql",
    read_mysql,
    ports=(3306, 3307),
    greets=True,
    start_tls=StartTls(_mysql_tls(), _mysql_offers_tls, answered=False, counted=True),
)
POSTGRESQL = ServiceProtocol(
    "postgresql",
    read_postgresql,
    ports=(5432, 5433),
    questions=(Question(_NO_SUCH_PROTOCOL, length_prefixed(1, 4, 1)),),
    rarity=3,
    start_tls=StartTls(
        struct.pack(">II", 8, 80877103), lambda _answers: True, bool, lambda heard: heard.startswith(b"S"), fresh=True
    ),
    alpn=("postgresql",),
)
REDIS = ServiceProtocol(
    "redis",
    read_redis,
    ports=(6379, 6380, 26379),
    questions=(Question(b"INFO server\r\n", _redis_complete),),
    rarity=3,
    farewell=b"QUIT\r\n",
)
MEMCACHED = ServiceProtocol(
    "memcached", read_memcached, ports=(11211,), questions=(Question(b"version\r\n", line),), rarity=4, farewell=b"quit\r\n"
)
BEANSTALKD = ServiceProtocol(
    "beanstalkd",
    read_beanstalkd,
    ports=(11300,),
    questions=(Question(b"stats\r\n", lambda heard: heard.endswith(b"\n\r\n")),),
    rarity=7,
    farewell=b"quit\r\n",
)
PROTOCOLS = (MYSQL, POSTGRESQL, REDIS, MEMCACHED, BEANSTALKD)
