"""Answers made by hand, judged, and told as plain words; what ICMP errors mean, written down a second time."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
import pytest

from hatoba.model import Answer, Reason, State
from hatoba.packets.answers import ANSWER, ICMP_ERROR
from hatoba.probes.method import Heard, Judgement, Mask, Method, Ports
from hatoba.wire.base import WIDTH_BYTES

BOTH = pytest.mark.parametrize("family", [4, 6])
COOKIES = (0, 0x12340000, 0xFFFFFFFF)
TARGET, ROUTER = 7, 9
"""Last bytes of the asked address and of somebody else's."""


Told = tuple[str, str, str]
"""State, reason and answer; empty where there is none."""
NOTHING: Told = ("", "", "")

UNREACHABLE = {
    4: {
        (3, 0): "net-unreach",
        (3, 1): "host-unreach",
        (3, 2): "proto-unreach",
        (3, 3): "port-unreach",
        (3, 9): "net-prohibited",
        (3, 10): "host-prohibited",
        (3, 13): "admin-prohibited",
        **{(11, code): "time-exceeded" for code in range(256)},
    },
    6: {
        (1, 0): "no-route",
        (1, 1): "admin-prohibited",
        (1, 2): "beyond-scope",
        (1, 3): "addr-unreach",
        (1, 4): "port-unreach",
        (1, 5): "policy-fail",
        (1, 6): "reject-route",
        **{(3, code): "time-exceeded" for code in range(256)},
    },
}
"""Type and code to the reason: the specification's U. Any other error says nothing of the port."""

PORT_UNREACHABLE = {4: (3, 3), 6: (1, 4)}
ICMP_WORD = {4: "icmp", 6: "icmp6"}


def rows(count: int = 1, **fields: object) -> npt.NDArray[np.void]:
    """Answers with these values, from the asked address."""
    answers = np.zeros(count, ANSWER)
    answers["source"][:, 3] = answers["target"][:, 3] = TARGET
    for name, value in fields.items():
        answers[name] = value
    return answers


def never(ports: Ports) -> Mask:
    """Of the ports that answers come from, none has been asked."""
    return np.zeros(len(ports), bool)


def judged(
    method: Method,
    family: int,
    answers: npt.NDArray[np.void],
    cookies: int | Iterable[int],
    frames: npt.NDArray[np.uint8] | None = None,
) -> list[Told]:
    """What *method* says of each answer."""
    numbers = np.full(len(answers), cookies, np.uint32) if isinstance(cookies, int) else np.array(list(cookies), np.uint32)
    packets = np.zeros((1, WIDTH_BYTES), np.uint8) if frames is None else frames
    return judged_words(method.judge(Heard(family, answers, numbers, packets, method.asked_port(answers, packets, never))))


def judged_words(verdicts: Judgement) -> list[Told]:
    codes = zip(verdicts.state.tolist(), verdicts.reason.tolist(), verdicts.answer.tolist(), strict=True)
    return [words(*told) for told in codes]


def words(state: int, reason: int, answer: int) -> Told:
    return (
        State(state).word if state else "",
        Reason(reason).word if reason else "",
        Answer(answer).name.lower().replace("_", "-") if answer else "",
    )


def errors(protocol: int, **fields: object) -> npt.NDArray[np.void]:
    """ICMP errors of all 65,536 types and codes that quote a probe in *protocol*."""
    answers = rows(1 << 16, kind=ICMP_ERROR, protocol=protocol, **fields)
    answers["icmp_type"], answers["icmp_code"] = np.divmod(np.arange(1 << 16), 256)
    return answers


def specified_errors(family: int, special: dict[tuple[int, int], Told] | None = None) -> list[Told]:
    """What each type and code of an error about our own probe means: filtered, but for what *special* says."""
    noted: Told = ("", "", ICMP_WORD[family])
    table = {key: ("filtered", reason, ICMP_WORD[family]) for key, reason in UNREACHABLE[family].items()} | (special or {})
    return [table.get(divmod(number, 256), noted) for number in range(1 << 16)]
