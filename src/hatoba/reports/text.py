"""Text that a stranger wrote, made safe: the only place that decides what may reach a screen or a file.

Reverse names come from whoever runs the DNS of an address. A terminal obeys control characters (ECMA-48), a reader's eye
obeys bidirectional overrides (Unicode UAX #9; "Trojan Source", CVE-2021-42574), and an XML parser stops at characters outside
the production ``Char`` (XML 1.0 section 2.2). Whatever of these occurs is replaced by a visible escape such as ``\\x1b``.
"""

from __future__ import annotations

import re
import unicodedata

_UNSAFE_CATEGORIES = frozenset(
    {
        "Cc",  # controls, C0 and C1
        "Cf",  # invisible format characters: bidirectional overrides, zero-width joiners, tags
        "Cs",  # surrogates: what undecodable bytes become
        "Cn",  # not assigned, noncharacters included
        "Co",  # private use: no agreed look
        "Zl",
        "Zp",  # line and paragraph separators
    }
)

_PLAIN = re.compile(r"[A-Za-z0-9 .,:;|/_-]*").fullmatch
"""Text that XML takes as it is: most of what is written, so it is worth a short way."""


def safe(text: str) -> str:
    """*text* with every character that acts rather than shows replaced by its escape. Harmless text comes back as it is."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_escaped(char) if unicodedata.category(char) in _UNSAFE_CATEGORIES else char for char in text)


def xml_text(text: str) -> str:
    """*text* as content of an XML attribute in double quotes: safe, escaped, and ASCII whatever encoding the file has."""
    if _PLAIN(text):
        return text
    text = safe(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
    return text.encode("ascii", "xmlcharrefreplace").decode("ascii")


def json_text(text: str) -> str:
    """*text* without lone surrogates, which JSON can't carry (RFC 8259 section 8.2); they become U+FFFD."""
    return text.encode("utf-8", "surrogatepass").decode("utf-8", "replace") if not text.isascii() else text


def shown_bytes(raw: bytes) -> str:
    """*raw* as printable ASCII: every other byte, and the backslash, as ``\\x5c``. No two differ in their bytes only."""
    return "".join(chr(byte) if 0x20 <= byte < 0x7F and byte != 0x5C else f"\\x{byte:02x}" for byte in raw)


def bytes_shown(text: str) -> bytes:
    """The bytes that :func:`shown_bytes` made *text* of. Raises ValueError for what it never makes."""
    return re.sub(rb"\\x([0-9a-f]{2})|\\", _byte, text.encode("ascii"))


def width(text: str) -> int:
    """Columns that *text* takes on a terminal: wide characters two (Unicode UAX #11), combining marks none."""
    if text.isascii():
        return len(text)
    return sum(_char_width(char) for char in text)


def padded(text: str, columns: int) -> str:
    """*text* filled with spaces to so many columns of a terminal."""
    return text + " " * (columns - width(text))


def _byte(found: re.Match[bytes]) -> bytes:
    if found[1] is None:
        raise ValueError("a backslash by itself")
    return bytes.fromhex(found[1].decode())


def _char_width(char: str) -> int:
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def _escaped(char: str) -> str:
    code = ord(char)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
