"""Servers that answer a word: job servers, scanners for viruses and spam, power supplies, printers' queues, remote shells."""

from __future__ import annotations

import re
import struct
import zlib
from dataclasses import replace

from hatoba.identify.protocols.complete import anything, length_prefixed, line
from hatoba.identify.protocols.product import product
from hatoba.identify.protocols.protocol import Answers, Question, ServiceProtocol
from hatoba.identify.protocols.spoken import spoken
from hatoba.identify.protocols.text import text
from hatoba.registry.cpe import cpe23
from hatoba.service import Facts

_GEARMAN = ServiceProtocol(
    "gearman",
    spoken(  # gearmand's administrative protocol: a word and a line
        "gearman",
        rb"OK \d{1,3}\.\d{1,3}[\w.+~-]{0,20}\r?\n",
        (product(rb"^OK (?P<version>\d+(?:\.\d+)*)", "Gearman job server", ("gearman", "gearmand")),),
    ),
    ports=(4730,),
    questions=(Question(b"version\n", line),),
    rarity=8,
)
_CLAMD = ServiceProtocol(
    "clam",
    spoken(  # clamd(8), "COMMANDS": z before a command ends the answer with a zero
        "clam",
        rb"ClamAV \d[\w.-]{0,30}(?:/\d+/[\w :]{10,40})?[\0\n]",
        (product(rb"^ClamAV (?P<version>\d+(?:\.\d+)*)", "ClamAV clamd", ("clamav", "clamav")),),
    ),
    ports=(3310,),
    questions=(Question(b"zVERSION\0", lambda heard: heard.endswith((b"\0", b"\n"))),),
    rarity=8,
)
_SPAMD = ServiceProtocol(
    "spamd",
    spoken(  # spamd/PROTOCOL of SpamAssassin
        "spamd",
        rb"SPAMD/(?P<protocol>\d\.\d) \d{1,3} [^\r\n]{1,100}\r\n",
        (product(rb"^SPAMD/", "SpamAssassin spamd", ("apache", "spamassassin")),),
        9,
    ),
    ports=(783,),
    questions=(Question(b"PING SPAMC/1.2\r\n\r\n", line),),
    rarity=8,
)
_GOPHER = ServiceProtocol(
    "gopher",
    spoken(  # RFC 1436 section 3.8, and the i of later servers
        "gopher",
        rb"(?:[0-9+gITihs;][^\t\r\n]{0,200}\t[^\t\r\n]{0,200}\t[^\t\r\n]{0,200}\t\d{1,5}\r\n){1,60}",
        (product(rb"Gophered by Gophernicus/(?P<version>\d[\w.]*)(?: on (?P<os>Linux))?", "Gophernicus gopherd"),),
    ),
    ports=(70,),
    questions=(Question(b"\r\n", lambda heard: heard.endswith(b"\r\n.\r\n")),),
    rarity=9,
)
_UPSD = ServiceProtocol(
    "nut",
    spoken(  # NUT developer guide, "Network protocol information"
        "nut",
        rb"Network UPS Tools upsd \d[^\r\n]{0,80}\n",
        (product(rb"upsd (?P<version>\d+(?:\.\d+)*)", "Network UPS Tools upsd", ("networkupstools", "nut")),),
    ),
    ports=(3493,),
    questions=(Question(b"VER\n", line),),
    rarity=8,
    farewell=b"LOGOUT\n",
)
_LIRC = ServiceProtocol(
    "lirc",
    spoken(  # lircd(8), "SOCKET BROADCAST MESSAGES FORMAT"
        "lirc",
        rb"BEGIN\nVERSION\nSUCCESS\nDATA\n1\n\d[\w.-]{0,30}\nEND\n",
        (product(rb"\n1\n(?P<version>\d[\w.]*)", "LIRC lircd", ("lirc", "lirc")),),
    ),
    ports=(8765,),
    questions=(Question(b"VERSION\n", lambda heard: heard.endswith(b"\nEND\n")),),
    rarity=9,
)
_APCUPSD = ServiceProtocol(
    "apcupsd",
    spoken(  # apcupsd's manual, "The NIS network information server": a length before each line
        "apcupsd",
        rb"\0[\x10-\x40]APC {6}: [^\n]{1,60}\n(?:\0[\x08-\x80][A-Z]{3,9} *: [^\n]{0,100}\n){1,40}",
        (product(rb"VERSION *: (?P<version>\d[\w.]*)", "apcupsd", ("apcupsd", "apcupsd")),),
    ),
    ports=(3551,),
    questions=(Question(b"\0\x06status", lambda heard: heard.endswith(b"\0\0")),),
    rarity=9,
)
_TOR_CONTROL = ServiceProtocol(
    "tor-control",
    spoken(  # Tor's control protocol, section 3.21: the one question that needs no password
        "tor-control",
        rb"250-PROTOCOLINFO 1\r\n(?:250-[A-Z]{3,10} [^\r\n]{1,400}\r\n){0,6}|514 Authentication required\.",
        (
            product(rb'250-VERSION Tor="(?P<version>\d[\w.]*)', "Tor control port", ("torproject", "tor")),
            product(rb"PROTOCOLINFO", "Tor control port", ("torproject", "tor")),
        ),
    ),
    ports=(9051,),
    questions=(Question(b"PROTOCOLINFO\r\n", lambda heard: b"250 OK\r\n" in heard or heard[:1] == b"5"),),
    repeats=True,  # 250-PROTOCOLINFO 1
    rarity=9,
    farewell=b"QUIT\r\n",
)
_ADB_SERVER = ServiceProtocol(
    "adb-server",
    spoken(  # adb, OVERVIEW.TXT, "host:version"
        "adb-server",
        rb"OKAY0004(?P<extra>[0-9a-f]{4})",
        (product(rb"^OKAY0004(?P<extra>....)", "Android Debug Bridge server"),),
        9,
    ),
    ports=(5037,),
    questions=(Question(b"000chost:version", lambda heard: len(heard) >= 12 or heard.startswith(b"FAIL")),),
    rarity=9,
)
STOMP_PRODUCTS = (
    product(rb"(?:^|\n)server:RabbitMQ/(?P<version>\d[\w.]*)", "RabbitMQ STOMP", ("vmware", "rabbitmq")),
    product(rb"(?:^|\n)server:ActiveMQ/(?P<version>\d[\w.]*)", "ActiveMQ STOMP", ("apache", "activemq")),
    product(rb"(?:^|\n)server:apache-apollo/(?P<version>\d[\w.]*)", "Apache Apollo STOMP", ("apache", "apollo")),
    product(rb"org\.apache\.activemq", "ActiveMQ STOMP", ("apache", "activemq")),
)
_STOMP = ServiceProtocol(
    "stomp",
    # STOMP 1.2, "Protocol Negotiation": no common version is an error, which names those that there are. Nobody logs in.
    spoken("stomp", rb"(?:ERROR|CONNECTED)\n(?:[\w-]{1,40}:[^\n]{0,300}\n){1,20}\n?[^\0]{0,400}", STOMP_PRODUCTS),
    ports=(61613,),
    tls_ports=(61614,),
    questions=(Question(b"CONNECT\naccept-version:0.9\nhost:/\n\n\0", lambda heard: b"\0" in heard),),
    rarity=9,
)
_LPD = ServiceProtocol(
    "printer",
    spoken(  # RFC 1179 section 5.4: the state of a queue, in words of the server's own
        "printer",
        rb"(?:no entries|hatoba: unknown printer|[\w.@-]{1,60}: ?(?:lpd|lpsched|printd): [^\n]{0,200}|Printer: [^\n]{1,100}"
        rb"|[^\n]{0,80}(?:is not ready|is ready)[^\n]{0,80}\nno entries)[^\n]{0,100}\n",
    ),
    ports=(515,),
    questions=(Question(b"\3hatoba\n", line),),
    rarity=9,
)
_RSHELLS = tuple(
    ServiceProtocol(name, spoken(name, pattern), ports=(port,), greets=True)
    for name, port, pattern in (
        ("exec", 512, rb"\x01(?:rexecd: )?(?:Where are you\?|Couldn't look up address)[^\n]{0,80}\n"),
        ("login", 513, rb"\x01(?:rlogind: )[^\n]{1,80}\n"),
        ("shell", 514, rb"\x01(?:rshd: |getpeername: )[^\n]{1,80}\n"),
    )
)  # rexecd(8), rlogind(8), rshd(8): who comes from an ordinary port is told that it has no business here


def read_epmd(answers: Answers) -> Facts | None:
    """Erlang's distribution protocol, "EPMD Protocol", NAMES_REQ: the port, and a line for each node."""
    found = re.match(rb"\0\0..((?:name [\w.@-]{1,100} at port \d{1,5}\n){0,40})", answers[0], re.DOTALL)
    if found is None or int.from_bytes(answers[0][2:4], "big") < 1024 or (not found[1] and len(answers[0]) > 4):
        return None
    nodes = re.findall(rb"name ([\w.@-]+) at port (\d+)", found[1])
    details = tuple(("node", f"{text(name)} {text(port)}") for name, port in nodes[:1])
    told = replace(Facts("epmd", "Erlang Port Mapper Daemon"), cpe23=(cpe23("a", "erlang", "erlang/otp"),), details=details)
    return replace(told, confidence=9 if nodes else 5, evidence=found[0][:160])


def _zabbix() -> bytes:
    """Zabbix manual, "Header": what a server asks an agent, so the agent must know us to answer."""
    asked = b"agent.version"
    return b"ZBXD\1" + struct.pack("<II", len(asked), 0) + asked


def read_zabbix(answers: Answers) -> Facts | None:
    answer = answers[0]
    if answer[:5] != b"ZBXD\1" or len(answer) < 14:
        return None
    said = answer[13 : 13 + int.from_bytes(answer[5:9], "little")]
    if said.startswith(b'{"response":'):
        return None  # a server's, or a proxy's
    found = re.fullmatch(rb"(\d+(?:\.\d+)+)[\w.]*", said)
    version = text(found[1]) if found else ""
    names = (cpe23("a", "zabbix", "zabbix", version),)
    return Facts("zabbix-agent", "Zabbix agent", version, cpe23=names, confidence=10, evidence=answer[:13] + said[:60])


_NRPE_BYTES = 1036


def _nrpe() -> bytes:
    """nrpe's common.h: version 2, query, checksum of all with itself zero, result, a buffer of 1024 bytes, two to fill up."""
    buffer = b"_NRPE_CHECK".ljust(1024, b"\0") + b"\0\0"
    blank = struct.pack(">hhIh", 2, 1, 0, 0) + buffer
    return struct.pack(">hhIh", 2, 1, zlib.crc32(blank), 0) + buffer


def read_nrpe(answers: Answers) -> Facts | None:
    answer = answers[0]
    if len(answer) < _NRPE_BYTES or answer[:4] not in (b"\0\2\0\2", b"\0\3\0\2"):
        return None
    said = re.match(rb"NRPE v(\d[\w.]*)", answer[10:74])
    version = text(said[1]) if said else ""
    names = (cpe23("a", "nagios", "remote_plug_in_executor", version),)
    return Facts("nrpe", "Nagios NRPE", version, cpe23=names, confidence=10, evidence=said[0] if said else answer[:40])


_SANE_VERSION = 0x01000003


def read_sane(answers: Answers) -> Facts | None:
    """SANE standard version 1, section 5.2.1, SANE_NET_INIT: status, version."""
    answer = answers[0]
    if len(answer) < 8 or answer[:4] != bytes(4) or answer[4] != 1 or answer[7] != 3:
        return None
    return Facts(
        "sane-port", "SANE saned", confidence=9, cpe23=(cpe23("a", "sane-project", "sane_backends"),), evidence=answer[:8]
    )


PROTOCOLS = (
    _GEARMAN,
    _CLAMD,
    _SPAMD,
    _GOPHER,
    _UPSD,
    _LIRC,
    _APCUPSD,
    _TOR_CONTROL,
    _ADB_SERVER,
    _STOMP,
    _LPD,
    *_RSHELLS,
    ServiceProtocol(
        "epmd",
        read_epmd,
        ports=(4369,),
        questions=(Question(b"\0\1n", lambda heard: len(heard) > 4 and heard.endswith(b"\n")),),
        rarity=8,
    ),
    ServiceProtocol(
        "zabbix-agent",
        read_zabbix,
        ports=(10050,),
        questions=(Question(_zabbix(), length_prefixed(5, 4, 13, "little")),),
        rarity=9,
    ),
    ServiceProtocol(
        "nrpe",
        read_nrpe,
        ports=(5666,),
        tls_ports=(5666,),
        questions=(Question(_nrpe(), lambda heard: len(heard) >= _NRPE_BYTES),),
        rarity=9,
    ),
    ServiceProtocol(
        "sane-port",
        read_sane,
        ports=(6566,),
        questions=(Question(struct.pack(">III", 0, _SANE_VERSION, 0), anything),),
        rarity=9,
    ),
)
