"""Servers of Java's world: ZooKeeper, Kafka, a debugger's port, Tomcat's connector."""

from __future__ import annotations

import re
import struct

from hatoba.identify.protocols.complete import anything, length_prefixed
from hatoba.identify.protocols.protocol import Answers, Question, ServiceProtocol
from hatoba.identify.protocols.text import text
from hatoba.registry.cpe import cpe23
from hatoba.service import Facts


def read_zookeeper(answers: Answers) -> Facts | None:
    """The four-letter word ``srvr`` (ZooKeeper Administrator's Guide), which a server may refuse by its whitelist."""
    answer = answers[0]
    found = re.match(rb"Zookeeper version: (\d[\w.]*)-?[^\n]*\n", answer)
    if found is not None:
        mode = re.search(rb"\nMode: (\w+)", answer)
        names = (cpe23("a", "apache", "zookeeper", text(found[1])),)
        extra = text(mode[1]) if mode else ""
        return Facts(
            "zookeeper", "Zookeeper", text(found[1]), extra, cpe23=names, confidence=10, evidence=found[0].strip()[:160]
        )
    if re.match(rb"srvr is not executed because it is not in the whitelist", answer):
        return Facts("zookeeper", "Zookeeper", cpe23=(cpe23("a", "apache", "zookeeper"),), confidence=10, evidence=answer[:60])
    return None


def _srvr_complete(heard: bytes) -> bool:
    """The last line counts nodes; a refusal has one line only."""
    return re.search(rb"\nNode count: \d+\n", heard) is not None or heard.startswith(b"srvr is not executed")


_CORRELATION = 0x68617462
_API_VERSIONS, _ANY_VERSION_UNSUPPORTED = 18, 35
_KAFKA = struct.pack(">hhi", _API_VERSIONS, 0, _CORRELATION) + struct.pack(">h", 6) + b"hatoba"


def read_kafka(answers: Answers) -> Facts | None:
    """ApiVersions, version 0 (Apache Kafka protocol guide): which requests the broker takes. It does not tell its version."""
    answer = answers[0]
    if len(answer) < 14:
        return None
    size, correlation, error, count = struct.unpack_from(">iihi", answer)
    if (
        correlation != _CORRELATION
        or error not in (0, _ANY_VERSION_UNSUPPORTED)
        or size != 10 + 6 * count
        or not 1 <= count < 200
    ):
        return None
    return Facts("kafka", "Apache Kafka", cpe23=(cpe23("a", "apache", "kafka"),), confidence=9, evidence=answer[:40])


def read_jdwp(answers: Answers) -> Facts | None:
    """Java Debug Wire Protocol, "JDWP Start-up": the same fourteen bytes back."""
    if not answers[0].startswith(b"JDWP-Handshake"):
        return None
    return Facts("jdwp", extra="a debugger's port: whoever connects can run code", evidence=answers[0][:14])


def read_ajp(answers: Answers) -> Facts | None:
    """AJP 1.3, CPong to our CPing (The Apache Tomcat Connectors, AJP Protocol Reference)."""
    if answers[0][:5] != b"AB\0\1\x09":
        return None
    return Facts("ajp13", "Apache Jserv", extra="protocol v1.3", confidence=9, evidence=answers[0][:5])


PROTOCOLS = (
    ServiceProtocol("zookeeper", read_zookeeper, ports=(2181,), questions=(Question(b"srvr\n", _srvr_complete),), rarity=6),
    ServiceProtocol(
        "kafka",
        read_kafka,
        ports=(9092,),
        questions=(Question(struct.pack(">i", len(_KAFKA)) + _KAFKA, length_prefixed(0, 4, 4)),),
        rarity=7,
    ),
    ServiceProtocol(
        "jdwp", read_jdwp, ports=(5005, 8787), questions=(Question(b"JDWP-Handshake", anything),), rarity=8, echoes=True
    ),
    ServiceProtocol("ajp13", read_ajp, ports=(8009,), questions=(Question(b"\x12\x34\0\1\x0a", anything),), rarity=7),
)
