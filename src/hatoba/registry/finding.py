"""Ports by number, by name and by free words."""

from __future__ import annotations

import re
from collections.abc import Iterable

from hatoba.messages import translated
from hatoba.model import Protocol
from hatoba.registry import store
from hatoba.registry.entry import HIGHEST, HIGHEST_PROTOCOL, UNKNOWN, PortClass, PortEntry, port_class

ALIASES = {
    "www": "http",
    "dns": "domain",
    "dhcp": "bootps",
    "ident": "auth",
    "whois++": "whoispp",
    "rpcbind": "sunrpc",
    "portmap": "sunrpc",
    "portmapper": "sunrpc",
    "imap4": "imap",
    "ike": "isakmp",
    "jetdirect": "pdl-datastream",
    "lpd": "printer",
    "rlogin": "login",
    "rsh": "shell",
    "rexec": "exec",
    "iax2": "iax",
    "postgres": "postgresql",
    "mongo": "mongodb",
    "mariadb": "mysql",
    "sqlserver": "mssql",
    "ms-sql": "mssql",
    "elastic": "elasticsearch",
    "opensearch": "elasticsearch",
    "valkey": "redis",
    "k8s": "kubernetes",
    "upnp": "ssdp",
    "netbios": "netbios-ssn",
}
"""What people call services that IANA, and we, call otherwise."""


def _checked(port: int, protocol: Protocol) -> int:
    if not 0 <= port <= (HIGHEST_PROTOCOL if protocol is Protocol.IP else HIGHEST):
        raise ValueError(f"no port number: {port}")
    return port


def lookup(port: int, protocol: Protocol) -> PortEntry:
    """What is known of *port* (0 to 65535, of IP a protocol's number up to 255; ValueError otherwise). Never fails for a port
    that nobody has claimed."""
    nothing = "Dynamic and/or Private" if port in PortClass.DYNAMIC.ports else "Unassigned"
    name, description = store.assigned(protocol).get(_checked(port, protocol), ("", nothing))
    today, today_description = store.today(protocol).get(port, ("", ""))
    hint = store.hint(port, protocol)
    return PortEntry(port, protocol, name, description, today, today_description, port_class(port), hint)


def service_name(port: int, protocol: Protocol) -> str:
    """The word that reports show: our overlay's, else IANA's, else ``unknown``. One look-up in a dictionary."""
    return store.services(protocol).get(port, UNKNOWN)


def by_name(pattern: str, protocol: Protocol | None = None) -> list[PortEntry]:
    """Every port whose name, IANA's or ours, is *pattern*, in order of port; capitals don't matter.

    ``*`` stands for any letters and ``?`` for one, so that ``http*`` finds http, https, http-alt and more. Without
    *protocol*, all four that have ports. A name that people use otherwise (``dns``, ``www``) finds what it means if nobody has
    it."""
    return _named(pattern, protocol) or _named(ALIASES.get(pattern.lower(), ""), protocol)


def _named(pattern: str, protocol: Protocol | None) -> list[PortEntry]:
    if not pattern:
        return []
    matches = re.compile(_expression(pattern), re.IGNORECASE).fullmatch
    found = [
        (port, of)
        for of in _protocols(protocol)
        for table in (store.assigned(of), store.today(of))
        for port, (name, _description) in table.items()
        if name and matches(name)
    ]
    return _entries(found)


def _expression(pattern: str) -> str:
    """The regular expression of a pattern. What a star has passed is not tried anew, or many stars would take for ever."""
    first, *others = (re.escape(part).replace(r"\?", ".") for part in pattern.split("*"))
    if not others:
        return first
    return first + "".join(f"(?>.*?{part})" for part in others[:-1]) + ".*" + others[-1]


def search(text: str, protocol: Protocol | None = None) -> list[PortEntry]:
    """Every port whose names and descriptions hold all the words of *text*, in English or in the language in force;
    those that hold them as whole words come first, then in order of port."""
    words = text.lower().split()
    if not words:
        return []
    whole = [re.compile(rf"\b{re.escape(word)}\b") for word in words]
    first: list[tuple[int, Protocol]] = []
    then: list[tuple[int, Protocol]] = []
    for of in _protocols(protocol):
        assigned, today = store.assigned(of), store.today(of)
        for port in assigned.keys() | today.keys():
            name, products = today.get(port, ("", ""))
            told = " ".join((*assigned.get(port, ()), name, products, translated(products))).lower()
            if all(word in told for word in words):
                (first if all(word.search(told) for word in whole) else then).append((port, of))
    return _entries(first) + _entries(then)


def near_names(name: str, count: int = 3) -> list[str]:
    """Names that *name* was probably meant to be, the nearest first."""
    import difflib

    tables = [table for of in store.WITH_PORTS for table in (store.assigned(of), store.today(of))]
    known = {word: True for table in tables for word, _description in table.values()}
    known.update(dict.fromkeys(ALIASES, True))
    known.pop("", None)
    return difflib.get_close_matches(name.lower(), list(known), n=count, cutoff=0.6)


def _protocols(protocol: Protocol | None) -> Iterable[Protocol]:
    return store.WITH_PORTS if protocol is None else (protocol,)


def _entries(found: Iterable[tuple[int, Protocol]]) -> list[PortEntry]:
    return [lookup(port, of) for port, of in sorted(set(found))]
