"""The smallest lab that tests want: two hosts and a cable."""

from __future__ import annotations

from hatoba.lab import Host, Lab


def pair(lab: Lab) -> tuple[Host, Host]:
    """``first`` (198.18.0.1, fd00:18::1) and ``second`` (198.18.0.2, fd00:18::2), linked."""
    first = lab.add_host("first", ["198.18.0.1/24", "fd00:18::1/64"])
    second = lab.add_host("second", ["198.18.0.2/24", "fd00:18::2/64"])
    lab.link(first, second)
    return first, second
