"""SOCKS as the RFCs write it, both sides, byte by byte."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hatoba.errors import UsageError
from hatoba.netcat import socks
from hatoba.netcat.socks import Account, Wanted, answer, ask_4, ask_5, right_account, serve
from hatoba.netcat.talks import HungUp, ProxyFault, Talk
from tests.unit.netcat.held_talks import hold

GRANTED_4 = bytes.fromhex("005a 0000 00000000")
ACCOUNT = Account("ann", "pass:word")


@pytest.mark.parametrize(
    ("host", "account", "request_hex"),
    [
        ("198.18.0.2", None, "04 01 0050 c6120002 00"),
        ("198.18.0.2", Account("ann"), "04 01 0050 c6120002 616e6e 00"),
        ("www", None, "04 01 0050 00000001 00 777777 00"),
    ],
)
def test_version_4(host: str, account: Account | None, request_hex: str) -> None:
    held = hold(ask_4(host, 80, account), GRANTED_4 + b"220 ready")
    assert held.said == [bytes.fromhex(request_hex)]
    assert held.rest == b"220 ready"


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        ("005b", "refuses: it could not connect, or does not want to; SOCKS version 4 does not say why"),
        ("005d", "refuses: the user is another one than the ident server on this machine says"),
        ("0063", "refuses, with the code 99"),
        ("4854", "speaks no SOCKS version 4"),
    ],
)
def test_version_4_refuses(reply: str, words: str) -> None:
    with pytest.raises(ProxyFault) as caught:
        hold(ask_4("198.18.0.2", 80, None), bytes.fromhex(reply) + bytes(6))
    assert str(caught.value) == words


@pytest.mark.parametrize(
    ("host", "request_hex"),
    [
        ("198.18.0.2", "05 01 00 01 c6120002 0050"),
        ("fd00:18::2", "05 01 00 04 fd000018000000000000000000000002 0050"),
        ("www", "05 01 00 03 03 777777 0050"),
        ("例え", "05 01 00 03"),
    ],
)
@pytest.mark.parametrize("bound", ["01 7f000001 1234", "04 00000000000000000000000000000001 1234", "03 02 7878 1234"])
def test_version_5(host: str, request_hex: str, bound: str) -> None:
    held = hold(ask_5(host, 80, None), bytes.fromhex("05 00" + "05 00 00" + bound) + b"SSH-2.0")
    assert held.said[0] == bytes([5, 1, 0])
    assert held.said[1][:4] == bytes.fromhex(request_hex)[:4]
    if host.isascii():
        assert held.said[1] == bytes.fromhex(request_hex)
    else:
        assert held.said[1][5:-2] == host.encode("idna")
    assert held.rest == b"SSH-2.0"


def test_version_5_with_a_password() -> None:
    held = hold(ask_5("www", 80, ACCOUNT), bytes.fromhex("0502 0100 05000001 00000000 0000"))
    assert held.said[:2] == [bytes([5, 2, 0, 2]), b"\x01\x03ann\x09pass:word"]
    not_wanted = hold(ask_5("www", 80, ACCOUNT), bytes.fromhex("0500 05000001 00000000 0000"))
    assert len(not_wanted.said) == 2


@pytest.mark.parametrize(
    ("account", "replies", "words"),
    [
        (None, "05ff", "wants to know who asks; give user and password with --proxy-auth"),
        (None, "0502", "wants to know who asks; give user and password with --proxy-auth"),
        (ACCOUNT, "05ff", "takes neither user and password nor anybody without"),
        (ACCOUNT, "0502 0101", "does not accept this user and password; check --proxy-auth"),
        (None, "4854", "speaks no SOCKS version 5"),
        (None, "0500 04000001", "speaks no SOCKS version 5"),
        (None, "0500 05000009", "speaks no SOCKS version 5"),
        (None, "0500 05050001", "refuses: the connection was refused: the host is up, and nothing listens on that port"),
        (None, "0500 05020001", "refuses: its rules forbid it"),
        (None, "0500 05630001", "refuses, with the code 99"),
    ],
)
def test_version_5_refuses(account: Account | None, replies: str, words: str) -> None:
    with pytest.raises(ProxyFault) as caught:
        hold(ask_5("www", 80, account), bytes.fromhex(replies))
    assert str(caught.value) == words


@pytest.mark.parametrize(
    ("talk", "words"),
    [
        (ask_4("fd00:18::2", 80, None), "SOCKS version 4 knows no IPv6; use --proxy-type socks5"),
        (ask_4("198.18.0.2", 80, Account("a\0b")), "a user's name can't hold a zero byte; check --proxy-auth"),
        (ask_5("x" * 256, 80, None), "can't be a name: type a host name or an address"),
        (ask_5("", 80, None), "can't be a name: type a host name or an address"),
        (ask_5("www", 80, Account("x" * 256)), "at most 255 bytes each; check --proxy-auth"),
    ],
)
def test_what_can_not_be_asked(talk: Talk[None], words: str) -> None:
    with pytest.raises(UsageError) as caught:
        hold(talk, bytes.fromhex("0502 0100 0500"))
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("heard", "wanted"),
    [
        ("04 01 0050 c6120002 616e6e 00", Wanted(4, "198.18.0.2", 80)),
        ("04 01 0050 00000001 00 777777 00", Wanted(4, "www", 80)),
        ("05 02 0002 05 01 00 01 c6120002 0050", Wanted(5, "198.18.0.2", 80)),
        ("05 01 00 05 01 00 04 fd000018000000000000000000000002 0050", Wanted(5, "fd00:18::2", 80)),
        ("05 01 00 05 01 00 03 03 777777 0050", Wanted(5, "www", 80)),
    ],
)
def test_where_a_client_wants_to_go(heard: str, wanted: Wanted) -> None:
    held = hold(serve(None), bytes.fromhex(heard) + b"hello")
    assert (held.value, held.rest) == (wanted, b"hello")


def test_our_client_and_our_server_understand_each_other() -> None:
    request = b"".join(hold(ask_5("www", 80, ACCOUNT), bytes.fromhex("0502 0100 05000001 00000000 0000")).said)
    held = hold(serve(right_account(ACCOUNT)), request)
    assert held.value == Wanted(5, "www", 80)
    assert b"".join(held.said) == bytes.fromhex("0502 0100")


@pytest.mark.parametrize(
    ("heard", "knows", "last_words"),
    [
        ("05 01 02", None, "05ff"),
        ("05 01 00", right_account(ACCOUNT), "05ff"),
        ("05 00", None, "05ff"),
        ("05 01 02 01 03 616e6e 00", right_account(ACCOUNT), "0101"),
        ("05 01 02 01 00 00", right_account(ACCOUNT), "0101"),
        ("05 01 00 05 02 00 01 c6120002 0050", None, "05070001 00000000 0000"),
        ("05 01 00 05 01 00 09", None, "05080001 00000000 0000"),
        ("05 01 00 05 01 00 03 03 770077 0050", None, "05040001 00000000 0000"),
        ("05 01 00 05 01 00 03 00 0050", None, "05040001 00000000 0000"),
        ("04 02 0050 c6120002 00", None, "005b 0000 00000000"),
        ("04", right_account(ACCOUNT), "005b 0000 00000000"),
    ],
)
def test_clients_that_are_turned_away_are_told(heard: str, knows: object, last_words: str) -> None:
    held = hold(serve(knows), bytes.fromhex(heard))  # type: ignore[arg-type]
    assert held.value is None
    assert held.said[-1] == bytes.fromhex(last_words)


@pytest.mark.parametrize("heard", [b"GET / HTTP/1.0\r\n\r\n", b"\x05\x01\x00GET", b"\x04\x01\x00P\x7f\0\0\1" + b"x" * 300])
def test_what_is_no_socks(heard: bytes) -> None:
    with pytest.raises(ProxyFault):
        hold(serve(None), heard)


def test_answers() -> None:
    assert answer(4, socks.SUCCEEDED) == GRANTED_4
    assert answer(4, socks.REFUSED) == bytes([0, 91]) + bytes(6)
    assert answer(5, socks.SUCCEEDED, "fd00::1", 80) == bytes.fromhex("05000004 fd000000000000000000000000000001 0050")


TALKS = {
    "ask 4": lambda: ask_4("www", 80, None),
    "ask 5": lambda: ask_5("www", 80, None),
    "ask 5 with a password": lambda: ask_5("www", 80, ACCOUNT),
    "serve": lambda: serve(None),
    "serve those whom we know": lambda: serve(right_account(ACCOUNT)),
}


@pytest.mark.parametrize("name", TALKS)
@given(heard=st.binary(max_size=700) | st.binary(max_size=60).map(lambda tail: b"\x05\x02\x00\x02" + tail))
def test_no_bytes_confuse_it(name: str, heard: bytes) -> None:
    try:
        held = hold(TALKS[name](), heard)
    except ProxyFault:
        return
    assert held.value is None or isinstance(held.value, Wanted)


def test_a_server_that_says_too_little() -> None:
    with pytest.raises(HungUp, match="hung up before everything was said"):
        hold(ask_5("www", 80, None), b"\x05")
