"""The fields of a signature in TOML, each read by itself: the value, or the mistake that it is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from hatoba.identify.signatures.patterns import BadPattern, Pattern
from hatoba.identify.signatures.signature import TEXTS, Signature, Template
from hatoba.messages import _, ngettext
from hatoba.model import Protocol
from hatoba.registry.cpe import is_cpe23
from hatoba.targets.quoting import shown

MOST_SENT_BYTES = 4096
KNOWN = (
    *("name", "protocol", "ports", "send", "send_hex", "match", "ignore_case", "dot_all"),
    *("rarity", "confidence", "facts", "examples"),
)
_FACTS = (*TEXTS, "cpe")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_./+-]{0,39}").fullmatch
_PORTS = re.compile(r"(\d{1,5})-(\d{1,5})").fullmatch
_HEX = re.compile(r"(?:[0-9A-Fa-f]{2}\s*)*").fullmatch


class Mistake(Exception):
    """The message is a sentence without its place."""


def unknown(name: str, known: tuple[str, ...]) -> str:
    return _("there is no {name}; there are: {known}").format(name=shown(name), known=", ".join(known))


def _text(table: Mapping[str, Any], name: str, otherwise: str | None = None) -> str:
    value = table.get(name, otherwise)
    if value is None:
        raise Mistake(_("{name} is missing").format(name=name))
    if not isinstance(value, str):
        raise Mistake(_("{name} is a text: write it in quotes").format(name=name))
    return value


def _flag(table: Mapping[str, Any], name: str) -> bool:
    value = table.get(name, False)
    if not isinstance(value, bool):
        raise Mistake(_("{name} is true or false, without quotes").format(name=name))
    return value


def read_number(table: Mapping[str, Any], name: str, otherwise: int, lowest: int, highest: int) -> int:
    value = table.get(name, otherwise)
    if not isinstance(value, int) or isinstance(value, bool) or not lowest <= value <= highest:
        raise Mistake(
            _("{name} is a whole number from {lowest} to {highest}").format(name=name, lowest=lowest, highest=highest)
        )
    return value


def read_name(table: Mapping[str, Any]) -> str:
    name = _text(table, "name")
    if not _NAME(name):
        raise Mistake(
            _("name {name} is no name of a service: up to 40 letters, digits and -_./+, such as greenhouse").format(
                name=shown(name)
            )
        )
    return name


def read_protocol(table: Mapping[str, Any]) -> Protocol:
    word = _text(table, "protocol", "tcp")
    if word not in ("tcp", "udp"):
        raise Mistake(_('protocol {word} is not asked for services: write "tcp" or "udp"').format(word=shown(word)))
    return Protocol[word.upper()]


def read_ports(table: Mapping[str, Any]) -> frozenset[int]:
    wanted = table.get("ports", [])
    found: set[int] = set()
    for entry in wanted if isinstance(wanted, list) else [None]:
        span = _PORTS(entry) if isinstance(entry, str) else None
        if isinstance(entry, int) and not isinstance(entry, bool):
            first = last = entry
        elif span is not None:
            first, last = int(span[1]), int(span[2])
        else:
            first, last = 0, -1
        if not 0 < first <= last < 1 << 16:
            raise Mistake(_('ports is a list of numbers from 1 to 65535 and ranges: [7070, "7100-7109"]'))
        found.update(range(first, last + 1))
    return frozenset(found)


def read_send(table: Mapping[str, Any]) -> bytes:
    if "send" in table and "send_hex" in table:
        raise Mistake(_("send and send_hex are both what to ask: keep one of them"))
    if "send_hex" in table:
        written = _text(table, "send_hex")
        if not _HEX(written):
            raise Mistake(_('send_hex is bytes of two digits each, as in "00 01 ff"'))
        data = bytes.fromhex(written)
    else:
        data = _text(table, "send", "").encode()
    if ("send" in table or "send_hex" in table) and not data:
        raise Mistake(_("there is nothing to send: leave send out where the server speaks first"))
    if len(data) > MOST_SENT_BYTES:
        raise Mistake(_("what is sent has more than {most} bytes: shorten it").format(most=f"{MOST_SENT_BYTES:,}"))
    return data


def read_pattern(table: Mapping[str, Any]) -> Pattern:
    written = _text(table, "match")
    try:
        pattern = Pattern(written, ignore_case=_flag(table, "ignore_case"), dot_all=_flag(table, "dot_all"))
    except BadPattern as error:
        raise Mistake(_("match can't be taken: {reason}").format(reason=error)) from error
    if pattern.search(b"") is not None:
        raise Mistake(_("match is found in any answer, even in an empty one: say what the answer begins with"))
    return pattern


def _facts(table: Mapping[str, Any]) -> Mapping[str, Any]:
    facts = table.get("facts", {})
    if not isinstance(facts, dict):
        raise Mistake(_("facts is a table: a line [signature.facts], and a line for each fact"))
    for name in facts:
        if name not in _FACTS:
            raise Mistake(unknown(f"facts.{name}", tuple(f"facts.{known}" for known in _FACTS)))
    return facts


def _template(name: str, written: object, pattern: Pattern) -> Template:
    if not isinstance(written, str):
        raise Mistake(_("{name} is a text: write it in quotes").format(name=name))
    try:
        template = Template.of(written)
    except ValueError as error:
        raise Mistake(
            _("{name} {written}: braces hold the name or number of a group, as in {example}; write {{{{ for a brace").format(
                name=name, written=shown(written), example="{version}"
            )
        ) from error
    for group in template.names:
        if group not in pattern.names and not (group.isdecimal() and int(group) <= pattern.groups):
            known = ", ".join([*pattern.names, *map(str, range(pattern.groups + 1))])
            raise Mistake(
                _("{name} refers to a group {group} that match has not; there are: {known}").format(
                    name=name, group=shown(group), known=known
                )
            )
    return template


def read_facts(table: Mapping[str, Any], pattern: Pattern) -> tuple[dict[str, Template], tuple[Template, ...]]:
    """The texts by their names, and the CPE names."""
    facts = _facts(table)
    return {name: _template(f"facts.{name}", facts[name], pattern) for name in TEXTS if name in facts}, _cpe(facts, pattern)


def _cpe(facts: Mapping[str, Any], pattern: Pattern) -> tuple[Template, ...]:
    listed = facts.get("cpe", [])
    if not isinstance(listed, list):
        raise Mistake(_('facts.cpe is a list of CPE names: ["cpe:2.3:a:..."]'))
    templates = tuple(_template("facts.cpe", written, pattern) for written in listed)
    for written, template in zip(listed, templates, strict=True):
        if not is_cpe23(template.filled(lambda _name: "1")):
            raise Mistake(
                _("facts.cpe {name} is no CPE 2.3 name, which has 13 parts: {example}").format(
                    name=shown(written), example="cpe:2.3:a:vendor:product:{version}:*:*:*:*:*:*:*"
                )
            )
    return templates


def read_examples(table: Mapping[str, Any], signature: Signature) -> None:
    examples = table.get("examples", [])
    if not isinstance(examples, list) or not all(isinstance(example, str) for example in examples):
        raise Mistake(_("examples is a list of answers, each a text in quotes"))
    missed = [example for example in examples if signature.read(example.encode()) is None]
    if missed:
        raise Mistake(
            ngettext(
                "{count} of the examples is not matched: {example}",
                "{count} of the examples are not matched, such as {example}",
                len(missed),
            ).format(count=len(missed), example=shown(missed[0]))
        )
