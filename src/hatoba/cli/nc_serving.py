"""``hatoba nc`` as a practical server, and its file transfers: from options to a handler, and to what it prints."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from hatoba.cli.nc_run import dialer_of, nobody_came, over_connection, welcome_of, wrapper_of
from hatoba.cli.nc_serving_options import PURPOSES, refuse_options_of_relay
from hatoba.cli.nc_tls import wants_tls
from hatoba.cli.nc_values import Given, end_of
from hatoba.cli.streams import forget
from hatoba.errors import HatobaError, OutputError, UsageError
from hatoba.messages import _, ngettext, system_words
from hatoba.netcat.console import Console
from hatoba.netcat.datagrams import Answer, answer_datagrams
from hatoba.netcat.ends import End, Handler, OutputClosed, Peer, SocketSettings
from hatoba.netcat.listening import listen

if TYPE_CHECKING:
    from hatoba.netcat.transfer.receiving import Destination

AT_ONCE = 512
"""Clients of a server at once, unless -m says otherwise. Each has a thread; what it can hold of us is bounded in time."""


@dataclass(frozen=True, slots=True)
class Server:
    """What one of the options asks for. *answer*: the same for datagrams, where there is such a thing; *announcement*: what is
    said once it listens, by where that is."""

    handler: Handler
    answer: Answer | None = None
    announcement: Callable[[Sequence[Peer]], list[str]] = lambda _local: []


def run_server(given: Given, settings: SocketSettings, console: Console) -> int:
    """Serve, send or receive as the options say; return the exit status."""
    purpose = _purpose(given)
    if purpose in ("--send", "--receive"):
        return _transfer(given, end_of(given), settings, console)
    if not given["listen"]:
        raise UsageError(_("{option} is for a server: add -l and a port").format(option=purpose))
    end = end_of(given)
    with ExitStack() as stack:
        server = _server(given, stack)
        if end.transport.datagrams and server.answer is None:
            raise UsageError(_("{option} needs a connection: leave -u out").format(option=purpose))
        welcome = replace(welcome_of(given), keep_open=True, at_once=given["at_once"] or AT_ONCE)
        if end.transport.datagrams:
            assert server.answer is not None
            answer_datagrams(end, settings, console, server.answer, welcome=welcome)
        else:
            wrap = wrapper_of(given)

            def announce(local: Sequence[Peer]) -> None:
                for sentence in server.announcement(local):
                    console.write(sentence)

            listen(end, settings, console, server.handler, welcome=welcome, wrap=wrap, ready=announce)
        return 0


def _purpose(given: Given) -> str:
    """The one option that says what to do. Raise UsageError for two, and for an option that doesn't go with it."""
    wanted = [flag for name, flag in PURPOSES.items() if given[name]]
    if given["upload"] and not given["serve"]:
        wanted.append("--upload")
    if len(wanted) > 1:
        raise UsageError(_("{first} and {second} don't go together: choose one").format(first=wanted[0], second=wanted[1]))
    for name, goes_with in (
        ("hidden", ("--serve",)),
        ("overwrite", ("--serve", "--upload", "--receive")),
        ("raw", ("--send", "--receive")),
    ):
        if given[name] and not (wanted and wanted[0] in goes_with):
            raise UsageError(_("--{option} goes with {others}").format(option=name, others=", ".join(goes_with)))
    refuse_options_of_relay(given, wanted[0])
    return wanted[0]


def _server(given: Given, stack: ExitStack) -> Server:
    from hatoba.netcat.servers import fixed

    idle_s = given["idle_s"]
    if given["echo"]:
        echo = fixed.Echo(idle_s)
        return Server(echo, echo.datagram)
    if given["discard"]:
        discard = fixed.Discard(idle_s)
        return Server(discard, discard.datagram)
    if given["reply"]:
        reply = fixed.Reply(Path(given["reply"]), sys.stdout.buffer, idle_s)
        return Server(reply, reply.datagram)
    return _web_server(given, stack)


def _web_server(given: Given, stack: ExitStack) -> Server:
    from hatoba.netcat.servers.beneath import Folder
    from hatoba.netcat.servers.web_session import Limits, Session
    from hatoba.netcat.servers.web_site import Site
    from hatoba.netcat.servers.web_urls import web_urls

    def opened(name: str) -> Folder | None:
        path = given[name]
        try:
            return None if path is None else stack.enter_context(Folder(path))
        except OSError as error:
            raise UsageError(
                _("--{option} {path}: {reason}; name a folder").format(option=name, path=path, reason=system_words(error))
            ) from error

    site = Site(opened("serve"), opened("upload"), overwrite=given["overwrite"], hidden=given["hidden"])
    stack.callback(site.drop_unfinished)
    idle_s = given["idle_s"]
    limits = Limits() if idle_s is None else Limits(idle_s=idle_s, head_s=idle_s, stall_s=idle_s)

    def handler(connection: socket.socket, peer: Peer, console: Console) -> None:
        Session(connection, peer, console, site, limits).run()

    words = []
    if site.folder is not None:
        words.append(_("serving {folder} over HTTP").format(folder=given["serve"]))
    if site.upload is not None:
        words.append(_("taking files into {folder}").format(folder=given["upload"]))

    def announcement(local: Sequence[Peer]) -> list[str]:
        from hatoba.wire.local import own_networks

        begun = _("{what}, for whoever reaches the port; Ctrl-C ends it").format(what=_(", ").join(words))
        urls = web_urls(local, lambda: [each.network_address for each in own_networks()], encrypted=wants_tls(given))
        return [begun, *([_("for a browser: {addresses}").format(addresses=" ".join(urls))] if urls else [])]

    return Server(handler, announcement=announcement)


def _transfer(given: Given, end: End, settings: SocketSettings, console: Console) -> int:
    if end.transport.datagrams:
        raise UsageError(_("{option} needs a connection: leave -u out").format(option=_purpose(given)))
    transfer = Transfer(given, console)
    if given["listen"]:
        count = listen(end, settings, console, transfer, welcome=welcome_of(given), wrap=wrapper_of(given))
        if not count:
            raise nobody_came()
        return transfer.status
    wrap = wrapper_of(given)
    with dialer_of(given)(end, settings, console) as connection:
        over_connection(end, connection, console, transfer, wrap)
    return transfer.status


class Transfer:
    """Sends or receives one file a connection, as a handler; *status* is 1 once one did not come over."""

    def __init__(self, given: Given, console: Console) -> None:
        from hatoba.netcat.transfer.partial import source_file
        from hatoba.netcat.transfer.progress import ProgressLine
        from hatoba.netcat.transfer.receiving import Destination, receive_file
        from hatoba.netcat.transfer.sending import Outcome, Progress, send_file

        self.status = 0
        self._outcome: Callable[[socket.socket, Progress], Outcome]
        idle_s, raw = given["idle_s"], given["raw"]
        self._raw = raw
        if given["send"]:
            source = Path(given["send"])
            os.close(source_file(source))  # complain before anybody is kept waiting
            self._outcome = lambda connection, progress: send_file(connection, source, progress, idle_s=idle_s, raw=raw)
        else:
            destination = Destination(Path(given["receive"]), given["overwrite"])
            _check(given["receive"], destination, raw=raw)
            self._outcome = lambda connection, progress: receive_file(connection, destination, progress, idle_s=idle_s, raw=raw)
        self._progress_line = ProgressLine
        self._alone = not given["keep_open"]

    def __call__(self, connection: socket.socket, peer: Peer, console: Console) -> None:
        progress = self._progress_line(sys.stderr if self._alone else None)
        try:
            outcome = self._outcome(connection, progress)
        except HatobaError as error:
            progress.hide()
            self.status = 1
            console.complain(f"{peer}: {error}" if str(peer) else str(error))
            return
        progress.hide()
        _print(f"{outcome.sha256}  {outcome.name}")
        if outcome.resumed_bytes:
            console.write(
                ngettext(
                    "{count} byte had come earlier and was not sent again",
                    "{count} bytes had come earlier and were not sent again",
                    outcome.resumed_bytes,
                ).format(count=f"{outcome.resumed_bytes:,}")
            )
        if self._raw:
            text = ngettext("{name}: {count} byte", "{name}: {count} bytes", outcome.size_bytes)
        else:
            text = ngettext(
                "{name}: {count} byte; both ends have the same SHA-256",
                "{name}: {count} bytes; both ends have the same SHA-256",
                outcome.size_bytes,
            )
        console.tell(text.format(name=outcome.name, count=f"{outcome.size_bytes:,}"))


def _print(line: str) -> None:
    """On standard output, whose faults are told from those of the network. Raises OutputClosed, OutputError."""
    try:
        print(line, flush=True)
    except BrokenPipeError as error:
        raise OutputClosed(system_words(error)) from error
    except OSError as error:
        forget(sys.stdout)  # what it still holds would fail once more at the end
        raise OutputError(_("standard output can't be written: {reason}").format(reason=system_words(error))) from error


def _check(named: str, destination: Destination, *, raw: bool) -> None:
    """Raise UsageError now for what would be refused, or not be meant, once somebody has connected."""
    if named.endswith("/") and not destination.path.is_dir():
        raise UsageError(_("{path} is no folder: make it first, or leave the slash out to name a file").format(path=named))
    if destination.path.is_dir():
        if raw:
            raise UsageError(_("with --raw nobody tells a file's name: name a file instead of a folder"))
    elif not destination.overwrite and os.path.lexists(destination.path):
        raise UsageError(_("{path} exists: name another, or add --overwrite to replace a file").format(path=destination.path))
