"""TLS cipher suites: their numbers, IANA's names, and what is weak about some.

``data/tls_suites.tsv`` holds ``number <tab> name`` of those that a server may take from a client that has neither a password
(SRP) nor a ticket (Kerberos). It is kept by hand, from IANA's "TLS Cipher Suites" and the RFCs named in its head.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

SSL3, TLS1, TLS1_1, TLS1_2, TLS1_3 = 0x0300, 0x0301, 0x0302, 0x0303, 0x0304
VERSIONS = {SSL3: "SSLv3", TLS1: "TLSv1", TLS1_1: "TLSv1.1", TLS1_2: "TLSv1.2", TLS1_3: "TLSv1.3"}
"""By their numbers on the wire, the oldest first."""
OLD_VERSIONS = {"SSLv3": "sslv3", "TLSv1": "tlsv1", "TLSv1.1": "tlsv1.1"}
"""Forbidden by RFC 7568 and RFC 8996, and what that weakness is called here."""

_WEAK = (
    ("no-authentication", re.compile(r"_anon_")),
    ("no-encryption", re.compile(r"_WITH_NULL_")),
    ("export", re.compile(r"_EXPORT_|_DES40_|_40_")),
    ("rc4", re.compile(r"_RC4_")),
    ("des", re.compile(r"_WITH_DES_")),
    ("3des", re.compile(r"_3DES_")),
    ("idea", re.compile(r"_IDEA_")),
)
"""The worst first: RFC 5246 appendix A.5 (nobody's identity), RFC 9325 section 4.2.1 (NULL, export), RFC 7465 (RC4), RFC 5469
(DES, IDEA), and CVE-2016-2183 (blocks of 64 bits)."""
WEAKNESSES = tuple(word for word, _pattern in _WEAK)
_SHA2 = re.compile(r"_(?:SHA256|SHA384|CCM|CCM_8)$")
_LIKELY = (
    re.compile(r"_ECDHE_.*(?:_GCM_|CHACHA20)"),
    re.compile(r"_ECDHE_"),
    re.compile(r"_DHE_"),
    re.compile(r"TLS_RSA_WITH_AES_"),
)
"""What servers mostly choose, the likeliest first."""
_RARE = re.compile(r"_PSK_|_ARIA_|_CCM|_CAMELLIA_|_SEED_|_DSS_|_ECDH_(?:RSA|ECDSA)_|_DH_RSA_")
"""What they hardly choose unless there is nothing else."""


@cache
def suites() -> dict[int, str]:
    """Names by number."""
    path = Path(__file__).parent / "data" / "tls_suites.tsv"
    rows = (line.split("\t") for line in path.read_text(encoding="ascii").splitlines()[1:])
    return {int(number, 16): name for number, name in rows}


def suite_name(number: int) -> str:
    """IANA's name; its number for one that is not known."""
    return suites().get(number, f"0x{number:04X}")


def weakness_of(name: str) -> str:
    """What is weak about a suite, in a word of :data:`WEAKNESSES`; empty where nothing is."""
    return next((word for word, pattern in _WEAK if pattern.search(name)), "")


@cache
def suites_for(version: int, rare: bool = True) -> tuple[int, ...]:
    """What can be offered in this version, in the order in which to offer it; not *rare*: what servers commonly choose."""
    usable = {
        number: name
        for number, name in suites().items()
        if (number >> 8 == 0x13) == (version == TLS1_3)
        and (version >= TLS1_2 or not _SHA2.search(name))
        and (rare or not _RARE.search(name))
    }
    return tuple(sorted(usable, key=lambda number: (_rank(usable[number]), number)))


def key_exchange_of(name: str) -> str:
    """How a suite's keys are agreed on: ``ECDHE``, ``DHE``, ``RSA``, ``DH`` and ``ECDH`` (keys of the certificate), ``anon``,
    ``PSK``; empty in TLS 1.3, where the suite does not say."""
    exchange = name.removeprefix("TLS_").partition("_WITH_")
    return next((word for word in ("PSK", "anon") if word in exchange[0]), exchange[0].partition("_")[0]) if exchange[1] else ""


def weak_suites() -> tuple[int, ...]:
    """All that have a weakness, for TLS 1.2 and before."""
    return tuple(number for number, name in suites().items() if weakness_of(name))


def _rank(name: str) -> int:
    if _RARE.search(name):
        return len(_LIKELY) + 2
    if weakness_of(name):
        return len(_LIKELY) + 1
    return next((rank for rank, pattern in enumerate(_LIKELY) if pattern.search(name)), len(_LIKELY))
