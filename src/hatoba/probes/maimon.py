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

from hatoba.packets.layouts import ACK, FIN
from hatoba.probes.fin import with_flags

METHOD = with_flags("maimon", FIN | ACK)
