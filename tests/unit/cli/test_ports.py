"""``hatoba ports``, as a user calls it."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from contextlib import redirect_stdout

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hatoba.cli import ports_shown
from hatoba.cli.shell import run
from hatoba.messages import use_language
from hatoba.model import Protocol
from hatoba.registry import ranking_reason, top_ports
from hatoba.reports.text import width

Capture = pytest.CaptureFixture[str]


def ports(capsys: Capture, *arguments: str) -> str:
    """Standard output of a call that ends well and says nothing else."""
    assert run(["ports", *arguments]) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    return captured.out


def complaint(capsys: Capture, status: int, *arguments: str) -> str:
    """The one sentence of a call that fails."""
    assert run(["ports", *arguments]) == status
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("hatoba: ")
    assert captured.err.count("\n") == 1
    return captured.err


def table_rows(text: str) -> list[list[str]]:
    return [line.split(maxsplit=3) for line in text.splitlines()[1:]]


def test_a_page_tells_class_iana_today_hint_and_place(capsys: Capture) -> None:
    page = ports(capsys, "9200")
    assert page.splitlines()[0] == "port 9200"
    assert "registered (1024-49151)" in page
    tcp, udp = page.split("\nTCP\n")[1].split("\nUDP\n")
    assert "today    elasticsearch: Elasticsearch, OpenSearch" in tcp
    assert "IANA     wap-wsp: WAP connectionless session service" in tcp
    assert "hint     A search index." in tcp
    assert "ranking  number 28: Search index" in tcp
    assert "wap-wsp" in udp
    assert "hint" not in udp


@pytest.mark.parametrize(
    ("port", "told"), [("0", "well-known (0-1023)"), ("1023", "well-known"), ("65535", "dynamic (49152-65535)")]
)
def test_classes(capsys: Capture, port: str, told: str) -> None:
    assert told in ports(capsys, port)


def test_what_is_the_same_for_two_protocols_is_said_once(capsys: Capture) -> None:
    page = ports(capsys, "53")
    assert "TCP, UDP\n" in page
    assert page.count("Domain Name Server") == 1
    assert "ranking, UDP  number 1" in page


def test_a_name_finds_its_page(capsys: Capture) -> None:
    assert ports(capsys, "ssh") == ports(capsys, "22")


def test_one_protocol(capsys: Capture) -> None:
    assert ports(capsys, "53/udp") == ports(capsys, "--protocol", "UDP", "53")
    assert "TCP" not in ports(capsys, "53/udp")


def test_a_range_leaves_out_ports_without_a_name_and_counts_them(capsys: Capture) -> None:
    assert run(["ports", "8000-8014"]) == 0
    captured = capsys.readouterr()
    assert captured.out.splitlines()[0].split() == ["PORT", "PROTOCOL", "SERVICE", "WHAT", "IT", "IS"]
    assert {row[0] for row in table_rows(captured.out)} == {str(port) for port in range(8000, 8011)}
    assert captured.err == "4 ports of the range have no name.\n"


def test_a_range_without_any_name_prints_no_data(capsys: Capture) -> None:
    assert run(["ports", "49162-49163"]) == 0
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "2 ports of the range have no name.\n")


def test_a_list_keeps_its_order_and_its_nameless_ports(capsys: Capture) -> None:
    rows = table_rows(ports(capsys, "8443,22", "49163", "--protocol", "tcp"))
    assert [row[:3] for row in rows] == [["8443", "tcp", "https-alt"], ["22", "tcp", "ssh"], ["49163", "tcp", "unknown"]]


def test_a_port_that_was_asked_by_itself_is_shown_though_a_range_holds_it(capsys: Capture) -> None:
    assert run(["ports", "8011,8010-8012", "--protocol", "tcp"]) == 0
    captured = capsys.readouterr()
    assert [row[0] for row in table_rows(captured.out)] == ["8011", "8010"]
    assert captured.err == "1 port of the range has no name.\n"


def test_numbers_and_names_mix_and_nothing_comes_twice(capsys: Capture) -> None:
    rows = table_rows(ports(capsys, "22,ssh,telnet,20-23", "--protocol", "tcp"))
    assert [row[0] for row in rows] == ["22", "23", "20", "21"]


def test_a_pattern(capsys: Capture) -> None:
    services = {row[2] for row in table_rows(ports(capsys, "http*", "--protocol", "tcp"))}
    assert {"http", "https", "http-alt"} <= services


def test_words_are_looked_for(capsys: Capture) -> None:
    assert "3389" in {row[0] for row in table_rows(ports(capsys, "remote", "desktop"))}
    assert ports(capsys, "remote desktop") == ports(capsys, "remote", "desktop")


def test_an_open_end(capsys: Capture) -> None:
    assert len(json.loads(ports(capsys, "65000-", "--protocol", "tcp", "--json"))) == 536


def test_json_is_an_array_with_one_object_a_line_and_stable_keys(capsys: Capture) -> None:
    text = ports(capsys, "2375,53/udp", "--json")
    objects = json.loads(text)
    assert [json.loads(line.rstrip(",")) for line in text.splitlines()[1:-1]] == objects
    assert [(entry["port"], entry["protocol"]) for entry in objects] == [(2375, "tcp"), (2375, "udp"), (53, "udp")]
    first = objects[0]
    keys = ["port", "protocol", "class", "service", "name", "description", "today", "today_description", "hint", "rank"]
    assert list(first) == keys
    assert (first["class"], first["service"], first["rank"]) == ("registered", "docker", 30)
    assert objects[1]["rank"] is None
    assert all(list(entry) == keys for entry in objects)


def test_json_of_a_range_has_every_port(capsys: Capture) -> None:
    objects = json.loads(ports(capsys, "8000-8020", "--protocol", "tcp", "--json"))
    assert [entry["port"] for entry in objects] == list(range(8000, 8021))


def test_nothing_as_json_is_still_json(capsys: Capture) -> None:
    ports_shown.show_json([])
    assert json.loads(capsys.readouterr().out) == []


def test_the_ranking_with_its_reasons(capsys: Capture) -> None:
    lines = ports(capsys, "--top", "100").splitlines()
    assert lines[0].split() == ["RANK", "PORT", "SERVICE", "REASON"]
    assert [int(line.split()[1]) for line in lines[1:]] == list(top_ports(100, Protocol.TCP))
    assert lines[1].endswith(str(ranking_reason(80, Protocol.TCP)))


def test_the_ranking_as_json_goes_beyond_its_table(capsys: Capture) -> None:
    objects = json.loads(ports(capsys, "--top", "600", "--protocol", "udp", "--json"))
    assert [entry["rank"] for entry in objects] == list(range(1, 601))
    assert list(objects[0]) == ["rank", "port", "protocol", "service", "reason"]
    assert objects[-1]["reason"] == ports_shown.BY_RULE


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["70000"], "there is no port 70000; ports go from 0 to 65535"),
        (["1-65536"], "there is no port 65536"),
        (["9" * 5000], "there is no port 999"),
        (["8100-8000"], "type 8000-8100"),
        (["1-2-3"], "is no port and no range"),
        (["22,,80"], "nothing between two commas"),
        (["22,"], "nothing between two commas"),
        ([""], "nothing between two commas"),
        (["53/icmp"], "type for example 53/udp"),
        (["53/udp", "--protocol", "tcp"], "type for example 53/udp"),
        (["22", "--protocol", "icmp"], "type tcp, udp, sctp or dccp"),
        (["22", "--protocol", "ip"], "type tcp, udp, sctp or dccp"),
        (["47/ip"], "type for example 53/udp"),
        (["8/icmp"], "type for example 53/udp"),
        ([], "type for example: hatoba ports 443"),
        (["--top", "0"], "type a number from 1 to 65536"),
        (["--top", "65537"], "type a number from 1 to 65536"),
        (["--top", "10", "22"], "hatoba ports --top 100"),
    ],
)
def test_what_is_malformed_gets_one_sentence_and_status_2(capsys: Capture, arguments: list[str], told: str) -> None:
    assert told in complaint(capsys, 2, *arguments)


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("kubernets", "did you mean kubernetes"),
        ("qqzzqqzz", "try a word of its description"),
        ("qqzz*", "qqzz*"),
        ("22,qqzz", "no port goes by the name 'qqzz'"),
    ],
)
def test_an_unknown_name_gets_one_sentence_and_status_1(capsys: Capture, word: str, told: str) -> None:
    assert told in complaint(capsys, 1, word)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """A terminal of 60 columns."""
    monkeypatch.setattr(ports_shown.shutil, "get_terminal_size", lambda: os.terminal_size((60, 24)))
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    return Terminal()


@pytest.mark.parametrize("arguments", [["2375"], ["8080-8090"], ["--top", "40"]])
@pytest.mark.parametrize("language", ["en", "ja"])
def test_lines_keep_to_the_width_of_a_terminal(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch, arguments: list[str], language: str
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    with redirect_stdout(terminal):
        assert run(["--lang", language, "ports", *arguments]) == 0
    lines = terminal.getvalue().splitlines()
    assert len(lines) > 5
    assert max(map(width, lines)) <= 60


def test_colour_is_for_terminals_that_want_it(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    with redirect_stdout(terminal):
        assert run(["ports", "22"]) == 0
        coloured = terminal.getvalue()
        monkeypatch.setenv("NO_COLOR", "1")
        assert run(["ports", "22"]) == 0
    assert coloured.startswith("\x1b[1mport 22\x1b[0m\n")
    assert "\x1b" not in terminal.getvalue()[len(coloured) :]


def test_a_pipe_gets_whole_lines_without_colour(capsys: Capture) -> None:
    text = ports(capsys, "2375")
    assert "\x1b" not in text
    assert max(map(len, text.splitlines())) > 100


def test_columns_stand_in_line(capsys: Capture) -> None:
    lines = ports(capsys, "http*").splitlines()
    column = lines[0].index("WHAT IT IS")
    assert all(line[column - 1] == " " and line[column] != " " for line in lines[1:])


def test_neither_numpy_nor_rich_is_needed() -> None:
    code = """
import sys
from hatoba.cli.main import main
status = main(["ports", "443"])
sys.exit(status or len({"numpy", "rich"} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@given(words=st.lists(st.text(min_size=1, max_size=12).filter(lambda word: not word.startswith("-")), min_size=1, max_size=3))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
def test_no_word_brings_a_traceback(words: list[str]) -> None:
    use_language("en")
    assert run(["ports", "--", *words]) in (0, 1, 2)
