"""Xmas: a segment lit up like a Christmas tree: FIN, PSH and URG.

::

    we                          target
    FIN, PSH, URG  ------------>
                    <----------  RST, ACK  ack=cookie+1      closed
                    <----------  ICMP unreachable            filtered
                    (silence)                                open|filtered

As FIN (RFC 9293 section 3.10.7).
"""

from __future__ import annotations

from hatoba.model import State
from hatoba.packets.layouts import FIN, PSH, URG
from hatoba.probes.tcp_segment import answered_by_reset

METHOD = answered_by_reset("xmas", FIN | PSH | URG, reset=State.CLOSED, silence=State.OPEN_FILTERED)
