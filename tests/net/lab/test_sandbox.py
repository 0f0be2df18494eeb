"""The lab without any privilege: in a user namespace."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pyroute2
import pytest

import hatoba
from tests import needs

SCRIPT = '''
import json, sys
from hatoba.lab import Lab
with Lab() as lab:
    first = lab.add_host("first", ["198.18.0.1/24", "fd00:18::1/64"])
    second = lab.add_host("second", ["198.18.0.2/24", "fd00:18::2/64"], sysctls={"net.ipv4.icmp_ratelimit": 0})
    lab.bridge("lan", [first, second])
    second.listen([80, 81])
    second.rules("""
        table inet wall {
          chain input {
            type filter hook input priority 0
            tcp dport 81 reject with icmpx type admin-prohibited
          }
        }""")
    probe = """
import socket
socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
for address in ("198.18.0.2", "fd00:18::2", "second"):
    for port in (80, 81):
        try:
            socket.create_connection((address, port), 30).close()
            print("connected")
        except OSError as error:
            print(error.errno)
"""
    done = first.run([sys.executable, "-c", probe])
    print(json.dumps([lab.in_user_namespace, done.stdout.split(), done.stderr]))
'''

SOURCES = os.pathsep.join(str(Path(module.__file__ or "").parents[1]) for module in (hatoba, pyroute2))


def as_nobody() -> list[str]:
    """A command line that runs Python as the user nobody, who may not be allowed to read this environment's interpreter."""
    drop = [needs.require_program("setpriv"), "--reuid=65534", "--regid=65534", "--clear-groups"]
    for python in (sys.executable, "/usr/bin/python3"):
        command = [*drop, "env", f"PYTHONPATH={SOURCES}", python, "-P"]
        check = "import sys, hatoba.lab, pyroute2.netlink; assert sys.version_info >= (3, 11); open(sys.executable).close()"
        if subprocess.run([*command, "-c", check], capture_output=True, cwd="/", check=False).returncode == 0:
            return command
    pytest.skip("the user nobody may not run any Python that has hatoba")


@pytest.mark.peer("nft")
def test_lab_without_privilege() -> None:
    command = as_nobody() if os.geteuid() == 0 else [sys.executable]
    done = subprocess.run([*command, "-c", SCRIPT], capture_output=True, text=True, cwd="/", timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    in_user_namespace, heard, trouble = json.loads(done.stdout)
    assert trouble == ""
    assert heard == ["connected", "113", "connected", "13", "connected", "113"]
    assert in_user_namespace
