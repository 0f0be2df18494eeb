"""One module for each family of protocols: bytes in, facts out.

To add one: a ``read`` and a :class:`~hatoba.identify.protocols.protocol.ServiceProtocol` in the file of its relatives, or in
one of its own, and its name in :data:`PROTOCOLS`. ``docs/identify.md`` walks through it.
"""

from __future__ import annotations

from hatoba.identify.protocols import (
    backends,
    calls,
    chat,
    commands,
    databases,
    datagrams,
    desktops,
    directory,
    emulators,
    files,
    ftp,
    greetings,
    http,
    http2,
    http_apis,
    industry,
    ipp,
    java,
    mail,
    measures,
    messaging,
    remote,
    sharing,
    smb,
    ssh,
    terminals,
    udp_services,
    wide_databases,
)
from hatoba.identify.protocols.protocol import Answers, Question, ServiceProtocol, StartTls

__all__ = ["PROTOCOLS", "Answers", "Question", "ServiceProtocol", "StartTls"]

PROTOCOLS: tuple[ServiceProtocol, ...] = (
    ssh.PROTOCOL,
    *greetings.PROTOCOLS,
    *mail.PROTOCOLS,
    ftp.PROTOCOL,
    ipp.PROTOCOL,
    *http_apis.PROTOCOLS,
    http.PROTOCOL,
    http2.PROTOCOL,
    *databases.PROTOCOLS,
    *files.PROTOCOLS,
    *chat.PROTOCOLS,
    *desktops.PROTOCOLS,
    *messaging.PROTOCOLS,
    *java.PROTOCOLS,
    directory.PROTOCOL,
    smb.PROTOCOL,
    *calls.PROTOCOLS,
    *terminals.PROTOCOLS,
    *wide_databases.PROTOCOLS,
    *sharing.PROTOCOLS,
    *remote.PROTOCOLS,
    *industry.PROTOCOLS,
    *measures.PROTOCOLS,
    *commands.PROTOCOLS,
    *backends.PROTOCOLS,
    *emulators.PROTOCOLS,
    *datagrams.PROTOCOLS,
    *udp_services.PROTOCOLS,
)
"""All of them. Where an answer could be several protocols', the first here has it, unless the port speaks for another."""
