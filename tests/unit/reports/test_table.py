from __future__ import annotations

import os
import re
from dataclasses import replace
from ipaddress import ip_address

import pytest

from hatoba import messages
from hatoba.messages import use_language
from hatoba.model import Host, Shard
from hatoba.reports.text import width
from tests.unit.reports.golden import same_as_golden
from tests.unit.reports.scans import HINTS, PLAIN, SCANS, ended, everyday, hostile, info, report
from tests.unit.results.rows import Hosts, batch, closed, opened, silent

OPTIONS = {
    "plain": PLAIN,
    "reason": replace(PLAIN, reason=True),
    "explain": replace(PLAIN, explain=True),
    "open": replace(PLAIN, open_only=True),
}


def speak(language: str) -> None:
    use_language(language)
    if language == "ja" and messages._("PORT") == "PORT":
        problem = "the Japanese catalogue is not compiled"
        pytest.fail(problem) if os.environ.get("CI") == "true" else pytest.skip(problem)


@pytest.mark.parametrize("language", messages.LANGUAGES)
@pytest.mark.parametrize("options", OPTIONS)
def test_everyday_scan(language: str, options: str) -> None:
    speak(language)
    same_as_golden(f"table-everyday-{options}.{language}.txt", report("table", everyday(), OPTIONS[options]))


@pytest.mark.parametrize("language", messages.LANGUAGES)
@pytest.mark.parametrize("scan", sorted(set(SCANS) - {"everyday"}))
def test_other_scans(language: str, scan: str) -> None:
    speak(language)
    same_as_golden(f"table-{scan}.{language}.txt", report("table", SCANS[scan](), PLAIN))


def columns_of(text: str) -> list[set[int]]:
    """Where the second and third column begin, on a terminal, in each line of a port table."""
    starts: list[set[int]] = [set(), set()]
    for line in re.findall(r"^(?:PORT|ポート|\d+/tcp) .*$", text, re.MULTILINE):
        for at, cell in enumerate(list(re.finditer(r"(?<= )\S+", line))[:2]):
            starts[at].add(width(line[: cell.start()]))
    return starts


@pytest.mark.parametrize("heading", [("PORT", "STATE", "SERVICE"), ("ポート", "状態", "サービス")])
def test_columns_stand_under_each_other_in_wide_characters(monkeypatch: pytest.MonkeyPatch, heading: tuple[str, ...]) -> None:
    words = dict(zip(("PORT", "STATE", "SERVICE"), heading, strict=True))
    monkeypatch.setattr("hatoba.reports.host_section._", lambda text: words.get(text, text))
    text = report(
        "table", [info(), batch(Hosts("198.18.0.2"), opened([22, 80, 8080])), Host(ip_address("198.18.0.2")), ended()]
    )
    assert [len(starts) for starts in columns_of(text)] == [1, 1]
    assert all(word in text for word in heading)


@pytest.mark.parametrize("name", ["\x1b]0;owned\x07", "\u202egnp", "two\nlines", "\udcff"])
@pytest.mark.parametrize("format_name", ["table", "normal", "grepable"])
def test_a_hostile_name_is_shown_and_not_obeyed(format_name: str, name: str) -> None:
    text = report(format_name, hostile(name))
    tame = report(format_name, hostile("tame"))
    assert name not in text
    assert text.count("\n") == tame.count("\n")
    assert text.replace("\n", "").replace("\t", "").isprintable()


def test_a_section_comes_with_its_host_and_not_before() -> None:
    one, two, *_ = everyday_parts = everyday()
    started = report("table", [one, two])
    assert started == ""
    assert "22/tcp" in report("table", everyday_parts[:4])


def test_silent_addresses_of_a_network_are_counted_and_shown_on_request() -> None:
    hosts = Hosts(*(f"198.18.1.{n}" for n in range(100)))
    events = [
        info(address_count=100),
        batch(hosts, opened(22, host=7), *(silent(22, host=n) for n in range(100) if n != 7)),
        *(Host(hosts.address(n), (), "up" if n == 7 else "unknown") for n in range(100)),
        ended(hosts_total=100),
    ]
    text = report("table", events)
    assert text.count("198.18.1.") == 1
    assert "Not shown: 99 addresses that did not answer (-v shows them)." in text
    assert report("table", events, replace(PLAIN, verbose=1)).count("198.18.1.") == 100


def test_open_only_leaves_out_hosts_without_an_open_port_and_says_so() -> None:
    hosts = Hosts("198.18.0.2", "198.18.0.3")
    events = [
        info(address_count=2),
        batch(hosts, opened(22), closed(23), closed([22, 23], host=1)),
        Host(hosts.address(0), (), "up"),
        Host(hosts.address(1), (), "up"),
        ended(hosts_total=2),
    ]
    text = report("table", events, replace(PLAIN, open_only=True))
    assert "198.18.0.3" not in text
    assert "23/tcp" not in text
    assert "Not shown because of --open: 1 host without an open port." in text


@pytest.mark.parametrize(("open_ports", "verbose", "told"), [(5, 0, True), (6, 0, False), (6, 1, True)])
def test_next_steps_are_for_few_ports_or_on_request(open_ports: int, verbose: int, told: bool) -> None:
    ports = [6379, *range(10_000, 10_000 + open_ports - 1)]
    events = [info(), batch(Hosts("198.18.0.2"), opened(ports)), Host(ip_address("198.18.0.2"), (), "up"), ended()]
    assert (HINTS[6379] in report("table", events, replace(PLAIN, verbose=verbose))) is told


def test_colours_change_nothing_but_colours() -> None:
    plain, coloured = (report("table", everyday(), replace(PLAIN, reason=True, colour=colour)) for colour in (False, True))
    assert "\x1b" not in plain
    assert "\x1b[1;32m22/tcp" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == plain


@pytest.mark.parametrize("language", messages.LANGUAGES)
@pytest.mark.parametrize("columns", [60, 80])
def test_sentences_keep_to_the_terminal_and_lose_nothing(language: str, columns: int) -> None:
    speak(language)
    options = replace(PLAIN, explain=True)
    whole = report("table", everyday(), options)
    broken = report("table", everyday(), replace(options, columns=columns))
    assert max(map(width, broken.splitlines())) <= columns < max(map(width, whole.splitlines()))
    assert "".join(broken.split()) == "".join(whole.split())
    assert report("normal", everyday(), replace(options, columns=columns)) == report("normal", everyday(), options)


def test_hosts_of_which_one_line_says_all_stand_in_a_row() -> None:
    hosts = Hosts("198.18.0.2")
    down = [Host(ip_address(f"198.18.0.{last}"), (), "down", "no-neighbour") for last in (3, 4, 5)]
    events = [info(address_count=4), *down[:2], batch(hosts, opened(22)), Host(hosts.address(0), (), "up"), down[2], ended()]
    lines = report("table", events).splitlines()
    assert lines[:4] == ["198.18.0.3: down (no-neighbour)", "198.18.0.4: down (no-neighbour)", "", "198.18.0.2: up"]
    assert lines[-4:-1] == ["", "198.18.0.5: down (no-neighbour)", ""]


def test_what_of_an_interrupted_scan_was_not_asked_is_counted() -> None:
    found = [Host(ip_address(f"198.18.0.{last}"), (), "up", "arp-response") for last in (1, 2, 3)]
    stopped = ended(hosts_up=3, hosts_total=3, counts={}, interrupted=True)
    text = report("table", [info(asked=(), address_count=256), *found, stopped])
    assert "Hosts up: 3 of 3." in text
    assert "253 addresses were not asked to the end." in text
    assert "not asked" not in report("table", [info(asked=(), address_count=3), *found, stopped])


@pytest.mark.parametrize(
    ("missed", "words"),
    [(5.6e-05, "fewer than 0.001 answers are"), (0.0412, "0.041 answers are"), (123456.0, "123,456 answers are")],
)
def test_the_expected_number_of_missed_answers_is_readable(missed: float, words: str) -> None:
    assert words in report("table", [info(), ended(loss=0.2, expected_missed=missed)])


def test_where_no_ports_were_asked_none_are_counted() -> None:
    nobody = Host(ip_address("198.18.0.2"), (), "down", "no-neighbour")
    text = report("table", [info(), nobody, ended(hosts_up=0, hosts_down=1, counts={})])
    assert "Ports" not in text
    assert "Nobody on the link answers for 198.18.0.2" in text
    assert "swallows" not in text


def test_a_part_of_a_scan_says_which_it_is() -> None:
    part = info(shard=Shard(2, 3), address_count=1366, all_addresses=4096)
    assert "Shard 2/3: 1,366 of 4,096 addresses; the other shards have the rest." in report("table", [part, ended()])
    assert "Shard 2/3" in report("normal", [part, ended()])
    small = info(shard=Shard(1, 3), address_count=1, all_addresses=1)
    assert "Shard 1/3: 1 of 1 address; the other shards have the rest." in report("table", [small, ended()])
    assert "Shard" not in report("table", [info(all_addresses=1), ended()])
