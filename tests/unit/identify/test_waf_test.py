"""The test against servers of a few lines: who refuses what, and what is made of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import unquote

import pytest

from hatoba.identify.listening import Heard
from hatoba.identify.protocols import Question
from hatoba.identify.waf_test import HARMLESS, NAME, NUMBER, SUSPICIOUS, waf_tested
from hatoba.service import Facts, WebShield
from tests.unit.identify.peers import run

PAGE = b"HTTP/1.1 200 OK\r\nServer: nginx\r\nContent-Length: 2\r\n\r\nhi"
REFUSAL = b"HTTP/1.1 403 Forbidden\r\nServer: nginx\r\n\r\n<h1>403 Forbidden</h1>"


@dataclass
class Request:
    path: str
    host: str
    agent: str

    @property
    def attack(self) -> bool:
        return "passwd" in self.path

    @property
    def score(self) -> int:
        """As the rule set counts."""
        return 50 * self.attack + 3 * self.host.replace(".", "").isdigit() + 2 * (not self.agent)


@dataclass
class Server:
    answer: Callable[[Request], bytes | None]
    """None: no connection."""
    asked: list[Request] = field(default_factory=list)

    async def ask(self, question: Question) -> Heard | None:
        lines = question.data.decode().split("\r\n")
        fields = {name: value.strip() for name, _colon, value in (line.partition(":") for line in lines[1:])}
        self.asked.append(Request(lines[0].split()[1], fields["Host"], fields["User-Agent"]))
        said = self.answer(self.asked[-1])
        return None if said is None else Heard(said, ended=True)


def outcome(server: Server, facts: Facts | None = None, host: str = "198.18.0.2") -> tuple[str, tuple[WebShield, ...]]:
    found, _took_s = run(waf_tested(facts or Facts("http", "nginx"), host, server.ask))
    return dict(found.details)["waf-test"], found.shields


def test_who_answers_all_alike_is_asked_twice() -> None:
    server = Server(lambda _request: PAGE)
    assert outcome(server) == ("no-difference", ())
    assert [one.path for one in server.asked] == [HARMLESS, SUSPICIOUS]


@pytest.mark.parametrize(
    ("product", "name"),
    [
        ("nginx", "OWASP Core Rule Set (ModSecurity or Coraza)"),
        ("Apache httpd", "OWASP Core Rule Set (ModSecurity)"),
        ("Caddy httpd", "OWASP Core Rule Set (Coraza)"),
    ],
)
def test_who_counts_as_the_rule_set_does_is_called_by_its_name(product: str, name: str) -> None:
    server = Server(lambda request: REFUSAL if request.score >= 5 else PAGE)
    told, shields = outcome(server, Facts("http", product))
    assert (told, shields) == ("refused", (WebShield(name, ("waf",), "scoring", b"HTTP/1.1 403 Forbidden"),))
    assert [(one.host, bool(one.agent)) for one in server.asked] == [
        *[("198.18.0.2", True)] * 3,
        *((NUMBER, True), (NAME, False), (NUMBER, False)),
    ]


def test_who_dislikes_an_oddity_by_itself_does_not_count() -> None:
    server = Server(lambda request: REFUSAL if request.attack or not request.agent else PAGE)
    assert outcome(server)[1] == (WebShield("", ("waf",), "refusal", b"HTTP/1.1 403 Forbidden"),)
    assert len(server.asked) == 6


def test_one_asked_by_its_name_is_asked_by_it_again() -> None:
    server = Server(lambda request: REFUSAL if request.attack else PAGE)
    outcome(server, host="www.target.lab")
    assert [one.host for one in server.asked] == [*["www.target.lab"] * 3, NUMBER, "www.target.lab", NUMBER]


@pytest.mark.parametrize("host", ["198.18.0.2", "198.18.0.2:8001", "[fd00:18::2]", "[fd00:18::2]:8001"])
def test_one_asked_by_its_address_has_a_name_once(host: str) -> None:
    server = Server(lambda request: REFUSAL if request.attack else PAGE)
    outcome(server, host=host)
    assert server.asked[4].host == NAME


@pytest.mark.parametrize("silence", [b"", None])
def test_who_hangs_up_refuses(silence: bytes | None) -> None:
    assert outcome(Server(lambda request: silence if request.attack else PAGE)) == (
        "refused",
        (WebShield("", ("waf",), "refusal", b""),),
    )


def test_a_page_with_200_that_names_its_maker() -> None:
    page = b"HTTP/1.1 200 OK\r\n\r\nThe requested URL was rejected. Please consult with your administrator."
    (shield,) = outcome(Server(lambda request: page if request.attack else PAGE))[1]
    assert (shield.name, shield.sign) == ("F5 BIG-IP ASM", "page")


def test_whose_page_comes_for_harmless_requests_too_tells_nothing() -> None:
    page = b"HTTP/1.1 200 OK\r\n\r\nThe requested URL was rejected. Please consult with your administrator."
    assert outcome(Server(lambda _request: page)) == ("no-difference", ())


def test_what_shows_itself_to_anybody_is_named_as_who_refused() -> None:
    shown = WebShield("Cloudflare", ("cdn", "waf"), "header", b"cf-ray: 1")
    balancer = WebShield("NetScaler", ("load-balancer",), "cookie", b"NSC_x")
    server = Server(lambda request: REFUSAL if request.attack else PAGE)
    _told, shields = outcome(server, Facts("http", shields=(balancer, shown)))
    assert [(one.name, one.sign) for one in shields] == [("NetScaler", "cookie"), ("Cloudflare", "refusal")]


def test_who_is_tired_of_us_is_not_taken_for_a_waf() -> None:
    turns = iter([PAGE, REFUSAL, REFUSAL])
    assert outcome(Server(lambda _request: next(turns))) == ("unsteady", ())


def test_a_server_that_does_not_answer() -> None:
    server = Server(lambda _request: b"")
    assert outcome(server) == ("no-answer", ())
    assert len(server.asked) == 1


def test_a_redirect_is_no_refusal() -> None:
    elsewhere = b"HTTP/1.1 302 Found\r\nLocation: https://elsewhere.example/\r\n\r\n"
    assert outcome(Server(lambda request: elsewhere if request.attack else PAGE)) == ("no-difference", ())


def test_what_is_suspicious_is_all_in_the_query_and_safe_to_log() -> None:
    assert unquote(SUSPICIOUS) == "/?hatoba=<script>alert('hatoba')</script>&file=../../../../etc/passwd&id=1' OR '1'='1"
    assert SUSPICIOUS.isascii()
    assert not set(SUSPICIOUS) & set(" \r\n<>'\"")
