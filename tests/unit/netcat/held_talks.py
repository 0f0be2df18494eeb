"""Hold a talk with what the other side says, without a network."""

from __future__ import annotations

from typing import Any, NamedTuple

from hatoba.netcat.talks import HungUp, Talk

MOST_WANTED_BYTES = 1 << 17
"""No talk asks for more than this, whatever it hears."""


class Held(NamedTuple):
    """What came of a talk."""

    value: Any
    said: list[bytes]
    rest: bytes
    """What was said to it that it never asked for."""


def hold(talk: Talk[Any], heard: bytes) -> Held:
    """Feed *talk* from *heard*. Raises what the talk raises, and HungUp where it wants more than there is."""
    said, rest, answer, taken = [], heard, None, 0
    while True:
        try:
            step = next(talk) if answer is None else talk.send(answer)
        except StopIteration as done:
            return Held(done.value, said, rest)
        if isinstance(step, bytes):
            said.append(step)
            answer = b""
            continue
        assert step > 0
        taken += step
        assert taken <= MOST_WANTED_BYTES
        if len(rest) < step:
            raise HungUp
        answer, rest = rest[:step], rest[step:]
