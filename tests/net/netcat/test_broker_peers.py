"""Brokers and chats with the real ncat, in both roles."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from hatoba.lab import Lab

pytestmark = pytest.mark.peer("ncat")


@pytest.fixture(scope="module")
def found() -> Iterator[dict[str, Any]]:
    with Lab("ncmany") as lab:
        yield lab.add_host("host").call("tests.net.netcat.broker_calls:matrix", timeout_s=280)


@pytest.mark.parametrize("server", ["hatoba", "hatoba, TLS", "ncat"])
def test_all_others_hear_what_one_says(found: dict[str, Any], server: str) -> None:
    assert found[server] == {"heard": [True, True], "answered": True}


def test_a_chat(found: dict[str, Any]) -> None:
    assert found["chat"]["ann"].splitlines() == [
        "* 127.0.0.1 is here as <user1>",
        "* 127.0.0.1 is here as <user2>",
        "* who was here before: <user1>",
        "<user0> welcome",
    ]
    assert found["chat"]["bob"].splitlines() == [
        "* 127.0.0.1 is here as <user2>",
        "* who was here before: <user1>",
        "<user1> hello \\x1b[31m grüße",
        "<user0> welcome",
        "* <user1> is gone",
    ]


@pytest.mark.parametrize("who", ["ann", "bob"])
def test_a_chat_in_ncats_words(found: dict[str, Any], who: str) -> None:
    ours, theirs = (re.sub(r"<user[1-9]\d*>", "<user>", found[name][who]) for name in ("chat as ncat", "chat of ncat"))
    assert ours == theirs
    assert "<announce> 127.0.0.1 is connected as <user>." in ours
