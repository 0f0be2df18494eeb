"""Show somebody else's text on a screen: one line, no control characters, not too long."""

from __future__ import annotations


def shown(text: str, limit: int = 80) -> str:
    """*text* with everything that is not printable (controls, escapes, bidirectional overrides, lone surrogates) spelt out
    as ``\\x1b``, ``\\u202e``, and cut to *limit* characters."""
    cut = text if len(text) <= limit else text[: limit - 1] + "…"
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in cut)


def shown_path(path: object) -> str:
    """A file's path, whole: cut, it would name nothing."""
    return shown(str(path), 4096)
