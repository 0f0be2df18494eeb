from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hatoba.errors import UsageError
from hatoba.targets.expressions import AddressRange, HostName, OctetRange, around, parse_expression, plain_ipv4, split_list


def network(text: str, zone: str | None = None, ports: str | None = None) -> AddressRange:
    held = ip_network(text)
    return AddressRange(held.version, int(held[0]), int(held[-1]), zone, ports)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("198.18.0.2", network("198.18.0.2")),
        ("198.18.0.0/24", network("198.18.0.0/24")),
        ("198.18.0.7/24", network("198.18.0.0/24")),
        ("10.0.0.0/8", network("10.0.0.0/8")),
        ("198.18.0.2:8080", network("198.18.0.2", ports="8080")),
        ("198.18.0.0/30:22,80-90", network("198.18.0.0/30", ports="22,80-90")),
        ("198.18.0.2:U:53,T:80", network("198.18.0.2", ports="U:53,T:80")),
        ("198.18.0.2:-", network("198.18.0.2", ports="-")),
        ("198.18.*.*", network("198.18.0.0/16")),
        ("fd00:18::2", network("fd00:18::2")),
        ("FD00:18::/120", network("fd00:18::/120")),
        ("198.18.0.10-198.18.1.9", AddressRange(4, 0xC612000A, 0xC6120109)),
        ("198.18.0.7-198.18.0.7:80", network("198.18.0.7", ports="80")),
        ("::1", network("::1")),
        ("[fd00:18::2]", network("fd00:18::2")),
        ("[fd00:18::2]:80,443", network("fd00:18::2", ports="80,443")),
        ("[fd00:18::/126]:80", network("fd00:18::/126", ports="80")),
        ("fe80::1%eth0", network("fe80::1", zone="eth0")),
        ("[fe80::1%eth0]:22", network("fe80::1", zone="eth0", ports="22")),
        ("fe80::1%eth0/120", network("fe80::/120", zone="eth0")),
        ("::ffff:192.0.2.1", network("192.0.2.1")),
        ("::FFFF:c000:201", network("192.0.2.1")),
        ("[::ffff:192.0.2.1]:80", network("192.0.2.1", ports="80")),
        ("::ffff:192.0.2.0/120", network("192.0.2.0/24")),
        ("::ffff:0:0/96", network("0.0.0.0/0")),
        ("::ffff:0:0/95", network("::fffe:0:0/95")),
        ("www.example.org", HostName("www.example.org")),
        ("www.example.org/24", HostName("www.example.org", 24)),
        ("www.example.org:http", HostName("www.example.org", None, "http")),
        ("localhost", HostName("localhost")),
        ("db_1.example.", HostName("db_1.example.")),
        ("1-2.example", HostName("1-2.example")),
        ("ab:22", HostName("ab", None, "22")),
        ("bücher.example", HostName("bücher.example")),
        ("１９８．１８．０．２", network("198.18.0.2")),
        ("198。18。0。2", network("198.18.0.2")),
    ],
)
def test_what_is_written(text: str, expected: AddressRange | HostName) -> None:
    assert parse_expression(text) == expected


def test_octet_ranges() -> None:
    parsed = parse_expression("198.18.0-3.1,5,7-9:443")
    assert isinstance(parsed, OctetRange)
    assert parsed.pattern.count == 4 * 5
    assert parsed.ports == "443"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("198.18.0.0/33", "0 to 32"),
        ("198.18.0.0/", "0 to 32"),
        ("198.18.0.0/255.255.255.0", "0 to 32"),
        ("fd00:18::/129", "0 to 128"),
        ("fd00:18::/x", "0 to 128"),
        ("www.example.org/129", "0 to 128"),
        ("198.18.0-1.0/24", "the network or the range"),
        ("010.1.1.1", "octal"),
        ("010.1.1.1/8", "octal"),
        ("198.18.0.300", "more than 255"),
        ("198.18.0.9-7", "write 7-9"),
        ("198.18.0.9-198.18.0.7", r"write 198\.18\.0\.7-198\.18\.0\.9"),
        ("198.18.0.1-198.18.0.9/24", "four numbers"),
        ("198.18.1", "four numbers"),
        ("127", "if these are ports, write -p 127"),
        ("80,443-445", "if these are ports, write -p 80,443-445"),
        ("0x7f.1", "four decimal"),
        ("0x7f000001", "four decimal"),
        ("a.b.3", "four decimal"),
        ("fd00:::1", "not an IPv6 address"),
        ("fd00:18::g", "not a"),
        ("1:2:3:4:5:6:7:8:9", "not an IPv6 address"),
        ("[198.18.0.2]:80", "not an IPv6 address"),
        ("[fd00:18::2", r"\[fd00:18::2\]:80"),
        ("[fd00:18::2]80", r"\[fd00:18::2\]:80"),
        ("[fd00:18::2]:", "port is missing"),
        ("198.18.0.2:", "port is missing"),
        (":80", "host is missing"),
        ("fe80::1%", "interface after %"),
        ("fe80::1%a-name-longer-than-15", "interface after %"),
        ("fd00:18::2%eth0", "write fd00:18::2"),
        ("http://www.example.org/x", "write www.example.org"),
        ("a.example,b.example", "by spaces"),
        ("-", "neither"),
        ("a..b", "neither"),
        ("-a.example", "neither"),
        ("a" * 64 + ".example", "neither"),
        ("x!y", "neither"),
        ("\x1b[2Jx.example", "neither"),
        ("", "missing"),
    ],
)
def test_mistakes_get_one_sentence(text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said) as caught:
        parse_expression(text)
    assert str(caught.value).isprintable()


def target_like() -> st.SearchStrategy[str]:
    return st.text(alphabet="0123456789.,-*:/[]%abcfx ef。１", max_size=24)


@given(st.one_of(st.text(), target_like()))
@example("::%")
@example("fe80::1%\x00")
@example("9" * 5000)
@example("1.2.3.4/" + "9" * 5000)
def test_any_text_is_a_target_or_a_usage_error(text: str) -> None:
    said = ""
    try:
        parse_expression(text)
    except UsageError as error:
        said = str(error)
    assert said == "" or said.isprintable()


@given(st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6)))
def test_every_address_is_read(address: IPv4Address | IPv6Address) -> None:
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    expected = mapped or address
    assert parse_expression(str(address)) == AddressRange(expected.version, int(expected), int(expected))


@given(st.ip_addresses(v=4), st.integers(0, 32))
def test_a_mapped_network_is_the_ipv4_network(address: IPv4Address, prefix: int) -> None:
    assert parse_expression(f"::ffff:{address}/{96 + prefix}") == parse_expression(f"{address}/{prefix}")


def test_around() -> None:
    assert around(ip_address("198.18.7.9"), 16, "x") == network("198.18.0.0/16")
    assert around(ip_address("::ffff:198.18.7.9"), None, "x") == network("198.18.7.9")
    with pytest.raises(UsageError, match="0 to 32"):
        around(ip_address("198.18.7.9"), 64, "x")


def test_plain_ipv4() -> None:
    assert plain_ipv4("198.18.0.2") == 0xC6120002
    for text in ("198.18.0.256", "198.18.0.02", "198.18.0", "198.18.0.2\n", "１.2.3.4"):
        assert plain_ipv4(text) is None


@pytest.mark.parametrize(
    ("text", "targets"),
    [
        ("198.18.0.1,198.18.0.2", ["198.18.0.1", "198.18.0.2"]),
        ("198.18.0.1,5,7-9,198.18.1.1", ["198.18.0.1,5,7-9", "198.18.1.1"]),
        ("198.18,19.0,1.*,4,a.example", ["198.18,19.0,1.*,4", "a.example"]),
        ("a.example,fd00:18::1 198.18.0.0/24,198.18.9.0/24", ["a.example", "fd00:18::1", "198.18.0.0/24", "198.18.9.0/24"]),
        (" ,, ", []),
    ],
)
def test_lists_with_commas(text: str, targets: list[str]) -> None:
    assert split_list(text) == targets
