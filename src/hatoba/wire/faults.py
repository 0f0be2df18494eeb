"""The sentences in which wires fail, one for each way."""

from __future__ import annotations

import errno

from hatoba.errors import LinkDown, NotPermitted, WireError
from hatoba.messages import _, system_words

_MAY_COME_BACK = (errno.ENETDOWN, errno.ENOBUFS)


def broken_link(interface: str, error: OSError) -> WireError:
    """An interface that does not work, in the system's words or in ours; LinkDown where it may come back."""
    text = _("interface {link} does not work: {error}; check it with: ip link show {link}")
    fault = LinkDown if error.errno in _MAY_COME_BACK else WireError
    return fault(text.format(link=interface, error=system_words(error)))


class Refusals:
    """Packets that this machine's own kernel refused to send, while it sends others: a route or a rule of its own says so."""

    def __init__(self) -> None:
        self.counts: dict[int, int] = {}
        """By errno."""
        self.first: dict[int, bytes] = {}
        """By errno, the address of the first of them."""

    def add(self, code: int, packed: bytes) -> None:
        self.first.setdefault(code, packed)
        self.counts[code] = self.counts.get(code, 0) + 1


def no_raw_right() -> NotPermitted:
    """The kernel refused a raw or packet socket."""
    return NotPermitted(_("packets of one's own need the right to raw packets (CAP_NET_RAW); see hatoba doctor"))
