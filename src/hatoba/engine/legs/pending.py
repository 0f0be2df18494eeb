"""Verdicts that are known and not handed on yet: a short while in which contradicting answers still get into the evidence."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from hatoba.engine.legs.ledger import DROPPED, Ledger
from hatoba.engine.legs.leg import Indices, Leg
from hatoba.engine.legs.transport import IS_ICMP
from hatoba.model import Protocol, Reason, State, Unsteady
from hatoba.packets.distinct import distinct, one_of
from hatoba.packets.items import joined
from hatoba.results.batch import VERDICT

Codes = npt.NDArray[np.uint8]


class Pending:
    """Collects first answers, keeps what contradicts them, and turns them into rows of ``results.batch.VERDICT``."""

    def __init__(self, leg: Leg, ledger: Ledger) -> None:
        self._leg, self._ledger = leg, ledger
        self._rows: list[npt.NDArray[np.void]] = []
        self._indices: list[Indices] = []
        self._noted: dict[int, np.void] = {}
        """By question, the last answer that said nothing of the port: an ICMP error of a code that is in no table."""
        self.taken: Indices = np.zeros(0, np.int64)
        """The questions of the rows that were taken last."""
        self.contradictions = 0
        """Answers that said something else than the first did."""
        self._late: dict[int, int] = {}
        """The state that the first of them told, by question, where the verdict had been handed on by then."""

    def __len__(self) -> int:
        return sum(len(rows) for rows in self._rows)

    def add(self, heard: npt.NDArray[np.void], rtt_s: npt.NDArray[np.float64]) -> npt.NDArray[np.intp]:
        """Take in answers (dtype ``transport.HEARD``) in the order of arrival; places of those that settled a question.

        The first definite answer stands, but for an ICMP error of somebody on the way: an answer of the host itself that
        comes in the same batch is the stronger one.
        """
        told = heard["state"] > 0
        if not told.all():
            self._noted |= {int(row["index"]): row for row in heard[~told]}
            return np.flatnonzero(told)[self.add(heard.compress(told), rtt_s[told])]
        fresh = self._first_words(heard, np.flatnonzero(self._ledger.state[heard["index"]] == 0))
        settled = heard if len(fresh) == len(heard) else heard.take(fresh)
        self._ledger.settle(settled["index"], settled["state"])
        if fresh.size:
            self._rows.append(self._verdicts(settled, rtt_s[fresh]))
            self._indices.append(settled["index"].copy())
        if fresh.size < len(heard):
            later = np.ones(len(heard), bool)
            later[fresh] = False
            self._contradict(heard.compress(later))
        return fresh

    @staticmethod
    def _first_words(heard: npt.NDArray[np.void], rows: npt.NDArray[np.intp]) -> npt.NDArray[np.intp]:
        """Those of *rows* whose answer counts, one for each question, ascending."""
        index = heard["index"][rows]
        ordered = np.sort(index)
        if np.not_equal(ordered[1:], ordered[:-1]).all():  # one answer to each, as nearly always
            return rows
        errors = IS_ICMP[heard["answer"][rows]]
        order = np.lexsort((errors, index)) if errors.any() else np.argsort(index, kind="stable")
        asked = index[order]
        first = np.ones(len(order), bool)
        np.not_equal(asked[1:], asked[:-1], out=first[1:])
        return rows[np.sort(order[first])]

    def silent(self, indices: Indices, states: Codes, reasons: Codes) -> None:
        """These questions met silence for good, or nothing but errors that say nothing of the port."""
        rows = np.zeros(len(indices), VERDICT)
        self._put_question(rows, indices)
        rows["state"], rows["reason"] = states, reasons
        rows["rtt_s"] = np.nan
        for place in np.flatnonzero(one_of(indices, tuple(self._noted))).tolist():
            noted = self._noted[int(indices[place])]
            for field in ("answer", "icmp_type", "icmp_code", "responder", "ttl"):
                rows[field][place] = noted[field]
        self._ledger.settle(indices, rows["state"])
        self._rows.append(rows)
        self._indices.append(indices)

    def absent(self, heard: npt.NDArray[np.void]) -> None:
        """This machine's kernel found nobody on the link with a host's address: that goes for all of the host's ports."""
        for host in distinct(self._leg.hosts(heard["index"][heard["reason"] == Reason.NO_NEIGHBOUR])).tolist():
            questions = self._leg.questions(host)
            left = questions[self._ledger.state[questions] == 0]
            codes = (np.full(len(left), code, np.uint8) for code in (State.FILTERED, Reason.NO_NEIGHBOUR))
            self.silent(left, *codes)

    def take(self) -> npt.NDArray[np.void]:
        """All rows, which are then forgotten here."""
        rows = joined(self._rows) if self._rows else np.zeros(0, VERDICT)
        self.taken = np.concatenate(self._indices) if self._indices else np.zeros(0, np.int64)
        self._rows, self._indices = [], []
        return rows

    def _put_question(self, rows: npt.NDArray[np.void], indices: Indices) -> None:
        hosts, places = self._leg.split(indices)
        rows["host"] = self._leg.host_index(hosts)
        rows["port"] = self._leg.asks.port[places]
        rows["protocol"] = self._leg.asks.protocol[places]
        rows["probes"] = self._ledger.asked[indices]

    def _verdicts(self, heard: npt.NDArray[np.void], rtt_s: npt.NDArray[np.float64]) -> npt.NDArray[np.void]:
        rows = np.zeros(len(heard), VERDICT)
        self._put_question(rows, heard["index"])
        for field in ("state", "reason", "answer", "ttl", "icmp_type", "icmp_code", "responder"):
            rows[field] = heard[field]
        # Attempts that were left out are no probes.
        rows["answered_probe"] = np.minimum(heard["attempt"] + 1, rows["probes"])
        rows["rtt_s"] = rtt_s
        return rows

    def _contradict(self, later: npt.NDArray[np.void]) -> None:
        known = self._ledger.state[later["index"]]
        differing = later.compress((known != later["state"]) & (known != DROPPED))
        self.contradictions += len(differing)
        if not differing.size:
            return
        asked, first = np.unique(differing["index"], return_index=True)
        differing, in_time = differing[first], np.zeros(len(first), bool)
        for indices, rows in zip(self._indices, self._rows, strict=True):
            places = np.minimum(np.searchsorted(asked, indices), len(asked) - 1)
            hit = asked[places] == indices
            rows["contradicted"][hit] = differing["answer"][places[hit]]
            in_time[places[hit]] = True
        late = differing[~in_time]
        self._late = dict(zip(late["index"].tolist(), late["state"].tolist(), strict=True)) | self._late

    def unsteady(self) -> dict[int, tuple[Unsteady, ...]]:
        """By the place of their host, the ports that were contradicted when their verdicts had been handed on."""
        found: dict[int, tuple[Unsteady, ...]] = {}
        for question, later in sorted(self._late.items()):
            host, ask = divmod(question, len(self._leg.asks))
            states = State(int(self._ledger.state[question])), State(later)
            port = Unsteady(Protocol(int(self._leg.asks.protocol[ask])), int(self._leg.asks.port[ask]), states)
            found[host] = (*found.get(host, ()), port)
        return found
