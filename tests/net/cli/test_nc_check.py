"""``hatoba nc -z``: open ports are data, the rest is talk."""

from __future__ import annotations

from typing import Any

from hatoba.cli import nc_check
from hatoba.lab import Lab
from tests.net.netcat.lone_host import host_of


def test_open_closed_and_silent_ports() -> None:
    with Lab("nc") as lab:
        found: dict[str, Any] = host_of(lab).call("tests.net.netcat.end_calls:checked", timeout_s=120)
    where = f"127.0.0.1:{found['port']}/tcp"
    assert found["found"]["status"] == 0
    assert found["found"]["out"].startswith(f"{where} open")
    assert found["found"]["out"].count("\n") == 1
    assert f"127.0.0.1:{found['closed']}/tcp is not open: Connection refused" in found["found"]["err"]
    assert "1 of 2 ports are open" in found["found"]["err"]
    assert found["nothing"] == {"status": 1, "out": "", "err": ""}
    assert found["udp"]["status"] == 1
    assert "may be open: nothing came back" in found["udp"]["err"]
    assert f"127.0.0.1:{found['closed']}/udp is not open: Connection refused" in found["udp"]["err"]
    assert nc_check.WAIT_S > 1.0
    assert found["explained"]["out"] == found["found"]["out"]
    assert f"{where}: open: 127.0.0.1 accepted the connection, " in found["explained"]["err"]
    assert f"127.0.0.1:{found['closed']}/tcp: closed: 127.0.0.1 refused the connection with RST" in found["explained"]["err"]
