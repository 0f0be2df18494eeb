"""Protocols that answer no stranger. Nothing that could be sent would help, so nothing is: an empty datagram asks."""

from __future__ import annotations

from hatoba.messages import _N
from hatoba.probes.udp_questions.question import question

QUESTIONS = (
    question(
        "syslog",
        (514,),
        b"",
        "RFC 5426 section 3",
        _N(
            "silent by design: a collector never answers, and a message would be written into its log; so the datagram is empty"
        ),
    ),
    question(
        "wireguard",
        (51820,),
        b"",
        "J. Donenfeld, WireGuard: Next Generation Kernel Network Tunnel, section 5.1",
        _N("silent by design: it answers only who knows its public key; so the datagram is empty"),
    ),
)
