"""Do the answers hold? What is open is asked once more; a host where nearly everything is open is asked for random ports.

Ports that nobody would listen on and that are open all the same show that something answers for every port: a SYN proxy, a
tarpit, a host that redirects everything to one program. Which of them, completed connections tell
(``engine.stages.unmasking``).
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from hatoba.engine.crowds import Questions
from hatoba.engine.doubts import Doubts
from hatoba.engine.groups import Group
from hatoba.engine.setting import Setting
from hatoba.model import Answer, Protocol, State, Unsteady
from hatoba.packets.distinct import distinct, one_of

_RANDOM_PORTS = 6
_LOWEST, _HIGHEST = 10_000, 65_535
_MOSTLY = 0.5
"""A host of which a larger share of the asked ports is open is asked for random ones."""
_NEARLY_ALL = 0.8
_ASKED_AT_MOST = 1000
"""Of one host."""
_FEW_QUESTIONS = 1000
"""Up to so many questions, whatever was answered is asked again, not only what is open."""
_REPEATS = 1
_SILENCED_LEAST = 3
"""So many of a host's ports at least have to be silent that answered before, all of them, for it to be told."""
_USUAL_LOSS = 0.1
"""What may be lost where no more was seen."""
_BY_CHANCE = 0.001
_BY_HOST = one_of(np.arange(256), (Answer.SYN_ACK, Answer.SYN, Answer.RST, Answer.CONNECTED, Answer.REFUSED))
"""Which codes of ``model.Answer`` are a host's own words on a port, which no ration of ICMP errors holds back."""

Rows = npt.NDArray[np.void]


def look_again(
    group: Group, asked: Questions, found: Rows, setting: Setting, deadline_s: float = math.inf
) -> Iterator[Doubts | None]:
    """Look at *group* again, whose hosts were *asked* these questions, and where these rows were *found*, all of them answers.
    At *deadline_s* it ends with what is known. None is a sign of life; the last value is what was learnt."""
    if not len(found):
        yield Doubts()
        return
    places = group.places(found["host"])
    hosts = distinct(places)
    is_open = found["state"] == State.OPEN
    lavish = np.bincount(places[is_open], minlength=len(group)) >= np.maximum(1.0, _MOSTLY * asked.counts(len(group)))
    draw = random.Random(setting.order_key)
    strange = _random_ports(asked.ports, draw)
    ports = distinct(np.concatenate([found["port"], strange]))
    only = np.zeros((len(hosts), len(ports)), bool)
    only[np.searchsorted(hosts, places), np.searchsorted(ports, found["port"])] = True
    for row in np.flatnonzero(only.sum(axis=1) > _ASKED_AT_MOST).tolist():
        asked_of_it = np.flatnonzero(only[row]).tolist()
        only[row, draw.sample(asked_of_it, len(asked_of_it) - _ASKED_AT_MOST)] = False
    told_by_host = only.copy()
    told_by_host[np.searchsorted(hosts, places), np.searchsorted(ports, found["port"])] &= _steadily(found, setting)
    only[:, one_of(ports, strange)] |= lavish[hosts][:, None]
    brief = replace(setting.plan, max_retries=_REPEATS, prove_closed=False)
    run, transport = setting.leg(
        group.part(hosts), [(asked.method, ports)], only=only, plan=brief, deadline_s=deadline_s, again=True
    )
    seen: list[Rows] = []
    try:
        for rows in run.batches():
            seen.append(rows)
            yield None
    finally:
        transport.close()
    again = np.concatenate(seen)
    doubts = Doubts(unsteady=differing_ports(group, found, again))
    if not run.timed_out and not setting.stopped():
        own = ~one_of(again["answer"], (Answer.NONE, Answer.LOCAL)) & (again["responder"] == 0)
        heard = one_of(hosts, group.places(again["host"].compress(own)))
        doubts.heard.update(hosts[heard].tolist())
        losses = np.maximum(_losses(np.searchsorted(hosts, places), found, len(hosts)), setting.tally.loss or 0.0)
        doubts.silenced.update(hosts[~heard & _too_many_to_lose(told_by_host.sum(axis=1), losses)].tolist())
    tried = again[one_of(again["port"], strange) & (again["state"] == State.OPEN)]
    answering = np.bincount(group.places(tried["host"]), minlength=len(group)) >= _NEARLY_ALL * len(strange)
    if (lavish & answering).any():
        from hatoba.engine.stages.unmasking import unmask  # whole connections, a ranking of ports: few hosts need them

        its_open = places[is_open], found["port"][is_open]
        for learnt in unmask(group, np.flatnonzero(lavish & answering), strange, its_open, setting, deadline_s):
            if learnt is None:
                yield None
            else:
                doubts.add(learnt)
    yield doubts


def worth_it(rows: Rows, questions: int) -> Rows:
    """Those answers, of all to so many *questions*, that are worth a second look."""
    answered = rows["answer"] > 0
    chosen: Rows = rows.compress(answered & ((rows["state"] == State.OPEN) | (questions <= _FEW_QUESTIONS)))
    return chosen


def _steadily(found: Rows, setting: Setting) -> npt.NDArray[np.bool_]:
    """Which of these answers would come again if their host were asked again: its own words, but for the resets of one that
    rations them."""
    tally = setting.tally
    rationed = one_of(found["host"], [*tally.resets, *tally.untold])
    steadily: npt.NDArray[np.bool_] = _BY_HOST[found["answer"]] & ((found["state"] == State.OPEN) | ~rationed)
    return steadily


def _losses(rows: npt.NDArray[np.intp], found: Rows, count: int) -> npt.NDArray[np.float64]:
    """What share of the probes to each of *count* hosts was lost before these answers came, one prior loss and one prior answer
    reckoned in. Row by row, *rows* says whose they are."""
    probes = found["answered_probe"].astype(np.float64)
    made = np.bincount(rows, probes, count)
    return (made - np.bincount(rows, minlength=count) + 1) / (made + 2)


def _too_many_to_lose(counts: npt.NDArray[np.integer], losses: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    """Where not all answers to so many questions, asked again, would be lost by chance."""
    losses = np.maximum(losses, _USUAL_LOSS)
    too_many: npt.NDArray[np.bool_] = (counts >= _SILENCED_LEAST) & (losses ** ((_REPEATS + 1) * counts) < _BY_CHANCE)
    return too_many


def _random_ports(asked: npt.NDArray[np.uint16], draw: random.Random) -> npt.NDArray[np.uint16]:
    """Such that nobody asks for, if there are enough."""
    candidates = np.array(draw.sample(range(_LOWEST, _HIGHEST), 4 * _RANDOM_PORTS), np.uint16)
    unasked = candidates[~one_of(candidates, asked)]
    return (unasked if len(unasked) >= _RANDOM_PORTS else candidates)[:_RANDOM_PORTS]


def differing_ports(group: Group, before: Rows, again: Rows) -> dict[int, tuple[Unsteady, ...]]:
    """By place of their host, ports that answer differently now. Silence is no answer: it may be a loss."""
    again = again[(again["answer"] > 0) & (again["state"] > 0)]
    key_before, key_again = (group.places(rows["host"]) << 16 | rows["port"] for rows in (before, again))
    order = np.argsort(key_before)
    at = order[np.minimum(np.searchsorted(key_before, key_again, sorter=order), len(order) - 1)]
    differs = np.flatnonzero((key_before[at] == key_again) & (before["state"][at] != again["state"]))
    found: dict[int, tuple[Unsteady, ...]] = {}
    for row in differs[np.argsort(key_again[differs])].tolist():
        place, port = divmod(int(key_again[row]), 1 << 16)
        states = State(int(before["state"][at[row]])), State(int(again["state"][row]))
        found[place] = (*found.get(place, ()), Unsteady(Protocol(int(again["protocol"][row])), port, states))
    return found
