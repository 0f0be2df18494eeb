from __future__ import annotations

from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hatoba.errors import UsageError
from hatoba.model import Address
from hatoba.targets.networks import parse_network


@pytest.mark.parametrize(
    ("text", "network"),
    [
        ("198.51.100.0/24", "198.51.100.0/24"),
        ("198.51.100.7", "198.51.100.7/32"),
        (" 198.51.100.7/32 ", "198.51.100.7/32"),
        ("2001:db8::/64", "2001:db8::/64"),
        ("[2001:db8::1]", "2001:db8::1/128"),
        ("::ffff:198.51.100.0/120", "198.51.100.0/24"),
        ("198.51.100.*", "198.51.100.0/24"),
        ("198.51.100.64-127", "198.51.100.64/26"),
    ],
)
def test_what_is_a_network(text: str, network: str) -> None:
    assert parse_network(text) == ip_network(network)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("198.51.100.7/24", r"write 198\.51\.100\.0/24 for the network or 198\.51\.100\.7 for the host"),
        ("2001:db8::7/64", r"write 2001:db8::/64 for the network or 2001:db8::7 for the host"),
        ("::ffff:198.51.100.7/120", r"write 198\.51\.100\.0/24 for the network or 198\.51\.100\.7 for the host"),
        ("www.example.org", "a name may change hands"),
        ("www.example.org/24", "a name may change hands"),
        ("198.51.100.7:80", "leave out the ports"),
        ("fe80::1%eth0", "leave out %eth0"),
        ("198.51.100.1-2", r"write 198\.51\.100\.1 198\.51\.100\.2"),
        ("198.51.100.1,9", r"write 198\.51\.100\.1 198\.51\.100\.9"),
        ("*.*.1.1", "not one network"),
        ("198.51.*.1", "not one network"),
        ("0.0.0.0/0", "nobody can permit"),
        ("::/0", "nobody can permit"),
        ("", "missing"),
        ("198.51.100.0/33", "0 to 32"),
    ],
)
def test_mistakes_get_one_sentence(text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        parse_network(text)


@given(st.one_of(st.ip_addresses(v=4, network="198.0.0.0/7"), st.ip_addresses(v=6, network="2001::/16")), st.data())
def test_every_cidr_text_is_read_back(address: Address, data: st.DataObject) -> None:
    network = ip_network(f"{address}/{data.draw(st.integers(1, address.max_prefixlen))}", strict=False)
    assert parse_network(str(network)) == network


@given(st.text(alphabet="0123456789.,-*:/[]%abcfx ", max_size=24))
def test_any_text_is_a_network_or_a_usage_error(text: str) -> None:
    said = ""
    try:
        parse_network(text)
    except UsageError as error:
        said = str(error)
    assert said == "" or said.isprintable()
