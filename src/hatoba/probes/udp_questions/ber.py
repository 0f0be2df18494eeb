"""As much of ASN.1's basic encoding rules (ITU-T X.690) as SNMP, LDAP and Kerberos need, for drafts and for answers.

A cookie of 32 bits does not fit an INTEGER as it is: nine equal bits at its front are forbidden (X.690 section 8.3.2), and
message numbers end at 2^31 - 1. So a number carries the lower half, behind two bytes that are always valid.
"""

from __future__ import annotations

from hatoba.probes.udp_questions.draft import COOKIE_16, Draft, lower_half

BOOLEAN, INTEGER, BIT_STRING, OCTET_STRING, NULL, OID, ENUMERATED = 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x0A
GENERALIZED_TIME, GENERAL_STRING, SEQUENCE = 0x18, 0x1B, 0x30

_NUMBER_FRONT = b"ha"


def tlv(tag: int, *content: Draft | bytes) -> Draft:
    """Tag, length and content."""
    inside = Draft()
    for part in content:
        inside += part
    size = len(inside)
    if size < 0x80:
        length = bytes([size])
    else:
        digits = size.to_bytes((size.bit_length() + 7) // 8, "big")
        length = bytes([0x80 | len(digits)]) + digits
    return bytes([tag]) + length + inside


def integer(value: int, tag: int = INTEGER) -> Draft:
    """A number that is not negative, in as few bytes as it takes."""
    return tlv(tag, value.to_bytes(value.bit_length() // 8 + 1, "big"))


COOKIE_NUMBER = tlv(INTEGER, _NUMBER_FRONT + COOKIE_16)


def is_cookie_number(content: bytes, cookie: int) -> bool:
    """Whether an INTEGER's content is what :data:`COOKIE_NUMBER` becomes."""
    return content == _NUMBER_FRONT + lower_half(cookie).to_bytes(2, "big")


def elements(data: bytes) -> list[tuple[int, bytes]]:
    """Tag and content of each element that is there as a whole, up to the first that is not."""
    found: list[tuple[int, bytes]] = []
    at = 0
    while at + 2 <= len(data):
        tag, size = data[at], data[at + 1]
        at += 2
        if size & 0x80:
            count = size & 0x7F
            if not 1 <= count <= 4 or at + count > len(data):
                break
            size = int.from_bytes(data[at : at + count], "big")
            at += count
        if at + size > len(data):
            break
        found.append((tag, data[at : at + size]))
        at += size
    return found


def inside(data: bytes, tag: int) -> list[tuple[int, bytes]]:
    """The elements within the one that *data* begins with; none unless it has this *tag*."""
    outer = elements(data)
    return elements(outer[0][1]) if outer and outer[0][0] == tag else []
