"""NULL: a segment with no flag at all.

::

    we                          target
    (none) seq=cookie --------->
                    <----------  RST, ACK  ack=cookie        closed
                    <----------  ICMP unreachable            filtered
                    (silence)                                open|filtered

As FIN (RFC 9293 section 3.10.7), but for the acknowledgement number: nothing in such a segment counts.
"""

from __future__ import annotations

from hatoba.model import State
from hatoba.probes.tcp_segment import answered_by_reset

METHOD = answered_by_reset("null", 0, reset=State.CLOSED, silence=State.OPEN_FILTERED)
