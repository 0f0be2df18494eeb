from __future__ import annotations

import json
from dataclasses import replace

import pytest

from hatoba.cli import doctor
from hatoba.cli.main import main
from hatoba.probes import METHODS
from hatoba.wire.capabilities import Capabilities

ALLOWED = Capabilities(
    python="3.11.7",
    kernel="Linux 6.1",
    user_id=0,
    net_raw=True,
    net_raw_in_reach=True,
    net_admin=True,
    packet_socket=True,
    raw_ipv4=True,
    raw_ipv6=True,
    ipv6=True,
    error_queue=True,
    open_files_soft=1024,
    open_files_hard=20000,
    user_namespaces=True,
)
REFUSED = replace(
    ALLOWED,
    user_id=1000,
    net_raw=False,
    net_admin=False,
    packet_socket=False,
    raw_ipv4=False,
    raw_ipv6=False,
    open_files_hard=256,
    user_namespaces=False,
    namespace_obstacle="user.max_user_namespaces=0",
    remedy="sudo setpriv hatoba",
)


def answers(text: str) -> dict[str, str]:
    """The first word of each line of the list, by what stands after it."""
    lines = text.split("\n\n", maxsplit=1)[0].splitlines()
    return {line[4:].split("  ")[0]: line[:2] for line in lines}


def test_everything_works() -> None:
    text = doctor.as_text(ALLOWED)
    assert set(answers(text).values()) == {"ok"}
    assert text.endswith("Nothing is missing.")
    assert all(name in text for name in METHODS)


def test_what_is_missing_is_said_with_its_reason_and_the_command() -> None:
    text = doctor.as_text(REFUSED)
    wrong = {name for name, word in answers(text).items() if word == "no"}
    assert wrong == {
        "CAP_NET_RAW",
        "CAP_NET_ADMIN",
        "packets of one's own",
        "namespaces for the lab",
        "open files",
        "method syn",
        "other methods",
    }
    assert "user 1000" in text
    assert "user.max_user_namespaces=0" in text
    assert text.splitlines()[-1].strip() == "sudo setpriv hatoba doctor"


def test_no_command_helps() -> None:
    assert doctor.as_text(replace(REFUSED, remedy=None)).endswith("No command allows more here.")


def test_json(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(doctor, "probe_capabilities", lambda with_namespaces: REFUSED)
    assert main(["doctor", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["type"], found["format"]) == ("doctor", 1)
    assert found["methods"] == {"connect": True, **dict.fromkeys(METHODS, False)}
    assert found["default_method"] == "connect"
    assert found["remedy"] == "sudo setpriv hatoba doctor"
    assert found["open_files_hard"] == 256


def test_on_this_machine(capsys: pytest.CaptureFixture[str]) -> None:
    """Whatever it may do, the list comes and it ends well."""
    assert main(["doctor"]) == 0
    captured = capsys.readouterr()
    assert answers(captured.out)["Python"] == "ok"
    assert captured.err == ""


def test_findings_keep_to_the_terminal_and_the_command_stays_whole() -> None:
    whole = doctor.as_text(replace(REFUSED, remedy="sudo " + "long " * 20 + "hatoba"))
    broken = doctor.as_text(replace(REFUSED, remedy="sudo " + "long " * 20 + "hatoba"), 60)
    *lines, command = broken.splitlines()
    assert max(map(len, lines)) <= 60
    assert command == whole.splitlines()[-1]
    assert broken.split() == whole.split()


def test_where_nothing_inside_helps_it_is_said_who_can() -> None:
    text = doctor.as_text(replace(REFUSED, net_raw_in_reach=False, remedy="docker run --cap-add=NET_RAW IMAGE hatoba"))
    assert "start the container with it" in text
    assert "put this before" not in text
    assert text.splitlines()[-1].strip() == "docker run --cap-add=NET_RAW IMAGE hatoba doctor"
