"""Talk among people: IRC, XMPP, NNTP, and SIP, which sets calls up."""

from __future__ import annotations

import re
from dataclasses import replace

from hatoba.identify.protocols.complete import dotted, line
from hatoba.identify.protocols.http import head_of
from hatoba.identify.protocols.product import Product, named, product, system_of
from hatoba.identify.protocols.protocol import Answers, Question, ServiceProtocol, StartTls
from hatoba.identify.protocols.text import first_line, text
from hatoba.model import Protocol
from hatoba.service import Facts

_IRC_LINE = re.compile(
    rb"(?:^|\n)(?:(?::[A-Za-z0-9][\w.-]* )?(?:NOTICE (?:AUTH|\*) :|ERROR :(?:Closing|Connection|Your)|PING :)"
    rb"|:[A-Za-z0-9][\w.-]* (?:451|461|421|351) [^\r\n]*\r?\n)"  # numbers without a server's name are mail's, too
)
IRC_PRODUCTS = (
    product(rb" 351 [^ ]+ (?:ngircd-)(?P<version>\d[\w.]*)", "ngIRCd", ("ngircd", "ngircd")),
    product(rb" 451 \* :Connection not registered", "ngIRCd", ("ngircd", "ngircd")),  # others say "You have not registered"
    product(rb"NOTICE \* :BitlBee-IRCd initialized", "BitlBee IRCd", ("bitlbee", "bitlbee")),
    product(rb"(?:^|\n):irc\.znc\.in |\*status!znc@znc\.in ", "ZNC IRC bouncer", ("znc", "znc")),
    product(rb" 351 [^ ]+ InspIRCd-(?P<version>\d[\w.]*\w)", "InspIRCd", ("inspircd", "inspircd")),
    product(rb" 351 [^ ]+ Unreal(?P<version>\d[\w.]*)", "UnrealIRCd", ("unrealircd", "unrealircd")),
    product(rb" 351 [^ ]+ hybrid-(?:1:)?(?P<version>\d[\w.+]*)", "Hybrid ircd", ("ircd-hybrid", "ircd-hybrid")),
)


def read_irc(answers: Answers) -> Facts | None:
    """RFC 2812: what a server says to somebody who has not registered. ``VERSION`` is answered by some even so."""
    said = b"".join(answers)
    found = _IRC_LINE.search(answers[0]) or (_IRC_LINE.search(said) if len(answers) > 1 else None)
    if found is None or (found[0].lstrip().startswith((b"ERROR", b"PING")) and b"irc" not in said.lower()):
        return None
    server = next((text(one) for one in re.findall(rb"(?:^|\n):([A-Za-z0-9][\w.-]*) ", said)), "")
    return named(Facts("irc", hostname=server, evidence=first_line(said).encode()), said, IRC_PRODUCTS)


_STREAM = (
    b"<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'"
    b" to='hatoba.invalid' version='1.0'>"
)


def _stream_complete(heard: bytes) -> bool:
    return b"</stream:features>" in heard or b"<stream:features/>" in heard or b"</stream:stream>" in heard


def read_xmpp(answers: Answers) -> Facts | None:
    """RFC 6120 section 4: the answering stream, with features, or with an error for a host that it does not serve."""
    answer = answers[0]
    opened = re.match(rb"\s{0,9}(?:<\?xml[^>]{0,100}\?>)?\s{0,9}<stream:stream\s([^>]{1,1000})>", answer)
    if opened is None or b"jabber" not in opened[1]:
        return None
    server = re.search(rb"from=['\"]([^'\"]{1,200})['\"]", opened[1])
    facts = Facts("xmpp-client" if b"jabber:client" in opened[1] else "xmpp-server", evidence=opened[0][:300])
    called = text(server[1]) if server else ""
    error = re.search(rb"<stream:error>\s*<([a-z-]+)", answer)
    details = (("error", text(error[1])),) if error else ()
    return replace(facts, hostname="" if called == "hatoba.invalid" else called, details=details)


NNTP_PRODUCTS = (
    product(rb"InterNetNews (?:NNRP )?server INN (?P<version>\d[\w.]*)", "InterNetNews (INN)", ("isc", "inn")),
    product(rb"IMPLEMENTATION INN (?P<version>\d[\w.]*)", "InterNetNews (INN)", ("isc", "inn")),
    product(rb"Leafnode NNTP[ \w]*?,? ?version (?P<version>\d[\w.]*)", "Leafnode NNTPd", ("leafnode", "leafnode")),
)


def read_nntp(answers: Answers) -> Facts | None:
    """RFC 3977 section 5: greetings 200, 201, 400 and 502; CAPABILITIES."""
    greeting, able = answers[0], answers[1] if len(answers) > 1 else b""
    if greeting[:4] not in (b"200 ", b"201 ", b"400 ", b"502 "):
        return None
    if not re.search(rb"NNTP|news|NNRP|posting|permission to talk", greeting, re.IGNORECASE) and not able.startswith(b"101"):
        return None
    facts = named(Facts("nntp", evidence=first_line(greeting).encode()), b"\n".join(answers), NNTP_PRODUCTS)
    return replace(facts, os=system_of(greeting))


SIP_PRODUCTS = (
    product(rb"Asterisk(?: PBX)? (?P<version>\d[\w.~+-]*)", "Asterisk", ("digium", "asterisk")),
    product(rb"kamailio \((?P<version>\d[\w.]*)", "Kamailio", ("kamailio", "kamailio")),
    product(rb"OpenSIPS \((?P<version>\d[\w.]*)", "OpenSIPS", ("opensips", "opensips")),
    product(rb"FreeSWITCH[^\r\n]*?(?P<version>\d+\.[\w.]*)", "FreeSWITCH", ("freeswitch", "freeswitch")),
)


def read_sip(answers: Answers) -> Facts | None:
    """RFC 3261: an answer to OPTIONS, whose fields Server or User-Agent name the program."""
    return _http_like(answers[0], b"SIP/2.0 ", "sip", SIP_PRODUCTS)


RTSP_PRODUCTS = (
    product(rb"GStreamer RTSP server", "GStreamer rtspd"),
    product(rb"gortsplib", "MediaMTX"),
    product(rb"Hikvision|H264DVR (?P<version>[\d.]+)", "Hikvision or OEM IP camera rtspd", None, "", "webcam"),
    product(rb"VLC/(?P<version>\d[\w.]*)", "VLC rtspd", ("videolan", "vlc_media_player")),
)


def read_rtsp(answers: Answers) -> Facts | None:
    """RFC 2326 section 10.1: an answer to OPTIONS."""
    return _http_like(answers[0], b"RTSP/1.0 ", "rtsp", RTSP_PRODUCTS)


def _http_like(answer: bytes, start: bytes, name: str, products: tuple[Product, ...]) -> Facts | None:
    head = head_of(b"HTTP/1.1 " + answer[len(start) :]) if answer.startswith(start) else None
    if head is None:
        return None
    server = head.first(b"server") or head.first(b"user-agent")
    status = answer.split(b"\r\n")[0][:80]
    facts = Facts(name, evidence=status + (b"\r\nServer: " + server[:160] if server else b""))
    facts = named(facts, server, products)
    details = (("status", f"{head.status} {text(head.reason)}".strip()),)
    if server and not facts.product:
        facts = replace(facts, extra=text(server))
    return replace(facts, details=details)


def _head_complete(heard: bytes) -> bool:
    return b"\r\n\r\n" in heard


def _sip_options(transport: bytes) -> bytes:
    """Anonymous, to whoever the server is; the addresses are ones that nobody can have (RFC 2606, RFC 3261 section 11)."""
    lines = (
        b"OPTIONS sip:hatoba.invalid SIP/2.0",
        b"Via: SIP/2.0/" + transport + b" hatoba.invalid;branch=z9hG4bKhatoba;rport",
        b"Max-Forwards: 70",
        b"From: <sip:anonymous@anonymous.invalid>;tag=hatoba",
        b"To: <sip:hatoba.invalid>",
        b"Call-ID: hatoba@anonymous.invalid",
        b"CSeq: 1 OPTIONS",
        b"Contact: <sip:anonymous@anonymous.invalid>",
        b"Accept: application/sdp",
        b"Content-Length: 0",
    )
    return b"\r\n".join(lines) + b"\r\n\r\n"


_IRC_ANSWER = re.compile(rb" (?:(?:351|451|421|461) |NOTICE \* :BitlBee)[^\n]*\n")
"""BitlBee says nothing else to who has not registered."""

IRC = ServiceProtocol(
    "irc",
    read_irc,
    ports=(6667, 6660, 6665, 6666, 6668, 6669, 7000),
    tls_ports=(6697,),
    questions=(Question(b"VERSION\r\n", lambda heard: _IRC_ANSWER.search(heard) is not None),),
    rarity=6,
    farewell=b"QUIT\r\n",
    alpn=("irc",),
)
XMPP = ServiceProtocol(
    "xmpp-client",
    read_xmpp,
    ports=(5222, 5269),
    tls_ports=(5223, 5270),
    questions=(Question(_STREAM, _stream_complete),),
    rarity=6,
    start_tls=StartTls(
        b"<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>",
        lambda answers: b"urn:ietf:params:xml:ns:xmpp-tls" in answers[0],
        lambda heard: b">" in heard,
        lambda heard: b"<proceed" in heard,
    ),
    farewell=b"</stream:stream>",
    alpn=("xmpp-client",),
)
NNTP = ServiceProtocol(
    "nntp",
    read_nntp,
    ports=(119, 433),
    tls_ports=(563,),
    greets=True,
    questions=(Question(b"CAPABILITIES\r\n", dotted),),
    start_tls=StartTls(  # RFC 4642 section 2.2
        b"STARTTLS\r\n",
        lambda answers: len(answers) > 1 and b"\nSTARTTLS\r\n" in answers[1],
        line,
        lambda heard: heard.startswith(b"382"),
    ),
    farewell=b"QUIT\r\n",
    alpn=("nntp",),
)
SIP = ServiceProtocol(
    "sip", read_sip, ports=(5060,), tls_ports=(5061,), questions=(Question(_sip_options(b"TCP"), _head_complete),), rarity=6
)
RTSP = ServiceProtocol(
    "rtsp",
    read_rtsp,
    ports=(554, 8554),
    questions=(Question(b"OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n", _head_complete),),
    rarity=6,
)
SIP_DATAGRAMS = ServiceProtocol(
    "sip",
    read_sip,
    ports=(5060,),
    questions=(Question(_sip_options(b"UDP"), _head_complete),),
    rarity=3,
    protocol=Protocol.UDP,
)
PROTOCOLS = (IRC, XMPP, NNTP, SIP, SIP_DATAGRAMS, RTSP)
