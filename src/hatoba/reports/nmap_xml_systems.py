"""The operating system of a host in nmap's XML: ``<os>`` with the ports that were asked and a match for each system.

nmap's DTD wants the line of nmap's own data file that a match came from; ours come from no such file, so it is 0.
"""

from __future__ import annotations

from collections.abc import Iterator

from hatoba.registry.cpe import cpe_uri
from hatoba.reports.nmap_xml_elements import attributes
from hatoba.reports.text import xml_text
from hatoba.system import System, SystemsTold

_PERCENT = 10


def os_element(told: SystemsTold) -> str:
    """Empty where neither a port was asked nor a system found."""
    inside = "".join([*_ports_used(told), *map(_match, told.systems)])
    return f"<os>{inside}</os>\n" if inside else ""


def shield_words(told: SystemsTold) -> list[str]:
    """For the host's comment: nmap has no place for what stands in front of it."""
    return [shield.kind.value for shield in told.shields]


def _ports_used(told: SystemsTold) -> Iterator[str]:
    for state, protocol, port in (
        ("open", "tcp", told.open_port),
        ("closed", "tcp", told.closed_port),
        ("closed", "udp", told.udp_port),
    ):
        if port is not None:
            yield f"<portused{attributes(state=state, proto=protocol, portid=port)}/>\n"


def _match(system: System) -> str:
    accuracy = system.confidence * _PERCENT
    known = {"type": system.device, "vendor": system.vendor, "osfamily": system.family, "osgen": system.generation}
    of_class = attributes(**{name: value for name, value in known.items() if value or name in ("vendor", "osfamily")})
    names = "".join(f"<cpe>{xml_text(cpe_uri(name))}</cpe>" for name in system.cpe23)
    return (
        f"<osmatch{attributes(name=system.name, accuracy=accuracy, line=0)}>\n"
        f"<osclass{of_class}{attributes(accuracy=accuracy)}>{names}</osclass>\n</osmatch>\n"
    )
