"""Writes ``data/vendors.tsv`` of ``hatoba.registry``: who has which prefix of hardware addresses, from IEEE's registries.

    npm pack oui-data && tar xzf oui-data-*.tgz
    apt-get download ieee-data && dpkg-deb -x ieee-data_*.deb ieee-data
    python tools/registry/vendors.py package/index.json ieee-data/usr/share/ieee-data/iab.csv             write it
    python tools/registry/vendors.py package/index.json ieee-data/usr/share/ieee-data/iab.csv --check     fail where it differs

The npm package ``oui-data`` (BSD-2-Clause) carries MA-L, MA-M and MA-S as ``{"0055DA0": "name\\naddress ..."}``; Debian's
``ieee-data`` has IAB besides, where nothing new has been assigned since MA-S took its place in 2014. IEEE asserts no copyright
in these lists and does not restrict their distribution. The output depends on the two files and the version in
``package.json`` alone, byte for byte.

Names stay as they were registered, but for this: white space of any kind becomes one blank, characters that show nothing
(control, format, unassigned) are left out. Nothing is cut. What is left out altogether: see :func:`is_vendor` and
:func:`is_universal`.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import io
import json
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

STORED = Path(__file__).resolve().parent.parent.parent / "src" / "hatoba" / "registry" / "data" / "vendors.tsv"
FORMAT = 1
LONGEST_NAME = 160
"""Characters; the longest name so far has 108. A longer one wants a reader before it is stored."""

PREFIX = re.compile(r"[0-9A-F]{6}|[0-9A-F]{7}|[0-9A-F]{9}")

SHARED = {
    "0001C8": ("CONRAD CORP.", "THOMAS CONRAD CORP."),
    "080030": ("CERN", "NETWORK RESEARCH CORPORATION", "ROYAL MELBOURNE INST OF TECH"),
}
"""Prefixes that IEEE's list has several times, with different owners. The package keeps the last one only."""

Owners = dict[str, str]
"""The registered name by prefix, in capital digits."""


class SourceError(Exception):
    """A source is not what it should be; the message says where."""


def cleaned(name: str) -> str:
    """*name* in one line, and of characters that show."""
    name = "".join(sign for sign in " ".join(name.split()) if sign.isprintable())
    return " ".join(name.split())  # what was left out may have stood between blanks


def is_vendor(name: str) -> bool:
    """False for IEEE itself, which keeps the blocks that MA-M, MA-S and IAB are cut from, and for owners who paid to be listed
    as ``Private``: neither says who made a thing."""
    return name.lower() not in ("", "private", "ieee registration authority")


def is_universal(prefix: str) -> bool:
    """False for prefixes from before the two lowest bits of the first byte meant "local" and "group" (DEC's AA-00-04, 3Com's
    02-60-8C): today an address that begins so was made up on the spot."""
    return not int(prefix[:2], 16) & 0x03


def package_owners(index: Mapping[str, str]) -> Owners:
    """Owners out of the package's index; the first line of each value is the name."""
    owners = {prefix: text.partition("\n")[0] for prefix, text in index.items()}
    for prefix, names in SHARED.items():
        if owners.get(prefix, names[0]) not in names:
            raise SourceError(f"{prefix} belongs to {owners[prefix]} now; mend SHARED")
        if prefix in owners:
            owners[prefix] = " / ".join(names)
    return owners


def iab_owners(text: str) -> Owners:
    """Owners out of IEEE's ``iab.csv``."""
    rows = csv.reader(io.StringIO(text))
    if next(rows, [])[:3] != ["Registry", "Assignment", "Organization Name"]:
        raise SourceError("iab.csv does not begin with Registry,Assignment,Organization Name")
    return {row[1]: row[2] for row in rows}


def lines(owners: Owners) -> Iterator[str]:
    """``name <tab> prefixes`` in the order of names, each name once."""
    prefixes: dict[str, list[str]] = {}
    for prefix, registered in owners.items():
        name = cleaned(registered)
        if not PREFIX.fullmatch(prefix):
            raise SourceError(f"not a prefix of 24, 28 or 36 bits: {prefix}")
        if len(name) > LONGEST_NAME:
            raise SourceError(f"{prefix}: a name of {len(name)} characters: {name}")
        if is_vendor(name) and is_universal(prefix):
            prefixes.setdefault(name, []).append(prefix.lower())
    for name in sorted(prefixes):
        yield f"{name}\t{' '.join(sorted(prefixes[name]))}"


def output(index: Path, iab: Path) -> str:
    """The table as it is stored, its head with the version and the digests of what it was made from."""
    content, old_blocks = index.read_bytes(), iab.read_bytes()
    version = json.loads((index.parent / "package.json").read_text(encoding="utf-8"))["version"]
    owners = package_owners(json.loads(content))
    for prefix, name in iab_owners(old_blocks.decode()).items():
        owners.setdefault(prefix, name)
    body = "".join(f"{line}\n" for line in lines(owners))
    digests = (
        ("index-sha256", content),
        ("iab-sha256", old_blocks),
        ("body-sha256", body.encode()),
    )
    told = " ".join(f"{name}={hashlib.sha256(data).hexdigest()}" for name, data in digests)
    return f"# format={FORMAT} source=oui-data-{version} {told} by tools/registry/vendors.py, do not edit\n{body}"


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Write the table of hardware vendors of hatoba.registry.")
    parser.add_argument("index", type=Path, help="index.json of the npm package oui-data")
    parser.add_argument("iab", type=Path, help="iab.csv of Debian's package ieee-data")
    parser.add_argument("--check", action="store_true", help="write nothing; fail where what is stored differs")
    options = parser.parse_args(arguments)
    try:
        text = output(options.index, options.iab)
    except (OSError, SourceError, ValueError) as error:
        print(f"vendors.py: {error}", file=sys.stderr)
        return 1
    if STORED.exists() and STORED.read_bytes() == text.encode():
        return 0
    if options.check:
        print(f"vendors.py: {STORED.name} is not what these sources make", file=sys.stderr)
        return 1
    STORED.write_bytes(text.encode())
    print(f"wrote {STORED.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
