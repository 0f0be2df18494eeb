"""What stands behind other servers and should not be reached from outside: FastCGI, OVSDB, distcc."""

from __future__ import annotations

import re
import struct
from dataclasses import replace

from hatoba.identify.protocols.complete import length_prefixed
from hatoba.identify.protocols.product import system_of
from hatoba.identify.protocols.protocol import NEVER_ELSEWHERE, Answers, Question, ServiceProtocol
from hatoba.identify.protocols.text import text
from hatoba.registry.cpe import cpe23
from hatoba.service import Facts

_GET_VALUES, _GET_VALUES_RESULT = 9, 10
_LIMITS = (b"FCGI_MAX_CONNS", b"FCGI_MAX_REQS", b"FCGI_MPXS_CONNS")


def _fastcgi() -> bytes:
    """FastCGI specification, section 4.1: which limits it has. No request begins, so nothing runs."""
    pairs = b"".join(bytes([len(name), 0]) + name for name in _LIMITS)
    return struct.pack(">BBHHxx", 1, _GET_VALUES, 0, len(pairs)) + pairs


def read_fastcgi(answers: Answers) -> Facts | None:
    answer = answers[0]
    if len(answer) < 8 or answer[:4] != bytes([1, _GET_VALUES_RESULT, 0, 0]):
        return None
    said = answer[8 : 8 + int.from_bytes(answer[4:6], "big")]
    told = re.findall(rb"(FCGI_M[A-Z]{2,3}_(?:CONNS|REQS))(\d{1,9})", said[:200])
    if not told:
        return None
    details = tuple((text(name), text(value)) for name, value in told[:3])
    extra = "whoever connects can run scripts"
    return Facts("fastcgi", extra=extra, confidence=9, evidence=answer[:8] + said[:100], details=details)


_LIST = b'{"id":"hatoba","method":"list_dbs","params":[]}'
_SELECT = (
    b'{"id":"hatoba2","method":"transact","params":["Open_vSwitch",{"op":"select","table":"Open_vSwitch","where":[],'
    b'"columns":["ovs_version","system_type","system_version"]}]}'
)


def read_ovsdb(answers: Answers) -> Facts | None:
    """RFC 7047 sections 4.1.1 and 5.2.6: the databases; and what Open vSwitch says of itself in its own."""
    found = re.match(rb'\{"id":"hatoba","result":\[((?:"\w{1,60}",?){0,16})\],"error":null\}', answers[0])
    if found is None:
        return None
    databases = ", ".join(map(text, re.findall(rb"\w+", found[1])))
    facts = Facts("ovsdb", extra="open to anybody", confidence=10, evidence=found[0], details=(("databases", databases),))
    told = answers[1] if len(answers) > 1 else b""
    version = re.search(rb'"ovs_version":"(\d[\w.]{0,30})"', told[:2000])
    if version is None:
        return facts
    system = re.search(rb'"system_type":"([\w.-]{1,40})"', told[:2000])
    number = text(version[1])
    return replace(
        facts,
        product="Open vSwitch",
        version=number,
        os="Linux" if system and system_of(system[1].capitalize()) else "",
        cpe23=(cpe23("a", "openvswitch", "openvswitch", number),),
        evidence=version[0],
    )


def _counted(word: bytes, said: bytes) -> bytes:
    return word + b"%08x" % len(said) + said


_ARGUMENTS = (b"cc", b"-c", b"hatoba.i", b"-o", b"hatoba.o")
_COMPILE = b"".join(
    (
        b"DIST00000001",
        b"ARGC%08x" % len(_ARGUMENTS),
        *(_counted(b"ARGV", one) for one in _ARGUMENTS),
        _counted(b"DOTI", b""),
    )
)
"""distcc's doc/protocol-1.txt: nothing at all is given to be compiled, and what comes of it names the compiler. A server
answers no other question. It runs its compiler for it, so nobody is asked on a port that is not distcc's."""
_COMPILER = re.compile(rb"(GCC): \(([^()\0]{1,60})\) (\d[\w.]{0,20})|(clang) version (\d[\w.]{0,20})")
_MOST_OBJECT = 8192


def read_distcc(answers: Answers) -> Facts | None:
    answer = answers[0]
    found = re.match(rb"DONE0000000[123]STAT[0-9a-f]{8}", answer)
    if found is None:
        return None
    compiler = _COMPILER.search(answer[:_MOST_OBJECT])
    facts = Facts("distccd", "distccd", "", "runs a compiler for whoever asks", confidence=9, evidence=found[0])
    if compiler is None:
        return facts
    name, build, version = (compiler[1], compiler[2], compiler[3]) if compiler[1] else (compiler[4], b"", compiler[5])
    told = f"{text(name)} {text(version)}"
    details = (("compiler", f"{told} ({text(build)})" if build else told),)
    return replace(facts, extra=told, os=system_of(build), confidence=10, evidence=compiler[0], details=details)


def _distcc_complete(heard: bytes) -> bool:
    """DONE, STAT, and three texts behind their lengths, the object last; where the compiler failed, it has none."""
    at = 24
    for word in (b"SERR", b"SOUT", b"DOTO"):
        size = heard[at + 4 : at + 12]
        if heard[at : at + 4] != word or not re.fullmatch(rb"[0-9a-f]{8}", size):
            return False
        at += 12 + int(size, 16)
    return len(heard) >= at


PROTOCOLS = (
    ServiceProtocol(
        "fastcgi", read_fastcgi, ports=(9000, 9001), questions=(Question(_fastcgi(), length_prefixed(4, 2, 8)),), rarity=8
    ),
    ServiceProtocol(
        "ovsdb",
        read_ovsdb,
        ports=(6640, 6641, 6642),
        questions=(Question(_LIST, lambda heard: heard.endswith(b"}")), Question(_SELECT, lambda heard: heard.endswith(b"}"))),
        rarity=9,
    ),
    ServiceProtocol(
        "distccd", read_distcc, ports=(3632,), questions=(Question(_COMPILE, _distcc_complete),), rarity=NEVER_ELSEWHERE
    ),
)
