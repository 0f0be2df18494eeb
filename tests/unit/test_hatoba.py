"""``import hatoba``: light, and every name where it belongs."""

from __future__ import annotations

import subprocess
import sys

import pytest

import hatoba
from hatoba import errors, model


def test_every_promised_name_is_there() -> None:
    for name in hatoba._HOME_OF:
        assert getattr(hatoba, name).__name__ == name if name != "Address" else hatoba.Address is model.Address


def test_every_promised_name_is_declared_for_type_checkers() -> None:
    with open(hatoba.__file__, encoding="utf-8") as source:
        declared = {line.split(" as ")[1].strip() for line in source if line.startswith("    from hatoba.")}
    assert declared == set(hatoba._HOME_OF)


def test_types_are_the_models_own() -> None:
    assert hatoba.State is model.State
    assert hatoba.NotInScope is errors.NotInScope


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="nmap"):
        hatoba.nmap  # noqa: B018


def test_dir_lists_what_can_be_used() -> None:
    assert {"scan", "State", "__version__"} <= set(dir(hatoba))


@pytest.mark.parametrize("heavy", ["numpy", "click", "rich", "logging", "asyncio", "hatoba.api", "hatoba.model"])
def test_the_import_alone_loads_nothing(heavy: str) -> None:
    code = f"import sys, hatoba; sys.exit({heavy!r} in sys.modules)"
    assert subprocess.run([sys.executable, "-I", "-c", code], check=False).returncode == 0


UNWANTED = [
    *("asyncio", "ssl", "psutil", "pyroute2", "rich", "cryptography"),
    *("logging", "subprocess", "concurrent.futures", "tempfile", "difflib", "numpy.ma", "numpy.random"),
    *(
        "hatoba.identify",
        "hatoba.netcat",
        "hatoba.lab",
        "hatoba.api.request",
        "hatoba.cli.scan_watch",
        "hatoba.cli.scan_resume",
    ),
    *("hatoba.packets.dissect_batch", "hatoba.reports.jsonl", "hatoba.reports.jsonl_reading", "hatoba.reports.nmap_xml"),
    *(
        "hatoba.engine.stages.hop_probes",
        "hatoba.engine.stages.system_probes",
        "hatoba.engine.stages.traceroute",
        "hatoba.engine.stages.unmasking",
    ),
    *("hatoba.wire.handshakes", "hatoba.wire.reverse_names", "hatoba.wire.watched_network"),
    *("hatoba.service", "hatoba.system", "hatoba.registry.cpe", "hatoba.registry.tls_suites", "hatoba.registry.finding"),
    *("hatoba.reports.findings", "hatoba.reports.host_systems", "hatoba.probes.udp_questions"),
]
"""What a scan loads only for who asks for it."""


def test_a_scan_on_the_command_line_does_not_wait_for_what_nobody_asked_for() -> None:
    code = (
        "import sys, hatoba.cli.scan, hatoba.cli.scan_run, hatoba.cli.real_world, hatoba.engine.scan;"
        f"print(*(name for name in {UNWANTED!r} if name in sys.modules))"
    )
    told = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.split() == []


def test_the_model_is_had_without_numpy() -> None:
    code = "import sys, hatoba; hatoba.State.OPEN, hatoba.NotInScope; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-I", "-c", code], check=False).returncode == 0
