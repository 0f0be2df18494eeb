"""Names of products by the Common Platform Enumeration: 2.3 formatted strings, and the older URIs that nmap's XML has.

NISTIR 7695, sections 6.1 (URI) and 6.2 (formatted string). Vendors and products are spelled as in NIST's dictionary; where it
divides a version (OpenSSH's ``9.2p1`` is version 9.2, update p1), the caller does too, or :func:`cpe23` does for the products
that it knows this of.
"""

from __future__ import annotations

import re
from urllib.parse import unquote

_PARTS = 11
_PLAIN = re.compile(r"[A-Za-z0-9_.-]*").fullmatch
_UNQUOTED = frozenset("_.-")
_NEVER = re.compile(r"[^\x21-\x7e]+")
"""Characters that no component holds: section 5.3.2 allows printable ASCII without spaces."""
_COMPONENT = r"(?:(?:\*|\?+)?(?:[A-Za-z0-9._-]|\\[!-,./:-@\[-`{-~-])+(?:\*|\?+)?|[*-])"
_LANGUAGE = r"(?:[A-Za-z]{2,3}(?:-(?:[A-Za-z]{2}|[0-9]{3}))?|[*-])"
_FORMATTED = re.compile(rf"cpe:2\.3:[aho*-](?::{_COMPONENT}){{5}}:{_LANGUAGE}(?::{_COMPONENT}){{4}}").fullmatch
"""Section 6.2.3: wildcards stand only at the ends of a component, and all else that is no letter or digit is quoted."""
_PATCHED = re.compile(r"(\d[\d.]*)-?(p\d+)", re.IGNORECASE).fullmatch
_PATCHES_ARE_UPDATES = frozenset(
    {("openbsd", "openssh"), ("ntp", "ntp"), ("isc", "bind"), ("isc", "dhcp"), ("sudo_project", "sudo")}
)


def cpe23(part: str, vendor: str, product: str, version: str = "", update: str = "", sw_edition: str = "") -> str:
    """``cpe:2.3:a:openbsd:openssh:9.2:p1:*:*:*:*:*:*``. An empty *version* means any: ``*``."""
    if not update and (vendor, product) in _PATCHES_ARE_UPDATES and (patched := _PATCHED(version)):
        version, update = patched.groups()
    values = (part, *map(component, (vendor, product, version, update)), "*", "*", component(sw_edition))
    return ":".join(("cpe", "2.3", *values, *["*"] * (_PARTS - len(values))))


def is_cpe23(name: str) -> bool:
    """Whether *name* is a formatted string as NISTIR 7695 has it."""
    return _FORMATTED(name) is not None


def components(formatted: str) -> list[str]:
    """The eleven components of a formatted string, quoted as they are: ``part`` first."""
    return re.findall(r"(?:\\.|[^:\\])+", formatted)[2:]


def cpe_of_uri(uri: str) -> str:
    """The formatted string of a CPE 2.2 URI, ``cpe:/a:openbsd:openssh:9.2p1``, whose components are spelled as the dictionary
    does; an empty text where it is none. Section 6.1.3.2; what follows the update is left out."""
    if not uri.startswith("cpe:/"):
        return ""
    part, vendor, product, version, update = (*map(unquote, uri.removeprefix("cpe:/").split(":")), "", "", "", "", "")[:5]
    if part not in ("a", "h", "o") or not vendor or not product:
        return ""
    name = cpe23(part, vendor, product, "" if version == "-" else version, "" if update == "-" else update)
    return _not_applicable(name) if version == "-" else name


def cpe_uri(formatted: str) -> str:
    """A formatted string as the URI of CPE 2.2: ``cpe:/a:openbsd:openssh:9.2:p1``. Components that mean any are left out at
    the end and empty before it; those that 2.2 has not are packed into the edition (section 6.1.2.1)."""
    part, vendor, product, version, update, edition, language, *more = map(_bound, components(formatted))
    packed = "~".join(("", edition, *more)) if any(more) else edition
    bound = [part, vendor, product, version, update, packed, language]
    while bound and not bound[-1]:
        bound.pop()
    return "cpe:/" + ":".join(bound)


def component(value: str) -> str:
    """*value* as one component, whoever wrote it: in small letters, quoted where it has to be; ``*`` for an empty one."""
    value = _NEVER.sub("_", value.strip().lower())
    if not value:
        return "*"
    if value == "-":
        return "\\-"  # a bare one means "not applicable"
    return value if _PLAIN(value) else "".join(c if c.isalnum() or c in _UNQUOTED else f"\\{c}" for c in value)


def _not_applicable(name: str) -> str:
    """*name* of a product that has no versions."""
    values = components(name)
    return ":".join(("cpe", "2.3", *values[:3], "-", *values[4:]))


def _bound(value: str) -> str:
    """A component as it stands in a URI; empty for any."""
    if value == "*":
        return ""
    wild = re.sub(r"\\(.)|([*?])", lambda found: found[1] or ("\2" if found[2] == "*" else "\1"), value)
    return "".join(c if c.isalnum() or c in _UNQUOTED else f"%{ord(c):02x}" for c in wild)
