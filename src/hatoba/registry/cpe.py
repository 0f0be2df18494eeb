"""Names of products by the Common Platform Enumeration: 2.3 formatted strings, and the older URIs that nmap's XML has.

NISTIR 7695, sections 6.1 (URI) and 6.2 (formatted string). Vendors and products are spelled as in NIST's dictionary; where it
divides a version (OpenSSH's ``9.2p1`` is version 9.2, update p1), the caller does too.
"""

from __future__ import annotations

import re

_PARTS = 11
_PLAIN = re.compile(r"[A-Za-z0-9_.-]*").fullmatch
_UNQUOTED = frozenset("_.-")
_NEVER = re.compile(r"[^\x21-\x7e]+")
"""Characters that no component holds: section 5.3.2 allows printable ASCII without spaces."""


def cpe23(part: str, vendor: str, product: str, version: str = "", update: str = "") -> str:
    """``cpe:2.3:a:openbsd:openssh:9.2:p1:*:*:*:*:*:*``. An empty *version* means any: ``*``."""
    values = (part, *(_formatted(value) for value in (vendor, product, version, update)))
    return ":".join(("cpe", "2.3", *values, *["*"] * (_PARTS - len(values))))


def cpe_uri(formatted: str) -> str:
    """A formatted string as the URI of CPE 2.2: ``cpe:/a:openbsd:openssh:9.2:p1``. Components that mean any are left out at
    the end and empty before it."""
    components = re.split(r"(?<!\\):", formatted)[2:7]
    bound = ["" if value == "*" else _percent(value) for value in components]
    while bound and not bound[-1]:
        bound.pop()
    return "cpe:/" + ":".join(bound)


def _formatted(value: str) -> str:
    value = _NEVER.sub("_", value.strip().lower())
    if not value:
        return "*"
    if value == "-":
        return "\\-"  # a bare one means "not applicable"
    return value if _PLAIN(value) else "".join(c if c.isalnum() or c in _UNQUOTED else f"\\{c}" for c in value)


def _percent(value: str) -> str:
    plain = re.sub(r"\\(.)", r"\1", value)
    return "".join(c if c.isalnum() or c in _UNQUOTED else f"%{ord(c):02x}" for c in plain)
