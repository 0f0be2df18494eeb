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

from hatoba.probes.fin import with_flags

METHOD = with_flags("null", 0)
