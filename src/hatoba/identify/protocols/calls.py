"""Remote procedure calls of Sun's kind: which programs the portmapper knows (RFC 1833, RFC 5531)."""

from __future__ import annotations

import struct

from hatoba.identify.protocols.complete import anything
from hatoba.identify.protocols.protocol import Answers, Question, ServiceProtocol
from hatoba.identify.protocols.text import text
from hatoba.model import Protocol
from hatoba.registry.cpe import cpe23
from hatoba.service import Facts

_XID = b"htba"
_LAST = 0x80000000
_PROGRAMS = {
    100000: "rpcbind", 100003: "nfs", 100004: "ypserv", 100005: "mountd", 100007: "ypbind", 100011: "rquotad",
    100021: "nlockmgr", 100024: "status", 100227: "nfs_acl", 391002: "sgi_fam",
}  # fmt: skip
"""IANA's registry "RPC Program Numbers"."""

_DUMP = _XID + struct.pack(">IIIII16x", 0, 2, 100000, 2, 4)


def read(answers: Answers) -> Facts | None:
    """A reply to PMAPPROC_DUMP: a list of program, version, protocol, port."""
    return _reply(answers[0])


def read_stream(answers: Answers) -> Facts | None:
    """The same in records (RFC 5531 section 11)."""
    mark = int.from_bytes(answers[0][:4], "big")
    return _reply(answers[0][4 : 4 + (mark & ~_LAST)]) if mark & _LAST else None


def _reply(message: bytes) -> Facts | None:
    if len(message) < 24 or message[:4] != _XID or struct.unpack_from(">II", message, 4) != (1, 0):
        return None
    (accepted,) = struct.unpack_from(">I", message, 20)
    if accepted > 5:
        return None
    known: dict[str, set[int]] = {}
    at = 24
    while accepted == 0 and at + 20 <= len(message) and message[at : at + 4] == b"\0\0\0\1" and len(known) < 64:
        program, version, _protocol, _port = struct.unpack_from(">IIII", message, at + 4)
        known.setdefault(_PROGRAMS.get(program, str(program)), set()).add(version)
        at += 20
    own = known.get("rpcbind", set())
    version = f"{min(own)}-{max(own)}" if len(own) > 1 else "".join(map(str, own))
    told = ", ".join(f"{name} {'/'.join(map(str, sorted(versions)))}" for name, versions in known.items())
    details = (("programs", told[:400]),) if told else ()
    return Facts(
        "rpcbind", "rpcbind" if own else "", version, confidence=9 if own else 7, evidence=message[:80], details=details
    )


_NFS_XID, _NFS, _NO_SUCH_VERSION, _MISMATCH = b"htbn", 100003, 99, 2
_NFS_NULL = _NFS_XID + struct.pack(">IIIII16x", 0, 2, _NFS, _NO_SUCH_VERSION, 0)


def read_nfs(answers: Answers) -> Facts | None:
    """RFC 5531 section 9: a call for a version that there is not is answered with the lowest and the highest that there are."""
    message = answers[0]
    if len(message) < 32 or message[:4] != _NFS_XID or struct.unpack_from(">II", message, 4) != (1, 0):
        return None
    accepted, lowest, highest = struct.unpack_from(">III", message, 20)
    if accepted != _MISMATCH or not 2 <= lowest <= highest <= 9:
        return None
    return Facts("nfs", extra=f"versions {lowest}-{highest}", confidence=9, evidence=message[:32])


def read_nfs_stream(answers: Answers) -> Facts | None:
    mark = int.from_bytes(answers[0][:4], "big")
    return read_nfs((answers[0][4 : 4 + (mark & ~_LAST)],)) if mark & _LAST else None


_GLUSTER_XID, _GLUSTER_DUMP = b"htbg", 123451501
_GLUSTER_PROGRAMS = _GLUSTER_XID + struct.pack(">IIIII16xQ", 0, 2, _GLUSTER_DUMP, 1, 1, 0)


def read_gluster(answers: Answers) -> Facts | None:
    """GlusterFS's xdr, glusterfs3-xdr.x "gf_dump_rsp": identity, result, error, then a list of name, number, version."""
    mark, message = int.from_bytes(answers[0][:4], "big"), answers[0][4:]
    message = message[: mark & ~_LAST]
    if not mark & _LAST or len(message) < 40 or message[:4] != _GLUSTER_XID:
        return None
    if struct.unpack_from(">II", message, 4) != (1, 0) or message[20:24] != bytes(4):
        return None
    told: list[str] = []
    at = 40
    while message[at : at + 4] == b"\0\0\0\1" and len(told) < 24:
        size = int.from_bytes(message[at + 4 : at + 8], "big")
        name = text(message[at + 8 : at + 8 + size], 60)
        at += 8 + size + -size % 4
        if at + 16 > len(message):
            break
        told.append(f"{name} {int.from_bytes(message[at + 8 : at + 16], 'big')}")
        at += 16
    if not told:
        return None
    details = (("programs", ", ".join(told)[:400]),)
    names = (cpe23("a", "gluster", "glusterfs"),)
    return Facts("glusterd", "GlusterFS", cpe23=names, confidence=9, evidence=message[:80], details=details)


def _records_complete(heard: bytes) -> bool:
    return len(heard) >= 4 and len(heard) >= 4 + (int.from_bytes(heard[:4], "big") & ~_LAST)


PROTOCOLS = (
    ServiceProtocol(
        "rpcbind",
        read_stream,
        ports=(111,),
        questions=(Question(struct.pack(">I", _LAST | len(_DUMP)) + _DUMP, _records_complete),),
        rarity=5,
    ),
    ServiceProtocol("rpcbind", read, ports=(111,), questions=(Question(_DUMP, anything),), rarity=3, protocol=Protocol.UDP),
    ServiceProtocol(
        "nfs",
        read_nfs_stream,
        ports=(2049,),
        questions=(Question(struct.pack(">I", _LAST | len(_NFS_NULL)) + _NFS_NULL, _records_complete),),
        rarity=8,
    ),
    ServiceProtocol(
        "glusterd",
        read_gluster,
        ports=(24007,),
        questions=(Question(struct.pack(">I", _LAST | len(_GLUSTER_PROGRAMS)) + _GLUSTER_PROGRAMS, _records_complete),),
        rarity=9,
    ),
    ServiceProtocol(
        "nfs", read_nfs, ports=(2049,), questions=(Question(_NFS_NULL, anything),), rarity=6, protocol=Protocol.UDP
    ),
)
