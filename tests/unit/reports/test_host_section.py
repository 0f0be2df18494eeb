from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address

import pytest

from hatoba.model import Deception, Host
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


@pytest.mark.parametrize("deception", Deception)
def test_where_every_port_is_open_only_held_connections_show_a_program(deception: Deception) -> None:
    hosts = Hosts("198.18.0.2")
    host = replace(HOST, deception=deception, held_ports=(22,))
    held, doubted = (
        report("table", [info(), batch(hosts, opened([22, 6379][at : at + 1])), host, ended()], replace(PLAIN, explain=True))
        for at in (0, 1)
    )
    assert "a program accepts connections on this port" in held
    assert "a program accepts" not in doubted
    assert "so this shows no program" in doubted
    assert "Next steps" not in doubted
    assert "Next steps" in report("table", [info(), batch(hosts, opened(6379)), replace(host, held_ports=(6379,)), ended()])


def test_verbose_says_why_the_host_is_up() -> None:
    host = replace(HOST, reason="syn-ack")
    events = [info(), batch(Hosts("198.18.0.2"), opened(22)), host, ended()]
    assert report("table", events).startswith("198.18.0.2: up\n")
    assert report("table", events, replace(PLAIN, verbose=1)).startswith("198.18.0.2: up (syn-ack)\n")
