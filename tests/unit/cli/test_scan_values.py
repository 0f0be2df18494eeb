"""Values of a scan's options, and what is said of those that are none."""

from __future__ import annotations

from typing import Any

import click
import pytest

from hatoba.cli.scan_values import ping_ports, shard, tcp_flags, timing
from hatoba.errors import UsageError
from hatoba.model import Ping, Shard

CONTEXT = click.Context(click.Command("scan"))
OPTION = click.Option(["-PS", "--ping-syn"])


@pytest.mark.parametrize(("value", "number"), [("0", 0), ("5", 5), ("Polite", 2), ("insane", 5), (None, None)])
def test_timings(value: str | None, number: int | None) -> None:
    assert timing(CONTEXT, OPTION, value) == number


@pytest.mark.parametrize(
    ("value", "flags"), [("SYN", 2), ("synFIN", 3), ("URGPSHFIN", 41), ("18", 18), ("0x12", 18), ("0", 0), (None, None)]
)
def test_flags(value: str | None, flags: int | None) -> None:
    assert tcp_flags(CONTEXT, OPTION, value) == flags


@pytest.mark.parametrize(("value", "ping"), [("", Ping("syn", (80,))), ("443,22", Ping("syn", (22, 443))), (None, None)])
def test_ports_of_a_ping(value: str | None, ping: Ping | None) -> None:
    assert ping_ports("syn")(CONTEXT, OPTION, value) == ping


@pytest.mark.parametrize(("value", "part"), [("2/3", Shard(2, 3)), (None, None)])
def test_shards(value: str | None, part: Shard | None) -> None:
    assert shard(CONTEXT, OPTION, value) == part


@pytest.mark.parametrize(
    ("converted", "value", "words"),
    [
        (shard, "3", "shard 3: write which one of how many, 1/3 to 3/3"),
        (shard, "", "1/3 to 3/3"),
        (timing, "6", "-T 6"),
        (timing, "²", "-T ²"),
        (tcp_flags, "SYNX", "SYNFIN"),
        (tcp_flags, "256", "from 0 to 255"),
        (tcp_flags, "", "from 0 to 255"),
        (ping_ports("syn"), "70000", "--ping-syn: 70000: ports run"),
        (ping_ports("syn"), "U:53", "--ping-syn: syn asks by TCP only: leave out the ports of UDP"),
    ],
)
def test_what_is_none_is_named(converted: Any, value: str, words: str) -> None:
    with pytest.raises(UsageError) as told:
        converted(CONTEXT, OPTION, value)
    assert words in str(told.value)
