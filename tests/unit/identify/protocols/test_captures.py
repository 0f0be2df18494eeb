"""Every daemon of the captures is read right: product, version, CPE; fed whole, byte by byte, and with garbage behind."""

from __future__ import annotations

import re
from typing import NamedTuple

import pytest

from hatoba.identify.manner import Manner, recognise
from hatoba.identify.protocols import (
    PROTOCOLS,
    calls,
    chat,
    complete,
    databases,
    datagrams,
    desktops,
    directory,
    files,
    ftp,
    http,
    http2,
    http_products,
    java,
    mail,
    messaging,
    smb,
    ssh,
    terminals,
)
from hatoba.registry.cpe import cpe_uri
from tests.unit.identify.protocols.feeding import CAPTURES, GARBAGE, Capture, cut_short

FAMILIES = (calls, chat, databases, datagrams, files, java, mail, messaging, desktops, terminals)
SINGLE = (directory, ftp, http, http2, smb, ssh)


class Truth(NamedTuple):
    """Written by hand, from the package's version and the daemon's settings."""

    name: str
    product: str = ""
    version: str = ""
    extra: str = ""
    os: str = ""
    hostname: str = ""
    cpe: str = ""
    """The first name, as a URI."""


TRUTHS = {
    "openssh": Truth(
        *("ssh", "OpenSSH", "9.2p1", "Debian 2+deb12u10; protocol 2.0", "Linux"), cpe="cpe:/a:openbsd:openssh:9.2:p1"
    ),
    "dropbear": Truth(
        "ssh", "Dropbear sshd", "2022.83", "protocol 2.0", cpe="cpe:/a:dropbear_ssh_project:dropbear_ssh:2022.83"
    ),
    "vsftpd": Truth("ftp", "vsftpd", "3.0.3", os="Unix", cpe="cpe:/a:vsftpd_project:vsftpd:3.0.3"),
    "exim4": Truth("smtp", "Exim smtpd", "4.96", hostname="target.lab", cpe="cpe:/a:exim:exim:4.96"),
    "dovecot": Truth("imap", "Dovecot imapd", "", "Debian", "Linux", cpe="cpe:/a:dovecot:dovecot"),
    "dovecot pop3": Truth("pop3", "Dovecot pop3d", "", "Debian", "Linux", cpe="cpe:/a:dovecot:dovecot"),
    "nginx": Truth("http", "nginx", "1.22.1", cpe="cpe:/a:f5:nginx:1.22.1"),
    "apache2": Truth("http", "Apache httpd", "2.4.71", "Debian", "Linux", cpe="cpe:/a:apache:http_server:2.4.71"),
    "lighttpd": Truth("http", "lighttpd", "1.4.69", cpe="cpe:/a:lighttpd:lighttpd:1.4.69"),
    "http.server": Truth("http", "SimpleHTTPServer", "0.6", "Python/3.11.7", cpe="cpe:/a:python:python:3.11.7"),
    "squid": Truth("http-proxy", "Squid http proxy", "5.7", cpe="cpe:/a:squid-cache:squid:5.7"),
    "tinyproxy": Truth("http-proxy", "tinyproxy", "1.11.1", cpe="cpe:/a:tinyproxy:tinyproxy:1.11.1"),
    "cups": Truth("http", "CUPS", "2.4.2", "IPP/2.1", cpe="cpe:/a:openprinting:cups:2.4.2"),
    "icecast2": Truth("http", "Icecast streaming media server", "2.4.4", cpe="cpe:/a:icecast:icecast:2.4.4"),
    "redis": Truth("redis", "Redis key-value store", "7.0.15", os="Linux", cpe="cpe:/a:redis:redis:7.0.15"),
    "memcached": Truth("memcached", "Memcached", "1.6.18", cpe="cpe:/a:memcached:memcached:1.6.18"),
    "mariadb": Truth("mysql", "MariaDB", "10.11.19", "0+deb12u1", "Linux", cpe="cpe:/a:mariadb:mariadb:10.11.19"),
    "postgresql": Truth(
        *("postgresql", "PostgreSQL DB", "", "14 or later; protocol 3.0 to 3.0"), cpe="cpe:/a:postgresql:postgresql"
    ),
    "mosquitto": Truth("mqtt", "mosquitto", "2.0.11", "open to anybody", cpe="cpe:/a:eclipse:mosquitto:2.0.11"),
    "rabbitmq": Truth("amqp", "RabbitMQ", "3.10.8", hostname="target", cpe="cpe:/a:vmware:rabbitmq:3.10.8"),
    "beanstalkd": Truth(
        "beanstalkd", "beanstalkd", "1.12", hostname="target", cpe="cpe:/a:beanstalkd_project:beanstalkd:1.12"
    ),
    "rsync": Truth("rsync", "rsync", "", "protocol version 32", cpe="cpe:/a:samba:rsync"),
    "svnserve": Truth("svn", "Subversion", "", "protocol 2 to 2", cpe="cpe:/a:apache:subversion"),
    "git": Truth("git", "git daemon", cpe="cpe:/a:git-scm:git"),
    "ngircd": Truth("irc", "ngIRCd", hostname="irc.target.lab", cpe="cpe:/a:ngircd:ngircd"),
    "prosody": Truth("xmpp-client"),
    "slapd": Truth("ldap", "OpenLDAP slapd", cpe="cpe:/a:openldap:openldap"),
    "samba": Truth(
        *("microsoft-ds", "Samba smbd", "", "SMB 3.0.2; signing not required", "Unix", "target"), cpe="cpe:/a:samba:samba"
    ),
    "tigervnc": Truth("vnc", "", "", "protocol 3.8; no password"),
    "X11 of tigervnc": Truth("X11", "X.Org", "21.1.6", "open to anybody", cpe="cpe:/a:x.org:x_server:21.1.6"),
    "xrdp": Truth("ms-wbt-server", extra="TLS"),
    "tor": Truth("tor-socks", "Tor SOCKS proxy", cpe="cpe:/a:torproject:tor"),
    "rpcbind": Truth("rpcbind", "rpcbind", "2-4"),
    "bind9": Truth("domain", "ISC BIND", "9.18.49", "1~deb12u3-Debian", "Linux", cpe="cpe:/a:isc:bind:9.18.49"),
    "bind9 over UDP": Truth("domain", "ISC BIND", "9.18.49", "1~deb12u3-Debian", "Linux", cpe="cpe:/a:isc:bind:9.18.49"),
    "nmbd": Truth("netbios-ns", "Samba nmbd", "", "workgroup: LAB", hostname="TARGET", cpe="cpe:/a:samba:samba"),
    "rpcbind over UDP": Truth("rpcbind", "rpcbind", "2-4"),
    "unbound": Truth("domain", "Unbound", "1.17.1", cpe="cpe:/a:nlnetlabs:unbound:1.17.1"),
    "dnsmasq": Truth("domain", "dnsmasq", "2.90", cpe="cpe:/a:thekelleys:dnsmasq:2.90"),
    "snmpd": Truth("snmp", "net-snmp", os="Linux", hostname="target", cpe="cpe:/a:net-snmp:net-snmp"),
    "chrony": Truth("ntp", "", "", "stratum 10"),
}  # fmt: skip
KERNELS_OWN = {"redis", "snmpd", "rabbitmq"}
"""Their remarks name the kernel, or the runtime, of the machine that they were recorded on."""
EACH = pytest.mark.parametrize("capture", CAPTURES.values(), ids=list(CAPTURES))


def test_every_capture_has_its_truth() -> None:
    assert CAPTURES.keys() == TRUTHS.keys()
    known = {one.name for family in FAMILIES for one in family.PROTOCOLS} | {one.PROTOCOL.name for one in SINGLE}
    assert {one.name for one in PROTOCOLS} == known
    assert {truth.product for truth in TRUTHS.values()} & {row.name for row in http_products.SERVERS}


@EACH
def test_fed_whole(capture: Capture) -> None:
    facts, truth = capture.read(), TRUTHS[capture.daemon]
    extra = "" if capture.daemon in KERNELS_OWN else facts.extra
    cpe = cpe_uri(facts.cpe23[0]) if facts.cpe23 else ""
    assert Truth(facts.name, facts.product, facts.version, extra, facts.os, facts.hostname, cpe) == truth
    assert facts.evidence
    assert facts.confidence >= 8


@EACH
def test_the_version_is_the_packages(capture: Capture) -> None:
    version = TRUTHS[capture.daemon].version
    if version and capture.daemon not in ("http.server", "rpcbind", "rpcbind over UDP", "X11 of tigervnc"):
        assert re.search(rf"[ :]{re.escape(version)}(?![.\d])", capture.package)


@EACH
def test_fed_byte_by_byte(capture: Capture) -> None:
    """Nothing raises, whatever is missing yet, and the last byte makes it whole."""
    told = None
    for answers in cut_short(capture.answers):
        told = capture.protocol.read(answers)
    assert told == capture.read()


@EACH
@pytest.mark.parametrize("garbage", GARBAGE)
def test_fed_with_garbage_behind(capture: Capture, garbage: bytes) -> None:
    """Names and versions are none the wiser. Whoever has no end to what it says may well say that, too."""
    facts = capture.protocol.read((*capture.answers[:-1], capture.answers[-1] + garbage))
    assert facts is not None
    clean = capture.read()
    assert (facts.name, facts.product, facts.version, facts.cpe23) == (clean.name, clean.product, clean.version, clean.cpe23)


@EACH
def test_recognised_by_its_first_words_on_any_port(capture: Capture) -> None:
    known = recognise(Manner(), capture.protocol.protocol, capture.answers[0], ())
    assert known is not None
    assert known[0] is capture.protocol


@EACH
def test_an_answer_is_known_to_be_whole_at_its_end(capture: Capture) -> None:
    """Nobody waits for more of what is there. (Of pages and of X11's long answer the beginning was kept.)"""
    answers = capture.answers[1:] if capture.protocol.greets else capture.answers
    for question, answer in zip(capture.protocol.questions, answers, strict=False):
        if answer and capture.protocol not in (http.PROTOCOL, desktops.X11):
            assert question.complete(answer)
            assert not question.complete(b"")
    assert complete.line(b"a\n")


@EACH
def test_start_tls_is_known_from_the_answers(capture: Capture) -> None:
    offers = capture.protocol.start_tls is not None and capture.protocol.start_tls.offered(capture.answers)
    assert offers == (capture.daemon in {"dovecot", "dovecot pop3", "postgresql", "xrdp"})
