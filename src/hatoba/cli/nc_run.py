"""``hatoba nc``: from options to a connection, and what is done with it."""

from __future__ import annotations

import dataclasses
import socket
import sys
from typing import TYPE_CHECKING, Any

from hatoba.cli import nc_proxy, nc_tls, nc_values
from hatoba.cli.nc_serving_options import wants_server
from hatoba.cli.nc_values import Given
from hatoba.errors import UsageError
from hatoba.messages import _
from hatoba.netcat.console import Console
from hatoba.netcat.dialing import dial
from hatoba.netcat.ends import (
    Dialer,
    End,
    Handler,
    NotConnected,
    OutputClosed,
    Peer,
    SocketSettings,
    Wrapper,
    fault_sentence,
)
from hatoba.netcat.listening import MOST_AT_ONCE, Welcome, hand_over, listen, listening_sockets
from hatoba.netcat.relay import Relay, RelaySettings
from hatoba.netcat.ways import Streams, Ways, stream_ways

if TYPE_CHECKING:
    from hatoba.netcat.datagrams import Answer
    from hatoba.netcat.recording import Dump


def run(given: Given) -> int:
    """Do what the options say and return the exit status: 0 done, 1 the network or the disk did not let us. Raises UsageError,
    and BrokenPipeError where nobody reads standard output any more."""
    console = console_of(given)
    console.begin()
    try:
        return _run(given, console)
    except OutputClosed as error:
        raise BrokenPipeError from error
    except NotConnected as error:
        return console.gave_up(error)
    except UsageError as error:
        return console.misused(error)


def _run(given: Given, console: Console) -> int:
    nc_values.check_together(given)
    settings = nc_values.socket_settings(given)
    if wants_server(given):
        from hatoba.cli.nc_serving import run_server

        return run_server(given, settings, console)
    if given["check"] and given["compat"] is None:
        from hatoba.cli.nc_check import check

        return check(given, settings, console)
    talk = Talk(nc_values.relay_settings(given), streams_of(given), listening=given["listen"], telnet=given["telnet"])
    talk.wrap = wrapper_of(given)
    if given["listen"]:
        return _listen(given, nc_values.end_of(given), settings, console, talk)
    if given["compat"] is not None:
        from hatoba.cli.nc_compat import connect_as

        return connect_as(given, settings, console, talk)
    return connect(given, nc_values.end_of(given), settings, console, talk)


def console_of(given: Given) -> Console:
    if given["compat"] == "openbsd":
        from hatoba.netcat.openbsd import OpenBsdConsole, program_name

        return OpenBsdConsole(sys.stderr, verbosity=given["verbose"], numeric=given["numeric"], program=program_name())
    if given["compat"] == "ncat":
        from hatoba.netcat.ncat import NcatConsole

        return NcatConsole(sys.stderr, verbosity=given["verbose"], idle_s=given["idle_s"])
    return Console(sys.stderr, verbosity=given["verbose"], explaining=given["explain"])


class Talk:
    """The relay as a handler; *status* is the exit status that the last connection leaves."""

    def __init__(self, settings: RelaySettings, streams: Streams, *, listening: bool = False, telnet: bool = False) -> None:
        self.settings = settings
        self.wrap: Wrapper | None = None
        """What is put around each connection before it is relayed."""
        self._listening = listening
        self._telnet = telnet
        self.streams = streams
        self.status = 0

    def __call__(self, connection: socket.socket, peer: Peer, console: Console) -> None:
        streams = self.streams
        if self._telnet:
            from hatoba.netcat.recording import in_turn
            from hatoba.netcat.telnet import Refusing

            streams = dataclasses.replace(streams, received=in_turn(streams.received, Refusing(connection.send)))
        self.over(stream_ways(connection, streams), console)

    def over(self, ways: Ways, console: Console) -> None:
        """Relay by *ways* to the end. Raises NotConnected where that was that nobody ever came."""
        ending = Relay(ways, self.settings, console).run()
        if ending.deserted and ways.company is not None and not ways.company.came:
            raise nobody_came()
        self.status = console.finished(ending, listening=self._listening)


def connect(given: Given, end: End, settings: SocketSettings, console: Console, talk: Talk) -> int:
    """Connect to *end*, talk, and return the exit status. Raises NotConnected."""
    with dialer_of(given)(end, settings, console) as connection:
        return converse(given, end, connection, console, talk)


def converse(given: Given, end: End, connection: socket.socket, console: Console, talk: Talk) -> int:
    """Talk on *connection* as the options say, and return the exit status. Raises NotConnected where TLS is not agreed upon."""
    if end.transport.datagrams:
        from hatoba.netcat.datagrams import datagram_ways

        talk.over(datagram_ways(connection, talk.streams), console)
        return talk.status
    over_connection(end, connection, console, talk, talk.wrap)
    return talk.status


def over_connection(end: End, connection: socket.socket, console: Console, handler: Handler, wrap: Wrapper | None) -> None:
    """Have *handler* talk on a *connection* to *end*, wrapped first where *wrap* is given. Raises NotConnected for what the
    network does."""
    try:
        peer = Peer.of(connection.getpeername())
    except OSError:  # it was reset already: whoever reads from it is told so
        peer = Peer(end.host, end.port)
    try:
        hand_over(connection, peer, console, handler, wrap)
    except OSError as fault:
        raise NotConnected(fault_sentence(peer, fault), fault, end) from fault


def _listen(given: Given, end: End, settings: SocketSettings, console: Console, talk: Talk) -> int:
    welcome = welcome_of(given)
    handler = handler_of(given, settings, console)
    if (answer := answer_of(given)) is not None:
        from hatoba.netcat.datagrams import answer_datagrams

        answer_datagrams(end, settings, console, answer, welcome=welcome)
    elif end.transport.datagrams:
        _listen_for_datagrams(end, settings, console, talk, welcome)
    elif handler is None and welcome.keep_open and welcome.at_once > 1:
        from hatoba.netcat.crowd import Crowd, crowd_ways

        with listening_sockets(end, settings, console) as sockets:
            talk.over(crowd_ways(Crowd(end, sockets, console, welcome, talk.wrap), talk.streams), console)
    elif not listen(end, settings, console, handler or talk, welcome=welcome, wrap=talk.wrap):
        raise nobody_came()
    return talk.status


def _listen_for_datagrams(end: End, settings: SocketSettings, console: Console, talk: Talk, welcome: Welcome) -> None:
    from hatoba.netcat import datagrams

    if welcome.keep_open:
        with listening_sockets(end, settings, console) as sockets:
            talk.over(datagrams.anybody_ways(sockets, talk.streams, welcome, console), console)
        return
    first = datagrams.connect_to_first(end, settings, console, welcome)
    if first is None:
        raise nobody_came()
    connection, arrived = first
    with connection:
        talk.over(datagrams.datagram_ways(connection, talk.streams, arrived), console)


def nobody_came() -> NotConnected:
    return NotConnected(_("nobody came in the time that -w allows"))


def handler_of(given: Given, settings: SocketSettings, console: Console) -> Handler | None:
    """The server that the options ask for (--serve, --broker, --proxy-type ...); None for the relay."""
    if nc_proxy.is_broker(given) or nc_proxy.is_proxy(given):
        return nc_proxy.server(given, settings, console)
    return None


def answer_of(given: Given) -> Answer | None:
    """The same for datagrams: what answers each of them; None for the relay."""
    return None


def wrapper_of(given: Given) -> Wrapper | None:
    """What is put around each connection (--ssl); None for nothing."""
    return nc_tls.wrapper(given, console_of(given)) if nc_tls.wants_tls(given) else None


def dialer_of(given: Given) -> Dialer:
    """How we get to the peer: straight, or through proxies (--proxy)."""
    return nc_proxy.dialer(given, dial) if given["proxies"] else dial


def streams_of(given: Given) -> Streams:
    """Standard input and output, and who sees what passes."""
    sent = received = None
    if given["output"] or given["hex_dump"] or given["crlf"]:
        from hatoba.netcat.recording import CrLf, Record, in_turn

        record = None
        if given["output"] or given["hex_dump"]:
            record = Record(given["output"], given["hex_dump"], append=given["append_output"], dump=_dump_of(given))
            received = record.received
        sent = in_turn(CrLf() if given["crlf"] else None, record.sent if record is not None else None)
    if given["recv_limit"] and received is None:
        received = _counted
    return Streams(sent=sent, received=received, line_delay_s=given["delay_s"] or 0.0, discards=given["send_only"])


def _dump_of(given: Given) -> Dump:
    if given["compat"] == "ncat":
        from hatoba.netcat import ncat

        return ncat.dump
    from hatoba.netcat.recording import marked_dump

    return marked_dump


def _counted(data: memoryview) -> memoryview:
    """Pieces are counted where they pass through memory, and only there."""
    return data


def welcome_of(given: Given) -> Welcome:
    at_once = given["at_once"] or 1
    allows = Welcome().allows
    if given["allow"] or given["allowfile"] or given["deny"] or given["denyfile"]:
        from hatoba.netcat.access import Access, hosts_of_file, parse_hosts

        def hosts(names: str, files: str) -> tuple[Any, ...]:
            return (*parse_hosts(given[names]), *(each for path in given[files] for each in hosts_of_file(path)))

        allowed = hosts("allow", "allowfile") if given["allow"] or given["allowfile"] else None
        allows = Access(allowed, hosts("deny", "denyfile")).allows
    if nc_proxy.is_broker(given) or nc_proxy.is_proxy(given):
        return Welcome(keep_open=True, at_once=given["at_once"] or MOST_AT_ONCE, allows=allows, wait_s=given["wait_s"])
    return Welcome(keep_open=given["keep_open"], at_once=at_once, allows=allows, wait_s=given["wait_s"])
