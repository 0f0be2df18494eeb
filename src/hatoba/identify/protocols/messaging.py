"""Brokers of messages: MQTT, AMQP, NATS."""

from __future__ import annotations

import re
import struct
from dataclasses import replace

from hatoba.identify.protocols.complete import length_prefixed
from hatoba.identify.protocols.protocol import Answers, Question, ServiceProtocol
from hatoba.identify.protocols.text import text
from hatoba.registry.cpe import cpe23
from hatoba.service import Facts

_REFUSALS = {
    1: "unacceptable protocol version",
    2: "identifier rejected",
    3: "server unavailable",
    4: "bad password",
    5: "not authorized",
}


def _mqtt(kind: int, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return bytes([kind, len(body)]) + body


def _field(raw: bytes) -> bytes:
    return struct.pack(">H", len(raw)) + raw


_CONNECT = _mqtt(0x10, _field(b"MQTT"), b"\x04\x02", struct.pack(">H", 30), _field(b"hatoba"))
_SUBSCRIBE = _mqtt(0x82, b"\0\1", _field(b"$SYS/broker/version"), b"\0")
_DISCONNECT = b"\xe0\0"
_VERSION_TOPIC = _field(b"$SYS/broker/version")


def read_mqtt(answers: Answers) -> Facts | None:
    """MQTT 3.1.1 sections 3.2 and 3.3: CONNACK; and what the broker publishes of itself under ``$SYS`` to those let in."""
    acknowledged = answers[0][:4]
    if len(acknowledged) < 4 or acknowledged[:2] != b"\x20\x02" or acknowledged[2] > 1 or acknowledged[3] > 5:
        return None
    facts = Facts("mqtt", evidence=acknowledged)
    if acknowledged[3]:
        return replace(facts, extra=_REFUSALS[acknowledged[3]])
    value = _published(answers[1] if len(answers) > 1 else b"")
    if (match := re.match(rb"([A-Za-z][\w ]*?) version (\d[\w.]*)", value)) is None:
        return replace(facts, extra="open to anybody")
    names = (cpe23("a", "eclipse", "mosquitto", text(match[2])),) if match[1] == b"mosquitto" else ()
    return replace(
        facts,
        product=text(match[1]),
        version=text(match[2]),
        extra="open to anybody",
        cpe23=names,
        confidence=10,
        evidence=match[0],
    )


def _published(heard: bytes) -> bytes:
    """What a PUBLISH of the topic holds: the byte before the topic is the length of both, in a packet as short as this."""
    at = heard.find(_VERSION_TOPIC)
    return heard[at + len(_VERSION_TOPIC) : at + heard[at - 1]] if at > 0 else b""


def _mqtt_told(heard: bytes) -> bool:
    at = heard.find(_VERSION_TOPIC)
    return at > 0 and len(heard) >= at + heard[at - 1]


_PROPERTY = re.compile(rb"(product|version|platform|cluster_name|copyright)S(.{4})", re.DOTALL)


_AMQP_VERSIONS = (
    *(b"\1\1\x08\0", b"\1\1\0\x09", b"\1\1\x09\1", b"\0\0\x09\1", b"\1\1\0\x0a"),
    *(b"\0\1\0\0", b"\2\1\0\0", b"\3\1\0\0"),
)
"""All that there are: AMQP 0-8 to 0-10; 1.0 as it is, through TLS and through SASL."""


def read_amqp(answers: Answers) -> Facts | None:
    """AMQP 0-9-1 section 4.2: a Connection.Start frame with the server's properties, or the header of the version it wants."""
    answer = answers[0]
    if answer[:4] == b"AMQP" and answer[4:8] in _AMQP_VERSIONS:
        return Facts("amqp", extra=f"protocol {answer[5]}-{answer[6]}-{answer[7]}", evidence=answer[:8])
    if answer[:3] != b"\1\0\0" or answer[7:11] != b"\0\x0a\0\x0a":
        return None
    told: dict[str, str] = {}
    for match in _PROPERTY.finditer(answer[:16384]):
        size = int.from_bytes(match[2], "big")
        if size <= 300:
            told.setdefault(match[1].decode(), text(answer[match.end() : match.end() + size]))
    product, version = told.get("product", ""), told.get("version", "")
    names = (cpe23("a", "vmware", "rabbitmq", version),) if product == "RabbitMQ" else ()
    host = told.get("cluster_name", "").partition("@")[2]
    evidence = f"product={product} version={version}".encode()
    return Facts(
        "amqp",
        product,
        version,
        told.get("platform", ""),
        hostname=host,
        cpe23=names,
        confidence=10 if product else 8,
        evidence=evidence,
    )


def read_nats(answers: Answers) -> Facts | None:
    """``INFO {...}`` (NATS client protocol)."""
    found = re.match(rb"INFO (\{[^\r\n]*)", answers[0])
    if found is None or b'"server_id"' not in found[1]:
        return None
    version = re.search(rb'"version":"(\d[\w.+-]*)"', found[1])
    if version is None:
        return Facts("nats", evidence=found[0][:160])
    names = (cpe23("a", "linuxfoundation", "nats-server", text(version[1])),)
    return Facts("nats", "NATS server", text(version[1]), cpe23=names, confidence=10, evidence=version[0])


MQTT = ServiceProtocol(
    "mqtt",
    read_mqtt,
    ports=(1883,),
    tls_ports=(8883,),
    questions=(Question(_CONNECT, lambda heard: len(heard) >= 4), Question(_SUBSCRIBE, _mqtt_told)),
    rarity=5,
    farewell=_DISCONNECT,
    alpn=("mqtt",),
)
AMQP = ServiceProtocol(
    "amqp",
    read_amqp,
    ports=(5672,),
    tls_ports=(5671,),
    questions=(Question(b"AMQP\0\0\x09\1", length_prefixed(3, 4, 8)),),
    rarity=6,
)
NATS = ServiceProtocol("nats", read_nats, ports=(4222,), greets=True)
PROTOCOLS = (MQTT, AMQP, NATS)
