"""One file per scan method: how to ask, and how to judge the answer.

Pure: the engine carries the bytes. To add a method, copy the file that is nearest, change its segment, its cookie's place
and its table of verdicts, and name it in ``METHODS`` (docs/adding-a-method.md).
"""

from __future__ import annotations

from hatoba.probes import (
    ack,
    fin,
    icmp_echo,
    icmp_mask,
    icmp_timestamp,
    ip_protocol,
    maimon,
    null,
    sctp_cookie,
    sctp_init,
    syn,
    udp,
    window,
    xmas,
)
from hatoba.probes.method import Method

METHODS: dict[str, Method] = {
    module.METHOD.name: module.METHOD
    for module in (syn, fin, null, xmas, maimon, ack, window, udp, sctp_init, sctp_cookie, ip_protocol)
}
"""The methods that ask for ports with packets of their own; ``connect`` asks through the kernel (``hatoba.probes.connect``)."""

PINGS: dict[str, Method] = {
    **{module.METHOD.name: module.METHOD for module in (icmp_echo, icmp_timestamp, icmp_mask)},
    **{name: METHODS[name] for name in ("syn", "ack", "udp", "sctp-init", "ip-protocol")},
}
"""The methods that tell whether a host is there."""


def method_named(name: str, tcp_flags: int | None = None) -> Method:
    """The method of that name; a TCP method asks with *tcp_flags*, if given, and judges the answers as ever."""
    method = METHODS[name]
    return method if tcp_flags is None or method.with_flags is None else method.with_flags(tcp_flags)
