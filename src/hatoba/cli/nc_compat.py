"""How OpenBSD's nc and ncat connect, where that is not as ``hatoba nc`` does: several ports in turn, and ``-z``."""

from __future__ import annotations

import select
import time

from hatoba.cli.nc_run import Talk, connect, converse, dialer_of
from hatoba.cli.nc_values import Given, end_of, ends_to_check
from hatoba.netcat.console import Console
from hatoba.netcat.ends import End, NotConnected, NotResolved, SocketSettings, Transport
from hatoba.netcat.openbsd import OpenBsdConsole, probe_datagrams
from hatoba.netcat.relay import Ending

_PROBE_S = 1.0
_NCAT_WAIT_S = 2.0
"""How long each waits for a UDP port to be refused."""


def connect_as(given: Given, settings: SocketSettings, console: Console, talk: Talk) -> int:
    """Connect as the program that ``--compat`` names, and return its exit status."""
    if given["compat"] == "ncat":
        if given["check"]:
            return _check_as_ncat(end_of(given), given, settings, console)
        return connect(given, end_of(given), settings, console, talk)
    if given["unix"]:
        return connect(given, end_of(given), settings, console, talk)
    end, ports = ends_to_check(given)
    status = 1
    for number, port in enumerate(ports):
        if number and given["delay_s"]:
            time.sleep(given["delay_s"])
        one = End(end.transport, end.host, port)
        try:
            status = min(status, _connect_as_openbsd(one, given, settings, console, talk))
        except NotResolved:
            raise
        except NotConnected:
            continue  # it was told when it happened
    return status


def _connect_as_openbsd(end: End, given: Given, settings: SocketSettings, console: Console, talk: Talk) -> int:
    if end.transport is Transport.UDP and given["verbose"]:
        return _connect_datagrams(end, given, settings, console, talk)
    if not given["check"]:
        return connect(given, end, settings, console, talk)
    dialer_of(given)(end, settings, console).close()
    return 0


def _connect_datagrams(end: End, given: Given, settings: SocketSettings, console: Console, talk: Talk) -> int:
    """With ``-v`` it tries the port out first; a refusal is not told."""
    assert isinstance(console, OpenBsdConsole)
    with dialer_of(given)(end, settings, console) as connection:
        if not probe_datagrams(connection, settings.connect_timeout_s or _PROBE_S):
            return 1
        console.confirmed()
        return 0 if given["check"] else converse(given, end, connection, console, talk)


def _check_as_ncat(end: End, given: Given, settings: SocketSettings, console: Console) -> int:
    began_s = time.monotonic()
    with dialer_of(given)(end, settings, console) as connection:
        ending = Ending()
        if end.transport.datagrams:
            connection.send(b"\0")
            ending.sent_bytes = 1
            poll = select.poll()
            poll.register(connection, select.POLLIN)
            if poll.poll(1000 * (settings.connect_timeout_s or _NCAT_WAIT_S)):
                try:
                    connection.recv(1)
                except OSError as fault:
                    ending.fault = fault
            if ending.fault is None:
                console.tell("Ncat: UDP packet sent successfully")
    ending.took_s = time.monotonic() - began_s
    return console.finished(ending)
