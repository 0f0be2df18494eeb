"""Asynchronous scans: their thread, its lead, and its end."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

import pytest

import hatoba
from hatoba.api import relay
from hatoba.engine.scan import Event
from tests.unit.api.scripted import END, ScriptedScan, ports_batch, requester, scripted


def scan_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "hatoba-scan"]


@pytest.fixture(autouse=True)
def _no_thread_left() -> Iterator[None]:
    yield
    assert scan_threads() == []


def use(monkeypatch: pytest.MonkeyPatch, scan: ScriptedScan) -> ScriptedScan:
    monkeypatch.setattr(relay, "request", requester(scan))
    return scan


def endless(scan: ScriptedScan) -> Iterator[Event]:
    port = 0
    while not scan.stopped.is_set():
        port += 1
        yield ports_batch(port)


def silent_until_stopped(scan: ScriptedScan) -> Iterator[Event]:
    yield ports_batch(80)
    scan.stopped.wait()
    yield END


def test_every_verdict_comes_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    scan = use(monkeypatch, scripted(ports_batch(80, 81), ports_batch(82), END))

    async def main() -> list[int]:
        return [verdict.port async for verdict in hatoba.scan_async("198.18.0.2")]

    assert asyncio.run(main()) == [80, 81, 82]
    assert scan.closed


def test_the_scan_is_never_far_ahead_of_its_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    scan = use(monkeypatch, ScriptedScan(endless))

    async def main() -> None:
        read = 0
        verdicts = hatoba.scan_async("198.18.0.2")
        async for _verdict in verdicts:
            read += 1
            # As many as may wait, and one in the thread's hand.
            assert scan.given <= read + relay.LEAD + 1
            if read == 200:
                break
        await verdicts.aclose()

    asyncio.run(main())
    assert scan.closed


def test_leaving_early_stops_the_scan(monkeypatch: pytest.MonkeyPatch) -> None:
    scan = use(monkeypatch, ScriptedScan(silent_until_stopped))

    async def main() -> None:
        verdicts = hatoba.scan_async("198.18.0.2")
        assert (await anext(verdicts)).port == 80
        await verdicts.aclose()
        assert scan_threads() == []

    asyncio.run(main())
    assert scan.stopped.is_set()
    assert scan.closed


def test_cancelling_stops_a_scan_that_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    scan = use(monkeypatch, ScriptedScan(silent_until_stopped))

    async def main() -> None:
        first_came = asyncio.Event()

        async def read() -> None:
            async for _verdict in hatoba.scan_async("198.18.0.2"):
                first_came.set()

        task = asyncio.create_task(read())
        await first_came.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert scan.stopped.is_set()
    assert scan.closed


def test_what_the_scan_raises_is_raised_in_the_coroutine(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_targets: object, **_options: object) -> None:
        raise hatoba.NotInScope("not in scope", ("203.0.113.7/32",))

    monkeypatch.setattr(relay, "request", refuse)

    async def main() -> None:
        await anext(hatoba.scan_async("203.0.113.7"))

    with pytest.raises(hatoba.NotInScope):
        asyncio.run(main())


def test_a_loop_that_was_thrown_away_lets_the_thread_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay, "_LOOK_S", 0.01)
    use(monkeypatch, ScriptedScan(endless))
    loop = asyncio.new_event_loop()
    verdicts = hatoba.scan_async("198.18.0.2")
    loop.run_until_complete(anext(verdicts))
    (thread,) = scan_threads()
    loop.close()
    thread.join(60)
    assert not thread.is_alive()
