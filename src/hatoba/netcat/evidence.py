"""A checked port (``-z``) as a verdict, with its evidence: what ``hatoba scan`` would say of it."""

from __future__ import annotations

import errno
from ipaddress import ip_address

import numpy as np

from hatoba.model import Answer, Evidence, Protocol, Reason, State, Verdict
from hatoba.netcat.checking import Checked
from hatoba.netcat.ends import Transport
from hatoba.probes.connect import OUTCOME, Kind, judge
from hatoba.results.batch import answer_word
from hatoba.wire.connect_errors import ORIGIN_ICMP, SocketError
from hatoba.wire.local import own_addresses

METHOD = "check"

_IN_ITS_OWN_WORDS = {
    (Transport.SCTP, Reason.CONNECTED): (Reason.INIT_ACK, Answer.INIT_ACK),
    (Transport.SCTP, Reason.CONN_REFUSED): (Reason.ABORT, Answer.ABORT),
    (Transport.UDP, Reason.CONNECTED): (Reason.UDP_RESPONSE, Answer.UDP),
}
"""What the kernel reports of each transport as it reports it of TCP."""


def verdict_of(checked: Checked, transport: Transport) -> Verdict:
    """The state of the port, why, and what says so."""
    state, reason, answer = _judged(checked, transport)
    icmp = checked.icmp if answer in (Answer.ICMP, Answer.ICMP6) else None
    silent = answer == Answer.NONE
    address = ip_address(checked.address)
    return Verdict(
        address,
        Protocol[transport.name],
        checked.port,
        state,
        reason,
        Evidence(
            method=METHOD,
            probes=checked.asked,
            answer=answer_word(answer, icmp.icmp_type if icmp else 0, icmp.icmp_code if icmp else 0),
            answered_probe=None if silent else checked.asked,
            responder=None if silent else ip_address(icmp.offender) if icmp and icmp.offender else address,
            # Of several questions nobody knows which one was answered.
            rtt_s=checked.took_s if checked.asked == 1 and not silent else None,
            icmp_type=icmp.icmp_type if icmp else None,
            icmp_code=icmp.icmp_code if icmp else None,
        ),
    )


def _judged(checked: Checked, transport: Transport) -> tuple[State, Reason, Answer]:
    row = np.zeros(1, OUTCOME)
    row["kind"] = _kind(checked)
    if checked.icmp is not None:
        row["icmp_type"], row["icmp_code"] = checked.icmp.icmp_type, checked.icmp.icmp_code
        row["offender_family"] = 4 if len(checked.icmp.asked[0]) == 4 else 6
    state, reason, answer = (int(codes[0]) for codes in judge(row))
    if not state:  # silence, or an ICMP error that says nothing of the port
        unknown = State.OPEN_FILTERED if transport is Transport.UDP else State.FILTERED
        return unknown, Reason.NO_RESPONSE, Answer(answer)
    if transport is Transport.UDP and reason == Reason.PORT_UNREACH and _own_word(checked.icmp):
        return State.CLOSED, Reason(reason), Answer(answer)
    words = _IN_ITS_OWN_WORDS.get((transport, Reason(reason)), (Reason(reason), Answer(answer)))
    return State(state), *words


def _kind(checked: Checked) -> Kind:
    fault, icmp = checked.fault, checked.icmp
    if icmp is not None:
        if not _own_word(icmp) and icmp.offender in own_addresses():
            return Kind.LOCAL
        return Kind.ICMP if icmp.origin == ORIGIN_ICMP else Kind.ICMP6
    if fault is None:
        return Kind.CONNECTED if checked.proved else Kind.EXPIRED
    if fault.errno == errno.ECONNREFUSED:
        return Kind.REFUSED
    return Kind.EXPIRED if fault.errno == errno.ETIMEDOUT else Kind.LOCAL


def _own_word(icmp: SocketError | None) -> bool:
    """Whether the address that was asked said so itself."""
    return icmp is not None and icmp.offender == icmp.asked[0]
