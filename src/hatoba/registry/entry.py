"""What is known of one port number of one protocol."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from hatoba.model import Protocol

HIGHEST = 65535
HIGHEST_PROTOCOL = 255
"""The numbers of the protocols above IP end here (RFC 791 section 3.1: eight bits)."""

UNKNOWN = "unknown"
"""The word for a port that neither IANA nor we have a name for."""


class PortClass(StrEnum):
    """The three ranges of RFC 6335 section 6."""

    WELL_KNOWN = "well-known"
    """0 to 1023: on Unix only a privileged program may listen there."""
    REGISTERED = "registered"
    """1024 to 49151: assigned on request."""
    DYNAMIC = "dynamic"
    """49152 to 65535: never assigned; systems hand them out for a while."""

    @property
    def ports(self) -> range:
        return _RANGES[self]


_RANGES = {
    PortClass.WELL_KNOWN: range(1024),
    PortClass.REGISTERED: range(1024, 49152),
    PortClass.DYNAMIC: range(49152, HIGHEST + 1),
}


def port_class(port: int) -> PortClass:
    return next(name for name, ports in _RANGES.items() if port in ports)


@dataclass(frozen=True, slots=True)
class PortEntry:
    """One port of one protocol. Texts are English; ``today_description`` and ``hint`` are in the catalogues and are looked
    up with ``hatoba.messages.translated`` where people read them."""

    port: int
    protocol: Protocol
    name: str
    """IANA's service name; empty where IANA has assigned none."""
    description: str
    """IANA's description; ``Unassigned``, ``Reserved``, ``Dynamic and/or Private`` or the like where that is all there is."""
    today: str
    """What really runs there today, in the syntax of a service name; empty where IANA's name says it well."""
    today_description: str
    """The products behind :attr:`today`, by name."""
    port_class: PortClass
    """Of IP it means nothing."""
    hint: str
    """What an open port here means and what to do about it; empty for most ports."""

    @property
    def service(self) -> str:
        """The word that reports show."""
        return self.today or self.name or UNKNOWN

    @property
    def known(self) -> bool:
        """True where there is more to say than that nobody has claimed the port."""
        return bool(self.today or self.name or self.description not in ("Unassigned", "Dynamic and/or Private"))
