from __future__ import annotations

from hatoba.identify import identified
from hatoba.model import Host, Protocol, ScanEnd
from hatoba.results.batch import VerdictBatch
from hatoba.service import Outcome, Service
from hatoba.targets.build import build_targets
from hatoba.targets.ports import parse_ports
from hatoba.targets.scope import Scope
from tests.unit.identify.test_identified_scan import HOSTS, Script, host
from tests.unit.reports.scans import ended, info
from tests.unit.results.rows import batch, opened


def test_it_is_put_together_behind_the_gate() -> None:
    """An engine that told of a host nobody permitted would meet the gate."""
    built = build_targets(["198.18.0.3"], ports=parse_ports("22", default=Protocol.TCP))
    permitted = Scope((), always=[*built.targets.blocks[0].addresses.networks()]).require(built.targets)
    events = list(identified(Script([info(), batch(HOSTS, opened(22)), host(2), ended()]), permitted, None).events())
    (service,) = [event for event in events if isinstance(event, Service)]
    assert service.outcome is Outcome.UNFINISHED
    assert isinstance(events[-1], ScanEnd)
    assert "198.18.0.2" in events[-1].problems[0]
    assert all(isinstance(event, VerdictBatch | Service | Host | ScanEnd) for event in events[1:])
