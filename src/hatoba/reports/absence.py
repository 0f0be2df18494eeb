"""Why nobody answered, where no host of a scan did: a sentence for each cause that its hosts had."""

from __future__ import annotations

from collections.abc import Iterator

from hatoba.messages import _N, ngettext, translated
from hatoba.model import Host, Reason
from hatoba.reports.meanings import ROUTING

_SILENCE = _N(
    "No answer from {who}: off, a wrong address, or a firewall that swallows every probe. See whether there is a way "
    "(ip route get {address}), and try a port that ought to be open."
)
_NO_WAY = _N(
    "{router} says that it has no way to {who} ({reason}): off, a wrong address or route, or a firewall that refuses in these "
    "words."
)
_REFUSED = _N("{router} refuses what is sent to {who} ({reason}): a firewall stands there.")

_SENTENCES = {
    Reason.NO_RESPONSE.word: _SILENCE,
    Reason.NO_NEIGHBOUR.word: _N(
        "Nobody on the link answers for {who}: off, or an address that is not in use. A firewall can't hide a host from this "
        "question."
    ),
    "broadcast": _N("{who}: a link's broadcast address stands for every host on it; name the hosts themselves."),
    Reason.LOCAL_ERROR.word: _N("This machine could not send to {who}: look at its own route, interface and firewall."),
}
"""By the host's reason; what is missing here, such as ``no-route``, a problem of the scan tells."""
_OF_ROUTERS = {
    Reason.TIME_EXCEEDED.word: _N("The way to {who} goes in circles or is too long: {router} answered {reason}."),
    **{reason.word: _NO_WAY for reason in ROUTING},
}


class Absences:
    """The hosts that did not answer, counted by cause; of each cause the first is kept, as an example."""

    def __init__(self) -> None:
        self._first: dict[str, Host] = {}
        self._counts: dict[str, int] = {}

    def note(self, host: Host, count: int = 1) -> None:
        """*host* is not up, and so are others for the same reason: *count* in all."""
        sentence = _sentence(host)
        self._first.setdefault(sentence, host)
        self._counts[sentence] = self._counts.get(sentence, 0) + count

    def sentences(self) -> Iterator[str]:
        """In the language in force."""
        for sentence, host in self._first.items():
            if sentence:
                who = _who(host, self._counts[sentence] - 1)
                yield translated(sentence).format(who=who, address=host.address, router=host.responder, reason=host.reason)


def _sentence(host: Host) -> str:
    return _SENTENCES.get(host.reason, "") if host.responder is None else _OF_ROUTERS.get(host.reason, _REFUSED)


def _who(host: Host, more: int) -> str:
    if not more:
        return str(host.address)
    text = ngettext("{address} and {count} more", "{address} and {count} more", more)
    return text.format(address=host.address, count=f"{more:,}")
