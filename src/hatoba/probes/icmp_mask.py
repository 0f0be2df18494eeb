"""ICMP address mask (RFC 950): how large is your network? Deprecated (RFC 6918), and still answered by some devices.

::

    we                          target
    address mask request ------>
                    <----------  address mask reply          the host is up
                    (silence)                                nothing is known

IPv6 has no such question.
"""

from __future__ import annotations

from hatoba.model import Answer, Reason
from hatoba.probes.icmp_ping import ping

METHOD = ping("icmp-mask", {4: 17}, {4: 18}, bytes(4), Reason.ADDRESSMASK_REPLY, Answer.ADDRESSMASK_REPLY)
