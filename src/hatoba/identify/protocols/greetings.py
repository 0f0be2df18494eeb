"""Servers that greet in words of their own: mail filters, dictionaries, monitors, brokers, block devices, inetd's own."""

from __future__ import annotations

import itertools
import re
from dataclasses import replace

from hatoba.identify.protocols.complete import line
from hatoba.identify.protocols.product import product, system_of
from hatoba.identify.protocols.protocol import Answers, Question, ServiceProtocol, StartTls
from hatoba.identify.protocols.spoken import more, spoken
from hatoba.identify.protocols.text import text
from hatoba.registry.cpe import cpe23
from hatoba.service import Facts

_SIEVE = ServiceProtocol(
    "sieve",
    spoken(  # RFC 5804 section 1.7: capabilities, one a line, IMPLEMENTATION among them
        "sieve",
        rb'(?:"[A-Z]{1,30}"(?: "[^"\r\n]{0,900}")?\r\n){0,20}?"IMPLEMENTATION" "(?P<extra>[^"\r\n]{1,200})"',
        (
            product(rb'"IMPLEMENTATION" "(?:Dovecot|dovecot)[^"]*"', "Dovecot Pigeonhole sieve", ("dovecot", "pigeonhole")),
            product(rb'"IMPLEMENTATION" "Cyrus timsieved (?:\(Murder\) )?v?(?P<version>\d[\w.]*)', "Cyrus timsieved"),
        ),
    ),
    ports=(4190, 2000),
    greets=True,
    start_tls=StartTls(
        b"STARTTLS\r\n", lambda answers: b'"STARTTLS"' in answers[0], line, lambda heard: heard.startswith(b"OK")
    ),
    farewell=b"LOGOUT\r\n",
)
_DICT = ServiceProtocol(
    "dict",
    spoken(  # RFC 2229 section 3.1
        "dict",
        rb"220 (?:(?P<hostname>[\w.-]{1,100}) )?[^\r\n]{0,200}?<[\w.-]{0,200}> <[^<>\r\n]{1,200}>\r\n",
        (
            product(
                rb"^220 (?P<hostname>\S+) dictd (?P<version>\d[\w.]*)(?:/rf)? on (?P<os>Linux)?", "dictd", ("dict", "dictd")
            ),
        ),
        9,
    ),
    ports=(2628,),
    greets=True,
    farewell=b"QUIT\r\n",
)
_GPSD = ServiceProtocol(
    "gpsd",
    spoken(
        "gpsd",
        rb'\{"class":"VERSION","release":"[^"\r\n]{1,60}"',
        (product(rb'"release":"(?P<version>\d[\w.]*)', "gpsd", ("gpsd_project", "gpsd")),),
    ),
    ports=(2947,),
    greets=True,
)
_MPD = ServiceProtocol(
    "mpd",
    spoken(
        "mpd",
        rb"OK MPD (?P<protocol>\d{1,3}(?:\.\d{1,3}){1,3})\n",
        (product(rb"^OK MPD (?P<extra>\S+)", "Music Player Daemon"),),
    ),
    ports=(6600,),
    greets=True,
    farewell=b"close\n",
)  # the number is the protocol's, not the program's
_MUNIN = ServiceProtocol(
    "munin",
    more(
        spoken(
            "munin",
            rb"# munin node at (?P<hostname>[\w.-]{1,200})\n",
            (product(rb"at (?P<hostname>\S+)", "Munin node", ("munin-monitoring", "munin")),),
        ),
        (
            product(
                rb"^munins node on (?P<hostname>\S+) version: (?P<version>\d[\w.]*)",
                "Munin node",
                ("munin-monitoring", "munin"),
            ),
        ),
    ),
    ports=(4949,),
    greets=True,
    questions=(Question(b"version\n", line),),
    farewell=b"quit\n",
)
_TARANTOOL = ServiceProtocol(
    "tarantool",
    spoken(
        "tarantool",
        rb"Tarantool \d[\w.]{0,30}[^\n]{0,60} \((?:Binary|Lua console)\)",
        (product(rb"^Tarantool (?P<version>\d+(?:\.\d+)*)", "Tarantool", ("tarantool", "tarantool")),),
    ),
    ports=(3301,),
    greets=True,
)
_CEPH = ServiceProtocol(
    "ceph",
    spoken("ceph", rb"ceph v(?:\d{3}|2\n)", (product(rb"^ceph v(?P<extra>\d+)", "Ceph", ("ceph", "ceph")),)),
    ports=(3300, 6789),
    greets=True,
)
_MANAGER = ServiceProtocol(
    "asterisk",
    spoken(
        "asterisk",
        rb"Asterisk Call Manager/\d[\w.]{0,20}\r\n",
        (product(rb"Manager/(?P<extra>\S+)", "Asterisk Call Manager", ("digium", "asterisk")),),
    ),
    ports=(5038,),
    greets=True,
    farewell=b"Action: Logoff\r\n\r\n",
)
_EVENTS = ServiceProtocol(
    "freeswitch-event",
    spoken(
        "freeswitch-event",
        rb"Content-Type: auth/request\n\n",
        (product(rb"auth/request", "FreeSWITCH mod_event_socket", ("freeswitch", "freeswitch")),),
        9,
    ),
    ports=(8021,),
    greets=True,
    farewell=b"exit\n\n",
)
_TEAMSPEAK = ServiceProtocol(
    "ts3-query",
    more(
        spoken(
            "ts3-query",
            rb"TS3\n\rWelcome to the TeamSpeak",
            (product(rb"^TS3", "TeamSpeak 3 ServerQuery", ("teamspeak", "teamspeak3")),),
        ),
        (
            product(
                rb"^version=(?P<version>\d[\w.]*) build=\d+ platform=(?P<os>\w+)",
                "TeamSpeak 3 ServerQuery",
                ("teamspeak", "teamspeak3"),
            ),
        ),
    ),
    ports=(10011,),
    greets=True,
    questions=(Question(b"version\n", line),),
    farewell=b"quit\n",
)
_VMWARE = ServiceProtocol(
    "vmware-auth",
    spoken(
        "vmware-auth",
        rb"220 VMware Authentication Daemon Version \d[\w.]{0,20}",
        (product(rb"Version (?P<version>\d[\w.]*)", "VMware Authentication Daemon"),),
    ),
    ports=(902,),
    greets=True,
)
_VTUN = ServiceProtocol(
    "vtun",
    spoken("vtun", rb"VTUN server ver \d[\w.]{0,20}", (product(rb"server ver (?P<extra>\S+)", "Virtual Tunnel Daemon"),)),
    ports=(5000,),
    greets=True,
)
_ROUTING = ServiceProtocol(
    "quagga",
    spoken(  # the vty of each daemon of Zebra and of those that came after it
        "quagga",
        rb"\r\nHello, this is (?:Quagga|FRRouting|[Zz]ebra) \(version \d[\w.+~-]{0,40}\)",
        (
            product(rb"is FRRouting \(version (?P<version>\d[\w.]*)", "FRRouting", ("frrouting", "frrouting"), "", "router"),
            product(rb"is Quagga \(version (?P<version>\d[\w.]*)", "Quagga", ("quagga", "quagga"), "", "router"),
            product(rb"is [Zz]ebra \(version (?P<version>\d[\w.]*)", "GNU Zebra", ("gnu", "zebra"), "", "router"),
        ),
    ),
    ports=tuple(range(2601, 2620)),
    greets=True,
)
_VARNISH = ServiceProtocol(
    "varnish-cli",
    spoken(  # varnish-cli(7): a status, a length, and as many bytes; 107 wants the secret before anything else
        "varnish-cli",
        rb"200 \d{1,4} {1,8}\n-{20,40}\nVarnish Cache CLI [^\n]{0,20}\n-{20,40}\n(?:[^\n]{0,200}\n){1,2}varnish-\d[\w.]{0,20}"
        rb"|107 \d{1,4} {1,8}\n[a-z]{32}\n\nAuthentication required\.\n",
        (
            product(
                rb"^200.*\n(?P<os>Linux|FreeBSD),[^\n]{0,200}\n(?:varnish-(?P<version>\d[\w.]*))",
                "Varnish Cache CLI",
                ("varnish-software", "varnish_cache"),
            ),
            product(rb"varnish-(?P<version>\d[\w.]*)", "Varnish Cache CLI", ("varnish-software", "varnish_cache")),
            product(rb"^107 ", "Varnish Cache CLI", ("varnish-software", "varnish_cache")),
        ),
    ),
    ports=(6082,),
    greets=True,
    farewell=b"quit\n",
)
_NBD = ServiceProtocol(
    "nbd",
    spoken(
        "nbd",
        rb"NBDMAGIC(?:IHAVEOPT|\0\0\x42\x02\x81\x86\x12\x53)",
        (
            product(rb"IHAVEOPT", "Network Block Device", None),
            product(rb"NBDMAGIC\0", "Network Block Device", None),
        ),
        9,
    ),
    ports=(10809,),
    greets=True,
)  # doc/proto.md of nbd, "Newstyle negotiation": every server begins so
_ZMTP = ServiceProtocol(
    "zmtp",
    spoken("zmtp", rb"\xff\0{7}[\0\1]\x7f"),  # ZMTP 3.1 section 3.1: signature; libzmq writes 0 or 1 into its padding
    ports=(4505, 4506, 5556),
    greets=True,
)
_DAY, _MONTH = (
    rb"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]{0,6},?",
    rb"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]{0,6}",
)
_DAYTIME = ServiceProtocol(
    "daytime",
    spoken(  # RFC 867: any form is allowed; these are the ones that it names, and ctime's
        "daytime",
        rb"(?:%b )?(?:%b {1,2}\d{1,2},?|\d{1,2} %b|\d{1,2}-%b-\d{2,4}),? (?:\d{4} )?" % (_DAY, _MONTH, _MONTH, _MONTH)
        + rb"\d{2}:\d{2}:\d{2}(?:[ -][A-Z\d]{2,4}){0,2}\r?\n",
    ),
    ports=(13,),
    greets=True,
)


def read_chargen(answers: Answers) -> Facts | None:
    """RFC 864: lines of 72 characters, each the printable ones in their order, begun one further."""
    first = answers[0][:72]
    steps = {(after - before) % 95 for before, after in itertools.pairwise(first)}
    if len(first) < 72 or not all(0x20 <= one <= 0x7E for one in first) or steps != {1}:
        return None
    return Facts("chargen", extra="endless: a traffic amplifier where it answers UDP", evidence=first)


_PROVIDER_VERSION = re.compile(rb"\0\x0fProviderVersion\x09\0.(\d[\w.]{0,30})", re.DOTALL)


def read_openwire(answers: Answers) -> Facts | None:
    """OpenWire version 2 specification, "WireFormatInfo": length, type 1, the magic ``ActiveMQ``, properties."""
    answer = answers[0]
    if answer[4:13] != b"\1ActiveMQ":
        return None
    told = _PROVIDER_VERSION.search(answer[: 4 + int.from_bytes(answer[:4], "big")])
    version = text(told[1]) if told else ""
    names = (cpe23("a", "apache", "activemq", version),)
    spoken_version = int.from_bytes(answer[13:17], "big")
    extra = f"OpenWire {spoken_version}" if len(answer) >= 17 else ""
    evidence = told[0] if told else answer[4:17]
    return Facts("openwire", "ActiveMQ OpenWire transport", version, extra, cpe23=names, confidence=10, evidence=evidence)


def _numbers(data: bytes) -> dict[int, int | bytes]:
    """Fields of a message in protocol buffers' encoding, varints and strings, up to the first that is broken."""
    found: dict[int, int | bytes] = {}
    at = 0
    while at < len(data) and len(found) < 16:
        key, at = data[at], at + 1
        value = shift = 0
        while at < len(data) and shift < 63:
            value |= (data[at] & 0x7F) << shift
            shift, at = shift + 7, at + 1
            if not data[at - 1] & 0x80:
                break
        if key & 7 == 2:
            found[key >> 3] = data[at : at + value]
            at += value
        elif key & 7 == 0:
            found[key >> 3] = value
        else:
            break
    return found


def read_mumble(answers: Answers) -> Facts | None:
    """Mumble protocol, "Establishing a connection": the server's Version message (type 0: release, system) comes first."""
    answer = answers[0]
    size = int.from_bytes(answer[2:6], "big")
    if answer[:2] != b"\0\0" or not 4 <= size <= 1000 or len(answer) < 6 + size:
        return None
    told = _numbers(answer[6 : 6 + size])
    number, system, distribution = told.get(1, 0), told.get(3, b""), told.get(4, b"")
    if not isinstance(number, int) or not isinstance(system, bytes) or not isinstance(distribution, bytes) or not number >> 16:
        return None
    version = f"{number >> 16}.{number >> 8 & 0xFF}.{number & 0xFF}"
    facts = Facts("mumble", "Murmur", version, cpe23=(cpe23("a", "mumble", "mumble", version),), confidence=10)
    return replace(facts, os=system_of(system + b" " + distribution), evidence=answer[: 6 + size][:160])


CHARGEN = ServiceProtocol("chargen", read_chargen, ports=(19,), greets=True)
OPENWIRE = ServiceProtocol("openwire", read_openwire, ports=(61616,), tls_ports=(61617,), greets=True)
MUMBLE = ServiceProtocol("mumble", read_mumble, ports=(64738,), tls_ports=(64738,), greets=True)
PROTOCOLS = (
    _VMWARE,  # before FTP and SMTP, whose reply it uses
    _DICT,
    _SIEVE,
    _GPSD,
    _MPD,
    _MUNIN,
    _TARANTOOL,
    _CEPH,
    _MANAGER,
    _EVENTS,
    _TEAMSPEAK,
    _VTUN,
    _ROUTING,
    _VARNISH,
    _NBD,
    _ZMTP,
    OPENWIRE,
    MUMBLE,
    _DAYTIME,
    CHARGEN,
)
