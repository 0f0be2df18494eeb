"""FTP: the server greets with reply 220 and says on request what it can do beyond RFC 959 (FEAT, RFC 2389; TLS, RFC 4217).

HylaFAX's clients speak a dialect of it with their server (hfaxd(8)), which is a service of its own.
"""

from __future__ import annotations

import re
from dataclasses import replace

from hatoba.identify.protocols.complete import reply
from hatoba.identify.protocols.product import named, product, system_of
from hatoba.identify.protocols.protocol import Answers, Question, ServiceProtocol, StartTls
from hatoba.identify.protocols.text import first_line, text
from hatoba.service import Facts

PRODUCTS = (
    product(rb"^220[ -]\(vsFTPd (?P<version>\d[\w.+]*)\)", "vsftpd", ("vsftpd_project", "vsftpd"), "Unix"),
    product(rb"^220[ -]ProFTPD (?P<version>\d[\w.]*) Server", "ProFTPD", ("proftpd", "proftpd"), "Unix"),
    product(rb"^220[ -]ProFTPD Server", "ProFTPD", ("proftpd", "proftpd"), "Unix"),
    product(rb"^220-+ Welcome to Pure-FTPd", "Pure-FTPd", ("pureftpd", "pure-ftpd")),
    product(rb"^220[ -]Microsoft FTP Service", "Microsoft ftpd", None, "Windows"),
    product(
        rb"^220[ -]FileZilla Server(?: version)? (?P<version>\d[\w.]*)",
        "FileZilla ftpd",
        ("filezilla-project", "filezilla_server"),
        "Windows",
    ),
    product(rb"^220[ -]pyftpdlib (?P<version>\d[\w.]*) ready", "pyftpdlib", ("pyftpdlib_project", "pyftpdlib")),
    product(
        rb"^220[ -][^\r\n]* FTP server \(MikroTik (?P<version>\d[\w.]*)\) ready", "MikroTik ftpd", None, "RouterOS", "router"
    ),
)
_FAX = (product(rb"^220 [^\r\n]* \(HylaFAX \(tm\) Version (?P<version>\d[\w.]*)\)", "HylaFAX", ("hylafax", "hylafax")),)
_NOT_MAIL = re.compile(rb"\bE?SMTP\b|\bLMTP\b")
_REPLIES_TO_FEAT = (b"211", b"500", b"502", b"530", b"504", b"421")


def read(answers: Answers) -> Facts | None:
    greeting = answers[0]
    if greeting[:4] not in (b"220 ", b"220-", b"421 ", b"530 ") or _NOT_MAIL.search(greeting):
        return None
    fax = named(Facts("hylafax", evidence=first_line(greeting).encode()), greeting, _FAX)
    if fax.product:
        return fax
    said_so = b"FTP" in greeting.upper()
    features = answers[1] if len(answers) > 1 else b""
    if not said_so and (greeting[:3] != b"220" or (features and not features.startswith(b"211"))):
        return None
    if features and not features.startswith(_REPLIES_TO_FEAT):
        return None
    facts = Facts("ftp", confidence=8 if said_so or features else 4, evidence=first_line(greeting).encode())
    facts = named(facts, greeting, PRODUCTS)
    offers = [text(line) for line in features.splitlines()[1:-1] if line[:1] == b" "]
    details = (("features", ", ".join(offers)[:400]),) if offers else ()
    os = system_of(greeting) or facts.os
    return replace(facts, os=os, details=details)


PROTOCOL = ServiceProtocol(
    "ftp",
    read,
    ports=(21, 2121, 4559),
    tls_ports=(990,),
    greets=True,
    questions=(Question(b"FEAT\r\n", reply),),
    start_tls=StartTls(
        b"AUTH TLS\r\n", lambda answers: b"AUTH TLS" in answers[-1].upper(), reply, lambda heard: heard.startswith(b"234")
    ),
    farewell=b"QUIT\r\n",
    alpn=("ftp",),
)
