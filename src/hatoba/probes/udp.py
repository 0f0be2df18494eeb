"""UDP: ask each port in the language of the program that is likely to be there.

::

    we                          target
    datagram ------------------>
                    <----------  datagram                    open
                    <----------  ICMP port unreachable       closed
                    <----------  ICMP unreachable, other     filtered
                    (silence)                                open|filtered

RFC 768 knows no answer at all: what answers is the program, if it understands the question (``probes.udp_questions``), or
the host, if there is no program (RFC 1122 section 4.1.3.1). Hosts ration those errors (Linux: one a second to each peer), so
most closed ports of a host are silent: *closed|filtered*, where the host is seen to do so and the port has no question of its
own. A port unreachable that another host sent is a packet filter's.
"""

from __future__ import annotations

import re
import struct
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from hatoba.model import Answer, Protocol, Reason, State
from hatoba.packets.answers import ICMP_ERROR, UDP_DATAGRAM, content
from hatoba.packets.distinct import one_of
from hatoba.packets.layouts import UDP
from hatoba.packets.segment import Place, Segment
from hatoba.probes.method import Asked, Heard, Judgement, Mask, Method, Ports, Wording
from hatoba.probes.unreachable import ICMP_ANSWER, from_target, judge_errors, quotes, reasons, recognised, tagged

if TYPE_CHECKING:
    from hatoba.probes.udp_questions import Question

_HEADER_BYTES = 8
_CHECKSUM = 6
_FIRST_CHOSEN_PORT = 1024
_TFTP_PORT = 69
_TFTP_ERROR = re.compile(rb"\0\x05\0[\0-\x08][^\0]*\0")  # RFC 1350 section 5: opcode, code, text


def questions_for(port: int) -> tuple[Question, ...]:
    """As ``udp_questions.questions_for``, whose two dozen files are loaded now: scans of other methods need none of them."""
    from hatoba.probes import udp_questions

    return udp_questions.questions_for(port)


def segment(question: Question | None) -> Segment:
    """The datagram that asks *question*; an empty one where there is none."""
    payload, cookies = (question.payload, question.cookies) if question else (b"", ())
    header = struct.pack(">HHHH", 0, 0, _HEADER_BYTES + len(payload), 0)
    places = tuple(Place(place.at + _HEADER_BYTES, place.form) for place in cookies)
    return Segment(UDP, header + payload, places, sum_at=_CHECKSUM)


def wording(family: int, ports: Ports) -> Wording:
    """Each port with its questions in turn; all others with an empty datagram."""
    questions = [questions_for(port) for port in ports.tolist()]
    distinct: dict[Question | None, int] = {}
    turns = int(np.lcm.reduce([len(found) or 1 for found in questions])) if questions else 1
    choice = np.zeros((len(ports), turns), np.int64)
    for row, found in enumerate(questions):
        numbers = [distinct.setdefault(question, len(distinct)) for question in found or (None,)]
        choice[row] = numbers * (turns // len(numbers))
    return Wording(tuple(segment(question) for question in distinct or (None,)), choice)


def has_question(ports: Ports) -> Mask:
    """Which ports are asked something that a program there would answer."""
    return np.array([any(question.payload for question in questions_for(port)) for port in ports.tolist()], bool)


def asked_port(answers: npt.NDArray[np.void], frames: npt.NDArray[np.uint8], asked: Asked) -> Ports:
    """The port that each answer comes from or is about; 69 for those that a TFTP server sends, each from a port of its own
    choosing (RFC 1350 section 4). Where that one has been asked, too, only the name of our file tells them from its own."""
    ports: Ports = answers["dport"].copy()
    strays = (answers["kind"] == UDP_DATAGRAM) & (answers["dport"] >= _FIRST_CHOSEN_PORT)
    texts = {place: content(answers[place], frames) for place in np.flatnonzero(strays).tolist()}
    errors = [place for place, text in texts.items() if _TFTP_ERROR.fullmatch(text)]
    if errors:
        own = asked(answers["dport"])
        ports[[place for place in errors if not own[place] or _names_our_file(texts[place])]] = _TFTP_PORT
    return ports


def _names_our_file(error: bytes) -> bool:
    """Whether it repeats what we asked a TFTP server for, whichever cookie that had."""
    return any(question.repeats(error, 0) is not None for question in questions_for(_TFTP_PORT))


def judge(heard: Heard) -> Judgement:
    answers = heard.answers
    verdicts = Judgement.blank(len(answers))
    datagrams = answers["kind"] == UDP_DATAGRAM
    for place in np.flatnonzero(datagrams).tolist():
        datagrams[place] = _to_us(heard, place)
    verdicts.put(datagrams, State.OPEN, Reason.UDP_RESPONSE, Answer.UDP)
    ours = _quoting(heard)
    unreachable = reasons(heard.family, answers["icmp_type"], answers["icmp_code"]) == Reason.PORT_UNREACH
    nobody = ours & (answers["kind"] == ICMP_ERROR) & unreachable & from_target(heard)
    verdicts.put(nobody, State.CLOSED, Reason.PORT_UNREACH, ICMP_ANSWER[heard.family])
    judge_errors(verdicts, heard, ours)
    return verdicts


def _quoting(heard: Heard) -> Mask:
    """ICMP errors that quote a datagram with the cookie: in its question, which the length that it says tells, or in its IP
    header."""
    errors = quotes(heard, UDP)
    if not errors.any():
        return errors
    from hatoba.probes.udp_questions import QUESTIONS

    said = heard.answers["seq"] >> np.uint32(16)  # what stands behind the ports: length and checksum
    cookies, plain = [], np.zeros(len(errors), bool)
    for question in QUESTIONS:
        asked = segment(question)
        fits = one_of(heard.ports, question.ports) & (said == len(asked.data))
        cookies += [(fits, place) for place in asked.cookies[:1]]
        plain |= fits & (not asked.cookies)
    ours: Mask = recognised(heard, errors, cookies) | (errors & plain & tagged(heard))
    return ours


def _to_us(heard: Heard, place: int) -> bool:
    """Whether a datagram answers our question. Where its protocol repeats an identifier, it must be ours; any other
    datagram from the asked port to the port that we asked from counts, in whatever language."""
    questions = questions_for(int(heard.ports[place]))
    if not questions:
        return True
    data, cookie = content(heard.answers[place], heard.frames), int(heard.cookies[place])
    told = [question.repeats(data, cookie) for question in questions]
    return any(told) or False not in told


METHOD = Method(
    "udp",
    Protocol.UDP,
    (State.OPEN_FILTERED, Reason.NO_RESPONSE),
    wording,
    judge,
    rationed_silence=(State.CLOSED_FILTERED, Reason.NO_RESPONSE),
    asked_port=asked_port,
    has_question=has_question,
)
