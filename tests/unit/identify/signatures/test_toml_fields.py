"""Each field of a signature, and each mistake that can be made in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from hatoba.identify.signatures.toml_reading import read_signatures
from hatoba.model import Protocol

MATCH = "match = '^GH/(?P<version>\\d+) (.*)'\n"


def mistakes(tmp_path: Path, fields: str) -> tuple[str, ...]:
    path = tmp_path / "mine.toml"
    path.write_text("# mine\n[[signature]]\n" + fields, encoding="utf-8")
    read = read_signatures(path)
    assert not read.signatures or not read.mistakes
    return tuple(said.removeprefix(f"{path}, line 2 (signature 1): ") for said in read.mistakes)


def test_every_field(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(
        """
[[signature]]
name = "greenhouse"
protocol = "udp"
ports = [7070, "7100-7102"]
send = "STATUS\\r\\n"
match = '^gh/(?P<version>\\d+).(.*)'
ignore_case = true
dot_all = true
rarity = 3
confidence = 9
examples = ["GH/12 m7", "gh/1\\nm"]

[signature.facts]
product = "Greenhouse"
version = "{version}.0"
extra = "{2} {0}"
os = "Zephyr"
device = "controller"
hostname = "{2}"
cpe = ["cpe:2.3:h:acme:greenhouse:{version}:*:*:*:*:*:*:*"]
""",
        encoding="utf-8",
    )
    read = read_signatures(path)
    assert read.mistakes == ()
    (one,) = read.signatures
    assert (one.name, one.protocol, one.send, one.rarity, one.confidence) == ("greenhouse", Protocol.UDP, b"STATUS\r\n", 3, 9)
    assert (one.ports, one.source) == ({7070, 7100, 7101, 7102}, "mine.toml, 1")
    facts = one.read(b"GH/12\nm7")
    assert facts is not None
    assert (facts.product, facts.version, facts.extra, facts.os) == ("Greenhouse", "12.0", "m7 GH/12 m7", "Zephyr")
    assert (facts.device, facts.hostname, facts.cpe23) == ("controller", "m7", ("cpe:2.3:h:acme:greenhouse:12:*:*:*:*:*:*:*",))


def test_bytes_may_be_written_in_digits(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text("[[signature]]\nname = 'x'\nsend_hex = '00 01fF'\nmatch = '\\xff'\n")
    assert read_signatures(path).signatures[0].send == b"\x00\x01\xff"


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        (MATCH, "name is missing"),
        ("name = 7\n" + MATCH, "name is a text: write it in quotes"),
        ("name = 'a b'\n" + MATCH, "name a b is no name of a service"),
        ("name = 'x'\n", "match is missing"),
        ("name = 'x'\nmatch = '(?=a)'\n", "match can't be taken: (?= looks ahead"),
        ("name = 'x'\nmatch = 'a*'\n", "match is found in any answer, even in an empty one"),
        ("name = 'x'\nignore_case = 'yes'\n" + MATCH, "ignore_case is true or false, without quotes"),
        ("name = 'x'\nprotocol = 'sctp'\n" + MATCH, 'protocol sctp is not asked for services: write "tcp" or "udp"'),
        ("name = 'x'\nports = 80\n" + MATCH, "ports is a list of numbers from 1 to 65535"),
        ("name = 'x'\nports = ['80']\n" + MATCH, "ports is a list of numbers from 1 to 65535"),
        ("name = 'x'\nports = [0]\n" + MATCH, "ports is a list of numbers from 1 to 65535"),
        ("name = 'x'\nports = [true]\n" + MATCH, "ports is a list of numbers from 1 to 65535"),
        ("name = 'x'\nports = ['9-8']\n" + MATCH, "ports is a list of numbers from 1 to 65535"),
        ("name = 'x'\nsend = ''\n" + MATCH, "there is nothing to send"),
        ("name = 'x'\nsend = 'a'\nsend_hex = '00'\n" + MATCH, "send and send_hex are both what to ask"),
        ("name = 'x'\nsend_hex = '0g'\n" + MATCH, "send_hex is bytes of two digits each"),
        (f"name = 'x'\nsend = '{'a' * 4097}'\n" + MATCH, "what is sent has more than 4,096 bytes"),
        ("name = 'x'\nrarity = 0\n" + MATCH, "rarity is a whole number from 1 to 9"),
        ("name = 'x'\nconfidence = '9'\n" + MATCH, "confidence is a whole number from 0 to 10"),
        ("name = 'x'\nmach = 'y'\n" + MATCH, "there is no mach; there are: name, protocol"),
        ("name = 'x'\nfacts = 'y'\n" + MATCH, "facts is a table"),
        ("name = 'x'\nfacts.vendor = 'y'\n" + MATCH, "there is no facts.vendor; there are: facts.product"),
        ("name = 'x'\nfacts.product = 7\n" + MATCH, "facts.product is a text"),
        ("name = 'x'\nfacts.product = '{3}'\n" + MATCH, "facts.product refers to a group 3 that match has not"),
        ("name = 'x'\nfacts.product = '{vision}'\n" + MATCH, "facts.product refers to a group vision"),
        ("name = 'x'\nfacts.product = '{'\n" + MATCH, "facts.product {: braces hold the name or number of a"),
        ("name = 'x'\nfacts.cpe = 'cpe:/a:b:c'\n" + MATCH, "facts.cpe is a list"),
        ("name = 'x'\nfacts.cpe = ['cpe:/a:b:c']\n" + MATCH, "facts.cpe cpe:/a:b:c is no CPE 2.3 name"),
        ("name = 'x'\nexamples = 'y'\n" + MATCH, "examples is a list of answers"),
        ("name = 'x'\nexamples = ['GH/1 x', 'y\\u001b']\n" + MATCH, "1 of the examples is not matched: y\\u001b"),
        ("name = 'x'\nexamples = ['GH/1 x', \"y\\u001b\"]\n" + MATCH, "1 of the examples is not matched: y\\x1b"),
        ("name = 'x'\nexamples = ['', 'y']\n" + MATCH, "2 of the examples are not matched, such as "),
    ],
)  # fmt: skip
def test_each_mistake_says_what_to_write(tmp_path: Path, fields: str, said: str) -> None:
    found = mistakes(tmp_path, fields)
    assert len(found) == 1
    assert found[0].startswith(said)


def test_all_mistakes_are_found_at_once(tmp_path: Path) -> None:
    found = mistakes(tmp_path, "nam = 'x'\nports = 1\nmatch = '('\nrarity = 99\n")
    assert [said.split()[0] for said in found] == ["there", "name", "match", "ports", "rarity"]
