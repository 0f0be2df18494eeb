"""What Recog adds to the facts of answers (``recog``, ``recog_texts``, ``library``)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hatoba.identify.protocols import ftp, http, mail, ssh
from hatoba.identify.protocols.datagrams import read_snmp
from hatoba.identify.signatures.library import Library
from hatoba.identify.signatures.patterns import Pattern
from hatoba.identify.signatures.recog import Recog
from hatoba.identify.signatures.recog_reading import read_recog
from hatoba.identify.signatures.recog_texts import DATABASES, texts_of
from hatoba.identify.signatures.signature import Signature, Template
from hatoba.model import Protocol
from hatoba.probes.udp_questions.ber import OCTET_STRING, OID, SEQUENCE, integer, tlv
from hatoba.registry.cpe import is_cpe23
from hatoba.service import Facts
from tests.unit.identify.protocols.feeding import CAPTURES, protocol_named
from tests.unit.identify.signatures.recog_folder import HTTP, SSH, folder


@pytest.fixture(scope="module")
def recog(tmp_path_factory: pytest.TempPathFactory) -> Recog:
    return read_recog(folder(tmp_path_factory.mktemp("recog"), ssh_banners=SSH, http_servers=HTTP)).recog


def told(recog: Recog, banner: bytes) -> tuple[Facts, Facts]:
    """Before and after."""
    facts = ssh.read((banner,))
    assert facts is not None
    return facts, recog.filled("ssh", facts, (banner,))


def test_what_is_empty_is_filled(recog: Recog) -> None:
    before, after = told(recog, b"SSH-2.0-pierssh_2.1 gate\r\n")
    assert (before.product, before.confidence) == ("", 8)
    assert (after.product, after.version, after.os, after.device, after.hostname) == (
        "Pier SSH",
        "2.1",
        "PierOS",
        "router",
        "gate",
    )
    assert after.cpe23 == ("cpe:2.3:a:pier:pier_ssh:2.1:*:*:*:*:*:*:*", "cpe:2.3:o:pier:pieros:-:*:*:*:*:*:*:*")
    assert after.confidence == 9
    assert dict(after.details) == {"system": "Pier PierOS 7", "recog": "ssh_banners.xml: Pier gateway"}
    assert after.extra == before.extra


def test_what_we_know_stands(recog: Recog) -> None:
    before, after = told(recog, b"SSH-2.0-OpenSSH_9.2p1 Harbour-3\r\n")
    assert (after.product, after.version, after.confidence) == (before.product, before.version, before.confidence)
    assert after.os == "Linux"
    assert after.cpe23 == (*before.cpe23, "cpe:2.3:o:harbour:harbour:3:*:*:*:*:*:*:*")


@pytest.mark.parametrize("banner", [b"SSH-2.0-Unheard\r\n", b"SSH-2.0-y\r\n"])
def test_what_no_fingerprint_knows_is_left(recog: Recog, banner: bytes) -> None:
    before, after = told(recog, banner)
    assert after is before


@pytest.mark.parametrize("words", [b"a:b:c", b"*", b"\x1b[2J", b"%2a%", b"{os.version}", b"\\:", "波".encode(), b"x" * 500])
def test_whatever_a_version_is_names_stay_names(recog: Recog, words: bytes) -> None:
    _before, after = told(recog, b"SSH-2.0-OpenSSH_" + words + b" Harbour-9\r\n")
    assert all(map(is_cpe23, after.cpe23))


def test_a_users_signature_comes_before_it(recog: Recog) -> None:
    own = Signature(
        "ssh", "mine.toml, 1", Pattern("PierSSH"), texts={"product": Template.of("Gate"), "os": Template.of("Mine")}
    )
    banner = b"SSH-2.0-PierSSH_2.1 gate\r\n"
    facts = ssh.read((banner,))
    assert facts is not None
    after = Library((own,), (recog,)).revised(Protocol.TCP, 22, facts, (banner,))
    assert (after.product, after.version, after.os, after.hostname) == ("Gate", "", "Mine", "gate")
    assert [name for name in after.cpe23 if name.startswith("cpe:2.3:a:")] == []


def test_its_protocol_is_the_one_that_was_spoken(recog: Recog) -> None:
    """Under whatever name a signature tells it."""
    own = Signature("portal", "mine.toml, 1", Pattern("X-Portal"))
    answer = b"HTTP/1.1 200 OK\r\nX-Portal: 1\r\nServer: QuayWeb/af\r\n\r\n"
    facts = http.read((answer,))
    assert facts is not None
    after = Library((own,), (recog,)).revised(Protocol.TCP, 80, replace(facts, product="", version=""), (answer,))
    assert (after.name, after.product, after.version) == ("portal", "QuayWeb", "af")


PAGE = (
    b"HTTP/1.1 200 OK\r\nServer: nginx\r\nset-cookie: a=1\r\nSet-Cookie: b=2\r\nX-Powered-By: PHP/8\r\n"
    b'WWW-Authenticate: Basic realm="x"\r\n\r\n<TITLE>  Quay </TITLE>\nServer: forged'
)
TEXTS = {
    "http": (
        PAGE,
        [
            ("http_header.server", b"nginx"),
            ("http_header.cookie", b"a=1"),
            ("http_header.cookie", b"b=2"),
            ("http_header.wwwauth", b'Basic realm="x"'),
            ("http_header.x-powered-by", b"PHP/8"),
            ("html_title", b"Quay"),
        ],
    ),
    "ssh": (b"hello\r\nSSH-2.0-X_1 a b\r\n", [("ssh.banner", b"X_1 a b")]),
    "ftp": (b"220-one\r\n220 two FTP\r\n", [("ftp.banner", b"one\r\ntwo FTP")]),
    "smtp": (b"220 mail.lab ESMTP Postfix\r\n", [("smtp.banner", b"mail.lab ESMTP Postfix")]),
    "nntp": (b"200 news ready\r\n", [("nntp.banner", b"news ready")]),
    "pop3": (b"+OK Dovecot ready.\r\n", [("pop3.banner", b"Dovecot ready.")]),
    "imap": (b"* OK [CAPABILITY IMAP4rev1] ready\r\n", [("imap4.banner", b"[CAPABILITY IMAP4rev1] ready")]),
    "telnet": (b"\xff\xfd\x18\xff\xfb\x01\r\nlogin: ", [("telnet.banner", b"login:")]),
    "mysql": (b"\x4a\0\0\0\x0a8.0.36-0ubuntu0.22.04.1\0\1", [("mysql.banners", b"8.0.36-0ubuntu0.22.04.1")]),
    "sip": (
        b"SIP/2.0 200 OK\r\nUser-Agent: PBX\r\nServer: Kam\r\n\r\n",
        [("sip_header.server", b"Kam"), ("sip_header.user_agent", b"PBX")],
    ),
    "rtsp": (b"RTSP/1.0 200 OK\r\nServer: GS\r\n\r\n", [("rtsp_header.server", b"GS")]),
    "upnp": (b"HTTP/1.1 200 OK\r\nSERVER: Quay UPnP/1.0\r\n\r\n", [("ssdp_header.server", b"Quay UPnP/1.0")]),
    "ipp": (b"HTTP/1.1 200 OK\r\nServer: CUPS/2.4\r\n\r\n", [("http_header.server", b"CUPS/2.4")]),
    "redis": (b"-ERR", []),
}  # fmt: skip


@pytest.mark.parametrize("spoken", TEXTS)
def test_the_words_that_databases_are_held_against(spoken: str) -> None:
    answer, expected = TEXTS[spoken]
    assert list(texts_of(spoken, Facts(spoken), (answer,))) == expected


def test_words_of_real_daemons() -> None:
    """Where the text is in what was read, and not in the answer's bytes as they are."""
    for name, daemon, database in (("snmp", "snmpd", "snmp.sys_description"), ("domain", "bind9", "dns.versionbind")):
        capture = CAPTURES[daemon]
        ((found, said),) = texts_of(name, capture.read(), capture.answers)
        assert found == database
        assert said.startswith((b"Linux", b"9."))


def test_a_long_description_is_held_against_databases_whole() -> None:
    """255 bytes by RFC 3418, and longer in the wild: the version often stands at the end."""
    said = b"Harbour Gateway\r\n" + 300 * b"x" + b" Version 7.1"
    names = (tlv(OID, bytes([0x2B, 6, 1, 2, 1, 1, 1, 0])), tlv(OCTET_STRING, said))
    bindings = tlv(SEQUENCE, tlv(SEQUENCE, *names))
    pdu = tlv(0xA2, integer(0x6861), integer(0), integer(0), bindings)
    answer = tlv(SEQUENCE, integer(1), tlv(OCTET_STRING, b"public"), pdu).data
    facts = read_snmp((answer,))
    assert facts is not None
    assert list(texts_of("snmp", facts, (answer,))) == [
        ("snmp.sys_description", said),
        ("snmp.sys_description", said.replace(b"\r\n", b" ")),
    ]
    assert len(dict(facts.details)["description"]) == 300, "what people are shown is short"
    assert list(texts_of("snmp", facts, (b"something else",))) == []


def test_every_database_is_fed_by_some_service() -> None:
    fed = {database for _answer, expected in TEXTS.values() for database, _said in expected}
    assert DATABASES - fed == {"snmp.sys_description", "dns.versionbind", "mysql.error"}
    error = next(texts_of("mysql", Facts("mysql"), (b"\x10\0\0\0\xff\x6a\x04Host is blocked",)))
    assert error == ("mysql.error", b"Host is blocked")


def test_services_are_called_as_our_protocols_are() -> None:
    names = {one.name for one in (ssh.PROTOCOL, ftp.PROTOCOL, http.PROTOCOL, *mail.PROTOCOLS)}
    assert names <= {*TEXTS}
    assert all(protocol_named(name) for name in ("nntp", "telnet", "mysql", "rtsp"))


@pytest.mark.parametrize("spoken", TEXTS)
@pytest.mark.parametrize(
    "said", [b"", b"\xff", b"\0" * 9, b"220 ", b"SSH-2.0-\n", b"\n" * 9999, b"\xff\xfa" * 5000, b"<title>" * 9999]
)
def test_whatever_is_said_nothing_is_raised(spoken: str, said: bytes) -> None:
    assert all(text for _database, text in texts_of(spoken, Facts(spoken, evidence=said), (said,)))
