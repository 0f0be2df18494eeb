"""Names for the type of service."""

from __future__ import annotations

import pytest

from hatoba.errors import UsageError
from hatoba.netcat.traffic_class import parse_traffic_class


@pytest.mark.parametrize(
    ("word", "octet"),
    [
        *[("lowdelay", 0x10), ("throughput", 0x08), ("critical", 0xA0), ("EF", 0xB8), ("cs1", 0x20), ("cs7", 0xE0)],
        *[("af11", 0x28), ("af43", 0x98), ("0x10", 16), ("0", 0), ("255", 255), ("af23", 0x58)],
    ],
)
def test_keywords_and_numbers(word: str, octet: int) -> None:
    assert parse_traffic_class(word) == octet


@pytest.mark.parametrize("word", ["fast", "256", "-1", "0x100", "", "af14"])
def test_what_is_none_is_told(word: str) -> None:
    with pytest.raises(UsageError, match="a number from 0 to 255"):
        parse_traffic_class(word)
