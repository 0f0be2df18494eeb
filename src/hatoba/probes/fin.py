"""FIN: end a connection that there is not.

::

    we                          target
    FIN seq=cookie  ---------->
                    <----------  RST, ACK  ack=cookie+1      closed
                    <----------  ICMP unreachable            filtered
                    (silence)                                open|filtered

RFC 9293 section 3.10.7.1: a closed port answers RST to whatever has no RST itself; section 3.10.7.2: a listening one drops
a segment that has neither SYN, ACK nor RST. So it is the *closed* port that answers, and an open one that is silent. Windows,
many printers and some routers answer RST for both: all their ports look closed.
"""

from __future__ import annotations

from hatoba.model import State
from hatoba.packets.layouts import FIN
from hatoba.probes.tcp_segment import answered_by_reset

METHOD = answered_by_reset("fin", FIN, reset=State.CLOSED, silence=State.OPEN_FILTERED)
