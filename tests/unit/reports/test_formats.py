from __future__ import annotations

from dataclasses import replace
from io import StringIO
from ipaddress import ip_address

import numpy as np
import pytest

from hatoba.model import Protocol
from hatoba.reports.base import ReportOptions
from hatoba.reports.formats import FORMATS, open_report, open_reports, registry_services
from hatoba.reports.outputs import Output
from hatoba.results.batch import HostBatch
from tests.unit.reports.scans import PLAIN, SERVICES, ended, everyday, info, report, tell
from tests.unit.results.rows import Hosts, batch, silent


def test_the_names_of_the_formats() -> None:
    assert list(FORMATS) == ["table", "jsonl", "resumed", "xml", "grepable", "normal"]


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


def _unsettled(text: str) -> list[str]:
    """The lines but for those of JSON Lines that only say of which hosts nothing more is to be asked."""
    return [line for line in text.splitlines() if not line.startswith('{"type":"settled","hosts"')]


@pytest.mark.parametrize("asked_ports", [True, False])
@pytest.mark.parametrize("options", [PLAIN, replace(PLAIN, open_only=True), replace(PLAIN, verbose=1)])
@pytest.mark.parametrize("count", [3, 40])
@pytest.mark.parametrize("format_name", FORMATS)
def test_hosts_told_in_a_batch_read_as_if_told_one_by_one(
    format_name: str, count: int, options: ReportOptions, asked_ports: bool
) -> None:
    router = ip_address("198.18.0.1")
    table = Hosts(*(f"198.18.1.{n}" for n in range(count)), names={"198.18.1.1": ("a.example", 'q"uote')})
    batches = [
        HostBatch(table, np.arange(count - 1), "unknown", "no-response"),
        HostBatch(table, np.array([count - 1]), "down", "host-unreach", router),
    ]
    first = [info(address_count=count, **({} if asked_ports else {"asked": ()}))]
    first += [batch(table, *(silent(80, host=n) for n in range(count)))] if asked_ports else []
    last = ended(hosts_up=0, hosts_down=1, hosts_total=count, counts={"filtered": count} if asked_ports else {})
    together = report(format_name, [*first, *batches, last], options)
    apart = report(format_name, [*first, *(host for one in batches for host in one), last], options)
    assert _unsettled(together) == _unsettled(apart)
    if not options.open_only and (format_name == "jsonl" or options.verbose):
        assert "198.18.1.1" in together
