"""What real daemons said, and the three ways of feeding it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from hatoba.identify.interview import LEAST_REPEATED
from hatoba.identify.protocols import PROTOCOLS, Answers, ServiceProtocol
from hatoba.service import Facts

FOLDER = Path(__file__).parents[3] / "captures" / "identify"
GARBAGE = (b"\0", b"\xff\xfe\r\n", b"garbage\r\n", b"\r\n\r\n<title>not this</title> Server: forged/9\r\n" * 3)


@dataclass(frozen=True)
class Capture:
    """``tools/record_services.py`` writes them."""

    daemon: str
    package: str
    protocol: ServiceProtocol
    answers: Answers

    def read(self) -> Facts:
        facts = self.protocol.read(self.answers)
        assert facts is not None
        return facts


def protocol_named(name: str, transport: str = "tcp") -> ServiceProtocol:
    (found,) = [one for one in PROTOCOLS if (one.name, one.protocol.word) == (name, transport)]
    return found


def unshown(text: str) -> bytes:
    """What ``reports.text.shown_bytes`` made of bytes, back again."""
    return re.sub(rb"\\x([0-9a-f]{2})", lambda found: bytes([int(found[1], 16)]), text.encode("ascii"))


def captures() -> dict[str, Capture]:
    found = {}
    for path in sorted(FOLDER.glob("*.json")):
        told = json.loads(path.read_text(encoding="utf-8"))
        known = protocol_named(told["protocol"], told["transport"])
        found[told["daemon"]] = Capture(told["daemon"], told["package"], known, tuple(map(unshown, told["answers"])))
    return found


CAPTURES = captures()


def repeats_unsaid(known: ServiceProtocol, answers: Answers) -> bool:
    """Whether the question stands in its true answer, though the protocol does not say so: an interview takes such an answer
    for a stranger's."""
    question = known.questions[0].data.strip() if known.questions else b""
    said_so = known.repeats or known.echoes or known.greets
    return not said_so and len(question) >= LEAST_REPEATED and question in answers[0]


def cut_short(answers: Answers) -> Iterator[Answers]:
    """The answers as they are known after each byte."""
    for number, answer in enumerate(answers):
        for length in range(len(answer) + 1):
            yield (*answers[:number], answer[:length])
