"""A signature: what an answer looks like, and the facts that follow from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from string import Formatter
from typing import Any

from hatoba.identify.protocols import Question, ServiceProtocol
from hatoba.identify.protocols.complete import never
from hatoba.identify.protocols.text import text
from hatoba.identify.signatures.patterns import Found, Pattern
from hatoba.model import Protocol
from hatoba.registry.cpe import component
from hatoba.service import Facts

TEXTS = ("product", "version", "extra", "os", "device", "hostname")
"""The fields of :class:`~hatoba.service.Facts` that a signature may fill."""
DETAIL = "signature"
"""Under this name the details tell whose signature it was."""

_APPLICATION = "cpe:2.3:a:"
_PART = len(_APPLICATION)


@dataclass(frozen=True, slots=True)
class Template:
    """Text with references to groups: ``{version}``, ``{1}``."""

    parts: tuple[tuple[str, str | None], ...]
    """Text, and the group that follows it, if one does."""

    @classmethod
    def of(cls, written: str) -> Template:
        """Raises ValueError for braces that are no reference."""
        parts = []
        for literal, name, form, conversion in Formatter().parse(written):
            if form or conversion or (name is not None and not name.isidentifier() and not name.isdecimal()):
                raise ValueError(written)
            parts.append((literal, name))
        return cls(tuple(parts))

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(name for _text, name in self.parts if name is not None)

    def filled(self, values: Callable[[str], str]) -> str:
        return "".join(literal + (values(name) if name is not None else "") for literal, name in self.parts)


@dataclass(frozen=True, slots=True)
class Signature:
    name: str
    """The protocol that whatever answers so speaks."""
    source: str
    """Where it stands, for people: ``mine.toml, signature 2``."""
    pattern: Pattern
    protocol: Protocol = Protocol.TCP
    ports: frozenset[int] = frozenset()
    """Where it counts; none: anywhere."""
    send: bytes = b""
    """What to ask; nothing: it is held against whatever is said."""
    rarity: int = 7
    """1 to 9: without ports, its question is asked at this intensity or above."""
    confidence: int = 10
    texts: Mapping[str, Template] = field(default_factory=dict)
    """By the names of :data:`TEXTS`."""
    cpe: tuple[Template, ...] = ()

    def counts_for(self, protocol: Protocol, port: int) -> bool:
        return protocol == self.protocol and (not self.ports or port in self.ports)

    def read(self, said: bytes) -> Facts | None:
        found = self.pattern.search(said)
        if found is None:
            return None
        told: dict[str, Any] = {
            name: text(template.filled(partial(_group, found)).encode()) for name, template in self.texts.items()
        }
        return Facts(
            self.name,
            **told,
            cpe23=tuple(template.filled(lambda name: component(_group(found, name))) for template in self.cpe),
            confidence=self.confidence,
            evidence=found.whole[:160],
            details=((DETAIL, self.source),),
        )

    def as_protocol(self) -> ServiceProtocol:
        """So that its question is asked, and its answer recognised after another's."""
        return ServiceProtocol(
            self.name,
            lambda answers: self.read(answers[0]) if answers else None,
            ports=tuple(sorted(self.ports)),
            greets=not self.send,
            questions=(Question(self.send, never),) if self.send else (),
            repeats=True,  # a console that shows what is typed; its author knows what answers look like
            rarity=self.rarity,
            protocol=self.protocol,
        )


def over(ours: Facts, theirs: Facts) -> Facts:
    """*theirs*, completed by *ours*. What is known of one program, or of one version of it, is never told of another."""
    same = theirs.product in ("", ours.product) and theirs.version in ("", ours.version)
    borrowed = [name for name in TEXTS if same or name not in ("version", "extra")]
    known = {name: getattr(ours, name) for name in borrowed if not getattr(theirs, name)}
    named = {name[:_PART] for name in theirs.cpe23} | (set() if same else {_APPLICATION})
    kept = tuple(name for name in ours.cpe23 if name[:_PART] not in named)
    return replace(theirs, **known, cpe23=(*theirs.cpe23, *kept), details=(*ours.details, *theirs.details))


def _group(found: Found, name: str) -> str:
    if not name.isdecimal():
        return text(found.named[name])
    return text(found.whole if name == "0" else found.groups[int(name) - 1])
