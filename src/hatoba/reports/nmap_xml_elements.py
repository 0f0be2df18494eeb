"""Tags and attributes of nmap's XML, put together from what they hold."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from hatoba.reports.text import xml_text

TABLE_CONFIDENCE = 3
"""How sure a service is, 0 to 10, that only its port's number speaks for."""


def attributes(**values: str | int) -> str:
    """As they stand in a tag, each behind a space."""
    return "".join(f' {name}="{xml_text(str(value))}"' for name, value in values.items())


def script(name: str, lines: Iterable[str], elements: str) -> str:
    output = "&#xa;".join(map(xml_text, lines))
    return f'<script{attributes(id=name)} output="{output}">{elements}</script>'


def element(value: str, key: str = "") -> str:
    return f"<elem{attributes(key=key) if key else ''}>{xml_text(value)}</elem>"


def table(key: str, elements: str) -> str:
    return f"<table{attributes(key=key) if key else ''}>{elements}</table>"


@cache
def usual_service(name: str) -> str:
    """What a port's number usually stands for; nothing where that is empty. Every host of a network has the same few."""
    return f"<service{attributes(name=name, method='table', conf=TABLE_CONFIDENCE)}/>" if name else ""
