"""ICMP timestamp (RFC 792): what time is it over there? Some hosts that drop an echo request answer this one.

::

    we                          target
    timestamp request --------->
                    <----------  timestamp reply             the host is up
                    (silence)                                nothing is known

IPv6 has no such question.
"""

from __future__ import annotations

from hatoba.model import Answer, Reason
from hatoba.probes.icmp_ping import ping

METHOD = ping("icmp-timestamp", {4: 13}, {4: 14}, bytes(12), Reason.TIMESTAMP_REPLY, Answer.TIMESTAMP_REPLY)
