"""What a host's answers show together: the traits that the table of systems is held against.

A trait has one text that people read, and the forms in which a row of the table may name it: a window is ``65160`` and
``45 segments``. What was not seen, or was seen in two ways, is no trait.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from hatoba.identify.systems.reading import Answer, read
from hatoba.packets.layouts import ACK, RST, SYN
from hatoba.probes.system import BARE, DATAGRAM, ECHO, ECN, FULL, NO_SCALE, ODD_CODE, SMALL, UDP_DATA_BYTES
from hatoba.system import Observation

_INITIAL_TTLS = (32, 64, 128, 255)
"""RFC 1700 recommended 64; Windows takes 128, routers and small devices often 255, old ones 32."""
_ECE, _CWR = 0x40, 0x80
_STAMP_BYTES = 12
"""What time stamps take of each segment (RFC 7323 appendix A)."""
_CLOCKS_HZ = (2, 10, 100, 200, 250, 500, 1000)
_CLOCK_SLACK = 0.12
_HALF = 1 << 31
_STEADY = 0.05
"""By how much rates over the parts of the observation may differ from the whole's."""
_UNREACHABLE = {4: (3, 3), 6: (1, 4)}
_SEGMENTS = re.compile(r"(?:\d+|64 KiB in) segments").fullmatch
_HEADER_BYTES = {4: 20, 6: 40}
_UDP_BYTES = 8


@dataclass(frozen=True, slots=True)
class Shown:
    """One trait."""

    name: str
    text: str
    forms: frozenset[str]


@dataclass(frozen=True, slots=True)
class Heard:
    """An observation and its answer, read; None where there was none, or it makes no sense."""

    observation: Observation
    answer: Answer | None


Traits = dict[str, Shown]


def heard_from(observations: Sequence[Observation]) -> list[Heard]:
    """By the time at which they were asked."""
    return [Heard(one, read(one.packet)) for one in sorted(observations, key=lambda one: one.sent_s)]


def initial_ttl(ttl: int) -> int:
    """What the sender began with, by what is left."""
    return next(first for first in _INITIAL_TTLS if first >= ttl)


def handshakes(heard: Sequence[Heard], port: int) -> list[Heard]:
    """The SYN-ACKs of one port to the full question."""
    return [one for one in heard if one.observation.probe == FULL and one.observation.port == port and _is_syn_ack(one.answer)]


def port_traits(heard: Sequence[Heard], port: int) -> Traits:
    """What the SYN-ACKs of an open port show."""
    found = list(_of_handshakes(handshakes(heard, port)))
    for one in heard:
        if one.observation.port == port and one.answer is not None and _is_syn_ack(one.answer):
            found += _of_variant(one.observation.probe, one.answer)
    return _counted_in_segments(_agreed(found))


def host_traits(heard: Sequence[Heard]) -> Traits:
    """What RSTs, the echo reply and the ICMP error show: what the host itself answers, whoever has its open ports."""
    found: list[Shown] = []
    for one in heard:
        answer = one.answer
        if answer is None:
            continue
        if answer.flags is not None and answer.flags & RST:
            found += _of_reset(answer)
        elif one.observation.probe == ECHO and answer.icmp_code is not None:
            found += _of_echo(answer)
        elif one.observation.probe == DATAGRAM and (answer.icmp_type, answer.icmp_code) == _UNREACHABLE[answer.family]:
            found += _of_error(answer)
    echoes = [one.answer for one in heard if one.observation.probe == ECHO and one.answer is not None]
    found += _identifications("echo-id", echoes)
    return _agreed(found)


def _is_syn_ack(answer: Answer | None) -> bool:
    return answer is not None and answer.flags is not None and answer.flags & (SYN | ACK | RST) == SYN | ACK


def _agreed(found: Sequence[Shown]) -> Traits:
    """Those that were seen in one way only."""
    ways: dict[str, set[Shown]] = {}
    for shown in found:
        ways.setdefault(shown.name, set()).add(shown)
    return {name: next(iter(its)) for name, its in ways.items() if len(its) == 1}


def _counted_in_segments(traits: Traits) -> Traits:
    """A kernel that counts its window in segments announces as many of those with time stamps as of those without. Where the
    numbers differ somebody has set it in bytes, a program or an administrator, and they are chance."""
    windows = [traits[name] for name in ("window", "window-bare") if name in traits]
    counts = [frozenset(filter(_SEGMENTS, shown.forms)) for shown in windows]
    if len(counts) < 2 or counts[0] & counts[1]:
        return traits
    chosen = {shown.name: Shown(shown.name, shown.text, shown.forms - its) for shown, its in zip(windows, counts, strict=True)}
    return traits | chosen


def _shown(name: str, text: object, *more: object) -> Shown:
    return Shown(name, str(text), frozenset(map(str, (text, *more))))


def _yes(name: str, value: bool) -> Shown:
    return _shown(name, "yes" if value else "no")


def _of_handshakes(heard: Sequence[Heard]) -> Iterator[Shown]:
    answers = [one.answer for one in heard if one.answer is not None]
    for answer in answers:
        options = answer.options
        assert options is not None
        yield _shown("ttl", initial_ttl(answer.ttl))
        yield _shown("options", options.order)
        yield _window("window", answer)
        if options.scale is not None:
            yield _shown("scale", options.scale)
        if options.mss is not None:
            yield _shown("mss", options.mss)
        if answer.dont_fragment is not None:
            yield _yes("df", answer.dont_fragment)
    yield from _identifications("id", answers)
    yield from _clock(heard, answers)
    if len(answers) > 2:
        yield _sequence(heard, answers)


def _of_variant(probe: str, answer: Answer) -> Iterator[Shown]:
    assert answer.options is not None
    assert answer.flags is not None
    if probe == BARE:
        yield _shown("options-bare", answer.options.order)
        yield _window("window-bare", answer)
    elif probe == NO_SCALE:
        yield _shown("options-no-scale", answer.options.order)
    elif probe == SMALL:
        yield _window("window-small", answer)
    elif probe == ECN:
        yield _yes("ecn", answer.flags & (_ECE | _CWR) == _ECE)


def _window(name: str, answer: Answer) -> Shown:
    """A window by its bytes, and by how many of the segments that it announces it holds."""
    assert answer.options is not None
    segment = (answer.options.mss or 0) - (_STAMP_BYTES if answer.options.stamp is not None else 0)
    forms = []
    if segment > 0 and answer.window and answer.window % segment == 0:
        forms.append(f"{answer.window // segment} segments")
        if answer.window == 65536 // segment * segment:
            forms.append("64 KiB in segments")
    return _shown(name, answer.window, *forms)


def _identifications(name: str, answers: Sequence[Answer]) -> Iterator[Shown]:
    """How the identification of IPv4 goes on from packet to packet."""
    seen = [answer.identification for answer in answers if answer.identification is not None]
    if len(seen) < 2:
        return
    steps = [(second - first) & 0xFFFF for first, second in pairwise(seen)]
    if not any(seen):
        yield _shown(name, "zero")
    elif not any(steps):
        yield _shown(name, "constant")
    elif all(0 < step < 1024 for step in steps):
        yield _shown(name, "rising")
    elif all(0 < step % 256 == 0 and step // 256 < 64 for step in steps):
        yield _shown(name, "rising, bytes swapped")
    else:
        yield _shown(name, "random")


def _clock(heard: Sequence[Heard], answers: Sequence[Answer]) -> Iterator[Shown]:
    """How fast the clock in the time stamps goes."""
    stamps = [answer.options.stamp for answer in answers if answer.options is not None]
    known = [stamp for stamp in stamps if stamp is not None]
    if len(known) < len(answers):
        yield _shown("clock", "none")
    elif known and not any(known):
        yield _shown("clock", "zero")
    elif len(known) > 2:
        rate = _rate_hz(heard, known)
        yield _shown("clock", "random" if rate is None else f"{_usual_hz(rate, known)} Hz")


def _usual_hz(rate_hz: float, stamps: Sequence[int]) -> int:
    """The rate that clocks usually have, if it is near: a slow one is seen in a few steps only."""
    near = min(_CLOCKS_HZ, key=lambda hz: abs(hz - rate_hz))
    steps = (stamps[-1] - stamps[0]) & 0xFFFFFFFF
    is_near = abs(near - rate_hz) <= max(_CLOCK_SLACK * near, 2 * near / max(steps, 1))
    return near if is_near else round(rate_hz)


def _sequence(heard: Sequence[Heard], answers: Sequence[Answer]) -> Shown:
    """How the initial sequence number goes on for one pair of ports: RFC 6528 lets a clock drive it."""
    numbers = [answer.seq for answer in answers]
    if len(set(numbers)) == 1:
        return _shown("isn", "constant")
    rate = _rate_hz(heard, numbers)
    if rate is None:
        return _shown("isn", "random")
    return _shown("isn", "rising", *(f"{hz} Hz" for hz in (250_000, 15_625_000) if abs(rate / hz - 1) < _STEADY))


def _rate_hz(heard: Sequence[Heard], numbers: Sequence[int]) -> float | None:
    """How fast a 32-bit counter goes, if it goes steadily; None where it does not. Two numbers alone tell nothing."""
    times = [one.observation.at_s or 0.0 for one in heard]
    gone_s = times[-1] - times[0]
    gone = (numbers[-1] - numbers[0]) & 0xFFFFFFFF
    if gone_s <= 0 or gone >= _HALF:
        return None
    for time_s, number in zip(times[1:-1], numbers[1:-1], strict=True):
        expected = gone * (time_s - times[0]) / gone_s
        if abs(((number - numbers[0]) & 0xFFFFFFFF) - expected) > max(_STEADY * gone, 2):
            return None
    return gone / gone_s


def _of_reset(answer: Answer) -> Iterator[Shown]:
    yield _shown("rst-ttl", initial_ttl(answer.ttl))
    yield _shown("rst-window", answer.window)
    if answer.dont_fragment is not None:
        yield _yes("rst-df", answer.dont_fragment)


def _of_echo(answer: Answer) -> Iterator[Shown]:
    yield _shown("echo-ttl", initial_ttl(answer.ttl))
    yield _shown("echo-code", "repeated" if answer.icmp_code == ODD_CODE else answer.icmp_code)
    if answer.dont_fragment is not None:
        yield _yes("echo-df", answer.dont_fragment)


def _of_error(answer: Answer) -> Iterator[Shown]:
    yield _shown("error-ttl", initial_ttl(answer.ttl))
    if answer.family == 4:
        yield _shown("error-tos", f"{answer.tos:#04x}")
    headers = _HEADER_BYTES[answer.family] + _UDP_BYTES
    quoted = answer.quoted_bytes or 0
    words = {headers: "8 bytes", headers + UDP_DATA_BYTES: "all"}
    yield _shown("error-quotes", words.get(quoted, f"{quoted - _HEADER_BYTES[answer.family]} bytes"))
