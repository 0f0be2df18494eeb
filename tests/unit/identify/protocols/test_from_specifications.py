"""Protocols whose servers no package of the lab's brings: answers put together by hand as the specifications have them."""

from __future__ import annotations

import struct
from typing import NamedTuple

import pytest

from hatoba.identify.protocols import PROTOCOLS, ServiceProtocol, industry, spoken, worded
from hatoba.model import Protocol
from hatoba.service import Facts
from tests.unit.identify.protocols.feeding import GARBAGE, cut_short, protocol_named, repeats_unsaid


class Told(NamedTuple):
    product: str = ""
    version: str = ""
    extra: str = ""
    os: str = ""
    hostname: str = ""


def mongo(asked: int, *elements: bytes, opcode: int = 2013, before: bytes = bytes(5)) -> bytes:
    body = b"".join(elements) + b"\0"
    document = struct.pack("<i", 4 + len(body)) + body
    return struct.pack("<iiii", 16 + len(before) + len(document), 7, asked, opcode) + before + document


MASTER = mongo(0x6861746F, b"\x08ismaster\0\1", opcode=1, before=bytes(20))
BUILD = mongo(0x6861746F, b"\2version\0\x07\0\0\x007.0.14\0", b"\2gitVersion\0\3\0\0\0ab\0")
PRELOGIN = b"\4\1" + struct.pack(">HHBB", 8 + 21, 0, 1, 0) + bytes.fromhex("00000b000601001100 01ff".replace(" ", ""))
PRELOGIN += bytes.fromhex("0f00 07d0 0000 02".replace(" ", "")) + bytes(3)
TNS_REFUSED = b"(DESCRIPTION=(TMP=)(VSNNUM=318767104)(ERR=1189)(ERROR_STACK=(ERROR=(CODE=1189)(EMFI=4))))"
TNS = struct.pack(">HHBBHBBH", 12 + len(TNS_REFUSED), 0, 4, 0, 0, 0x22, 0, len(TNS_REFUSED)) + TNS_REFUSED
CQL_BODY = b"\0\2\0\x11PROTOCOL_VERSIONS\0\2\0\4" + b"3/v3\0\4" + b"4/v4\0\x0bCQL_VERSION\0\1\0\x053.4.6"
CQL = bytes.fromhex("8400686106") + struct.pack(">I", len(CQL_BODY)) + CQL_BODY
DB2 = b"".join(
    struct.pack(">HH", 4 + len(said), code) + said
    for code, said in ((0x115E, "db2sysc".encode("cp037")), (0x1147, "QDB2/LINUXX8664".encode("cp037")),
        (0x115A, "SQL11058".encode("cp037")), (0x116D, "DB2HOST".encode("cp037")))
)  # fmt: skip
DRDA = struct.pack(">HBBHHH", 10 + len(DB2), 0xD0, 2, 1, 4 + len(DB2), 0x1443) + DB2
AFP_INFO = (
    struct.pack(">HHHHH", 24, 34, 44, 0, 0)
    + b"\x05quays".ljust(14, b"\0")
    + b"\x09Netatalk3"
    + b"\1\x06AFP3.3".ljust(10, b"\0")
    + b"\1\4DHX2"
)
AFP = b"\1\3\x68\x61" + struct.pack(">III", 0, len(AFP_INFO), 0) + AFP_INFO
ENIP_TAIL = bytes(16) + struct.pack("<HHHBBHI", 1, 14, 54, 20, 11, 0, 7) + b"\x0b1756-L61/BX" + b"\3"
ENIP_BODY = struct.pack("<HHHH", 1, 0x0C, 2 + len(ENIP_TAIL), 1) + ENIP_TAIL
ENIP = struct.pack("<HHII8sI", 0x63, len(ENIP_BODY), 0, 0, b"hatoba!!", 0) + ENIP_BODY
S7_CONFIRM = bytes.fromhex("0300001611d06861000100c0010ac1020100c2020102")
S7_SETUP = bytes.fromhex("0300001b02f08032030000686200080000 0000f0000001000101e0".replace(" ", ""))
S7_LIST = (
    b"\3\0\0\x50\2\xf0\x80\x32\7"
    + bytes(20)
    + b"\0\1"
    + b"6ES7 315-2EH14-0AB0 "
    + bytes(8)
    + b"\0\x07"
    + b" " * 20
    + b"\0\xc0V\3\2\6"
)
DNP3_HEAD = struct.pack("<HBBHH", 0x6405, 5, 0x0B, 1025, 10)
DNP3 = DNP3_HEAD + industry._dnp3_crc(DNP3_HEAD)
OPC_ERROR = struct.pack("<II", 0x80830000, 7) + b"bad url"
BACNET = bytes.fromhex("810a0000 0100 3068 0c0c02000064 1979 3e 75".replace(" ", "")) + b"\6\0Siem" + b"n" + b"\x3f"
BACNET = BACNET[:2] + struct.pack(">H", len(BACNET)) + BACNET[4:]
MINECRAFT_JSON = b'{"version":{"name":"Paper 1.20.4","protocol":765},"description":{"text":"pier"}}'
MINECRAFT = bytes([0x53, 0, len(MINECRAFT_JSON)]) + MINECRAFT_JSON
ADB_SAID = b"device::ro.product.name=pier;ro.product.model=Quay;"
ADB = struct.pack("<4sIIIII", b"CNXN", 0x01000000, 4096, len(ADB_SAID), sum(ADB_SAID), 0xB1A7B1BC) + ADB_SAID
IPMI = bytes.fromhex("0600ff07 00 00000000 00000000 10 81 1c 63 20 00 38 00 0e 80 04 03 00 00 00 00 b9".replace(" ", ""))
INSTANCES = b"ServerName;PIER;InstanceName;MSSQLSERVER;IsClustered;No;Version;15.0.2000.5;tcp;1433;;"
SQL_BROWSER = b"\5" + struct.pack("<H", len(INSTANCES)) + INSTANCES
A2S = b"\xff\xff\xff\xffI\x11Pier\0de_dust2\0csgo\0Counter-Strike\0" + bytes(12)
XDMCP = b"\0\1\0\5\0\x14" + b"\0\0" + b"\0\4pier" + b"\0\x08Willing!"

DOCKER = b'HTTP/1.1 200 OK\r\nServer: Docker/24.0.7 (linux)\r\n\r\n{"Platform":{"Name":"x"},'
DOCKER += b'"Version":"24.0.7","ApiVersion":"1.43","Os":"linux"}'

IPP_HEAD = b"HTTP/1.1 200 OK\r\nServer: quay\r\nContent-Type: application/ipp\r\n"
IPP_TEXTS = {b"printer-make-and-model": b"Quay Laser 9", b"printer-firmware-string-version": b"7.1"}
IPP_BODY = b"\1\1\0\0\0\0\0\1\4" + b"".join(
    b"\x41" + struct.pack(">H", len(name)) + name + struct.pack(">H", len(value)) + value for name, value in IPP_TEXTS.items()
)  # fmt: skip
IPP_CHUNKS = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in (IPP_BODY[:30], IPP_BODY[30:], b"\3"))
IPP = IPP_HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + IPP_CHUNKS + b"0\r\n\r\n"
IPP_REFUSAL = IPP_HEAD + b"Content-Length: 9\r\n\r\n\1\1\4\6\0\0\0\1\3"
NFS = b"htbn" + struct.pack(">IIIIIIII", 1, 0, 0, 0, 2, 3, 4, 0)[:28]

NOT_COMPILED = "runs a compiler for whoever asks"

TCP: dict[str, list[tuple[tuple[bytes, ...], Told]]] = {
    "mongod": [
        ((MASTER,), Told("MongoDB")),
        ((MASTER, BUILD), Told("MongoDB", "7.0.14")),
    ],
    "ms-sql-s": [((PRELOGIN,), Told("Microsoft SQL Server 2019", "15.00.2000"))],
    "oracle-tns": [((TNS,), Told("Oracle TNS listener", "19.0.0.0.0"))],
    "cassandra-native": [((CQL,), Told("Apache Cassandra", "", "CQL 3.4.6"))],
    "drda": [((DRDA,), Told("IBM DB2", "", "11058", "Linux", "DB2HOST"))],
    "bolt": [((b"\0\0\4\4",), Told("Neo4j Bolt", "", "protocol 4.4"))],
    "afp": [((AFP,), Told("Netatalk", "3", hostname="quays"))],
    "EtherNet-IP-2": [((ENIP,), Told("1756-L61/BX", "20.11", "Rockwell Automation/Allen-Bradley"))],
    "iso-tsap": [
        ((S7_CONFIRM,), Told()),
        ((S7_CONFIRM, S7_SETUP, S7_LIST), Told("Siemens S7 PLC", "3.2.6", "6ES7 315-2EH14-0AB0")),
    ],
    "nfs": [((struct.pack(">I", 0x80000000 | len(NFS)) + NFS,), Told(extra="versions 3-4"))],
    "dnp3": [((DNP3,), Told(extra="address 10"))],
    "iec-104": [((bytes.fromhex("680483000000"),), Told())],
    "opcua-tcp": [((b"ERRF" + struct.pack("<I", 8 + len(OPC_ERROR)) + OPC_ERROR,), Told(extra="bad url"))],
    "minecraft": [((MINECRAFT,), Told("Minecraft", "1.20.4", "Paper 1.20.4"))],
    "adb": [((ADB,), Told("Android Debug Bridge", "", "pier Quay; open to anybody", "Android"))],
    "socks4": [((b"\0\x5b" + bytes(6),), Told(extra="request rejected"))],
    "stomp": [
        ((b"ERROR\nserver:RabbitMQ/3.12.1\nversion:1.0,1.1,1.2\ncontent-length:0\n\n\0",), Told("RabbitMQ STOMP", "3.12.1"))
    ],
    "tor-control": [
        (
            (b'250-PROTOCOLINFO 1\r\n250-AUTH METHODS=NULL\r\n250-VERSION Tor="0.4.7.16"\r\n250 OK\r\n',),
            Told("Tor control port", "0.4.7.16"),
        )
    ],
    "lirc": [((b"BEGIN\nVERSION\nSUCCESS\nDATA\n1\n0.10.1\nEND\n",), Told("LIRC lircd", "0.10.1"))],
    "apcupsd": [
        (
            (b"\0\x20APC      : 001,036,0879 at pier.\n\0\x25VERSION  : 3.14.14 (31 May 2016) lab\n\0\0",),
            Told("apcupsd", "3.14.14"),
        )
    ],
    "adb-server": [((b"OKAY00040029",), Told("Android Debug Bridge server", "", "0029"))],
    "printer": [((b"hatoba: unknown printer\n",), Told())],
    "exec": [((b"\1Where are you?\n",), Told())],
    "login": [((b"\1rlogind: Permission denied.\r\n",), Told())],
    "shell": [((b"\1rshd: Permission denied.\n",), Told())],
    "sieve": [
        (
            (b'"IMPLEMENTATION" "Dovecot Pigeonhole"\r\n"SIEVE" "fileinto"\r\nOK "ready"\r\n',),
            Told("Dovecot Pigeonhole sieve", "", "Dovecot Pigeonhole"),
        ),
    ],
    "ceph": [((b"ceph v2\n\x10\0\1",), Told("Ceph", "", "2"))],
    "asterisk": [((b"Asterisk Call Manager/5.0.2\r\n",), Told("Asterisk Call Manager", "", "5.0.2"))],
    "freeswitch-event": [((b"Content-Type: auth/request\n\n",), Told("FreeSWITCH mod_event_socket"))],
    "ts3-query": [
        (
            (b"TS3\n\rWelcome to the TeamSpeak 3 ServerQuery\n\r", b"version=3.13.7 build=1655727713 platform=Linux\n\r"),
            Told("TeamSpeak 3 ServerQuery", "3.13.7", os="Linux"),
        )
    ],
    "vmware-auth": [
        (
            (b"220 VMware Authentication Daemon Version 1.10: SSL Required, ServerDaemonProtocol:SOAP\r\n",),
            Told("VMware Authentication Daemon", "1.10"),
        )
    ],
    "ipp": [((IPP,), Told("Quay Laser 9", "7.1")), ((IPP_REFUSAL,), Told())],
    "distccd": [
        (
            (
                b"DONE00000001STAT00000000SERR00000000SOUT00000000DOTO00000020"
                + b"\0clang version 14.0.6 (pier)".ljust(32, b"\0"),
            ),
            Told("distccd", "", "clang 14.0.6"),
        ),
        ((b"DONE00000001STAT00006e00SERR00000003noSOUT00000000DOTO00000000",), Told("distccd", "", NOT_COMPILED)),
    ],
    "fastcgi": [
        (
            (bytes.fromhex("010a000000240000") + b"\x0e\2FCGI_MAX_REQS50" + b"\x0f\1FCGI_MPXS_CONNS1",),
            Told(extra="whoever connects can run scripts"),
        )
    ],
    "ovsdb": [((b'{"id":"hatoba","result":["hardware_vtep","_Server"],"error":null}',), Told(extra="open to anybody"))],
    "quagga": [
        ((b"\r\nHello, this is Quagga (version 1.2.4).\r\nCopyright 1996-2005\r\n",), Told("Quagga", "1.2.4")),
        ((b"\r\nHello, this is zebra (version 0.94).\r\n",), Told("GNU Zebra", "0.94")),
    ],
    "varnish-cli": [
        (
            (b"107 59      \nabcdefghijklmnopqrstuvwxyzabcdef\n\nAuthentication required.\n\n",),
            Told("Varnish Cache CLI"),
        )
    ],
    "aria2": [
        (
            (b'HTTP/1.1 400 Bad Request\r\n\r\n{"id":"hatoba","jsonrpc":"2.0","error":{"code":1,"message":"Unauthorized"}}',),
            Told("aria2 JSON-RPC"),
        )
    ],
    "nntp": [((b"502 You have no permission to talk.  Goodbye!\r\n",), Told())],
    "docker": [((DOCKER,), Told("Docker", "24.0.7", os="Linux"))],
    "kubernetes": [
        (
            (b'HTTP/1.1 200 OK\r\n\r\n{\n  "major": "1",\n  "minor": "29",\n  "gitVersion": "v1.29.2+k3s1"\n}',),
            Told("Kubernetes API server", "1.29.2+k3s1"),
        )
    ],
    "kubelet": [((b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 12\r\n\r\nUnauthorized",), Told("Kubernetes kubelet"))],
    "consul": [
        (
            (b'HTTP/1.1 200 OK\r\n\r\n{"Config":{"Datacenter":"dc1","NodeName":"pier","Version":"1.17.1"}}',),
            Told("HashiCorp Consul", "1.17.1"),
        )
    ],
    "vault": [
        (
            (b'HTTP/1.1 200 OK\r\n\r\n{"initialized":true,"sealed":false,"standby":false,"version":"1.15.4"}',),
            Told("HashiCorp Vault", "1.15.4"),
        )
    ],
    "grafana": [
        (
            (b'HTTP/1.1 200 OK\r\n\r\n{\n  "commit": "x",\n  "database": "ok",\n  "version": "10.2.3"\n}',),
            Told("Grafana", "10.2.3"),
        )
    ],
    "clickhouse": [((b"HTTP/1.1 200 OK\r\nX-ClickHouse-Summary: {}\r\n\r\nOk.\n",), Told("ClickHouse"))],
    "wsman": [
        (
            (b"HTTP/1.1 405 \r\nAllow: POST\r\nServer: Microsoft-HTTPAPI/2.0\r\n\r\n",),
            Told("Microsoft Windows Remote Management"),
        )
    ],
}
DNSMASQ_HAS_NOT = b"file /srv/tftp/hatoba-6861746f not found for 198.18.0.1"
UDP: dict[str, list[tuple[tuple[bytes, ...], Told]]] = {
    "nfs": [((NFS,), Told(extra="versions 3-4"))],
    "EtherNet-IP-2": TCP["EtherNet-IP-2"],
    "bacnet": [((BACNET,), Told("Siemn"))],
    "asf-rmcp": [((IPMI,), Told(extra="IPMI 2.0"))],
    "nat-pmp": [((b"\0\x80\0\0\0\0\0\1\xc6\x12\0\1",), Told(extra="external address 198.18.0.1"))],
    "ms-sql-m": [((SQL_BROWSER,), Told("Microsoft SQL Server", "15.0.2000.5", hostname="PIER"))],
    "steam": [((A2S,), Told(extra="Counter-Strike"))],
    "xdmcp": [((XDMCP,), Told(extra="Willing!", hostname="pier"))],
    "radius": [((struct.pack(">BBH", 3, 1, 20) + bytes(16),), Told())],
    "tftp": [
        ((b"\0\5\0\2Access violation\0",), Told(extra="Access violation")),
        ((b"\0\5\0\1" + DNSMASQ_HAS_NOT + b"\0",), Told("dnsmasq tftpd", extra=DNSMASQ_HAS_NOT.decode())),
    ],
    "upnp": [
        (
            (b"HTTP/1.1 200 OK\r\nST: upnp:rootdevice\r\nSERVER: Debian DLNADOC/1.50 UPnP/1.0 MiniDLNA/1.3.0\r\n\r\n",),
            Told("MiniDLNA", "1.3.0", "Debian DLNADOC/1.50 UPnP/1.0 MiniDLNA/1.3.0", "Linux"),
        )
    ],
    "dtls": [((bytes.fromhex("16feff00000000000000000023 03").ljust(30, b"\0"),), Told())],
}
CASES = [
    (known, answers, truth)
    for transport, table in (("tcp", TCP), ("udp", UDP))
    for name, rows in table.items()
    for known in [protocol_named(name, transport)]
    for answers, truth in rows
]
EACH = pytest.mark.parametrize(
    ("known", "answers", "truth"),
    CASES,
    ids=[f"{known.name}-{known.protocol.word}-{len(answers)}" for known, answers, _t in CASES],
)
WHOLE_ONLY = {"bolt", "socks4", "nat-pmp", "radius"}
"""So short that more bytes make them something else."""


def told(facts: Facts | None) -> Told:
    assert facts is not None
    assert facts.evidence
    return Told(facts.product, facts.version, facts.extra, facts.os, facts.hostname)


@EACH
def test_fed_whole(known: ServiceProtocol, answers: tuple[bytes, ...], truth: Told) -> None:
    assert told(known.read(answers)) == truth


@EACH
def test_fed_byte_by_byte(known: ServiceProtocol, answers: tuple[bytes, ...], truth: Told) -> None:
    facts = None
    for part in cut_short(answers):
        facts = known.read(part)
    assert told(facts) == truth


@EACH
def test_no_true_answer_is_taken_for_a_repetition_of_the_question(
    known: ServiceProtocol, answers: tuple[bytes, ...], truth: Told
) -> None:
    assert not repeats_unsaid(known, answers)


@EACH
@pytest.mark.parametrize("garbage", GARBAGE)
def test_fed_with_garbage_behind(known: ServiceProtocol, answers: tuple[bytes, ...], truth: Told, garbage: bytes) -> None:
    facts = known.read((*answers[:-1], answers[-1] + garbage))
    if known.name in WHOLE_ONLY:
        assert facts is None
    else:
        assert told(facts) == truth


def test_a_table_row_is_a_reader() -> None:
    read = spoken.spoken("pier", rb"PIER (?P<version>\d+) (?P<hostname>\w+)\n", (), 9)
    facts = read((b"PIER 7 quay\nmore",))
    assert facts == Facts("pier", version="7", hostname="quay", confidence=9, evidence=b"PIER 7 quay")
    assert read((b"xPIER 7 quay\n",)) is None


def test_questions_of_a_scan_have_a_cookie_that_never_changes() -> None:
    assert worded.payload("stun")[-4:] == worded.COOKIE.to_bytes(4, "big")
    assert worded.repeats("stun", struct.pack(">HHI", 0x0101, 0, 0x2112A442) + worded.payload("stun")[8:])
    assert not worded.repeats("stun", struct.pack(">HHI", 0x0101, 0, 0x2112A442) + bytes(12))


def test_eighty_protocols_at_least() -> None:
    assert len({one.name for one in PROTOCOLS}) >= 80
    assert {one.protocol for one in PROTOCOLS} == {Protocol.TCP, Protocol.UDP}
