"""Is a host still there that answered at first? Asked of hosts with silent ports, where no second look shows it.

Questions that a host has answered are put to it once more; one answer will do. Errors may be rationed, one a second as by
Linux: so a silent host is asked several times, each time after such a ration has come round. What was answered before, and is
silent now more often than chance explains, shows that the host is gone or that something blocks us.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from hatoba.engine.crowds import Questions
from hatoba.engine.groups import Group
from hatoba.engine.legs.leg import Indices
from hatoba.engine.rations.rationing import RATION_S
from hatoba.engine.setting import Setting
from hatoba.model import Answer, State
from hatoba.packets.distinct import among, distinct, one_of

_EACH = 3
"""So many answers at least a host has to have given: fewer, and then silence, is what some rations bring. No more are asked
for again."""
_ROUNDS = 4
"""Where every tenth probe is lost, as is reckoned with, a host that is there is silent four times no more often than once in
ten thousand."""

Rows = npt.NDArray[np.void]


def own_words(rows: Rows) -> Rows:
    """Of these verdicts a few of each host that its own answers gave, those of open ports first."""
    own = rows.compress((rows["answer"] != Answer.NONE) & (rows["answer"] != Answer.LOCAL) & (rows["responder"] == 0))
    own = own[np.lexsort((own["state"] != State.OPEN, own["host"]))]
    rank = np.arange(len(own)) - np.searchsorted(own["host"], own["host"])
    kept: Rows = own[rank < _EACH]
    return kept


def look_whether_there(
    group: Group, asked: Questions, answered: Rows, suspects: Indices, setting: Setting, deadline_s: float = math.inf
) -> Iterator[Indices | None]:
    """Which of the hosts of *group* at the places *suspects*, ascending, answer no more; *answered* are verdicts of questions
    that they have *answered*. None is a sign of life; the last value is what was learnt, nothing if the time is up before."""
    places = group.places(answered["host"])
    left = suspects[np.bincount(places, minlength=len(group))[suspects] >= _EACH]
    patient = replace(
        setting.plan, max_retries=0, prove_closed=False, initial_rtt_timeout_s=RATION_S, min_rtt_timeout_s=RATION_S
    )
    for _round in range(_ROUNDS):
        if not left.size or setting.stopped():
            break
        its = among(places, left)
        ports = distinct(answered["port"][its])
        only = np.zeros((len(left), len(ports)), bool)
        only[np.searchsorted(left, places[its]), np.searchsorted(ports, answered["port"][its])] = True
        run, transport = setting.leg(
            group.part(left),
            [(asked.method, ports)],
            host_settles=True,
            only=only,
            plan=patient,
            deadline_s=deadline_s,
            again=True,
        )
        heard = [left[:0]]
        try:
            for rows in run.batches():
                heard.append(group.places(own_words(rows)["host"]))
                yield None
        finally:
            transport.close()
        left = left[~one_of(left, np.concatenate(heard))]
        if run.timed_out:
            left = left[:0]
    yield left if not setting.stopped() else left[:0]
