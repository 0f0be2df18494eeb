"""Feeds the readers of ``identify/protocols`` with whatever a coverage-guided fuzzer comes up with: none may raise, and what
they tell is bounded. How to run it stands in README.md beside this file.

The first byte of an input chooses the protocol; zeros and ones (``\\0\\1``) divide the rest into answers.
"""

from __future__ import annotations

import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["hatoba.identify.protocols", "hatoba.probes.udp_questions"]):
    from hatoba.identify.protocols import PROTOCOLS
    from hatoba.probes.udp_questions import ber

from tests.unit.identify.protocols.feeding import CAPTURES

_BETWEEN = b"\0\1\0\1"
_MOST_CHARACTERS = 8000


def one_input(data: bytes) -> None:
    if not data:
        return
    known = PROTOCOLS[data[0] % len(PROTOCOLS)]
    answers = tuple(data[1:].split(_BETWEEN)[:4])
    facts = known.read(answers)
    if facts is not None:
        texts = (facts.name, facts.product, facts.version, facts.extra, facts.os, facts.hostname, *facts.cpe23)
        more = sum(len(name) + len(value) for name, value in facts.details)
        assert sum(map(len, texts)) + more + len(facts.evidence) < _MOST_CHARACTERS
        assert facts.name
        assert 0 <= facts.confidence <= 10
    for question in known.questions:
        assert question.complete(answers[0]) in (True, False)
    assert known.wants_tls(answers[0]) in (True, False)
    if known.start_tls is not None:
        assert known.start_tls.offered(answers) in (True, False)
        assert known.start_tls.accepted(answers[0]) in (True, False)
    ber.elements(answers[0])


def seeds(folder: Path) -> None:
    """What real daemons say, and each protocol's own question."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, capture in CAPTURES.items():
        number = next(place for place, one in enumerate(PROTOCOLS) if one is capture.protocol)
        said = _BETWEEN.join(answer[:600] for answer in capture.answers)
        (folder / f"capture-{name.replace(' ', '-')}").write_bytes(bytes([number]) + said)
    for number, one in enumerate(PROTOCOLS):
        for question in one.questions[:1]:
            (folder / f"question-{number}").write_bytes(bytes([number]) + question.data[:600])


if __name__ == "__main__":
    folders = [word for word in sys.argv[1:] if not word.startswith("-")]
    if folders:
        seeds(Path(folders[0]))
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()
