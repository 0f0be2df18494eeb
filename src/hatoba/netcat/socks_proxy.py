"""A SOCKS proxy server, versions 4, 4A and 5: CONNECT, and no other command."""

from __future__ import annotations

import errno
import socket

from hatoba.messages import _
from hatoba.netcat import socks
from hatoba.netcat.console import Console
from hatoba.netcat.ends import NotConnected, Peer
from hatoba.netcat.proxy_service import HEAD_S, Forbidden, ProxyService, reason_number
from hatoba.netcat.talks import converse
from hatoba.netcat.tunnel import tunnel

_REPLIES = {
    errno.ECONNREFUSED: socks.REFUSED,
    errno.ENETUNREACH: socks.NETWORK_UNREACHABLE,
    errno.EHOSTUNREACH: socks.HOST_UNREACHABLE,
    errno.ETIMEDOUT: socks.HOST_UNREACHABLE,
}


class SocksProxy:
    """A handler (:data:`hatoba.netcat.ends.Handler`)."""

    def __init__(self, service: ProxyService) -> None:
        self._service = service
        self._knows = None if service.account is None else socks.right_account(service.account)

    def __call__(self, connection: socket.socket, peer: Peer, console: Console) -> None:
        """Serve one client. Raises OSError where its connection breaks off, or what it says is no SOCKS."""
        service = self._service
        if not service.serves(connection, peer, console):
            return
        wanted = converse(socks.serve(self._knows), connection, HEAD_S)
        if wanted is None:
            console.tell(_("{peer} was refused: it asked for what is not allowed here").format(peer=peer))
            return
        try:
            onward = service.connect(wanted.host, wanted.port, connection, peer, console)
        except NotConnected as refusal:
            console.tell(_("{peer} can't be connected: {reason}").format(peer=peer, reason=refusal))
            reply = socks.NOT_ALLOWED if isinstance(refusal, Forbidden) else _REPLIES.get(reason_number(refusal), socks.FAILED)
            connection.sendall(socks.answer(wanted.version, reply))
            return
        with onward:
            ours = Peer.of(onward.getsockname()) if onward.family != socket.AF_UNIX else Peer("0.0.0.0")
            connection.sendall(socks.answer(wanted.version, socks.SUCCEEDED, ours.host, ours.port))
            sent, received = tunnel(connection, onward, idle_s=service.idle_s)
        console.detail(
            _("{peer} is done: {sent} bytes sent, {received} bytes received").format(peer=peer, sent=sent, received=received)
        )
