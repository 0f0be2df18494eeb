"""Users' own signatures, read from a TOML file. ``docs/signatures.md`` describes it.

Every mistake is found, not only the first, and each is a sentence with the file, the line and what to write instead.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from hatoba.errors import UsageError
from hatoba.identify.signatures.signature import Signature
from hatoba.identify.signatures.toml_fields import (
    KNOWN,
    Mistake,
    read_examples,
    read_facts,
    read_name,
    read_number,
    read_pattern,
    read_ports,
    read_protocol,
    read_send,
    unknown,
)
from hatoba.messages import _, system_words
from hatoba.targets.quoting import shown, shown_path

MOST_BYTES = 1 << 20
_MOST_SIGNATURES = 10_000
_HEADER = re.compile(r"\s*\[\[\s*signature\s*\]\]")


class Read(NamedTuple):
    signatures: tuple[Signature, ...]
    mistakes: tuple[str, ...]
    """A sentence each; what has one is not among the signatures."""


def read_signatures(path: Path) -> Read:
    """All signatures of the file, and its mistakes. Raises UsageError where it can't be read at all or is no TOML."""
    try:
        with path.open("rb") as file:
            raw = file.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:  # ValueError: a path with a NUL in it
        reason = system_words(error) if isinstance(error, OSError) else str(error)
        raise UsageError(
            _("{path}: the signatures can't be read ({reason}); name a TOML file").format(path=shown_path(path), reason=reason)
        ) from None
    if len(raw) > MOST_BYTES:
        raise UsageError(
            _("{path} has more than 1 MB, which no file of signatures needs: divide it").format(path=shown_path(path))
        )
    text, tables = _parsed(path, raw)
    lines = [number for number, line in enumerate(text.splitlines(), 1) if _HEADER.match(line)]
    found, mistakes = [], list(_strangers(path, tables))
    listed = tables.get("signature", [])
    if not isinstance(listed, list) or not all(isinstance(table, dict) for table in listed) or not listed:
        mistakes.append(_("{path} holds no signature: each begins with a line [[signature]]").format(path=shown_path(path)))
        listed = []
    for number, table in enumerate(listed[:_MOST_SIGNATURES], 1):
        signature, own = _signature(table, f"{path.name}, {number}")
        line = lines[number - 1] if len(lines) == len(listed) else None
        mistakes += [_placed(path, line, number, said) for said in own]
        if signature is not None and not own:
            found.append(signature)
    return Read(tuple(found), tuple(mistakes))


def _parsed(path: Path, raw: bytes) -> tuple[str, dict[str, Any]]:
    try:
        text = raw.decode("utf-8")
        return text, tomllib.loads(text)
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise UsageError(
            _("{path}, line {line}: this is not text; signatures stand in a file in UTF-8, other bytes as \\x and two digits")
            .format(path=shown_path(path), line=line)
        ) from None  # fmt: skip
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        place = re.search(r"at line (\d+), column (\d+)", str(error))
        line = int(place[1]) if place else text.count("\n") + 1
        raise UsageError(
            _(
                "{path}, line {line}: this is no TOML; texts stand in quotes ('...' where backslashes are to stay), and each"
                " signature begins with [[signature]]"
            ).format(path=shown_path(path), line=line)
        ) from None


def _strangers(path: Path, tables: Mapping[str, Any]) -> Iterator[str]:
    for name in tables:
        if name != "signature":
            yield _("{path}: there is no {name} in a file of signatures, only [[signature]]").format(
                path=shown_path(path), name=shown(name)
            )


def _placed(path: Path, line: int | None, number: int, said: str) -> str:
    if line is None:
        return _("{path}, signature {number}: {mistake}").format(path=shown_path(path), number=number, mistake=said)
    return _("{path}, line {line} (signature {number}): {mistake}").format(
        path=shown_path(path), line=line, number=number, mistake=said
    )


def _signature(table: Mapping[str, Any], source: str) -> tuple[Signature | None, list[str]]:
    mistakes = [unknown(name, KNOWN) for name in table if name not in KNOWN]

    def read(reader: Callable[..., Any], *arguments: Any) -> Any:
        try:
            return reader(table, *arguments)
        except Mistake as mistake:
            mistakes.append(str(mistake))
            return None

    name, pattern = read(read_name), read(read_pattern)
    protocol, ports, send = read(read_protocol), read(read_ports), read(read_send)
    rarity, confidence = read(read_number, "rarity", 7, 1, 9), read(read_number, "confidence", 10, 0, 10)
    if pattern is None:
        return None, mistakes
    facts = read(read_facts, pattern)
    if mistakes:
        return None, mistakes
    signature = Signature(name, source, pattern, protocol, ports, send, rarity, confidence, *facts)
    read(read_examples, signature)
    return signature, mistakes
