"""A question with its cookie filled in, as tests ask it: plainly, one byte string at a time."""

from __future__ import annotations

from hatoba.packets.segment import Form
from hatoba.probes.udp_questions import QUESTIONS, Question

BY_NAME = {question.name: question for question in QUESTIONS}


def written(form: Form, cookie: int) -> bytes:
    """How a cookie looks at its place."""
    match form:
        case Form.U16:
            return (cookie & 0xFFFF).to_bytes(2, "big")
        case Form.U32:
            return cookie.to_bytes(4, "big")
        case Form.HEX:
            return f"{cookie:08x}".encode()


def filled(question: Question, cookie: int) -> bytes:
    """The datagram that is sent."""
    datagram = bytearray(question.payload)
    for place in question.cookies:
        word = written(place.form, cookie)
        assert datagram[place.at : place.at + len(word)] == bytes(len(word)), "the place is not blank"
        datagram[place.at : place.at + len(word)] = word
    assert len(datagram) == len(question.payload), "a place reaches over the end"
    return bytes(datagram)
