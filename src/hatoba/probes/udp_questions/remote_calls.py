"""ONC RPC: procedure 0 of a program, which does nothing and answers."""

from __future__ import annotations

import struct

from hatoba.messages import _N
from hatoba.probes.udp_questions.draft import COOKIE_32, Draft
from hatoba.probes.udp_questions.question import question

_CALL, _REPLY = 0, 1
_RPC_VERSION = 2
_PORTMAP, _NFS = 100000, 100003
_REPLY_BYTES = 12


def _null(program: int, version: int) -> Draft:
    """RFC 5531 section 9: transaction, call, then credentials and verifier of nobody, each without content."""
    procedure = 0
    return COOKIE_32 + struct.pack(">IIIII", _CALL, _RPC_VERSION, program, version, procedure) + bytes(16)


def _repeats(datagram: bytes, cookie: int) -> bool | None:
    if len(datagram) < _REPLY_BYTES:
        return None
    transaction, kind, denied = struct.unpack_from(">III", datagram)
    return transaction == cookie if kind == _REPLY and denied in (0, 1) else None


QUESTIONS = (
    question(
        "portmap",
        (111,),
        _null(_PORTMAP, 2),
        "RFC 5531 section 9, RFC 1833 section 3",
        _N("calls procedure 0 of the port mapper, version 2, which does nothing"),
        _repeats,
    ),
    question(
        "rpcbind",
        (111,),
        _null(_PORTMAP, 4),
        "RFC 5531 section 9, RFC 1833 section 2",
        _N("calls procedure 0 of rpcbind, version 4, which does nothing"),
        _repeats,
    ),
    question(
        "nfs",
        (2049,),
        _null(_NFS, 3),
        "RFC 5531 section 9, RFC 1813 section 3.3.0",
        _N("calls procedure 0 of NFS, version 3, which does nothing; a server without it names its versions"),
        _repeats,
    ),
)
