"""Where messages for people go, and in whose words.

What happens on the network is told by methods that are named after it (``connected``, ``peer_ended``); how much of it is said
depends on ``-v`` and ``--explain``. A class derived from this one may use other words (``--compat``).
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, TextIO

from hatoba.errors import UsageError
from hatoba.messages import _, ngettext, system_words
from hatoba.netcat.ends import End, NotConnected, Peer, ToldFault, Transport, fault_sentence
from hatoba.reports.text import safe

if TYPE_CHECKING:
    from hatoba.netcat.relay import Ending


class Console:
    """Messages on *stream* (standard error), one line each, from any thread. *verbosity* counts ``-v``; *explaining* is the
    teaching mode, which says in words what is going on. Nothing that a peer wrote can steer the terminal."""

    def __init__(self, stream: TextIO | None, *, verbosity: int = 0, explaining: bool = False, program: str = "hatoba") -> None:
        self._stream = stream
        self._lock = threading.Lock()
        self.verbosity = verbosity
        self.explaining = explaining
        self.program = program

    # What anybody may say.

    def complain(self, sentence: str) -> None:
        """Say what went wrong, whatever the user wanted to hear."""
        self.write(f"{self.program}: {sentence}")

    def tell(self, sentence: str) -> None:
        """Say what ``-v`` asks for; in teaching mode too."""
        if self.verbosity or self.explaining:
            self.write(sentence)

    def detail(self, sentence: str) -> None:
        """Say what ``-vv`` asks for."""
        if self.verbosity > 1:
            self.write(sentence)

    def explain(self, sentence: str) -> None:
        """Say what only the teaching mode says."""
        if self.explaining:
            self.write(sentence)

    def write(self, text: str) -> None:
        """One line, at once and whole. A stream that is gone or full ends no connection."""
        if self._stream is None:
            return
        line = "\n".join(map(safe, text.split("\n"))) + "\n"
        with self._lock:
            try:
                self._stream.write(line)
                self._stream.flush()
            except (OSError, ValueError):
                self._stream = None

    # How it ends where it does not come to a connection.

    def gave_up(self, error: NotConnected) -> int:
        """No connection came about; the exit status."""
        self.complain(str(error))
        return error.exit_status

    def misused(self, error: UsageError) -> int:
        """The command line is wrong, which is said elsewhere where we are nobody but ourselves; the exit status."""
        raise error

    # What happens when connecting.

    def begin(self) -> None:
        """Before anything else; here nothing is said."""

    def resolved(self, end: End, addresses: Sequence[Peer]) -> None:
        if addresses and all(peer.host != end.host for peer in addresses):
            self.explain(
                ngettext(
                    "the name {name} stands for the address {addresses}",
                    "the name {name} stands for these addresses, tried in turn: {addresses}",
                    len(addresses),
                ).format(name=end.host, addresses=", ".join(peer.host for peer in addresses))
            )

    def connected(self, end: End, peer: Peer, local: Peer, took_s: float) -> None:
        """*peer* is what *end* turned out to be, *local* our own side."""
        if not self.explaining:
            self.tell(_("connected to {peer}").format(peer=peer))
            return
        took_ms = f"{1000 * took_s:.1f}"
        match end.transport:
            case Transport.TCP:
                text = _(
                    "connected to {peer} from {local}: TCP's three-way handshake (SYN, SYN-ACK, ACK) took {took_ms} ms"
                ).format(peer=peer, local=local, took_ms=took_ms)
            case Transport.SCTP:
                text = _(
                    "connected to {peer} from {local}: SCTP's four-way handshake (INIT, INIT ACK, COOKIE ECHO, COOKIE ACK)"
                    " took {took_ms} ms"
                ).format(peer=peer, local=local, took_ms=took_ms)
            case Transport.UDP:
                text = _(
                    "datagrams go to {peer} from {local}; UDP has no handshake, so nobody knows yet whether anyone is there"
                ).format(peer=peer, local=local)
            case _unix:
                text = _("connected to the socket {path} on this machine; no packet leaves it").format(path=end.host)
        self.write(text)

    def not_connected(self, end: End, peer: Peer, fault: OSError, *, last: bool) -> None:
        """One address did not work; unless it was the *last*, others are tried."""
        self.detail(fault_sentence(peer, fault))
        if (why := _why_refused(end.transport, fault)) is not None:
            self.explain(f"{peer}: {why}")

    # What happens when listening.

    def listening(self, end: End, local: Peer) -> None:
        self.tell(_("listening on {local}").format(local=local))

    def accepted(self, end: End, peer: Peer, local: Peer) -> None:
        if not self.explaining:
            self.tell(_("connection from {peer}").format(peer=str(peer) or _("a socket without a name")))
        elif end.transport.by_path:
            self.write(_("a program on this machine connected to the socket {path}").format(path=end.host))
        elif end.transport.datagrams:
            self.write(_("first datagram from {peer}: from now on we talk with that address").format(peer=peer))
        else:
            self.write(
                _("connection from {peer}: the kernel had finished the handshake before we heard of it").format(peer=peer)
            )

    def turned_away(self, peer: Peer) -> None:
        """A peer that ``--allow`` and ``--deny`` do not let in."""
        self.tell(_("{peer} may not connect, by --allow and --deny").format(peer=peer))

    def left(self, peer: Peer) -> None:
        """One of several peers ended."""
        self.tell(_("{peer} closed the connection").format(peer=str(peer) or _("a socket without a name")))

    def failed(self, peer: Peer, fault: OSError) -> None:
        """One connection of several ended by a fault; the listener goes on."""
        self.tell(fault_sentence(peer, fault))

    # What happens on a connection.

    def input_ended(self, told: bool) -> None:
        """Our input is at its end; *told* says whether the peer was told so."""
        if told:
            self.explain(_("our input ended: we told the peer that nothing more comes (half-close), and still listen to it"))
        else:
            self.explain(_("our input ended; the peer is not told"))

    def peer_ended(self, still_sending: bool) -> None:
        if still_sending:
            self.explain(_("the peer closed its sending side; what is left of our input is still sent"))
        else:
            self.explain(_("the peer closed its sending side: nothing more will come from it"))

    def finished(self, ending: Ending, *, listening: bool = False) -> int:
        """The connection is over; what went wrong on it is said whatever the user wanted to hear. Return the exit status."""
        if ending.idle:
            self.complain(_("nothing moved for the time that -i allows: the connection is closed"))
        elif isinstance(ending.fault, BrokenPipeError):
            self.complain(_("the peer closed the connection before all input was sent"))
        elif isinstance(ending.fault, ToldFault):
            self.complain(str(ending.fault))
        elif ending.fault is not None:
            self.complain(_("the connection broke off: {reason}").format(reason=system_words(ending.fault)))
        self.tell(
            _("{sent} bytes sent, {received} bytes received in {took_s} s").format(
                sent=ending.sent_bytes, received=ending.received_bytes, took_s=f"{ending.took_s:.2f}"
            )
        )
        return 1 if ending.idle or ending.fault is not None else 0


def _why_refused(transport: Transport, fault: OSError) -> str | None:
    """What a failed attempt means, in a sentence."""
    if isinstance(fault, ConnectionRefusedError):
        if transport.by_path:
            return _("the file is a socket, but no program listens on it any more")
        if transport.datagrams:
            return _('the host answered with ICMP "port unreachable": it is up, and nothing listens on that port')
        return _("the host answered our SYN with RST: it is up, and nothing listens on that port")
    if isinstance(fault, TimeoutError):
        return _("nothing came back: a firewall drops our packets, or nobody has that address")
    return None
