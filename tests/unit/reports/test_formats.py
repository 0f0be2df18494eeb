from __future__ import annotations

from io import StringIO

import pytest

from hatoba.model import Protocol
from hatoba.reports.formats import FORMATS, open_report, open_reports, registry_services
from hatoba.reports.outputs import Output
from tests.unit.reports.scans import PLAIN, SERVICES, everyday, tell


def test_the_names_of_the_formats() -> None:
    assert list(FORMATS) == ["table", "jsonl", "xml", "grepable", "normal"]


def test_services_come_from_the_registry_unless_given() -> None:
    services = registry_services()
    assert services.name(22, Protocol.TCP) == "ssh"
    assert services.name(65_000, Protocol.TCP) == ""
    assert services.hint(6379, Protocol.TCP)
    assert services.hint(65_000, Protocol.TCP) == ""
    stream = StringIO()
    tell(open_report("table", stream, PLAIN), everyday())
    assert "22/tcp" in stream.getvalue()


def test_an_unknown_format_is_a_mistake_of_ours() -> None:
    with pytest.raises(KeyError):
        open_reports([Output("yaml", StringIO(), "-")], PLAIN, SERVICES)
