"""``hatoba nc``: what the options and words mean, each wrong one with a sentence of its own."""

from __future__ import annotations

import random
import re
import socket
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from hatoba.cli import nc_proxy, nc_tls
from hatoba.cli.nc_serving_options import wants_server
from hatoba.errors import UsageError
from hatoba.messages import _
from hatoba.netcat.ends import End, SocketSettings, Transport
from hatoba.netcat.relay import AtPeerEnd, RelaySettings

Given = Mapping[str, Any]
"""The values of the options, by the names that ``nc.py`` gives them."""

HIGHEST_PORT = 65535

_HOST_AND_PORT = re.compile(r"(\[[^\]]+\]|[^:]+):([^:]+)")
"""``198.18.0.2:80``, ``[fd00::1]:80``: host and port in one word, as people copy them."""

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")

_APART = (
    (("ipv4", "-4"), ("ipv6", "-6")),
    (("receive_only", "--recv-only"), ("send_only", "--send-only")),
    (("shutdown", "-N"), ("no_shutdown", "--no-shutdown")),
    (("listen", "-l"), ("check", "-z")),
    (("unix", "-U"), ("sctp", "--sctp")),
    (("udp", "-u"), ("sctp", "--sctp")),
    (("unix", "-U"), ("check", "-z")),
)
_NEEDS_LISTEN = (
    *(("keep_open", "-k"), ("at_once", "-m"), ("allow", "--allow"), ("allowfile", "--allowfile")),
    *(("deny", "--deny"), ("denyfile", "--denyfile")),
)
_LISTS = (("allow", "--allow"), ("allowfile", "--allowfile"), ("deny", "--deny"), ("denyfile", "--denyfile"))


def check_together(given: Given) -> None:
    """Raise UsageError for options that don't go together, and for those that are left out on purpose."""
    for name, option in (("run_program", "-e"), ("run_shell", "-c"), ("run_lua", "--lua-exec")):
        if given[name] is not None:
            raise UsageError(
                _(
                    "{option} is left out on purpose: it would give whoever connects a program on this machine; pipe fixed"
                    " answers in, and use ssh for a remote shell"
                ).format(option=option)
            )
    for (one, first), (other, second) in _APART:
        if given[one] and given[other]:
            raise UsageError(_("{first} and {second} exclude each other: leave one out").format(first=first, second=second))
    for name, option in _NEEDS_LISTEN:
        if given[name] and not given["listen"]:
            raise UsageError(_("{option} is for listening: add -l, or leave it out").format(option=option))
    nc_tls.check(given)
    nc_proxy.check(given)
    many = wants_server(given) or nc_proxy.is_broker(given) or nc_proxy.is_proxy(given)
    if given["at_once"] and not given["keep_open"] and not many:
        raise UsageError(_("-m counts clients at once: add -k, or leave it out"))
    for name, option in _LISTS:
        if given[name] and given["unix"]:
            raise UsageError(_("{option} goes by addresses, and a Unix socket has none: leave it out").format(option=option))
    if given["append_output"] and not (given["output"] or given["hex_dump"]):
        raise UsageError(_("--append-output is for -o and -x: add one of them, or leave it out"))


def transport_of(given: Given) -> Transport:
    if given["unix"]:
        return Transport.UNIX_DATAGRAM if given["udp"] else Transport.UNIX
    if given["sctp"]:
        return Transport.SCTP
    return Transport.UDP if given["udp"] else Transport.TCP


def end_of(given: Given) -> End:
    """The end that HOST and PORT name. Raises UsageError where they are not enough, or too many."""
    transport, words = transport_of(given), list(given["words"])
    if transport.by_path:
        if len(words) != 1 or not words[0]:
            raise UsageError(_("-U takes one path; type for example: hatoba nc -U /run/some.socket"))
        return End(transport, words[0])
    _refuse_urls(words)
    if given["listen"]:
        if given["source_port"] is not None and len(words) < 2:
            words.append(given["source_port"])
        if not words:
            raise UsageError(_("on which port? type for example: hatoba nc -l 8080"))
        if len(words) > 2:
            raise UsageError(_("-l takes an address and a port; type for example: hatoba nc -l 198.18.0.2 8080"))
        if len(words) == 1 and (written := _HOST_AND_PORT.fullmatch(words[0])):
            words = [written[1], written[2]]
        host = _unbracketed(words[0]) if len(words) == 2 else given["source"] or ""
        return End(transport, host, port_number(words[-1], transport))
    if len(words) == 1 and (written := _HOST_AND_PORT.fullmatch(words[0])):
        words = [written[1], written[2]]
    if not words or not words[0]:
        raise UsageError(_("to which host and port? type for example: hatoba nc 198.18.0.2 80"))
    if len(words) == 1:
        raise UsageError(
            _("to which port of {host}? type for example: hatoba nc {host} 80; to listen: hatoba nc -l {host}").format(
                host=words[0]
            )
        )
    if len(words) > 2:
        raise UsageError(_("one port is enough to connect to; to check several, add -z"))
    return End(transport, _unbracketed(words[0]), port_number(words[1], transport))


def _refuse_urls(words: Sequence[str]) -> None:
    for word in words:
        if _URL.match(word):
            from urllib.parse import urlsplit

            scheme, host = word.partition(":")[0].lower(), None
            port = _named_port(scheme, Transport.TCP) or 80
            with suppress(ValueError):  # no address, or no port
                parts = urlsplit(word)
                host = parts.hostname
                port = parts.port or port
            option = "--ssl " if scheme == "https" else ""
            raise UsageError(
                _("{word} is an address for browsers; type host and port instead: hatoba nc {command}").format(
                    word=word, command=f"{option}{host or '198.18.0.2'} {port}"
                )
            )


def _unbracketed(host: str) -> str:
    """An IPv6 address as people write it before a port (RFC 3986 section 3.2.2), without its brackets."""
    return host[1:-1] if host.startswith("[") and host.endswith("]") else host


def ends_to_check(given: Given) -> tuple[End, list[int]]:
    """For ``-z``: the host, and the ports in the order in which to try them."""
    transport, words = transport_of(given), list(given["words"])
    _refuse_urls(words)
    if len(words) < 2:
        raise UsageError(_("-z takes a host and ports; type for example: hatoba nc -z 198.18.0.2 22 80 8000-8100"))
    ports = [port for word in words[1:] for item in word.split(",") for port in _ports(item, transport)]
    ports = list(dict.fromkeys(ports))
    if given["shuffled"]:
        random.shuffle(ports)
    return End(transport, _unbracketed(words[0])), ports


def _ports(item: str, transport: Transport) -> Sequence[int]:
    first, dash, last = item.partition("-")
    if dash and first.isdecimal() and last.isdecimal():
        lowest, highest = port_number(first, transport), port_number(last, transport)
        if lowest > highest:
            raise UsageError(_("the range {text} counts down; type {last}-{first}").format(text=item, first=first, last=last))
        return range(lowest, highest + 1)
    return [port_number(item, transport)]


def port_number(word: str, transport: Transport) -> int:
    """The port that *word* is, or the first that bears this name. Raises UsageError."""
    if word.isascii() and word.isdecimal() and int(word) <= HIGHEST_PORT:
        return int(word)
    if not word.isdecimal() and (port := _named_port(word, transport)) is not None:
        return port
    raise UsageError(_("{word} is no port: type a number from 0 to 65535, or a service's name").format(word=word))


def _named_port(word: str, transport: Transport) -> int | None:
    from hatoba.model import Protocol
    from hatoba.registry import by_name

    return next(
        (entry.port for entry in by_name(word, Protocol[transport.name]) if entry.protocol.word == transport.value), None
    )


def socket_settings(given: Given) -> SocketSettings:
    transport = transport_of(given)
    family = socket.AF_UNSPEC
    if given["ipv4"] or given["ipv6"]:
        family = socket.AF_INET if given["ipv4"] else socket.AF_INET6
    traffic_class = None
    if given["tos"] is not None:
        from hatoba.netcat.traffic_class import parse_traffic_class

        traffic_class = parse_traffic_class(given["tos"])
    source_port = 0
    if given["source_port"] is not None and not given["listen"]:
        source_port = port_number(given["source_port"], transport)
    return SocketSettings(
        family=family,
        numeric=given["numeric"],
        source=given["source"] or "",
        source_port=source_port,
        connect_timeout_s=given["wait_s"],
        traffic_class=traffic_class,
        receive_buffer_bytes=given["receive_buffer"],
        send_buffer_bytes=given["send_buffer"],
        ttl=given["ttl"],
        min_ttl=given["min_ttl"],
        broadcast=given["broadcast"],
        debug=given["debug_socket"],
    )


def relay_settings(given: Given) -> RelaySettings:
    at_peer_end = AtPeerEnd.TERMINAL
    if given["at_peer_end"] is not None:
        if given["at_peer_end"] not in ("quit", "drain"):
            raise UsageError(
                _("--at-peer-end {word}: type quit, or drain to send the rest first").format(word=given["at_peer_end"])
            )
        at_peer_end = AtPeerEnd(given["at_peer_end"])
    return RelaySettings(
        sends=not given["receive_only"],
        receives=not given["send_only"],
        half_close=not given["no_shutdown"],
        quit_after_s=given["quit_after_s"],
        at_peer_end=at_peer_end,
        idle_s=given["idle_s"],
        most_pieces=given["recv_limit"],
    )
