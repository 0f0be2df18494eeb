"""Programs that no daemon of the lab stands for: by what their documentation says they say, each beside what must not pass."""

from __future__ import annotations

import pytest

from hatoba.identify.protocols import protocol
from hatoba.identify.protocols.product import named, os_cpe, product, system_of
from hatoba.service import Facts
from tests.unit.identify.protocols.feeding import protocol_named

SAID = {
    b"SSH-2.0-OpenSSH_for_Windows_8.1\r\n": ("ssh", "OpenSSH for Windows", "8.1", "Windows"),
    b"SSH-2.0-OpenSSH_9.6 FreeBSD-20240701\r\n": ("ssh", "OpenSSH", "9.6", "FreeBSD"),
    b"SSH-1.99-Cisco-1.25\n": ("ssh", "Cisco SSH", "1.25", "Cisco IOS"),
    b"SSH-2.0-ROSSSH\r\n": ("ssh", "MikroTik RouterOS sshd", "", "RouterOS"),
    b"SSH-2.0-unheard_of_1.0\r\n": ("ssh", "", "", ""),
    b"Welcome\r\nSSH-2.0-libssh_0.10.5\r\n": ("ssh", "libssh", "0.10.5", ""),
    b"220 ProFTPD 1.3.5e Server (Debian) [::ffff:198.18.0.2]\r\n": ("ftp", "ProFTPD", "1.3.5e", "Linux"),
    b"220---------- Welcome to Pure-FTPd [privsep] [TLS] ----------\r\n220 bye\r\n": ("ftp", "Pure-FTPd", "", ""),
    b"220 Microsoft FTP Service\r\n": ("ftp", "Microsoft ftpd", "", "Windows"),
    b"220 mail.lab ESMTP Postfix (Debian/GNU)\r\n": ("smtp", "Postfix smtpd", "", "Linux"),
    b"220 mail.lab ESMTP Sendmail 8.17.1/8.17.1; Thu, 26 Nov 2026 00:00:00 GMT\r\n": ("smtp", "Sendmail", "8.17.1", ""),
    b"220 ex.lab Microsoft ESMTP MAIL Service ready at Thu, 26 Nov 2026\r\n": ("smtp", "Microsoft ESMTP", "", "Windows"),
    b"+OK Microsoft Exchange Server 2016 POP3 server ready.\r\n": ("pop3", "Microsoft Exchange pop3d", "", "Windows"),
    b"* OK [CAPABILITY IMAP4rev1] Courier-IMAP ready. Copyright\r\n": ("imap", "Courier Imapd", "", ""),
    b"J\0\0\0\x0a8.0.36\0\x08\0\0\0abcdefgh\0\xff\xff\xff\x02\0": ("mysql", "MySQL", "8.0.36", ""),
    b"HTTP/1.1 200 OK\r\nServer: Microsoft-IIS/10.0\r\n\r\n": ("http", "Microsoft IIS httpd", "10.0", "Windows"),
    b"HTTP/1.0 200 OK\r\nServer: Werkzeug/3.0.1 Python/3.12.3\r\n\r\n": ("http", "Werkzeug httpd", "3.0.1", ""),
    b"HTTP/1.1 403 Forbidden\r\nX-Jenkins: 2.440.1\r\nServer: Jetty(10.0.18)\r\n\r\n": ("http", "Jenkins", "2.440.1", ""),
    b"HTTP/1.1 200 OK\r\nX-Influxdb-Version: v2.7.5\r\n\r\n": ("http", "InfluxDB", "2.7.5", ""),
    b"HTTP/1.1 200 OK\r\nServer: my own thing/4.2-x (y)\r\n\r\n": ("http", "my own thing", "4.2-x", ""),
    b"HTTP/1.1 200 OK\r\n\r\nServer: nginx/1.0": ("http", "", "", ""),
    b"-NOAUTH Authentication required.\r\n": ("redis", "Redis key-value store", "", ""),
    b'INFO {"server_id":"N","version":"2.10.4","go":"go1.21"} \r\n': ("nats", "NATS server", "2.10.4", ""),
    b"200 news.lab InterNetNews NNRP server INN 2.7.1 ready (posting ok)\r\n": ("nntp", "InterNetNews (INN)", "2.7.1", ""),
    b"SIP/2.0 200 OK\r\nServer: Asterisk PBX 20.6.0\r\n\r\n": ("sip", "Asterisk", "20.6.0", ""),
    b"RTSP/1.0 200 OK\r\nCSeq: 1\r\nServer: VLC/3.0.20\r\n\r\n": ("rtsp", "VLC rtspd", "3.0.20", ""),
    b"\xff\xfd\x18\xff\xfd\x20\r\nUser Access Verification\r\n": ("telnet", "Cisco router telnetd", "", "Cisco IOS"),
    b"\x05\x00": ("socks5", "", "", ""),
    b"0, 0 : ERROR : INVALID-PORT\r\n": ("ident", "", "", ""),
    b"Zookeeper version: 3.8.0-5a02a05e, built on 2022-02-25\nMode: standalone\n": ("zookeeper", "Zookeeper", "3.8.0", ""),
    b"srvr is not executed because it is not in the whitelist.\n": ("zookeeper", "Zookeeper", "", ""),
    b"\0\0\0\x10hatb\0\0\0\0\0\1\0\x12\0\0\0\3": ("kafka", "Apache Kafka", "", ""),
    b"JDWP-Handshake": ("jdwp", "", "", ""),
    b"AB\0\1\x09": ("ajp13", "Apache Jserv", "", ""),
    b":irc.lab 451 * :You have not registered\r\n": ("irc", "", "", ""),
    b":irc.lab 351 * InspIRCd-3.15.0. irc.lab :\r\n": ("irc", "InspIRCd", "3.15.0", ""),
    b"RFB 003.889\n": ("vnc", "Apple remote desktop vnc", "", "Mac OS X"),
}


@pytest.mark.parametrize("said", SAID, ids=lambda said: said[:30].decode("latin-1").encode("unicode_escape").decode())
def test_what_it_says(said: bytes) -> None:
    name, *expected = SAID[said]
    facts = protocol_named(name).read((said,))
    assert facts is not None
    assert [facts.product, facts.version, facts.os] == expected


OTHERS = {
    "ssh": (b"SSH", b"HTTP/1.1 200 OK\r\n\r\nSSH", b"ssh-2.0-OpenSSH_9.2\r\n"),
    "ftp": (b"220 mail ESMTP Postfix\r\n", b"221 bye\r\n", b"220"),
    "smtp": (b"220 ProFTPD Server\r\n", b"250 hi\r\n"),
    "pop3": (b"-ERR unknown command 'CAPA'\r\n", b"+OK\r\n", b"+PONG\r\n"),
    "imap": (b"* OK ready\r\n", b"* NO IMAP\r\n"),
    "http": (b"HTTP", b"HTTP/2.0 200 OK\r\n", b" HTTP/1.1 200 OK\r\n", b"HTTP/1.1 20 OK\r\n\r\n"),
    "mysql": (b"\x0a\0\0\0\x0a", b"\x05\0\0\0\xff\x10\x04#0", b"J\0\0\x01\x0a8.0\0", b"J\0\0\0\x09" + b"5.0\0" + b"x" * 40),
    "redis": (b"$5\r\nhello\r\n", b"-ERR nothing of Redis\r\n", b"+OK\r\n"),
    "postgresql": (b"E", b"Error: no such thing here\r\n", b"E\0\0\0\x10SFATAL\0Cxx\0\0\0"),
    "socks5": (b"\x05", b"\x05\x00\x00", b"\x05\x07", b"\x04\x00"),
    "ms-wbt-server": (b"\x03\x00\x00\x0b\x06\xe0\0\0\0\0\0", b"\x03\0\0\x0c\x06\xd0\0\0\0\0\0"),
    "X11": (b"\0" * 8, b"\2\0\x0b\0\0\0\0\0"),
    "git": (b"0000", b"zzzzERR no", b"0047OK"),
    "amqp": (b"AMQ", b"\1\0\0\0\0\0\x05\0\x0a\0\x0b"),
    "mqtt": (b"\x20\x02\0", b"\x20\x02\0\x09", b"\x20\x03\0\0"),
    "zookeeper": (b"Zookeeper version: x\n",),
    "kafka": (b"\0\0\0\x10hatc\0\0\0\0\0\1\0\x12\0\0\0\3", b"\0\0\0\x11hatb\0\0\0\0\0\1\0\x12\0\0\0\3"),
    "jdwp": (b"JDWP-Handshak",),
    "ajp13": (b"AB\0\1\x08",),
    "telnet": (b"\xff\xff", b"login: "),
}


@pytest.mark.parametrize(("name", "said"), [(name, said) for name, rows in OTHERS.items() for said in rows])
def test_what_only_looks_like_it(name: str, said: bytes) -> None:
    assert protocol_named(name).read((said,)) is None


ROWS = (product(rb"^one/(?P<version>\d+)(?P<update>p\d)?", "One", ("v", "one")), product(rb"one", "Other", None, "Linux"))


def test_the_first_row_that_is_found_wins() -> None:
    facts = named(Facts("x"), b"one/3p1", ROWS)
    assert (facts.product, facts.version, facts.cpe23[0]) == ("One", "3p1", "cpe:2.3:a:v:one:3:p1:*:*:*:*:*:*")
    other = named(Facts("x"), b"none", ROWS)
    assert (other.product, other.cpe23) == ("Other", os_cpe("Linux"))
    assert named(Facts("x"), b"two", ROWS) == Facts("x")


def test_systems() -> None:
    assert system_of(b"x (Ubuntu)") == "Linux"
    assert system_of(b"x") == ""
    assert os_cpe("Plan 9") == ()


def test_the_contract_lets_a_protocol_say_nothing_of_tls() -> None:
    plain = protocol.ServiceProtocol("x", lambda _answers: None)
    assert plain.wants_tls(b"anything") is False
    assert plain.start_tls is None
