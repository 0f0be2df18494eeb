"""A site's icon as a number: known icons are known programs.

Two numbers, because both are in use: MurmurHash3 (x86, 32 bits, seed 0, as a signed number) of the icon in Base64 with a line
break after every 76 characters, which is how Shodan, Censys and FOFA count; and SHA-256 of the icon itself.
"""

from __future__ import annotations

import base64
import hashlib
import re
from typing import NamedTuple

import numpy as np

MOST_BYTES = 1 << 17
"""Of an icon."""
_PATH = re.compile(r"/?(?!/)[A-Za-z0-9._~%+@,;=&?/-]{1,150}")
_MAGIC = re.compile(rb"\0\0[\1\2]\0|\x89PNG\r\n|GIF8|\xff\xd8\xff|BM|RIFF....WEBP|\s{0,8}<(?:\?xml|svg|!--)", re.DOTALL)
_MASK = 0xFFFF_FFFF


class IconHash(NamedTuple):
    murmur3: int
    sha256: str


def icon_path(named: str) -> str:
    """Where to ask for the icon that a page names by *named*: a path on the same server, or the usual one."""
    if not named or ".." in named or not _PATH.fullmatch(named):
        return "/favicon.ico"  # another server's, a script's or none
    return named if named.startswith("/") else "/" + named


def hashed(icon: bytes) -> IconHash | None:
    """None for what is no picture: many servers answer everything with a page."""
    if not icon or len(icon) > MOST_BYTES or not _MAGIC.match(icon):
        return None
    return IconHash(murmur3(base64.encodebytes(icon)), hashlib.sha256(icon).hexdigest())


def murmur3(data: bytes, seed: int = 0) -> int:
    """MurmurHash3_x86_32 (Austin Appleby, public domain), as a signed number."""
    value = seed
    whole = len(data) & ~3
    padded = np.frombuffer(data + bytes(-len(data) % 4), "<u4").astype(np.uint32)
    words = padded * np.uint32(0xCC9E_2D51)
    words = (words << np.uint32(15) | words >> np.uint32(17)) * np.uint32(0x1B87_3593)
    for word in words[: whole // 4].tolist():
        value ^= word
        value = ((value << 13 & _MASK | value >> 19) * 5 + 0xE654_6B64) & _MASK
    for word in words[whole // 4 :].tolist():
        value ^= word
    value ^= len(data)
    value = ((value ^ value >> 16) * 0x85EB_CA6B) & _MASK
    value = ((value ^ value >> 13) * 0xC2B2_AE35) & _MASK
    value ^= value >> 16
    return value - (1 << 32) if value >> 31 else value
