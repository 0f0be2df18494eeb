"""Maimon: FIN and ACK (Uriel Maimon, "Port Scanning without the SYN flag", Phrack 49, 1996).

::

    we                          target
    FIN, ACK ack=cookie -------->
                    <----------  RST  seq=cookie             closed
                    <----------  ICMP unreachable            filtered
                    (silence)                                open|filtered

RFC 9293 section 3.10.7.2 makes a listening port answer RST, too, to whatever acknowledges something. Systems of old BSD
descent dropped it instead; on all others every port looks closed.
"""

from __future__ import annotations

from hatoba.model import State
from hatoba.packets.layouts import ACK, FIN
from hatoba.probes.tcp_segment import answered_by_reset

METHOD = answered_by_reset("maimon", FIN | ACK, reset=State.CLOSED, silence=State.OPEN_FILTERED)
