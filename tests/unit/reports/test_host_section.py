from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address

from hatoba.model import Host
from tests.unit.reports.scans import PLAIN, ended, info, report
from tests.unit.results.rows import Hosts, batch, closed, opened, refused, silent

HOST = Host(ip_address("198.18.0.2"), (), "up")


def test_a_sum_names_its_reasons_with_numbers_where_there_are_several() -> None:
    parts = [opened(22), closed(range(1000, 66_000 - 1000)), silent(range(30, 50)), refused(range(50, 60))]
    text = report("table", [info(), batch(Hosts("198.18.0.2"), *parts), HOST, ended()])
    assert "Not shown: 64,000 closed (reset), 30 filtered (20 no-response, 10 admin-prohibited)\n" in text


def test_a_sum_is_explained_by_an_example_of_each_reason() -> None:
    parts = [silent(range(30, 50)), refused(range(50, 60))]
    text = report("table", [info(), batch(Hosts("198.18.0.2"), *parts), HOST, ended()], replace(PLAIN, explain=True))
    assert "  for example 30/tcp: filtered: no answer to 2 probes" in text
    assert "  for example 50/tcp: filtered: 198.18.0.1 answered ICMP 3/13" in text


def test_ports_in_a_row_that_have_the_same_to_say_say_it_once() -> None:
    text = report(
        "table", [info(), batch(Hosts("198.18.0.2"), silent(range(30, 40))), HOST, ended()], replace(PLAIN, explain=True)
    )
    assert text.count("no answer to 2 probes") == 1
    assert text.index("39/tcp") < text.index("no answer to 2 probes")
