"""Bytes under construction that remember where the cookie goes: ``b"id=" + COOKIE_HEX + b";"``."""

from __future__ import annotations

from dataclasses import dataclass

from hatoba.packets.segment import Form, Place


@dataclass(frozen=True, slots=True)
class Draft:
    """Add drafts and bytes in any order; the places move along."""

    data: bytes = b""
    cookies: tuple[Place, ...] = ()

    def __add__(self, other: Draft | bytes) -> Draft:
        tail = other if isinstance(other, Draft) else Draft(other)
        moved = tuple(Place(place.at + len(self.data), place.form) for place in tail.cookies)
        return Draft(self.data + tail.data, self.cookies + moved)

    def __radd__(self, other: bytes) -> Draft:
        return Draft(other) + self

    def __len__(self) -> int:
        return len(self.data)


def _blank(form: Form) -> Draft:
    return Draft(bytes(form.value), (Place(0, form),))


COOKIE_16 = _blank(Form.U16)
"""Its lower half."""
COOKIE_32 = _blank(Form.U32)
COOKIE_HEX = _blank(Form.HEX)


def lower_half(cookie: int) -> int:
    return cookie & 0xFFFF


def digits(cookie: int) -> bytes:
    """As ``Form.HEX`` writes it."""
    return b"%08x" % cookie
