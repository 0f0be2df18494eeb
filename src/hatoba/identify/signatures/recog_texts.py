"""What Recog's databases are held against: the same words as its authors cut out of each protocol's answers."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from hatoba.identify.protocols import Answers
from hatoba.identify.protocols.datagrams import snmp_description
from hatoba.service import Facts

Texts = Iterator[tuple[str, bytes]]
"""The name of a database (its attribute ``matches``) and a text for it."""

_CODE = re.compile(rb"^\d{3}[ -]", re.MULTILINE)
_SSH = re.compile(rb"(?:^|\n)SSH-[\d.]{1,9}-([^\r\n]*)")
_TITLE = re.compile(rb"<title(?:\s[^>]{0,200})?>([^<]{1,2000})", re.IGNORECASE)
_FIELD = re.compile(rb"\n([A-Za-z][A-Za-z-]{0,40}):[ \t]*([^\r\n]{1,2000})")
_TELNET_OPTION = re.compile(rb"\xff(?:[\xfb-\xfe].|\xfa[^\xff]{0,64}\xff\xf0)", re.DOTALL)
_HEAD_BYTES = 1 << 14
_HTTP_FIELDS = {
    b"server": "http_header.server",
    b"set-cookie": "http_header.cookie",
    b"www-authenticate": "http_header.wwwauth",
    b"x-powered-by": "http_header.x-powered-by",
}


def _reply(database: str) -> Callable[[Facts, Answers], Texts]:
    """A greeting without the codes of its lines."""

    def texts(_facts: Facts, answers: Answers) -> Texts:
        yield database, _CODE.sub(b"", answers[0]).strip()

    return texts


def _first_line(database: str, beginning: bytes) -> Callable[[Facts, Answers], Texts]:
    def texts(_facts: Facts, answers: Answers) -> Texts:
        yield database, re.sub(rb"^" + beginning, b"", answers[0].split(b"\n", 1)[0]).strip()

    return texts


def _fields(named: dict[bytes, str]) -> Callable[[Facts, Answers], Texts]:
    """Fields of a head, in the order of *named*."""

    def texts(_facts: Facts, answers: Answers) -> Texts:
        head = re.split(rb"\r?\n\r?\n", answers[0][:_HEAD_BYTES], maxsplit=1)[0]
        found = [(name.lower(), value.strip()) for name, value in _FIELD.findall(head)]
        for name, database in named.items():
            yield from ((database, value) for field, value in found if field == name)

    return texts


def _http(facts: Facts, answers: Answers) -> Texts:
    yield from _fields(_HTTP_FIELDS)(facts, answers)
    if (title := _TITLE.search(answers[0])) is not None:
        yield "html_title", title[1].strip()


def _ssh(_facts: Facts, answers: Answers) -> Texts:
    if (found := _SSH.search(answers[0])) is not None:
        yield "ssh.banner", found[1]


def _telnet(_facts: Facts, answers: Answers) -> Texts:
    yield "telnet.banner", _TELNET_OPTION.sub(b"", answers[0]).replace(b"\0", b"").strip()


def _mysql(_facts: Facts, answers: Answers) -> Texts:
    """The version in the first packet of protocol 10; or the text of an error."""
    if answers[0][4:5] == b"\x0a":
        yield "mysql.banners", answers[0][5:].split(b"\0", 1)[0]
    elif answers[0][4:5] == b"\xff":
        yield "mysql.error", answers[0][7:]


def _snmp(_facts: Facts, answers: Answers) -> Texts:
    """The whole description, as it came and with its lines drawn together."""
    for said in dict.fromkeys((raw := snmp_description(answers[0]), b" ".join(raw.split()))):
        yield "snmp.sys_description", said


def _domain(facts: Facts, _answers: Answers) -> Texts:
    if b"\0" not in facts.evidence:  # else it is the message itself: there was no text
        yield "dns.versionbind", facts.evidence


_BY_SERVICE: dict[str, Callable[[Facts, Answers], Texts]] = {
    "ssh": _ssh,
    "ftp": _reply("ftp.banner"),
    "smtp": _reply("smtp.banner"),
    "nntp": _reply("nntp.banner"),
    "pop3": _first_line("pop3.banner", rb"[+-](?:OK|ERR)"),
    "imap": _first_line("imap4.banner", rb"\* (?:OK|PREAUTH|BYE)"),
    "telnet": _telnet,
    "mysql": _mysql,
    "snmp": _snmp,
    "domain": _domain,
    "http": _http,
    "http-proxy": _http,
    "sip": _fields({b"server": "sip_header.server", b"user-agent": "sip_header.user_agent"}),
    "rtsp": _fields({b"server": "rtsp_header.server"}),
    "upnp": _fields({b"server": "ssdp_header.server"}),
    "ipp": _http,
}
_NAMES = {"mysql.banner": "mysql.banners", "mysql.errors": "mysql.error", "imap.banner": "imap4.banner"}
"""Names that databases had in other years."""
DATABASES = frozenset(
    {
        *("ssh.banner", "ftp.banner", "smtp.banner", "nntp.banner", "pop3.banner", "imap4.banner", "telnet.banner"),
        *("mysql.banners", "mysql.error", "snmp.sys_description", "dns.versionbind", "html_title", *_HTTP_FIELDS.values()),
        *("sip_header.server", "sip_header.user_agent", "rtsp_header.server", "ssdp_header.server"),
    }
)
"""Those that are used: for all others there is nothing that a scan hears."""


def database_name(matches: str) -> str:
    """The name by which a database is known here."""
    return _NAMES.get(matches, matches)


def texts_of(spoken: str, facts: Facts, answers: Answers) -> Texts:
    """The texts in the *answers* of a service in the protocol *spoken*, the most telling first."""
    known = _BY_SERVICE.get(spoken)
    if known is not None and answers:
        yield from ((database, said) for database, said in known(facts, answers) if said)
