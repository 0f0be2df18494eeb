"""The loop: ask all, listen, ask again what is silent, until silence can be believed.

Attempts go in rounds: every question is asked once, in an order that spreads over hosts and ports; then those without an
answer again. Between rounds lies one time-out without news. Rounds end when all is answered, or when the estimate of what is
still missed falls below a bound (``engine.pacing.loss``).

Where ICMP errors were seen, some of the silent questions are then asked once more, slowly (``engine.rations.rationing``).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Iterator

import numpy as np
import numpy.typing as npt

from hatoba.engine.asking import Asking
from hatoba.engine.doubts import Doubts
from hatoba.engine.legs.draw import Draw
from hatoba.engine.legs.ledger import Ledger
from hatoba.engine.legs.leg import Indices, Leg
from hatoba.engine.legs.pending import Pending
from hatoba.engine.legs.transport import IS_ICMP, Transport
from hatoba.engine.pacing.loss import BOUND, MAX_ATTEMPTS, KnownLoss, LossEstimate
from hatoba.engine.pacing.pace import Pace
from hatoba.engine.pacing.round_trip import INITIAL_S, LONGEST_S, MAX_S, MIN_S, RoundTrip, SlowestAnswers
from hatoba.engine.pacing.slow_hosts import SlowHosts
from hatoba.engine.rations.controls import Controls
from hatoba.engine.rations.rationing import Rationing
from hatoba.engine.rations.reset_rationing import TURN_S, WAIT_S, ResetRationing
from hatoba.engine.tally import Tally
from hatoba.model import Answer, Doing, ScanPlan
from hatoba.packets.distinct import distinct

FLUSH_S = 0.1
_BATCH = 4096
_PIECE = 1 << 17
"""Silent questions that are told of at once: few enough for a processor's cache."""
_NEIGHBOUR_SEARCH_S = 0.5
"""The kernel looks for a neighbour for seconds. What is refused sooner is refused by a rule of this machine's own, for that
port alone."""
_STOP_PATIENCE_S = 0.3
"""How long a scan that was told to stop still waits for what it has asked."""
_FEW_UNDER_WAY = 4096
_FEW_STRANGERS = 256
_FEW_LOSSES = 8
"""No more losses than these say nothing of a host."""
_CLOCK_GRAIN_S = 1e-6
"""The least round trip: when a probe of a batch left is known by interpolation only."""


class LegRun:
    """One leg from first question to last verdict."""

    def __init__(
        self,
        leg: Leg,
        transport: Transport,
        ledger: Ledger,
        plan: ScanPlan,
        tally: Tally,
        clock: Callable[[], float],
        stopped: Callable[[], bool],
        order_key: int,
        pace: Pace,
        *,
        initial_timeout_s: float = INITIAL_S,
        host_settles: bool = False,
        deadline_s: float = math.inf,
        again: bool = False,
        meanwhile: Callable[[], None] = lambda: None,
        late_s: float = 0.0,
        known_loss: KnownLoss | None = None,
        check: Callable[[], None] = lambda: None,
    ) -> None:
        """*host_settles*: one answer of a host will do, nothing more is asked of it then. At *deadline_s* of the clock it ends
        with what is known. *again*: all of it was told already, so that nothing can be missing from the report. *meanwhile* is
        called before each look at what has come. *late_s*: how long a host that was never heard is waited for at least, once it
        was asked. *known_loss*: of the way that it asks. *check* is called before silence is told; it raises WireError where
        our own way is the reason."""
        self._leg, self._transport, self._ledger, self._plan = leg, transport, ledger, plan
        self._tally, self._clock, self._pace = tally, clock, pace
        self._host_settles, self._again, self._deadline_s = host_settles, again, deadline_s
        self._told_to_stop, self._meanwhile, self._check = stopped, meanwhile, check
        spaced = plan.scan_delay_s is not None
        self._slow = SlowHosts(leg, tally.slow_hosts, clock(), plan.min_rate_pps, told_apart=not (host_settles or spaced))
        self._loss = LossEstimate(len(leg.offsets), known=known_loss)
        self._pending = Pending(leg, ledger)
        self._attempts = 0
        self._rounds = 0
        """Attempts that every silent question has had; rationed ones may have had more."""
        self._flushed_s = self._news_s = clock()
        self._slow_from: float = math.inf
        """The attempts from this one on are made at leisure, for those who ration."""
        self._most_rounds = MAX_ATTEMPTS if plan.max_retries is None else plan.max_retries + 1
        brief = plan.max_retries is not None and not plan.prove_closed
        draw = Draw(order_key)
        self._rationing = Rationing(leg, ledger, draw, plan.prove_closed, brief)
        self._controlled = not (host_settles or again or spaced) and plan.max_retries is plan.min_rate_pps is None
        self._hasty = transport.holds_nothing and not self._slow.watches and not plan.prove_closed
        """Between two rounds is no wait for hosts that were never heard: an answer that comes late still tells its attempt."""
        self._apart, self._by_chance = np.zeros((2, len(leg.offsets)), bool)
        """Hosts whose silence says nothing until they are asked within the ration of their resets; and those that turned out
        to ration none."""
        self._controls = Controls(leg, ledger, draw, self._apart, open_too=transport.holds_nothing)
        self._resets = ResetRationing(leg, ledger, self._controls, draw)
        self._asking = Asking(
            leg, transport, ledger, tally, clock, order_key, pace, self._slow, self._controls, plan.scan_delay_s
        )
        initial_s = initial_timeout_s if plan.initial_rtt_timeout_s is None else plan.initial_rtt_timeout_s
        self.round_trip = RoundTrip(initial_s, plan.min_rtt_timeout_s or MIN_S, plan.max_rtt_timeout_s or MAX_S)
        self._longest_s = plan.max_rtt_timeout_s or LONGEST_S
        self._slowest = SlowestAnswers(len(leg.offsets), initial_s, self._longest_s)
        self._slowest.recall(tally.late_hosts, leg.host_index)
        self._late_s, self._asked_all_s, self._asked_out = late_s, math.inf, False
        self.strangers_until_s, self._beside = -math.inf, False
        """Until when hosts that were never heard are waited for, once nothing else is left to do."""

    def recall(self, hosts: Indices, known: npt.NDArray[np.void]) -> None:
        """Take from verdicts that were told before, of the *hosts* at these places, who sends errors: what is silent now may be
        one that was held back."""
        errors = IS_ICMP[known["answer"]]
        self._rationing.errors(hosts[errors], known["responder"][errors] == 0, np.zeros(np.count_nonzero(errors), bool))

    def _stopped(self) -> bool:
        return self._told_to_stop() or self._clock() >= self._deadline_s

    @property
    def timed_out(self) -> bool:
        """Whether the hosts' time was up before all was known. Who was asked as often as it takes is absent by then."""
        return self._clock() >= self._deadline_s and self._ledger.unanswered > 0 and not self._asked_out

    def go_beside(self, beside: bool) -> None:
        """Whether the wait for strangers goes on beside something else from now on: then each step only takes what has come.
        The answers to that come in here, too, and may be lost."""
        self._tally.drops += self._transport.drops if beside else -self._transport.drops
        self._beside = beside

    def batches(self) -> Generator[npt.NDArray[np.void]]:
        """Verdict rows as they become known, often none: an empty array is a sign of life."""
        try:
            yield from self._ask_until_believable()
            self._asked_out = self._host_settles and not self._stopped()
            if (yield from self._await_strangers()) and self._rounds < self._most_rounds and not self._believable():
                yield from self._ask_until_believable()
            yield from self._ask_rationed()
            while self._tally.outages.under_way and not self._stopped():
                yield from self._hear(FLUSH_S)
            self._tell_loss()
            if not self._stopped():
                left = self._ledger.open_questions()
                if left.size:
                    self._check()
                self._tally.rationing |= self._rationing.unproven(left)
                for start in range(0, len(left), _PIECE):
                    piece = left[start : start + _PIECE]
                    self._pending.silent(piece, *self._rationing.silence(piece))
                    yield self._pending.take()
        finally:
            self._tally.drops += self._transport.drops
            self._tally.contradictions += self._pending.contradictions
            self._slow.remember()
            self._slowest.remember(self._tally.late_hosts, self._leg.host_index)
            self._loss.remember(self._rounds)
        yield self._pending.take()

    def doubts(self) -> Doubts:
        """What is to be said against answers whose verdicts have been handed on."""
        return Doubts(unsteady=self._pending.unsteady())

    @property
    def asked_by(self) -> Indices:
        """Which of the leg's methods asked what the rows that were handed out last tell of, one number a row."""
        return self._leg.asks.method[self._leg.split(self._pending.taken)[1]]

    def rest(self) -> npt.NDArray[np.void]:
        """Verdicts that were known when the wire failed."""
        return self._pending.take()

    def _ask_until_believable(self) -> Iterator[npt.NDArray[np.void]]:
        questions = None if self._ledger.unanswered == len(self._leg) else self._ledger.open_questions()
        while True:
            yield from self._ask(self._with_controls(questions))
            self._rounds = self._attempts
            if not self._ledger.unanswered:
                self._controls.leave()
            if self._hasty and (self._rounds >= self._most_rounds or self._believable()):
                yield from self._await_answers()
            if not self._ledger.unanswered or self._stopped() or self._rounds >= self._most_rounds:
                return
            if self._tally.outages.count == self._outages:
                self._set_apart()
            else:
                self._loss.start_again(self._rounds)
            questions = self._doubtful()
            if not questions.size or self._believable():
                back = yield from self._ask_within_ration()
                questions = self._doubtful()
                if not back or not questions.size or self._stopped():
                    return
            self._slow.lossy(self._loss.losses(self._rounds, _FEW_LOSSES))
            slower = self._slow.slower()
            if self._pace.new_round(0.0 if slower else self._loss.loss(self._rounds)) or slower:
                self._start_again(self._rounds)

    def _start_again(self, attempts: int) -> None:
        self._loss.start_again(attempts)
        self._controls.forget()

    def _believable(self) -> bool:
        """An interface that was away in the last round makes its silence worth nothing."""
        heard = self._tally.outages.count == self._outages
        return heard and self._expected_missed() < BOUND and self._rounds >= self._turns_left()

    def _doubtful(self) -> Indices:
        """Silent questions, but to hosts that are set apart."""
        left = self._ledger.open_questions()
        return left[~self._apart[self._leg.hosts(left)]] if self._apart.any() else left

    def _doubtful_of_each(self) -> Indices:
        """How many these are of each host."""
        return np.where(self._apart, 0, self._ledger.unanswered_each(len(self._leg.asks)))

    def _with_controls(self, questions: Indices | None) -> Indices | None:
        """The same and, from the second round on, controls."""
        if questions is None or not self._attempts or not self._controlled:
            return questions
        return np.concatenate([questions, self._controls.beside(questions)])

    def _set_apart(self) -> None:
        """Hosts that have to be asked second by second are not asked with the others any more."""
        answers_pps = self._slow.answers_pps
        loss = self._loss.losses(self._rounds, _FEW_LOSSES)
        places = np.flatnonzero(self._controls.rationed(loss, np.isfinite(answers_pps)) & ~self._by_chance)
        self._resets.add(places, self._ledger.open_questions(), answers_pps[places])
        self._apart[places] = True

    def _ask_within_ration(self) -> Generator[npt.NDArray[np.void], None, bool]:
        """Ask the hosts that are set apart, second by second. Whether some turned out to ration nothing: these are to be asked
        as the others are."""
        doing, begun_s, self._asking.in_turns = self._tally.doing, self._asking.asked_s + WAIT_S, True
        while (questions := self._resets.next_turn()).size and not self._stopped():
            self._tally.doing = Doing.RATIONED
            while (wait_s := begun_s - self._clock()) > 0 and not self._stopped():
                yield from self._hear(min(wait_s, FLUSH_S))
            yield from self._ask(questions, TURN_S)
            self._resets.look_back()
        self._tally.doing, self._asking.in_turns = doing, False
        self._controls.none()
        self._resets.tell(self._tally.resets, self._tally.silenced, self._tally.untold)
        back = np.zeros(len(self._apart), bool)
        back[list(self._resets.by_chance)] = True
        back &= self._apart
        self._by_chance |= back
        self._apart &= ~back
        if back.any():
            self._start_again(self._attempts)
        return bool(back.any())

    def _turns_left(self) -> int:
        """How many attempts it takes until all that is silent was asked everything."""
        _hosts, places = self._leg.split(self._ledger.open_questions())
        return int(self._transport.turns[places].max(initial=1))

    def _expected_missed(self) -> float:
        left = self._doubtful_of_each()
        count = int(left.sum())
        self._loss.asked_again(*self._controls.by_chance())
        return self._loss.expected_missed(self._rounds, count, np.flatnonzero(left)) if count else 0.0

    def _tell_loss(self) -> None:
        """Enter what was lost, and what is likely to be missing, into the sums of the scan."""
        left = self._doubtful_of_each()
        count = int(left.sum())
        self._loss.asked_again(*self._controls.by_chance())
        missed = self._loss.likely_missed(self._rounds, count, np.flatnonzero(left))
        if missed is not None:
            missed += self._resets.missed
            lost, made = self._loss.lost_of(max(self._rounds, 1), count)
            self._tally.lost += lost
            self._tally.answerable += made
        else:
            self._tally.loss_unknown = True
        if not self._again and not self._stopped():
            self._tally.add_missed(missed)

    def unanswered_hosts(self) -> Indices:
        """Places of the hosts of which something is unanswered."""
        return np.flatnonzero(self._ledger.unanswered_each(len(self._leg.asks)))

    def _ask_rationed(self) -> Iterator[npt.NDArray[np.void]]:
        doing = self._tally.doing
        self._slow_from = self._attempts
        while (questions := self._rationing.next_questions()).size and not self._stopped():
            self._tally.doing = Doing.PROVING if self._plan.prove_closed else Doing.RATIONED
            self._tally.to_prove = self._rationing.left
            while (wait_s := self._asking.asked_s + self._rationing.wait_s - self._clock()) > 0 and not self._stopped():
                yield from self._hear(min(wait_s, FLUSH_S))
            yield from self._ask(questions)
        self._tally.to_prove, self._tally.doing = 0, doing

    def _ask(self, questions: Indices | None, over_s: float = 0.0) -> Iterator[npt.NDArray[np.void]]:
        """Ask *questions* (None: all of the leg) once each, evenly *over_s* seconds if that is given, then listen until a
        time-out passes without news."""
        begun_s = self._clock()
        self._outages = self._tally.outages.count
        self._asking.begin(self._attempts, questions, over_s)
        while self._asking.left and not self._stopped():
            now_s = self._clock()
            allowed = self._pace.allowance(now_s)
            room = min(allowed, self._transport.room(), _BATCH)
            wait_s = self.round_trip.timeout_s if allowed >= 1 else self._pace.wait_s()
            if allowed >= 1 and room < 1:
                on_the_way_s = self._slowest.on_the_way_s(now_s, self.unanswered_hosts)
                self._transport.give_up(now_s - max(self.round_trip.timeout_s, on_the_way_s))
            asked, wait_s = self._asking.some(room, now_s, wait_s)
            yield from self._hear(0.0 if asked else min(wait_s, FLUSH_S))
        yield from self._listen(begun_s if self._hasty and not over_s else None)
        self._attempts += 1

    def _listen(self, begun_s: float | None = None) -> Iterator[npt.NDArray[np.void]]:
        """From the departure of the last question until nothing more is to be expected. Or, where a round *begun* at that time
        is over, until its first questions would have been answered: what is asked next was asked half a round ago, mostly.
        Where the round has controls, until its last ones would: what of them is on its way yet is not lost."""
        self._transport.drain()
        self._news_s = self._asking.asked_s = self._clock()
        self._asked_all_s = min(self._asked_all_s, self._asking.asked_s)
        if begun_s is not None and not self._stopped():
            since_s = self._asking.asked_s if self._controls.asked.size else begun_s
            while self._ledger.unanswered and (left_s := since_s + self.round_trip.timeout_s - self._clock()) > 0:
                yield from self._hear(min(left_s, FLUSH_S))
        else:
            yield from self._await_answers()
        # A few stay under way while they are asked again: where nothing was heard yet, nobody knows how slow the answers are.
        few = self._ledger.unanswered <= _FEW_UNDER_WAY
        self._transport.give_up(self._clock() - self._longest_s if few else math.inf)

    def _await_answers(self) -> Iterator[npt.NDArray[np.void]]:
        while self._ledger.unanswered:
            now_s = self._clock()
            left_s = self._news_s + self._patience_s(now_s) - now_s
            unanswered = self._ledger.unanswered
            yield from self._hear(max(0.0, min(left_s, FLUSH_S)))
            if left_s <= 0 and self._ledger.unanswered == unanswered:
                break

    def _await_strangers(self) -> Generator[npt.NDArray[np.void], None, bool]:
        """Give who was never heard the time that the slowest links take; but where many are asked for ports who were not looked
        for before, most of them are nobody. Whether somebody was heard."""
        before, until_s = self._ledger.unanswered, self._asked_all_s + self._late_s
        most = math.inf if self._host_settles else _FEW_STRANGERS
        while (left_s := until_s - self._clock()) > 0 and not self._stopped():
            if not 0 < self._slowest.strangers(self.unanswered_hosts()) <= most:
                break
            self.strangers_until_s = until_s
            yield from self._hear(0.0 if self._beside else min(left_s, FLUSH_S))
            yield self._pending.take()
        if (heard := self._ledger.unanswered < before) and not self._host_settles:
            yield from self._await_answers()
        return heard

    def _patience_s(self, now_s: float) -> float:
        timeout_s = self.round_trip.timeout_s
        if self._stopped():
            return min(timeout_s, _STOP_PATIENCE_S)
        if now_s - self._news_s < timeout_s:
            return timeout_s
        return max(timeout_s, self._slowest.on_the_way_s(now_s, self.unanswered_hosts))

    def _hear(self, timeout_s: float) -> Iterator[npt.NDArray[np.void]]:
        self._meanwhile()
        listened_s = self._clock()
        heard = self._transport.hear(timeout_s)
        now_s = self._clock()
        if len(heard):
            asked_s = self._ledger.asked_at_s(heard["index"], heard["attempt"])
            rtt_s = heard["at_s"] - np.where(np.isnan(heard["asked_s"]), asked_s, heard["asked_s"])
            np.maximum(rtt_s, _CLOCK_GRAIN_S, out=rtt_s)
            self._hear_controls(heard, rtt_s)
            fresh = self._pending.add(heard, rtt_s)
            if fresh.size:
                self._learn(heard.take(fresh), rtt_s[fresh])
                self._news_s = now_s
        self._slow.judge(float(heard["at_s"].max()) if len(heard) else listened_s)
        if now_s - self._flushed_s >= FLUSH_S:
            self._flushed_s = now_s
            yield self._pending.take()

    def _hear_controls(self, heard: npt.NDArray[np.void], rtt_s: npt.NDArray[np.float64]) -> None:
        """Answers of this round, or of the one that is just over, to questions that were answered before."""
        if self._controls.asked.size:
            again = (
                (heard["attempt"] == self._asking.attempt) & ~IS_ICMP[heard["answer"]] & self._controls.among(heard["index"])
            )
            self._controls.answered(heard["index"][again])
            self._slow.answered(heard["index"][again], rtt_s[again])

    def _learn(self, heard: npt.NDArray[np.void], rtt_s: npt.NDArray[np.float64]) -> None:
        """Take from answers what they say of the path and of their hosts."""
        own_words = heard["answer"] == Answer.LOCAL
        if own_words.any():
            self._pending.absent(heard.compress(own_words & (rtt_s >= _NEIGHBOUR_SEARCH_S)))
            heard, rtt_s = heard.compress(~own_words), rtt_s[~own_words]
        if len(heard):
            self._pace.answered(self.round_trip.smoothed_s or 0.0)
        errors = IS_ICMP[heard["answer"]]
        own = heard["responder"] == 0
        timed = ~np.isnan(rtt_s)  # else the attempt is a guess: one with that source port, but not made for this question
        hosts, places = self._leg.split(heard["index"])
        if errors.any():
            self._rationing.errors(hosts[errors], own[errors], (timed & (heard["attempt"] >= self._slow_from))[errors])
        latest = ~errors & (heard["attempt"] == self._attempts)
        self._slow.answered(heard["index"][latest], rtt_s[latest])
        attempts = heard["attempt"] // self._transport.turns[places]
        counts = ~(errors | self._apart[hosts])
        self._loss.heard(attempts[counts], hosts[counts])
        told = np.flatnonzero(own & timed)
        once = np.ones(len(rtt_s), bool)
        once[told] = self._slowest.heard(hosts[told], rtt_s[told])
        self.round_trip.heard(rtt_s[once])
        if self._host_settles:
            for host in distinct(hosts[own]).tolist():
                self._ledger.drop(self._leg.questions(host))
