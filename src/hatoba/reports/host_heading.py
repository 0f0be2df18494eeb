"""What the table says of a host itself: who it is, whether it is there, what to beware of, and the way to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from hatoba.messages import _N, _, translated
from hatoba.model import Deception, Hop, Host, Reason, Trace, Unsteady, Vanishing
from hatoba.reports.quantities import latency
from hatoba.reports.text import padded, safe, width
from hatoba.targets.ports import range_list

Vendor = Callable[[bytes], str | None]

_NO_WAY = ("no-route", "no-gateway", "broadcast")
"""What keeps this machine from asking a host: whether it is there was not found out."""

_CAUTIONS = {
    Deception.ANSWERS_EVERYTHING: _N(
        "Beware: ports that nobody would listen on are open here, too. Something answers for every port, so an open one says "
        "nothing."
    ),
    Deception.SYN_PROXY: _N(
        "Beware: a SYN proxy answers in front of this host. It accepts every connection and cuts those that the host does not "
        "take."
    ),
    Deception.TARPIT: _N("Beware: a tarpit. It accepts every connection and then holds it, without a program behind."),
}


def heading(host: Host, vendor: Vendor, with_reason: bool = False) -> str:
    """One line; *with_reason*, where no ports are told that would show why the host is up."""
    who = str(host.address)
    if host.names:
        who = f"{who} ({', '.join(map(safe, host.names))})"
    if host.reason == Reason.USER_SET.word and host.state == "unknown":
        return who
    if host.state == "down":
        down, out_of_reach = _("{host}: down ({reason})"), _("{host}: can't be reached ({reason})")
        return (out_of_reach if host.reason in _NO_WAY and not host.responder else down).format(host=who, reason=_reason(host))
    if host.state != "up":
        silent, told = _("{host}: no answer from the host itself"), _("{host}: no answer from the host itself ({reason})")
        return (silent if host.responder is None else told).format(host=who, reason=_reason(host))
    reason, time = safe(host.reason), "" if host.rtt_s is None else latency(host.rtt_s)
    if with_reason:
        line = _("{host}: up ({reason}), answers in {time}") if time else _("{host}: up ({reason})")
    else:
        line = _("{host}: up, answers in {time}") if time else _("{host}: up")
    line = line.format(host=who, reason=reason, time=time)
    if host.mac is None:
        return line
    return _("{line}, {hardware}").format(line=line, hardware=hardware(host.mac, vendor))


def _reason(host: Host) -> str:
    """``host-unreach from 198.18.0.1``"""
    return safe(host.reason) if host.responder is None else f"{safe(host.reason)} from {host.responder}"


def hardware(mac: bytes, vendor: Vendor) -> str:
    """``b8:27:eb:00:00:01 (Raspberry Pi Foundation)``"""
    name = vendor(mac)
    return mac.hex(":") if name is None else f"{mac.hex(':')} ({safe(name)})"


def cautions(host: Host) -> Iterator[str]:
    """Sentences on what limits the trust in what is told of *host*."""
    if host.timed_out:
        yield _("Its time was up (--host-timeout): what was not known by then is missing, or told as silence.")
    if host.deception is not None:
        yield translated(_CAUTIONS[host.deception])
        yield from _tried(host)
    for port in host.unsteady:
        yield _unsteady(port)


def _tried(host: Host) -> Iterator[str]:
    """What connections told of a deceptive host, and what they could not tell."""
    if not host.tried_ports:
        yield _("No connections were tried, so it is not known whether it is a SYN proxy or a tarpit that does so.")
    elif host.deception is not Deception.ANSWERS_EVERYTHING:
        if host.held_ports:
            yield _("A connection stayed up on {ports}: these may really be open.").format(ports=_ranges(host.held_ports))
        if host.held_ports == ():
            text = _("No program was found behind {ports}; whether one stands behind others of its ports is not known.")
        else:
            text = _("Connections were tried on {ports}; whether others of its ports are really open is not known.")
        yield text.format(ports=_ranges(host.tried_ports))


def _ranges(ports: tuple[int, ...]) -> str:
    return range_list(ports).replace(",", ", ")


def _unsteady(port: Unsteady) -> str:
    states = ", ".join(state.word for state in port.states)
    return _("{port}/{protocol} answered the same question in different ways: {states}").format(
        port=port.port, protocol=port.protocol.word, states=states
    )


def way(host: Host) -> Iterator[str]:
    """The stations on the way to *host*, one a line, and where the probes for a silent port get lost."""
    if host.trace is not None:
        yield _way_heading(host.trace)
        times = [_time(hop) for hop in host.trace.hops]
        column = max(map(width, times), default=0)
        numbers = len(str(len(times)))
        for hop, time in zip(host.trace.hops, times, strict=True):
            who = _("(no answer)") if hop.address is None else str(hop.address)
            yield f"  {hop.ttl:>{numbers}}  {padded(time, column)}  {who}"
    if host.vanishing is not None:
        yield _vanishing(host.vanishing)


def _way_heading(trace: Trace) -> str:
    if not trace.port:
        return _("Way to it, by {method}:").format(method=trace.method)
    return _("Way to it, by {method} to port {port}:").format(method=trace.method, port=trace.port)


def _time(hop: Hop) -> str:
    return "" if hop.rtt_s is None else latency(hop.rtt_s)


def _vanishing(lost: Vanishing) -> str:
    port = f"{lost.port}/{lost.protocol.word}"
    if lost.hop is None or lost.hop.address is None:
        return _("The probes to {port} get lost before the first station that tells of it.").format(port=port)
    return _("The probes to {port} get lost at {address}, station {number}, or behind it.").format(
        port=port, address=lost.hop.address, number=lost.hop.ttl
    )
