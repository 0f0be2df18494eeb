"""From what the user named to addresses for sockets."""

from __future__ import annotations

import socket
from dataclasses import dataclass

from hatoba.errors import UsageError
from hatoba.messages import _, system_words
from hatoba.netcat.ends import End, NotResolved, SocketAddress, SocketSettings, path_address

_OPTIONS: dict[int, str] = {socket.AF_INET: "-4", socket.AF_INET6: "-6"}
_LINK_LOCAL = ("fe8", "fe9", "fea", "feb")
"""How addresses of fe80::/10 are written (RFC 5952)."""
_OTHER_FAMILY = getattr(socket, "EAI_ADDRFAMILY", None)


@dataclass(frozen=True, slots=True)
class Place:
    """One address that an end stands for, and the family of the socket for it."""

    family: int
    address: SocketAddress

    @property
    def lacks_interface(self) -> bool:
        """Whether it is good on one link only, and nobody said which (RFC 4007)."""
        return self.family == socket.AF_INET6 and not self.address[3] and self.address[0].lower().startswith(_LINK_LOCAL)


def places(end: End, settings: SocketSettings, *, listening: bool = False) -> list[Place]:
    """Every address that *end* stands for, in the order in which to try them. With *listening* an empty host is everywhere,
    IPv6 first. Raises NotResolved for a name that is unknown, or that may not be looked up."""
    if end.transport.by_path:
        return [Place(socket.AF_UNIX, path_address(end.host))]
    flags = (socket.AI_PASSIVE if listening else 0) | (socket.AI_NUMERICHOST if settings.numeric else 0)
    try:
        # Asked for streams always: resolvers know no SCTP, and the answer is the same.
        found = socket.getaddrinfo(end.host or None, end.port, settings.family, socket.SOCK_STREAM, socket.IPPROTO_TCP, flags)
    except socket.gaierror as error:
        raise _unknown(end, settings, error, listening) from error
    except UnicodeError as error:
        raise UsageError(_("{host!r} can't be a name: type a host name or an address").format(host=end.host)) from error
    known = [Place(family, address) for family, _kind, _protocol, _canonical, address in found]
    return sorted(known, key=lambda place: place.family != socket.AF_INET6) if listening and not end.host else known


def _unknown(end: End, settings: SocketSettings, error: OSError, listening: bool) -> NotResolved:
    if error.errno == _OTHER_FAMILY and settings.family in _OPTIONS:
        message = _("{host} has no address of the family that {option} asks for: leave {option} out")
    elif settings.numeric and error.errno == socket.EAI_NONAME:
        message = _("{host} is not an address, and -n says not to look up names: type an address, or leave -n out")
    else:
        return NotResolved(f"{end.host}: {system_words(error)}", error, end, listening=listening)
    text = message.format(host=end.host, option=_OPTIONS.get(settings.family, ""))
    refusal = NotResolved(text, error, end, listening=listening)
    refusal.exit_status = 2  # the command line is wrong, not the network
    return refusal
