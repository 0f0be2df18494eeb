"""What the machine says about itself, inside a lab."""

from __future__ import annotations

import json
import shlex
import sys

import pytest

from hatoba.lab.laboratory import MARK
from hatoba.probes import METHODS
from hatoba.wire.capabilities import raw_remedy
from hatoba.wire.local import LAB_MARK
from tests import needs
from tests.net.conftest import MakeLab

_OPEN = "import os, socket; socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0); print(os.getuid(), os.environ['HOME'])"


def test_a_lab_is_known_by_its_mark(make_lab: MakeLab) -> None:
    assert MARK.startswith(LAB_MARK)
    lab = make_lab()
    scanner, alone = lab.add_host("scanner", ["198.18.0.1/24"]), lab.add_host("alone")
    lab.link(scanner, lab.add_host("target", ["198.18.0.2/24"]))
    call = "tests.net.connect_calls:local_facts"
    assert scanner.call(call) == [["127.0.0.1/32", "198.18.0.1/32", "::1/128"], ["198.18.0.0/15", "fd00:18::/32"]]
    assert alone.call(call)[1] == []


@pytest.mark.parametrize("privileged", [True, False])
def test_doctor_finds_what_is_in_effect(make_lab: MakeLab, privileged: bool) -> None:
    """User 0 both times: only what can be opened counts."""
    host = make_lab().add_host("alone")
    done = host.run([sys.executable, "-P", "-m", "hatoba", "doctor", "--json"], privileged=privileged)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert [found[name] for name in ("user_id", "net_raw", "packet_socket", "raw_ipv4")] == [0, *[privileged] * 3]
    assert found["methods"] == {"connect": True, **dict.fromkeys(METHODS, privileged)}
    assert found["default_method"] == ("syn" if privileged else "connect")
    assert found["error_queue"] is True


@pytest.mark.peer("setpriv")
def test_the_remedy_lends_the_capability_and_keeps_the_user(make_lab: MakeLab) -> None:
    lab = make_lab()
    if lab.in_user_namespace:
        pytest.skip("only root can become another user")
    host = lab.add_host("alone")
    command = raw_remedy(65534, 65534, "/nonexistent", True)
    assert command is not None
    words = shlex.split(command)
    lend = words[words.index("setpriv") : words.index("env") + 2]
    without = [word for word in lend if "caps" not in word]
    # An interpreter in root's own home is closed to other users.
    usable = (path for path in (sys.executable, "/usr/bin/python3") if host.run([*without, path, "-c", ""]).returncode == 0)
    python = next(usable, "") or needs.lacking("no Python that another user may run")
    refused = host.run([*without, python, "-c", _OPEN])
    assert "PermissionError" in refused.stderr
    allowed = host.run([*lend, python, "-c", _OPEN])
    assert allowed.stdout.split() == ["65534", "/nonexistent"], allowed.stderr
