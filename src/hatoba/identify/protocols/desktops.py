"""Screens from afar: VNC, X11, RDP."""

from __future__ import annotations

import re
import struct

from hatoba.identify.protocols.complete import length_prefixed
from hatoba.identify.protocols.protocol import Answers, Question, ServiceProtocol, StartTls
from hatoba.identify.protocols.text import text
from hatoba.registry.cpe import cpe23
from hatoba.service import Facts

_SECURITY = {
    1: "none",
    2: "VNC password",
    5: "RA2",
    6: "RA2ne",
    16: "Tight",
    18: "TLS",
    19: "VeNCrypt",
    30: "Apple DH",
    35: "Mac OS X",
}
"""RFC 6143 section 7.1.2 and IANA's registry of RFB security types."""


def read_vnc(answers: Answers) -> Facts | None:
    """RFC 6143 section 7.1: the version, then what the server wants to know of who comes."""
    found = re.match(rb"RFB (\d{3})\.(\d{3})\n", answers[0])
    if found is None:
        return None
    version = f"protocol {int(found[1])}.{int(found[2])}"
    types = _security_types(answers[1]) if len(answers) > 1 else ()
    details = (("security", ", ".join(_SECURITY.get(kind, str(kind)) for kind in types)),) if types else ()
    extra = f"{version}; no password" if 1 in types else version
    apple = found[1] == b"003" and found[2] == b"889"
    return Facts(
        "vnc",
        "Apple remote desktop vnc" if apple else "",
        extra=extra,
        os="Mac OS X" if apple else "",
        confidence=10 if apple else 8,
        evidence=found[0].strip(),
        details=details,
    )


def _security_types(answer: bytes) -> tuple[int, ...]:
    count = answer[0] if answer else 0
    return tuple(answer[1 : 1 + count]) if 0 < count < 32 and len(answer) > count else ()


_X11_SETUP = struct.pack("<BxHHHHxx", ord("l"), 11, 0, 0, 0)


def read_x11(answers: Answers) -> Facts | None:
    """X Window System Protocol, "Connection Setup": refusal with a reason, or success with vendor and release."""
    answer = answers[0]
    if len(answer) < 8 or answer[0] not in (0, 1, 2):
        return None
    _kind, reason_bytes, major, minor, words = struct.unpack_from("<BBHHH", answer)
    if answer[0] == 2:
        return None
    if major != 11 or minor > 1 or (answer[0] == 0 and (reason_bytes + 3) // 4 != words):
        return None
    if answer[0] == 0:
        return Facts(
            "X11", extra="access denied", details=(("reason", text(answer[8 : 8 + reason_bytes])),), evidence=answer[:80]
        )
    if len(answer) < 40:
        return None
    release, _base, _mask, _motion, vendor_bytes = struct.unpack_from("<IIIIH", answer, 8)
    vendor = answer[40 : 40 + vendor_bytes]
    if vendor == b"The X.Org Foundation" and release >= 10_000_000:
        version = _xorg_version(release)
        names = (cpe23("a", "x.org", "x_server", version),)
        return Facts("X11", "X.Org", version, "open to anybody", cpe23=names, confidence=10, evidence=vendor)
    return Facts("X11", text(vendor), "", f"release {release}; open to anybody", confidence=9, evidence=vendor)


def _xorg_version(release: int) -> str:
    """Servers before 21.1 are 1.x: 12013000 is 1.20.13; 12101007 is 21.1.7 (os/meson.build of xorg-server)."""
    if release >= 12_100_000:
        return f"{release // 100_000 - 100}.{release // 1000 % 100}.{release % 1000}"
    return f"{release // 10_000_000}.{release // 100_000 % 100}.{release // 1000 % 100}"


_SSL, _HYBRID = 1, 2
_RDP_NAMES = {0: "plain RDP", 1: "TLS", 2: "CredSSP", 8: "CredSSP with early authorization"}


def _rdp_request() -> bytes:
    """[MS-RDPBCGR] 2.2.1.1: an X.224 connection request that offers TLS and CredSSP."""
    negotiation = struct.pack("<BBHI", 1, 0, 8, _SSL | _HYBRID)
    x224 = struct.pack(">BBHHB", 6 + len(negotiation), 0xE0, 0, 0, 0) + negotiation
    return struct.pack(">BBH", 3, 0, 4 + len(x224)) + x224


def read_rdp(answers: Answers) -> Facts | None:
    """[MS-RDPBCGR] 2.2.1.2: X.224 connection confirm, with what was agreed on, or why not."""
    answer = answers[0]
    if len(answer) < 11 or answer[:2] != b"\3\0" or answer[5] != 0xD0 or answer[4] + 5 != int.from_bytes(answer[2:4], "big"):
        return None
    agreed = ""
    if len(answer) >= 19 and answer[11] in (2, 3) and answer[13:15] == b"\x08\0":
        kind, value = answer[11], int.from_bytes(answer[15:19], "little")
        agreed = _RDP_NAMES.get(value, f"protocol {value}") if kind == 2 else f"refused with code {value}"
    elif len(answer) == 11:
        agreed = _RDP_NAMES[0]
    return Facts("ms-wbt-server", extra=agreed, evidence=answer[:19])


def _rdp_agreed_on_tls(answers: Answers) -> bool:
    """TLS follows at once."""
    return answers[0][11:12] == b"\2" and answers[0][15:16] in (b"\1", b"\2", b"\x08")


VNC = ServiceProtocol(
    "vnc",
    read_vnc,
    ports=(5900, 5901, 5902, 5903),
    greets=True,
    questions=(Question(b"RFB 003.008\n", lambda heard: bool(heard) and len(heard) > heard[0]),),
)
X11 = ServiceProtocol(
    "X11",
    read_x11,
    ports=tuple(range(6000, 6064)),
    questions=(
        Question(_X11_SETUP, lambda heard: len(heard) >= 8 and len(heard) >= 8 + 4 * int.from_bytes(heard[6:8], "little")),
    ),
    rarity=7,
)
RDP = ServiceProtocol(
    "ms-wbt-server",
    read_rdp,
    ports=(3389,),
    questions=(Question(_rdp_request(), length_prefixed(2, 2)),),
    rarity=5,
    start_tls=StartTls(b"", _rdp_agreed_on_tls, answered=False),
)
PROTOCOLS = (VNC, X11, RDP)
