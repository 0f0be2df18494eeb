"""What is asked of each UDP port: one question per protocol, of our own, each with its source.

A small module for each family of protocols; to add a question, add it to the family's ``QUESTIONS``, nearest to its
relatives, and let ``tools/udp_questions.py`` write the pages anew. Nothing that is asked here writes, logs in, or reserves
anything on the target; where a server keeps something for a while all the same, the question's ``expects`` says so.
"""

from __future__ import annotations

from hatoba.probes.udp_questions import (
    clocks,
    desktops,
    directories,
    discovery,
    encrypted,
    games,
    machines,
    names,
    remote_calls,
    routers,
    silent,
    snmp,
    storage,
    tunnels,
    voice,
)
from hatoba.probes.udp_questions.question import Question

__all__ = ["QUESTIONS", "Question", "questions_for"]

QUESTIONS: tuple[Question, ...] = (
    *names.QUESTIONS,
    *clocks.QUESTIONS,
    *snmp.QUESTIONS,
    *directories.QUESTIONS,
    *remote_calls.QUESTIONS,
    *routers.QUESTIONS,
    *storage.QUESTIONS,
    *discovery.QUESTIONS,
    *voice.QUESTIONS,
    *tunnels.QUESTIONS,
    *encrypted.QUESTIONS,
    *desktops.QUESTIONS,
    *games.QUESTIONS,
    *machines.QUESTIONS,
    *silent.QUESTIONS,
)
"""All of them. Those for one port stand in the order in which they are asked, the one likeliest to be answered first."""


def _by_port() -> dict[int, tuple[Question, ...]]:
    found: dict[int, tuple[Question, ...]] = {}
    for question in QUESTIONS:
        for port in question.ports:
            found[port] = (*found.get(port, ()), question)
    return found


_QUESTIONS_FOR = _by_port()


def questions_for(port: int) -> tuple[Question, ...]:
    """The questions for *port*: attempt *n*, counted from 0, asks with number *n* modulo their count. Where there is none,
    an empty datagram is sent."""
    return _QUESTIONS_FOR.get(port, ())
