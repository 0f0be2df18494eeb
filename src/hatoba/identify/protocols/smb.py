"""SMB 2 and 3: the dialect that the server chooses, and what its NTLM challenge says of the host.

[MS-SMB2] sections 2.2.3 to 2.2.6 and [MS-NLMP] section 2.2.1.2: a challenge comes before any name or password, and holds the
host's names and, of Windows, the build. Nobody is logged in.
"""

from __future__ import annotations

import struct
from dataclasses import replace

from hatoba.identify.protocols.protocol import Answers, Question, ServiceProtocol
from hatoba.identify.protocols.text import text
from hatoba.registry.cpe import cpe23
from hatoba.service import Facts

_NEGOTIATE, _SESSION_SETUP = 0, 1
_SIGNING_ENABLED, _SIGNING_REQUIRED = 1, 2
_REPLY, _NEGOTIATED_SIZE = 1, 65
"""[MS-SMB2] sections 2.2.1.2 and 2.2.4: a server's flag in the header, and the size that its answer always names."""
_DIALECTS = {0x0202: "2.0.2", 0x0210: "2.1", 0x0300: "3.0", 0x0302: "3.0.2"}
_NTLM_FLAGS = 0x60088215 | 0x02000000  # Unicode, sign, NTLM, extended security, target info, version
_WINDOWS = {
    7601: "Windows 7 or Server 2008 R2",
    9200: "Windows 8 or Server 2012",
    9600: "Windows 8.1 or Server 2012 R2",
    14393: "Windows 10 1607 or Server 2016",
    17763: "Windows 10 1809 or Server 2019",
    20348: "Windows Server 2022",
    22000: "Windows 11 21H2",
    22621: "Windows 11 22H2",
    26100: "Windows 11 24H2 or Server 2025",
}
"""By build, [MS-NLMP] section 2.2.2.10 and Microsoft's list of releases."""


_NAMES = {1: "netbios-name", 2: "netbios-domain", 3: "dns-name"}
"""Of the pairs in a challenge, [MS-NLMP] section 2.2.2.1."""


def _packet(command: int, number: int, body: bytes) -> bytes:
    header = struct.pack("<4sHHIHHIIQIIQ16x", b"\xfeSMB", 64, 0, 0, command, 1, 0, 0, number, 0, 0, 0)
    return struct.pack(">I", len(header) + len(body)) + header + body


def _negotiate() -> bytes:
    dialects = struct.pack(f"<{len(_DIALECTS)}H", *_DIALECTS)
    return _packet(
        _NEGOTIATE, 0, struct.pack("<HHHHI16sQ", 36, len(_DIALECTS), _SIGNING_ENABLED, 0, 0, b"hatoba-hatoba-ha", 0) + dialects
    )


def _session_setup() -> bytes:
    """NTLMSSP without SPNEGO around it, which servers take as well ([MS-SMB2] section 3.3.5.5.3)."""
    token = struct.pack("<8sII16x8x", b"NTLMSSP\0", 1, _NTLM_FLAGS)
    return _packet(_SESSION_SETUP, 1, struct.pack("<HBBIIHHQ", 25, 0, _SIGNING_ENABLED, 0, 0, 64 + 24, len(token), 0) + token)


def complete(heard: bytes) -> bool:
    return len(heard) >= 4 and len(heard) >= 4 + int.from_bytes(heard[1:4], "big")


def read(answers: Answers) -> Facts | None:
    answer = answers[0]
    if answer[4:8] == b"\xffSMB" and answer[:1] == b"\0" and answer[13:14] >= b"\x80":  # SMB 1's own flag for replies
        return Facts("microsoft-ds", extra="SMB 1 only", evidence=answer[:40])
    if answer[4:8] != b"\xfeSMB" or answer[:1] != b"\0" or len(answer) < 4 + 64 + 8:
        return None
    status, command = struct.unpack_from("<IH", answer, 12)
    (flags,) = struct.unpack_from("<I", answer, 4 + 16)
    size, signing, dialect = struct.unpack_from("<HHH", answer, 4 + 64)
    if command != _NEGOTIATE or not flags & _REPLY or (not status and (size != _NEGOTIATED_SIZE or dialect not in _DIALECTS)):
        return None
    spoken = f"SMB {_DIALECTS.get(dialect, hex(dialect))}" if not status else ""
    rule = "signing required" if signing & _SIGNING_REQUIRED else "signing not required"
    facts = Facts("microsoft-ds", extra="; ".join(filter(None, (spoken, rule))), evidence=answer[4:80])
    return _with_challenge(facts, answers[1]) if len(answers) > 1 else facts


def _with_challenge(facts: Facts, answer: bytes) -> Facts:
    at = answer.find(b"NTLMSSP\0\2\0\0\0")
    if at < 0 or len(answer) < at + 56:
        return facts
    challenge = answer[at:]
    size, _most, offset = struct.unpack_from("<HHI", challenge, 40)
    told = _target_info(challenge[offset : offset + size])
    host = told.get(3, "") or told.get(1, "")
    details = tuple((name, told[kind]) for kind, name in _NAMES.items() if told.get(kind))
    major, minor, build = struct.unpack_from("<BBH", challenge, 48)
    facts = replace(facts, hostname=host, details=details, evidence=challenge[:160])
    if (major, minor, build) == (6, 1, 0):
        # Samba calls itself Windows 6.1 and leaves the build at zero, which no Windows does.
        return replace(facts, product="Samba smbd", os="Unix", cpe23=(cpe23("a", "samba", "samba"),), confidence=9)
    if build:
        version = f"{major}.{minor}.{build}"
        names = (cpe23("o", "microsoft", "windows"),)
        return replace(
            facts, product=_WINDOWS.get(build, "Windows") + " SMB", version=version, os="Windows", cpe23=names, confidence=9
        )
    return facts


def _target_info(raw: bytes) -> dict[int, str]:
    """The pairs that hold names: 1 host and 2 domain of NetBIOS, 3 host, 4 domain and 5 forest of DNS."""
    found: dict[int, str] = {}
    at = 0
    while at + 4 <= len(raw):
        kind, size = struct.unpack_from("<HH", raw, at)
        if kind == 0 or at + 4 + size > len(raw):
            break
        if kind <= 5:
            found[kind] = text(raw[at + 4 : at + 4 + size].decode("utf-16-le", "replace").encode("utf-8", "replace"))
        at += 4 + size
    return found


PROTOCOL = ServiceProtocol(
    "microsoft-ds",
    read,
    ports=(445,),
    questions=(Question(_negotiate(), complete), Question(_session_setup(), complete)),
    rarity=5,
)
