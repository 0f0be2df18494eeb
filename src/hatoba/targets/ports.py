"""Port lists: ``22,80-90,U:53,T:443,http*,-100,60000-,-``.

| written | means |
| --- | --- |
| `22` | that port |
| `80-90`, `-100`, `60000-`, `-` | from, to; 1 and 65535 where left out; port 0 only where written |
| `T:`, `U:`, `S:`, `P:` | what follows is asked over TCP, UDP, SCTP; as protocols of IP, 0 to 255 |
| `http`, `http*`, `ftp?` | ports by service name; `*` and `?` as in a shell |
| `[1-1024]` | those ports of the range that have a service name |
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from types import MappingProxyType
from typing import Protocol as Interface

import numpy as np
import numpy.typing as npt

from hatoba.errors import UsageError
from hatoba.messages import _
from hatoba.model import Protocol
from hatoba.packets.distinct import distinct, one_of
from hatoba.targets.quoting import shown

PortArray = npt.NDArray[np.uint16]

_LETTERS = {"T": Protocol.TCP, "U": Protocol.UDP, "S": Protocol.SCTP, "P": Protocol.IP}
_LETTER_OF = {protocol: letter for letter, protocol in _LETTERS.items()}
_ASKED_BY = {Protocol.TCP: "--syn", Protocol.UDP: "--udp", Protocol.SCTP: "--sctp-init", Protocol.IP: "--ip-protocol"}
_PREFIX = re.compile(r"([A-Za-z]):\s*")
_RANGE = re.compile(r"([0-9]*)(-?)([0-9]*)")
_LAST_PORT = 65535
LAST_PROTOCOL = 255


class NoPortLeft(UsageError):
    """All that was to be asked is excluded."""


class NamedPort(Interface):
    """What the registry says of a name: one of its ports."""

    @property
    def port(self) -> int: ...

    @property
    def protocol(self) -> Protocol: ...


NameLookup = Callable[[str, Protocol | None], Iterable[NamedPort]]
"""A service name or pattern, and a protocol, to its ports."""


@dataclass(frozen=True, slots=True, eq=False)
class PortChoice:
    """Ports to ask, by protocol. Each array is sorted, distinct, read-only and not empty; equal choices are equal keys."""

    ports: Mapping[Protocol, PortArray]
    _key: tuple[tuple[int, bytes], ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_key", tuple((protocol.value, array.tobytes()) for protocol, array in self.ports.items()))

    @property
    def count(self) -> int:
        """How many ports, over all protocols."""
        return sum(len(array) for array in self.ports.values())

    @property
    def protocols(self) -> tuple[Protocol, ...]:
        return tuple(self.ports)

    def __bool__(self) -> bool:
        return bool(self.ports)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PortChoice) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)

    def without(self, other: PortChoice) -> PortChoice:
        """These ports but those of *other*, protocol by protocol. May leave nothing."""
        return choice(
            {
                protocol: array[~one_of(array, other.ports[protocol])] if protocol in other.ports else array
                for protocol, array in self.ports.items()
            }
        )

    def only(self, protocols: Iterable[Protocol]) -> PortChoice:
        """These ports, which must all be of *protocols*, those that the scan's methods ask. Raises UsageError."""
        other = next((held for held in self.protocols if held not in protocols), None)
        if other is not None:
            raise UsageError(
                _(
                    "{protocol} ports are chosen, but no method that asks them: "
                    "add {option}, or leave out {letter}: and what follows it"
                ).format(protocol=other.name, letter=_LETTER_OF[other], option=_ASKED_BY[other])
            )
        return self

    def union(self, other: PortChoice) -> PortChoice:
        both: dict[Protocol, PortArray] = dict(self.ports)
        for protocol, array in other.ports.items():
            both[protocol] = distinct(np.concatenate([both[protocol], array])) if protocol in both else array
        return choice(both)

    def describe(self) -> str:
        """A range list: ``1-1024,8080``; with several protocols ``T:22,80,U:53``."""
        lists = {protocol: range_list(array) for protocol, array in self.ports.items()}
        if len(lists) == 1:
            return next(iter(lists.values()))
        return ",".join(f"{_LETTER_OF[protocol]}:{text}" for protocol, text in lists.items())


def choice(ports: Mapping[Protocol, Iterable[int] | PortArray]) -> PortChoice:
    """A :class:`PortChoice` from any ports in any order; protocols without a port are left out."""
    held: dict[Protocol, PortArray] = {}
    for protocol in sorted(ports):
        given = ports[protocol]
        array = distinct(given if isinstance(given, np.ndarray) else np.fromiter(given, dtype=np.uint16))
        if len(array):
            held[protocol] = array.astype(np.uint16)
            held[protocol].setflags(write=False)
    return PortChoice(MappingProxyType(held))


def range_list(ports: npt.ArrayLike) -> str:
    """Sorted distinct ports as ``1-1024,8080``."""
    array = np.asarray(ports, dtype=np.int64)
    if not len(array):
        return ""
    breaks = np.flatnonzero(np.diff(array) != 1)
    firsts = array[np.concatenate([[0], breaks + 1])].tolist()
    lasts = array[np.concatenate([breaks, [len(array) - 1]])].tolist()
    return ",".join(str(a) if a == b else f"{a}-{b}" for a, b in zip(firsts, lasts, strict=True))


def parse_ports(
    text: str, *, default: Protocol | Sequence[Protocol] = Protocol.TCP, names: NameLookup | None = None
) -> PortChoice:
    """A port list (see the top of this file) to the ports it names.

    *default* is what ports without a ``T:``, ``U:`` or ``S:`` before them are asked over: one protocol or several.
    *names* finds services by name; None: the registry. Raises UsageError, one sentence, for anything else.
    """
    current: tuple[Protocol, ...] = (default,) if isinstance(default, Protocol) else tuple(default)
    masks: dict[Protocol, npt.NDArray[np.bool_]] = {}
    if not text.strip():
        raise UsageError(_("the port list is empty; name ports, for instance 22,80-90"))
    for raw in text.split(","):
        item = raw.strip()
        while prefix := _PREFIX.match(item):
            current, item = (_protocol(prefix.group(1)),), item[prefix.end() :]
        if not item:
            raise UsageError(
                _("{text}: a port is missing beside a comma or colon; write for instance 22,80-90").format(text=shown(text))
            )
        for protocol in current:
            mask = masks.setdefault(protocol, np.zeros(_LAST_PORT + 1, dtype=np.bool_))
            mask[_item_ports(item, protocol, names)] = True
    if Protocol.IP in masks:
        _bound_protocols(masks[Protocol.IP], text)
    return choice({protocol: np.flatnonzero(mask).astype(np.uint16) for protocol, mask in masks.items()})


def parse_port_lists(lists: Iterable[str], default: Sequence[Protocol]) -> PortChoice:
    """The ports of several lists together. Each is read for itself: ``U:`` holds to the end of its own list."""
    plain: list[str] = []
    lettered: list[str] = []
    for text in lists:
        (lettered if ":" in text else plain).append(text)
    # Those without a letter may be a number each, and as many as there are ports.
    texts = [*([",".join(plain)] if plain else []), *lettered]
    return reduce(PortChoice.union, (parse_ports(text, default=default) for text in texts), choice({}))


def _bound_protocols(mask: npt.NDArray[np.bool_], text: str) -> None:
    """There are 256 protocols: an open range ends there, a number above is a mistake."""
    if mask[LAST_PROTOCOL + 1 : _LAST_PORT].any() and not mask[LAST_PROTOCOL + 1 :].all():
        raise UsageError(_("{text}: protocols of IP run from 0 to 255").format(text=shown(text)))
    mask[LAST_PROTOCOL + 1 :] = False


def top_ports_choice(
    count: int, protocol: Protocol, *, top: Callable[[int, Protocol], Sequence[int]] | None = None
) -> PortChoice:
    """The *count* ports most worth asking (``-F`` is 100, the default 1000). *top* ranks them; None: the registry."""
    if not 1 <= count <= _LAST_PORT + 1:
        raise UsageError(_("{count} ports: --top-ports takes a number from 1 to 65536").format(count=count))
    if top is None:
        from hatoba.registry import top_ports

        top = top_ports
    return choice({protocol: range(LAST_PROTOCOL + 1) if protocol == Protocol.IP else top(count, protocol)})


def ports_asked(protocols: Sequence[Protocol], written: Iterable[str] | None, top: int) -> PortChoice:
    """The ports that methods of *protocols* ask: the lists that are *written* after ``-p``, or the *top* likeliest of each
    protocol."""
    if written is not None:
        return parse_port_lists(written, protocols).only(protocols)
    chosen = choice({})
    for protocol in protocols:
        chosen = chosen.union(top_ports_choice(top, protocol))
    return chosen


def _protocol(letter: str) -> Protocol:
    protocol = _LETTERS.get(letter.upper())
    if protocol is None:
        raise UsageError(
            _("{letter}: is not a protocol with ports; write T: for TCP, U: for UDP, S: for SCTP or P: for IP").format(
                letter=letter
            )
        )
    return protocol


def _item_ports(item: str, protocol: Protocol, names: NameLookup | None) -> slice | list[int]:
    """The ports of one item between commas, as an index into a mask of all ports."""
    if item.startswith("[") and item.endswith("]"):
        first, last = _bounds(item[1:-1], item)
        return [port for port in _named("*", protocol, names) if first <= port <= last]
    if _RANGE.fullmatch(item):
        first, last = _bounds(item, item)
        return slice(first, last + 1)
    if re.search(r"[^\W\d_]|[*?]", item) is None or re.search(r"[\s\[\]:/]", item):
        raise UsageError(_not_a_port(item))
    found = _named(item, protocol, names)
    if not found:
        raise UsageError(
            _("{item}: no {protocol} service has this name; write the port's number").format(
                item=shown(item), protocol=protocol.name
            )
        )
    return found


def _bounds(text: str, item: str) -> tuple[int, int]:
    match = _RANGE.fullmatch(text)
    if match is None or not text:
        raise UsageError(_not_a_port(item))
    start, dash, stop = match.groups()
    first = _number(start, item) if start else 1
    last = (_number(stop, item) if stop else _LAST_PORT) if dash else first
    if first > last:
        raise UsageError(
            _("{item}: the range runs backwards; write {last}-{first}").format(item=shown(item), first=first, last=last)
        )
    return first, last


def _number(digits: str, item: str) -> int:
    significant = digits.lstrip("0") or "0"
    if len(significant) > 5 or int(significant) > _LAST_PORT:
        raise UsageError(_("{item}: ports run from 0 to 65535").format(item=shown(item)))
    return int(significant)


def _not_a_port(item: str) -> str:
    return _("{item}: not a port; write a number, a range such as 80-90, or a service name").format(item=shown(item))


def _named(pattern: str, protocol: Protocol, names: NameLookup | None) -> list[int]:
    if names is None:
        from hatoba.registry import by_name

        names = by_name
    return [entry.port for entry in names(pattern, protocol) if entry.protocol == protocol]
