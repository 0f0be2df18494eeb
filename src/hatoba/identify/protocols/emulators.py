"""QEMU's two monitors, the one for people and the one for programs: who reaches them has the whole virtual machine.

QEMU's documentation, "QEMU Monitor" and "QEMU Machine Protocol Specification" (section 2.2, the greeting).
"""

from __future__ import annotations

import re

from hatoba.identify.protocols.product import product, system_of
from hatoba.identify.protocols.protocol import Answers, ServiceProtocol
from hatoba.identify.protocols.spoken import spoken
from hatoba.identify.protocols.text import text
from hatoba.registry.cpe import cpe23
from hatoba.service import Facts

_CPE = ("qemu", "qemu")
_PORTS = (55555,)
"""Neither has a port of its own: this is one that examples have."""
_GREETING = re.compile(rb'\{"QMP": \{"version": (\{"qemu": \{[^{}]{1,100}\}, "package": "([^"\r\n]{0,100})"\})')
_NUMBERS = (rb'"major": (\d{1,4})', rb'"minor": (\d{1,4})', rb'"micro": (\d{1,4})')


def read_qmp(answers: Answers) -> Facts | None:
    found = _GREETING.match(answers[0])
    numbers = [re.search(number, found[1]) for number in _NUMBERS] if found else []
    if found is None or None in numbers:
        return None
    version = ".".join(text(number[1]) for number in numbers if number)
    return Facts(
        "qmp",
        "QEMU Machine Protocol",
        version,
        text(found[2]),
        system_of(found[2]),
        cpe23=(cpe23("a", *_CPE, version),),
        confidence=10,
        evidence=found[0],
    )


QMP = ServiceProtocol("qmp", read_qmp, ports=_PORTS, greets=True)
MONITOR = ServiceProtocol(
    "qemu-monitor",
    spoken(
        "qemu-monitor",
        rb"QEMU \d[\w.]{0,20} monitor - type 'help' for more information\r?\n",
        (product(rb"^QEMU (?P<version>\d[\w.]*)", "QEMU monitor", _CPE),),
    ),
    ports=_PORTS,
    greets=True,
)
PROTOCOLS = (QMP, MONITOR)
