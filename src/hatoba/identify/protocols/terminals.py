"""Old ways in, and gateways: Telnet, finger, ident, SOCKS, the line printer's daemon, and what only says a word."""

from __future__ import annotations

import re

from hatoba.identify.protocols.complete import anything, line
from hatoba.identify.protocols.product import named, product, system_of
from hatoba.identify.protocols.protocol import Answers, Question, ServiceProtocol
from hatoba.identify.protocols.text import text
from hatoba.service import Facts

_OPTION = re.compile(rb"\xff(?:[\xfb-\xfe].|\xfa[^\xff]{0,64}\xff\xf0)", re.DOTALL)
TELNET_PRODUCTS = (
    product(rb"User Access Verification", "Cisco router telnetd", None, "Cisco IOS", "router"),
    product(rb"MikroTik v(?P<version>\d[\w.]*)", "MikroTik router config telnetd", None, "RouterOS", "router"),
    product(rb"Welcome to Microsoft Telnet Service", "Microsoft Windows telnetd", None, "Windows"),
    product(rb"^Open On-Chip Debugger\r\n", "OpenOCD telnetd", ("openocd", "open_on-chip_debugger")),
)


def read_telnet(answers: Answers) -> Facts | None:
    """RFC 854: options are offered and asked for before anything is written."""
    answer = answers[0]
    if not re.match(rb"\xff[\xfb-\xfe][\0-\x31\xff]", answer):
        return None
    written = _OPTION.sub(b"", answer)
    facts = Facts("telnet", evidence=answer[:60], extra=text(written.replace(b"\0", b""), 80))
    return named(facts, written, TELNET_PRODUCTS)


def read_ident(answers: Answers) -> Facts | None:
    """RFC 1413 section 4: an error for a pair of ports that has no connection."""
    found = re.match(
        rb"\s{0,9}\d{1,5}\s{0,9},\s{0,9}\d{1,5}\s{0,9}:\s{0,9}(ERROR|USERID)\s{0,9}:\s{0,9}([\w-]{1,64})", answers[0]
    )
    return None if found is None else Facts("ident", evidence=found[0].strip())


def read_finger(answers: Answers) -> Facts | None:
    """RFC 1288: nobody is asked for, so a list of who is logged in comes, or that there is none."""
    found = re.search(
        rb"^[ \t]{0,40}(?:Login\s+Name|No one logged on|Welcome to [^\r\n]* version [\w.]+)[^\r\n]*", answers[0], re.MULTILINE
    )
    if found is None:
        return None
    return Facts("finger", os=system_of(answers[0]), confidence=7, evidence=found[0].strip()[:80])


_METHODS = {0: "no password", 1: "GSSAPI", 2: "password", 0xFF: "no acceptable method"}


def read_socks5(answers: Answers) -> Facts | None:
    """RFC 1928 section 3: version 5 and the method that is chosen of those offered."""
    answer = answers[0]
    if len(answer) != 2 or answer[0] != 5 or answer[1] not in _METHODS:
        return None
    return Facts("socks5", extra=_METHODS[answer[1]], confidence=7, evidence=answer)


IDENT = ServiceProtocol("ident", read_ident, ports=(113,), questions=(Question(b"0, 0\r\n", line),), rarity=9)
TELNET = ServiceProtocol("telnet", read_telnet, ports=(23, 2323), tls_ports=(992,), greets=True)
FINGER = ServiceProtocol("finger", read_finger, ports=(79,), questions=(Question(b"\r\n", line),), rarity=9)
SOCKS5 = ServiceProtocol(
    "socks5", read_socks5, ports=(1080, 9050, 9150), questions=(Question(b"\5\3\0\1\2", anything),), rarity=5
)
PROTOCOLS = (TELNET, IDENT, FINGER, SOCKS5)
