"""ACK: acknowledge what was never sent, to learn what a packet filter lets through.

::

    we                          target
    ACK ack=cookie  ---------->
                    <----------  RST  seq=cookie             unfiltered
                    <----------  ICMP unreachable            filtered
                    (silence)                                filtered

RFC 9293 section 3.10.7: closed and listening ports alike answer RST, so it tells nothing of who listens. A filter that keeps
state drops such a segment, one that looks at flags alone takes it for part of a connection.
"""

from __future__ import annotations

from hatoba.model import State
from hatoba.packets.layouts import ACK
from hatoba.probes.tcp_segment import answered_by_reset

METHOD = answered_by_reset("ack", ACK, reset=State.UNFILTERED, silence=State.FILTERED)
