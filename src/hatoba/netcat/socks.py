"""SOCKS, both sides, without I/O: version 4 with its extension 4A, version 5 (RFC 1928) with user and password (RFC 1929).

::

    4   client   4 | 1 | port (2) | IPv4 address (4) | user 0 [ name 0 ]     a name where the address is 0.0.0.x, x not 0
        server   0 | 90 granted, 91 to 93 not | port (2) | address (4)
    5   client   5 | count | methods                     server   5 | method
        client   1 | length user | length password       server   1 | 0 right
        client   5 | 1 | 0 | kind address | port (2)     server   5 | reply | 0 | kind address | port (2)

A kind is 1 (IPv4), 3 (a length and a name) or 4 (IPv6). Each side of a talk is one function here (:mod:`hatoba.netcat.talks`);
the clients' raise ProxyFault for a refusal.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import NamedTuple

from hatoba.errors import UsageError
from hatoba.messages import _N, _, translated
from hatoba.netcat.talks import ProxyFault, Talk
from hatoba.reports.text import safe

CONNECT = 1
NO_AUTHENTICATION, USER_AND_PASSWORD, NO_METHOD = 0, 2, 0xFF
IPV4, NAME, IPV6 = 1, 3, 4
GRANTED_4, REFUSED_4 = 90, 91
SUCCEEDED, FAILED, NOT_ALLOWED, NETWORK_UNREACHABLE, HOST_UNREACHABLE, REFUSED = range(6)
EXPIRED, BAD_COMMAND, BAD_KIND = 6, 7, 8

_REPLIES_5 = {
    FAILED: _N("it could not connect"),
    NOT_ALLOWED: _N("its rules forbid it"),
    NETWORK_UNREACHABLE: _N("the network is unreachable from there"),
    HOST_UNREACHABLE: _N("the host is unreachable from there, or nobody knows its name"),
    REFUSED: _N("the connection was refused: the host is up, and nothing listens on that port"),
    EXPIRED: _N("the packets were too long on their way (their time to live expired)"),
    BAD_COMMAND: _N("it does not know the command"),
    BAD_KIND: _N("it does not know this kind of address"),
}
_REPLIES_4 = {
    91: _N("it could not connect, or does not want to; SOCKS version 4 does not say why"),
    92: _N("it asked for an ident server on this machine, and found none"),
    93: _N("the user is another one than the ident server on this machine says"),
}


class Account(NamedTuple):
    """Who one is to a proxy."""

    user: str
    password: str = ""


class Wanted(NamedTuple):
    """Where a client wants to go. *version* is how it has to be answered."""

    version: int
    host: str
    port: int


def ask_4(host: str, port: int, account: Account | None) -> Talk[None]:
    """Ask a SOCKS 4 server for *host*: an IPv4 address; a name needs one that knows 4A. Raises UsageError for IPv6."""
    address, name = _address_4(host)
    user = _field(account.user if account else "")
    if b"\0" in user:
        raise UsageError(_("a user's name can't hold a zero byte; check --proxy-auth"))
    yield bytes([4, CONNECT]) + port.to_bytes(2, "big") + address + user + b"\0" + (name + b"\0" if name else b"")
    reply = yield 8
    if reply[0] != 0:
        raise ProxyFault(_("speaks no SOCKS version 4"))
    if reply[1] != GRANTED_4:
        raise _refusal(_REPLIES_4, reply[1])


def ask_5(host: str, port: int, account: Account | None) -> Talk[None]:
    """Ask a SOCKS 5 server for *host*, an address or a name. Raises UsageError, before a word is said."""
    target = _address_5(host) + port.to_bytes(2, "big")
    secret = b"" if account is None else bytes([1]) + _counted_field(account.user) + _counted_field(account.password)
    methods = bytes([NO_AUTHENTICATION] if account is None else [NO_AUTHENTICATION, USER_AND_PASSWORD])
    yield bytes([5, len(methods)]) + methods
    version, method = yield 2
    if version != 5:
        raise ProxyFault(_("speaks no SOCKS version 5"))
    if method not in methods:
        if account is None:
            raise ProxyFault(_("wants to know who asks; give user and password with --proxy-auth"))
        raise ProxyFault(_("takes neither user and password nor anybody without"))
    if method == USER_AND_PASSWORD:
        yield secret
        _version, status = yield 2
        if status != 0:
            raise ProxyFault(_("does not accept this user and password; check --proxy-auth"))
    yield bytes([5, CONNECT, 0]) + target
    version, reply, _reserved, kind = yield 4
    if version != 5:
        raise ProxyFault(_("speaks no SOCKS version 5"))
    if reply != SUCCEEDED:
        raise _refusal(_REPLIES_5, reply)
    yield from _bound_address(kind)


def _bound_address(kind: int) -> Talk[None]:
    """Where the proxy connects from: nobody needs it, but its length is what tells where the stream begins."""
    match kind:
        case 1:
            yield 4 + 2
        case 4:
            yield 16 + 2
        case 3:
            (length,) = yield 1
            yield length + 2
        case _other:
            raise ProxyFault(_("speaks no SOCKS version 5"))


def serve(knows: Callable[[Account], bool] | None) -> Talk[Wanted | None]:
    """Hear where a client wants to go, in either version; None where it was refused, and told so. *knows*: whether an account
    is right; None: nobody is asked who he is. Answer with :func:`answer`."""
    (version,) = yield 1
    if version == 4 and knows is None:
        return (yield from _serve_4())
    if version == 4:
        yield answer(4, NOT_ALLOWED)  # version 4 has no password
        return None
    if version != 5:
        raise ProxyFault(_("speaks no SOCKS"))
    return (yield from _serve_5(knows))


def answer(version: int, reply: int, host: str = "0.0.0.0", port: int = 0) -> bytes:
    """What a server says: *reply* by version 5's numbers, and the address that it connects from."""
    if version == 4:
        return bytes([0, GRANTED_4 if reply == SUCCEEDED else REFUSED_4]) + bytes(6)
    return bytes([5, reply, 0]) + _address_5(host) + port.to_bytes(2, "big")


def right_account(known: Account) -> Callable[[Account], bool]:
    """Whether an account is *known*, without telling by time how much of it is right."""

    def knows(account: Account) -> bool:
        user = hmac.compare_digest(account.user.encode(), known.user.encode())
        return hmac.compare_digest(account.password.encode(), known.password.encode()) and user

    return knows


def _serve_4() -> Talk[Wanted | None]:
    command, *rest = yield 1 + 2 + 4
    port, address = int.from_bytes(bytes(rest[:2]), "big"), bytes(rest[2:])
    yield from _until_zero()
    named = address[:3] == bytes(3) and address[3] != 0
    host = (yield from _until_zero()).decode("ascii", "replace") if named else str(IPv4Address(address))
    if command != CONNECT or not _is_host(host):
        yield answer(4, BAD_COMMAND)
        return None
    return Wanted(4, host, port)


def _until_zero() -> Talk[bytes]:
    text = b""
    while (byte := (yield 1)) != b"\0":
        text += byte
        if len(text) > 255:
            raise ProxyFault(_("sends a name of more than 255 bytes"))
    return text


def _serve_5(knows: Callable[[Account], bool] | None) -> Talk[Wanted | None]:
    (count,) = yield 1
    offered = (yield count) if count else b""
    wanted = NO_AUTHENTICATION if knows is None else USER_AND_PASSWORD
    if wanted not in offered:
        yield bytes([5, NO_METHOD])
        return None
    yield bytes([5, wanted])
    if knows is not None:
        (_version,) = yield 1
        user, password = (yield from _counted()), (yield from _counted())
        right = knows(Account(user.decode(errors="replace"), password.decode(errors="replace")))
        yield bytes([1, 0 if right else 1])
        if not right:
            return None
    version, command, _reserved, kind = yield 4
    if version != 5:
        raise ProxyFault(_("speaks no SOCKS"))
    match kind:
        case 1:
            host = str(IPv4Address((yield 4)))
        case 4:
            host = str(IPv6Address((yield 16)))
        case 3:
            host = (yield from _counted()).decode("ascii", "replace")
        case _other:
            yield answer(5, BAD_KIND)
            return None
    port = int.from_bytes((yield 2), "big")
    if command != CONNECT:
        yield answer(5, BAD_COMMAND)
        return None
    if not _is_host(host):
        yield answer(5, HOST_UNREACHABLE)
        return None
    return Wanted(5, host, port)


def _counted() -> Talk[bytes]:
    (length,) = yield 1
    return (yield length) if length else b""


def _is_host(host: str) -> bool:
    """Whether *host* may be given to a resolver: some of them stop at a zero byte, or take blanks for ends."""
    return bool(host) and host.isascii() and host.isprintable() and " " not in host


def _refusal(replies: dict[int, str], code: int) -> ProxyFault:
    known = translated(replies.get(code, ""))
    return ProxyFault(
        _("refuses: {reason}").format(reason=known) if known else _("refuses, with the code {code}").format(code=code)
    )


def _address_4(host: str) -> tuple[bytes, bytes]:
    """Address and name as version 4 writes them."""
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return bytes([0, 0, 0, 1]), _name(host)
    if isinstance(address, IPv6Address):
        raise UsageError(_("SOCKS version 4 knows no IPv6; use --proxy-type socks5"))
    return address.packed, b""


def _address_5(host: str) -> bytes:
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        name = _name(host)
        return bytes([NAME, len(name)]) + name
    return bytes([IPV4 if address.version == 4 else IPV6]) + address.packed


def _name(host: str) -> bytes:
    try:
        name = host.encode("ascii" if host.isascii() else "idna")
    except UnicodeError:
        name = b""
    if not 0 < len(name) <= 255 or b"\0" in name:
        raise UsageError(_("{host!r} can't be a name: type a host name or an address").format(host=safe(host)))
    return name


def _counted_field(text: str) -> bytes:
    field = _field(text)
    return bytes([len(field)]) + field


def _field(text: str) -> bytes:
    field = text.encode()
    if len(field) > 255:
        raise UsageError(_("SOCKS takes a user and a password of at most 255 bytes each; check --proxy-auth"))
    return field
