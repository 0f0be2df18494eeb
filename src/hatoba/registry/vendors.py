"""Who made a network card: the vendor behind a hardware (MAC) address.

An address of 48 bits begins with a prefix of 24, 28 or 36 bits that IEEE has assigned to a vendor (MA-L, MA-M, MA-S and the old
IAB). A longer prefix lies inside a shorter one that IEEE keeps for itself, so the longest known wins. Two bits of the first
byte say whether that holds at all (IEEE 802-2014, section 8.2.2): 0x01 marks the address of a group, 0x02 one that was not
assigned by IEEE but made up on the spot: virtual machines, containers, telephones that hide their own.

``data/vendors.tsv`` begins with a line of head, as :mod:`hatoba.registry.store` has it, then holds
``name <tab> prefixes``, each of 6, 7 or 9 hexadecimal digits, divided by blanks. ``tools/registry/vendors.py`` writes it.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Literal

Kind = Literal["universal", "local", "group"]

MAC_BYTES = 6

_GROUP, _LOCAL = 0x01, 0x02
_DIGITS = (9, 7, 6)
"""Lengths of prefixes in hexadecimal digits, the longest first."""
_FILE = Path(__file__).parent / "data" / "vendors.tsv"


@cache
def _vendors() -> dict[str, str]:
    """Names by prefix, read once: some 58,000, within about 30 ms."""
    vendors: dict[str, str] = {}
    for line in _FILE.read_text(encoding="utf-8").splitlines()[1:]:
        name, _, prefixes = line.partition("\t")
        for prefix in prefixes.split(" "):
            vendors[prefix] = name
    return vendors


def kind_of(mac: bytes) -> Kind:
    """Whose address *mac* (6 bytes; ValueError otherwise) is: a ``group``'s (multicast, broadcast), a ``local`` one that
    somebody made up, or a ``universal`` one from a block that IEEE assigned."""
    if len(mac) != MAC_BYTES:
        raise ValueError(f"no hardware address of {MAC_BYTES} bytes: {mac.hex(':')}")
    if mac[0] & _GROUP:
        return "group"
    return "local" if mac[0] & _LOCAL else "universal"


def vendor_of(mac: bytes) -> str | None:
    """The name under which IEEE has assigned the prefix of *mac*, as it is registered. Text that others wrote: no control
    characters, but nothing else is promised.

    None where no vendor can be told: the prefix is unknown or its owner wants to stay unnamed, the address is local or a
    group's, all zeros (a loopback's; the prefix is Xerox's, the address nobody's), or not of 6 bytes (InfiniBand's).
    """
    if len(mac) != MAC_BYTES or kind_of(mac) != "universal" or not any(mac):
        return None
    digits = mac.hex()
    vendors = _vendors()
    return next((vendors[digits[:length]] for length in _DIGITS if digits[:length] in vendors), None)
