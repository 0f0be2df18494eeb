"""Do the answers hold? What is open is asked once more; a host where nearly everything is open is asked for random ports.

Ports that nobody would listen on and that are open all the same show that something answers for every port: a SYN proxy, a
tarpit, a host that redirects everything to one program. Which of them, completed connections tell (``wire.handshakes``).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from hatoba.engine.crowds import Questions
from hatoba.engine.doubts import Doubts
from hatoba.engine.groups import Group
from hatoba.engine.setting import Setting
from hatoba.model import Deception, Protocol, State, Unsteady
from hatoba.wire.handshakes import End, Handshake

_RANDOM_PORTS = 6
_LOWEST, _HIGHEST = 10_000, 65_535
_MOSTLY = 0.5
"""A host of which a larger share of the asked ports is open is asked for random ones."""
_NEARLY_ALL = 0.8
_TINY_WINDOW_BYTES = 64
"""A tarpit's window; LaBrea's was 10, and 0 once the connection stood."""
_HELD_AT_MOST = 2048
_ASKED_AT_MOST = 1000
"""Of one host."""
_FEW_QUESTIONS = 1000
"""Up to so many questions, whatever was answered is asked again, not only what is open."""

Rows = npt.NDArray[np.void]


def look_again(group: Group, asked: Questions, found: Rows, setting: Setting) -> Iterator[Doubts | None]:
    """Look at *group* again, whose hosts were *asked* these questions, and where these rows were *found*, all of them answers.
    None is a sign of life; the last value is what was learnt."""
    doubts = Doubts()
    if not len(found):
        yield doubts
        return
    places = group.places(found["host"])
    hosts = np.unique(places)
    counts = np.bincount(places[found["state"] == State.OPEN], minlength=len(group))
    lavish = counts >= np.maximum(1.0, _MOSTLY * asked.counts(len(group)))
    draw = np.random.default_rng(setting.order_key)
    strange = _random_ports(asked.ports, draw)
    ports = np.unique(np.concatenate([found["port"], strange]))
    only = np.zeros((len(hosts), len(ports)), bool)
    only[np.searchsorted(hosts, places), np.searchsorted(ports, found["port"])] = True
    for row in np.flatnonzero(only.sum(axis=1) > _ASKED_AT_MOST).tolist():
        only[row, draw.permutation(np.flatnonzero(only[row]))[_ASKED_AT_MOST:]] = False
    only[:, np.isin(ports, strange)] |= lavish[hosts][:, None]
    brief = replace(setting.plan, max_retries=1, prove_closed=False)
    run, transport = setting.leg(group.part(hosts), [(asked.method, ports)], only=only, plan=brief)
    seen: list[Rows] = []
    try:
        for rows in run.batches():
            seen.append(rows)
            yield None
    finally:
        transport.close()
    again = np.concatenate(seen)
    again_places = group.places(again["host"])
    for place in hosts.tolist():
        its_rows = again[again_places == place]
        before = found[places == place]
        doubts.unsteady[place] = _differing(before, its_rows)
        tried = its_rows[np.isin(its_rows["port"], strange)]
        if lavish[place] and np.count_nonzero(tried["state"] == State.OPEN) >= _NEARLY_ALL * len(strange):
            its_open = before["port"][before["state"] == State.OPEN]
            doubts.deceptions[place], doubts.held[place] = _unmask(group, place, strange, its_open, setting)
            yield None
    yield doubts


def worth_it(rows: Rows, questions: int) -> Rows:
    """Those answers, of all to so many *questions*, that are worth a second look."""
    answered = rows["answer"] > 0
    chosen: Rows = rows[answered & ((rows["state"] == State.OPEN) | (questions <= _FEW_QUESTIONS))]
    return chosen


def _random_ports(asked: npt.NDArray[np.uint16], draw: np.random.Generator) -> npt.NDArray[np.uint16]:
    candidates = draw.integers(_LOWEST, _HIGHEST, 4 * _RANDOM_PORTS).astype(np.uint16)
    unasked = np.unique(candidates[~np.isin(candidates, asked)])
    chosen = unasked if len(unasked) >= _RANDOM_PORTS else np.unique(candidates)
    return draw.permutation(chosen)[:_RANDOM_PORTS]


def _differing(before: Rows, again: Rows) -> tuple[Unsteady, ...]:
    """Ports that answer differently now. Silence is no answer: it may be a loss."""
    first = dict(zip(before["port"].tolist(), before["state"].tolist(), strict=True))
    told = again[again["answer"] > 0][["protocol", "port", "state"]].tolist()
    return tuple(
        Unsteady(Protocol(protocol), port, (State(first[port]), State(state)))
        for protocol, port, state in sorted(told)
        if first.get(port, state) != state and state
    )


def _unmask(
    group: Group, place: int, strange: npt.NDArray[np.uint16], found: npt.NDArray[np.uint16], setting: Setting
) -> tuple[Deception, tuple[int, ...]]:
    """What answers there, and on which of the *found* ports a connection held."""
    packed = group.block.packed(group.offsets[[place]])[0].tobytes()
    handshakes = setting.handshakes
    tried = list(handshakes.hold(packed, strange.tolist(), group.block.zone).values())
    kind = _kind(tried)
    if kind is Deception.ANSWERS_EVERYTHING or len(found) > _HELD_AT_MOST:
        return kind, ()
    ended = handshakes.hold(packed, found.tolist(), group.block.zone)
    return kind, tuple(port for port, handshake in sorted(ended.items()) if _holds(handshake))


def _kind(tried: list[Handshake]) -> Deception:
    most = len(tried) / 2
    if sum(handshake.end is End.CUT for handshake in tried) > most:
        return Deception.SYN_PROXY
    if sum(handshake.end is End.HELD and not _holds(handshake) for handshake in tried) > most:
        return Deception.TARPIT
    return Deception.ANSWERS_EVERYTHING


def _holds(handshake: Handshake) -> bool:
    """Whether somebody is there who would take data."""
    window_bytes = handshake.window_bytes
    roomy = window_bytes is None or window_bytes > _TINY_WINDOW_BYTES
    return handshake.end is End.HELD and (handshake.spoke or roomy)
