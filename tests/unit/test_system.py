from __future__ import annotations

from hatoba.model import Host
from hatoba.system import Opinion, Ruling, Shield, ShieldKind, System, SystemsTold, Trait


def test_values_are_values() -> None:
    """What two scans told alike is equal, and may be kept in a set."""
    trait = Trait("ttl", "64", Opinion.FITS)
    system = System("Linux", "Linux", "Linux", "", "general purpose", 9, (), (trait,))
    told = SystemsTold(Ruling.TOLD, (system,), shields=(Shield(ShieldKind.FILTER),))
    assert told == SystemsTold(Ruling.TOLD, (system,), shields=(Shield(ShieldKind.FILTER),))
    assert len({told, told}) == 1


def test_words_are_words() -> None:
    words = [*Opinion, *Ruling, *ShieldKind]
    assert all(word == word.lower() and " " not in word for word in words)


def test_nothing_is_known_of_who_was_not_asked() -> None:
    assert Host.__dataclass_fields__["systems"].default is None
