"""All that others brought: users' signatures, and Recog's fingerprints. How they rank beside what we know ourselves.

A user's signature comes first: its question is asked first on its ports, and what it says of an answer stands before ours.
Recog comes last: it fills what is empty by then.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hatoba.identify.protocols import Answers, ServiceProtocol
from hatoba.identify.signatures.recog import Recog
from hatoba.identify.signatures.signature import DETAIL, Signature, over
from hatoba.model import Protocol
from hatoba.service import Facts


@dataclass(frozen=True, slots=True)
class Library:
    signatures: tuple[Signature, ...] = ()
    recog: tuple[Recog, ...] = ()

    def protocols(self, protocol: Protocol, port: int) -> tuple[ServiceProtocol, ...]:
        """The signatures that count for a port, to be asked and recognised as any protocol is."""
        return tuple(one.as_protocol() for one in self._of(protocol, port))

    def revised(self, protocol: Protocol, port: int, facts: Facts, answers: Answers) -> Facts:
        """*facts* of the *answers* that a port gave, with what is known of them here."""
        revised = self._by_signatures(self._of(protocol, port), facts, answers)
        for one in self.recog:
            revised = one.filled(facts.name, revised, answers)
        return revised

    def _of(self, protocol: Protocol, port: int) -> list[Signature]:
        return [one for one in self.signatures if one.counts_for(protocol, port)]

    def _by_signatures(self, signatures: Sequence[Signature], facts: Facts, answers: Answers) -> Facts:
        """By the first that is found. One with a question of its own is held against answers to that alone."""
        if any(name == DETAIL for name, _value in facts.details):
            return facts
        for one in signatures:
            for said in () if one.send else answers:
                if (theirs := one.read(said)) is not None:
                    return over(facts, theirs)
        return facts
