from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_address

from hatoba.netcat.ends import Peer
from hatoba.netcat.servers.web_urls import MOST_URLS, Address, web_urls


def own() -> Iterable[Address]:
    return [ip_address(each) for each in ("127.0.0.1", "198.18.0.2", "::1", "fd00:18::2", "fe80::1", "169.254.1.1")]


def test_everywhere_is_this_machine_and_what_others_call_it() -> None:
    everywhere = [Peer("::", 8080), Peer("0.0.0.0", 8080)]
    assert web_urls(everywhere, own, encrypted=False) == [
        "http://localhost:8080/",
        "http://198.18.0.2:8080/",
        "http://[fd00:18::2]:8080/",
    ]
    assert web_urls(everywhere[1:], own, encrypted=True) == ["https://localhost:8080/", "https://198.18.0.2:8080/"]


def test_one_address_is_all_there_is() -> None:
    assert web_urls([Peer("127.0.0.1", 80)], own, encrypted=False) == ["http://127.0.0.1:80/"]
    assert web_urls([Peer("fe80::1%eth0", 80)], own, encrypted=False) == ["http://[fe80::1%eth0]:80/"]


def test_a_unix_socket_has_none() -> None:
    assert web_urls([Peer("/run/web")], own, encrypted=False) == []


def test_of_many_addresses_some_are_enough() -> None:
    many = [ip_address(f"198.18.0.{number}") for number in range(1, 100)]
    assert len(web_urls([Peer("0.0.0.0", 80)], lambda: many, encrypted=False)) == MOST_URLS
