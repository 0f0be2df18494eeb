"""ICMP echo (RFC 792; RFC 4443 section 4): the question that is called ping.

::

    we                          target
    echo request -------------->
                    <----------  echo reply                  the host is up
                    (silence)                                nothing is known: many hosts and routers drop it
"""

from __future__ import annotations

from hatoba.model import Answer, Reason
from hatoba.probes.icmp_ping import ping

METHOD = ping("icmp-echo", {4: 8, 6: 128}, {4: 0, 6: 129}, bytes(8), Reason.ECHO_REPLY, Answer.ECHO_REPLY)
