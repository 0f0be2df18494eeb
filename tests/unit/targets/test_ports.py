from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hatoba.errors import UsageError
from hatoba.model import Protocol
from hatoba.targets.ports import PortChoice, choice, parse_port_lists, parse_ports, ports_asked, range_list, top_ports_choice

TCP, UDP, SCTP = Protocol.TCP, Protocol.UDP, Protocol.SCTP


@dataclass(frozen=True)
class Entry:
    name: str
    port: int
    protocol: Protocol


ENTRIES = [
    Entry("http", 80, TCP),
    Entry("https", 443, TCP),
    Entry("https", 443, UDP),
    Entry("http-alt", 8080, TCP),
    Entry("domain", 53, TCP),
    Entry("domain", 53, UDP),
]


def names(pattern: str, protocol: Protocol | None) -> Iterable[Entry]:
    return [e for e in ENTRIES if fnmatchcase(e.name, pattern.lower()) and protocol in (None, e.protocol)]


def ports(text: str, default: Protocol = TCP) -> dict[str, str]:
    parsed = parse_ports(text, default=default, names=names)
    return {protocol.name: range_list(array) for protocol, array in parsed.ports.items()}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("22", {"TCP": "22"}),
        ("22,80-90,22", {"TCP": "22,80-90"}),
        ("-", {"TCP": "1-65535"}),
        ("0-", {"TCP": "0-65535"}),
        ("0", {"TCP": "0"}),
        ("-100", {"TCP": "1-100"}),
        ("60000-", {"TCP": "60000-65535"}),
        ("22,U:53,T:443", {"TCP": "22,443", "UDP": "53"}),
        ("u:53,161,S:2905", {"UDP": "53,161", "SCTP": "2905"}),
        (" 22 , 80 ", {"TCP": "22,80"}),
        ("http*", {"TCP": "80,443,8080"}),
        ("U:http*", {"UDP": "443"}),
        ("http", {"TCP": "80"}),
        ("http-alt", {"TCP": "8080"}),
        ("[1-1024]", {"TCP": "53,80,443"}),
        ("[-]", {"TCP": "53,80,443,8080"}),
        ("22,80-90,U:53,T:443,http*,-100,60000-", {"TCP": "1-100,443,8080,60000-65535", "UDP": "53"}),
        ("0080", {"TCP": "80"}),
    ],
)
def test_what_is_written(text: str, expected: dict[str, str]) -> None:
    assert ports(text) == expected


def test_the_default_protocol_may_be_several() -> None:
    both = parse_ports("53,U:161", default=(TCP, UDP), names=names)
    assert both.describe() == "T:53,U:53,161"
    assert ports("53", default=UDP) == {"UDP": "53"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "empty"),
        ("  ", "empty"),
        ("70000", "0 to 65535"),
        ("1-65536", "0 to 65535"),
        ("99999999999999999999999", "0 to 65535"),
        ("9" * 5000, "0 to 65535"),
        ("5-3", "write 3-5"),
        ("22,,80", "missing"),
        ("22,", "missing"),
        ("U:", "missing"),
        ("X:22", "T: for TCP"),
        ("1-2-3", "not a port"),
        ("²", "no TCP service"),
        ("nosuch", "no TCP service"),
        ("U:http", "no UDP service"),
        ("[1-", "not a port"),
        ("[]", "not a port"),
        ("--", "not a port"),
        ("22 80", "not a port"),
        ("\x1b[31m", "not a port"),
    ],
)
def test_mistakes_get_one_sentence(text: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_ports(text, names=names)
    assert said in str(caught.value)
    assert str(caught.value).isprintable()


@given(st.text())
@pytest.mark.parametrize("alphabet", ["any", "ports"])
def test_any_text_is_ports_or_a_usage_error(alphabet: str, text: str) -> None:
    if alphabet == "ports":
        text = "".join("0123456789-,:TUS[]*h "[ord(c) % 21] for c in text)
    said = ""
    try:
        parse_ports(text, names=names)
    except UsageError as error:
        said = str(error)
    assert said == "" or said.isprintable()


def test_a_range_list_is_as_short_as_it_can_be() -> None:
    assert range_list([1, 2, 3, 7, 9, 10]) == "1-3,7,9-10"
    assert range_list([65534, 65535]) == "65534-65535"


@given(st.sets(st.integers(0, 65535)))
def test_range_lists_are_read_back(chosen: set[int]) -> None:
    made = choice({TCP: chosen})
    assert made.count == len(chosen)
    if chosen:
        assert parse_ports(made.describe()) == made
        assert made.ports[TCP].tolist() == sorted(chosen)
    else:
        assert not made


def test_arithmetic_and_equality() -> None:
    wanted = parse_ports("22,80,U:53")
    assert wanted.without(parse_ports("80,U:53")) == parse_ports("22")
    assert not wanted.without(wanted)
    assert wanted.union(parse_ports("443,S:9")).describe() == "T:22,80,443,U:53,S:9"
    assert len({parse_ports("1-3"), parse_ports("1,2,3"), parse_ports("U:1-3")}) == 2
    assert isinstance(wanted, PortChoice)
    assert wanted.protocols == (TCP, UDP)
    with pytest.raises(ValueError, match="read-only"):
        wanted.ports[TCP][0] = 1


def test_top_ports() -> None:
    assert top_ports_choice(3, TCP, top=lambda count, _protocol: [443, 80, 22][:count]).describe() == "22,80,443"
    for count in (0, -1, 70000):
        with pytest.raises(UsageError, match="from 1 to 65536"):
            top_ports_choice(count, TCP, top=lambda *_: [])


def test_ports_of_another_protocol_are_refused_by_name() -> None:
    chosen = parse_ports("U:53,T:80")
    with pytest.raises(UsageError, match=r"^UDP ports are chosen, but no method that asks them: add --udp, or leave out U: "):
        chosen.only([Protocol.TCP])
    assert parse_ports("80").only([Protocol.TCP]) == parse_ports("80")
    assert chosen.only([Protocol.UDP, Protocol.TCP]) == chosen


def test_protocols_above_ip_run_to_255() -> None:
    assert parse_ports("P:1,6,250-").describe() == "1,6,250-255"
    assert parse_ports("-", default=Protocol.IP).describe() == "1-255"
    assert parse_ports("P:gre,T:80").describe() == "P:47,T:80"
    for text in ("P:256", "P:1-300"):
        with pytest.raises(UsageError, match=r"protocols of IP run from 0 to 255"):
            parse_ports(text)


def test_ports_that_are_not_named_are_the_likeliest_of_each_protocol() -> None:
    chosen = ports_asked([TCP, UDP, Protocol.IP], None, 10)
    assert {protocol: len(array) for protocol, array in chosen.ports.items()} == {Protocol.IP: 256, TCP: 10, UDP: 10}
    assert ports_asked([TCP, UDP], ["53,U:161"], 10).describe() == "T:53,U:53,161"


def test_a_letter_holds_to_the_end_of_its_own_list() -> None:
    assert ports_asked([TCP, UDP], ["U:161", "22", "T:80,443", "53"], 10).describe() == "T:22,53,80,443,U:22,53,161"
    assert not parse_port_lists([], [TCP])
    for nothing in ([""], ["22", ""]):
        with pytest.raises(UsageError):
            parse_port_lists(nothing, [TCP])
