"""The three protocols of mail: SMTP, POP3 and IMAP. Each server greets, and says on request what it can do.

RFC 5321 section 4.2, RFC 1939 and 2449, RFC 3501 and 2971 (ID). What a client is called costs nothing to say: we are
``hatoba.invalid`` (RFC 2606), which no server can take for somebody else.
"""

from __future__ import annotations

import re
from dataclasses import replace

from hatoba.identify.protocols.complete import dotted, line, reply, tagged
from hatoba.identify.protocols.product import named, product, system_of
from hatoba.identify.protocols.protocol import Answers, Question, ServiceProtocol, StartTls
from hatoba.identify.protocols.text import first_line, text
from hatoba.service import Facts

_DOMAIN = re.compile(rb"^\d{3}[ -]([A-Za-z0-9][A-Za-z0-9.-]*\.?[A-Za-z0-9])[ \r\n]")
_SMTP_WORD = re.compile(rb"\bE?SMTP\b|\bLMTP\b")

SMTP_PRODUCTS = (
    product(rb"ESMTP Postfix(?: \((?P<extra>[^)\r\n]*)\))?", "Postfix smtpd", ("postfix", "postfix")),
    product(rb"ESMTP Exim (?P<version>\d[\w.]*)", "Exim smtpd", ("exim", "exim")),
    product(rb"ESMTP Sendmail (?P<version>\d[\d.]*)", "Sendmail", ("sendmail", "sendmail")),
    product(rb"ESMTP OpenSMTPD", "OpenSMTPD", ("opensmtpd", "opensmtpd")),
    product(rb"Microsoft ESMTP MAIL Service(?:, Version: (?P<version>[\d.]+))?", "Microsoft ESMTP", None, "Windows"),
    product(rb"ESMTP Haraka(?:/(?P<version>\d[\w.]*))?", "Haraka smtpd", ("haraka_project", "haraka")),
    product(rb"Python SMTP (?P<version>\d[\w.]*)", "aiosmtpd"),
)
POP3_PRODUCTS = (
    product(rb"Dovecot(?: \((?P<extra>[^)\r\n]*)\))? ready", "Dovecot pop3d", ("dovecot", "dovecot")),
    product(rb"Cyrus POP3 v?(?P<version>\d[\w.]*)", "Cyrus pop3d", ("cyrus", "imap")),
    product(
        rb"Microsoft Exchange(?: Server \d+)? POP3", "Microsoft Exchange pop3d", ("microsoft", "exchange_server"), "Windows"
    ),
)
IMAP_PRODUCTS = (
    product(rb"Dovecot(?: \((?P<extra>[^)\r\n]*)\))? ready", "Dovecot imapd", ("dovecot", "dovecot")),
    product(rb"Cyrus IMAP v?(?P<version>\d[\w.]*)", "Cyrus imapd", ("cyrus", "imap")),
    product(rb"Courier-IMAP ready", "Courier Imapd"),
    product(
        rb"Microsoft Exchange(?: Server \d+)? IMAP4", "Microsoft Exchange imapd", ("microsoft", "exchange_server"), "Windows"
    ),
    product(rb'"name" "Dovecot"(?: "version" "(?P<version>[^"]+)")?', "Dovecot imapd", ("dovecot", "dovecot")),
)


def read_smtp(answers: Answers) -> Facts | None:
    greeting = answers[0]
    if greeting[:4] not in (b"220 ", b"220-", b"421 ", b"554 ", b"554-"):
        return None
    said_so = _SMTP_WORD.search(greeting)
    extended = answers[1] if len(answers) > 1 else b""
    if not said_so and (extended[:3] != b"250" if extended else b"FTP" in greeting.upper() or greeting[:3] != b"220"):
        return None
    host = _DOMAIN.match(greeting)
    facts = Facts("smtp", hostname=text(host[1]) if host and b"." in host[1] else "", evidence=_first(greeting))
    if not said_so and not extended:
        facts = replace(facts, confidence=4)
    offers = [text(one[4:]) for one in extended.splitlines()[1:] if one[:3] == b"250"]
    facts = named(facts, greeting, SMTP_PRODUCTS)
    details = (("extensions", ", ".join(offers)[:400]),) if offers else ()
    return replace(facts, os=facts.os or system_of(greeting), details=details)


def read_pop3(answers: Answers) -> Facts | None:
    greeting = answers[0]
    if not greeting.startswith((b"+OK", b"-ERR")) or b"\n" not in greeting:
        return None
    if greeting.startswith(b"-ERR") and b"POP" not in greeting.upper():
        return None  # Redis begins its errors alike
    if not re.search(rb"POP|mail|ready|<[^>\s]{1,200}@[^>\s]{1,200}>", greeting, re.IGNORECASE) and not _capable(answers):
        return None
    facts = named(Facts("pop3", evidence=_first(greeting)), greeting, POP3_PRODUCTS)
    capable = _capable(answers)
    implementation = re.search(rb"\nIMPLEMENTATION ([^\r\n]+)", capable)
    if implementation and not facts.product:
        facts = replace(facts, product=text(implementation[1]), confidence=10)
    details = (("capabilities", ", ".join(map(text, capable.splitlines()[1:-1]))[:400]),) if capable else ()
    return replace(facts, os=facts.os or system_of(greeting), details=details)


def read_imap(answers: Answers) -> Facts | None:
    greeting = answers[0]
    if not re.match(rb"\* (?:OK|PREAUTH|BYE)[ \r\n]", greeting):
        return None
    said = b"\n".join(answers)
    if not re.search(rb"IMAP", said, re.IGNORECASE):
        return None
    facts = named(Facts("imap", evidence=_first(greeting)), said, IMAP_PRODUCTS)
    if len(answers) > 2 and (
        own := re.search(rb'\* ID \("name" "([^"\r\n]+)"(?:[^\r\n]*?"version" "([^"\r\n]+)")?', answers[2])
    ):
        facts = replace(
            facts, product=facts.product or text(own[1]), version=facts.version or text(own[2] or b""), confidence=10
        )
    capable = re.search(rb"CAPABILITY ([^\]\r\n]+)", said)
    details = (("capabilities", text(capable[1], 400)),) if capable else ()
    return replace(facts, os=facts.os or system_of(greeting), details=details)


def _capable(answers: Answers) -> bytes:
    return answers[1] if len(answers) > 1 and answers[1].startswith(b"+OK") and b"\n" in answers[1] else b""


def _first(greeting: bytes) -> bytes:
    return first_line(greeting).encode()


SMTP = ServiceProtocol(
    "smtp",
    read_smtp,
    ports=(25, 587, 2525),
    tls_ports=(465,),
    greets=True,
    questions=(Question(b"EHLO hatoba.invalid\r\n", reply),),
    start_tls=StartTls(
        b"STARTTLS\r\n", lambda answers: b"STARTTLS" in answers[-1].upper(), reply, lambda heard: heard.startswith(b"220")
    ),
    farewell=b"QUIT\r\n",
)
POP3 = ServiceProtocol(
    "pop3",
    read_pop3,
    ports=(110,),
    tls_ports=(995,),
    greets=True,
    questions=(Question(b"CAPA\r\n", dotted),),
    start_tls=StartTls(b"STLS\r\n", lambda answers: b"STLS" in answers[-1], line, lambda heard: heard.startswith(b"+OK")),
    farewell=b"QUIT\r\n",
    alpn=("pop3",),
)
IMAP = ServiceProtocol(
    "imap",
    read_imap,
    ports=(143,),
    tls_ports=(993,),
    greets=True,
    questions=(Question(b"hatoba1 CAPABILITY\r\n", tagged), Question(b"hatoba2 ID NIL\r\n", tagged)),
    start_tls=StartTls(
        b"hatoba3 STARTTLS\r\n",
        lambda answers: any(b"STARTTLS" in answer.upper() for answer in answers),
        tagged,
        lambda heard: heard.startswith(b"hatoba3 OK"),
    ),
    farewell=b"hatoba4 LOGOUT\r\n",
    alpn=("imap",),
)
PROTOCOLS = (SMTP, POP3, IMAP)
