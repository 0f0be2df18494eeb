"""JSON Lines: one object per line, written as it becomes known. The schema is ``docs/schema/scan-1.json``.

A scan of one host has 65,535 ``port`` lines, so they are put together from fragments: what belongs to a host, to a port's
service, to a kind of evidence is turned into JSON once and joined by a list comprehension over the columns of a batch.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import asdict, replace
from datetime import UTC, datetime
from math import isnan
from typing import Any

import numpy as np

from hatoba.model import Answer, Found, Host, Protocol, Reason, ScanEnd, ScanInfo, State, TakenOver
from hatoba.reports.base import Desk
from hatoba.reports.jsonl_host import host_facts, says_more
from hatoba.reports.jsonl_question import question_fields
from hatoba.reports.jsonl_service import service_facts
from hatoba.reports.jsonl_settled import settled, settled_hosts
from hatoba.reports.limits import limits
from hatoba.reports.text import json_text
from hatoba.results.batch import HostBatch, VerdictBatch, answer_word
from hatoba.service import Service

FORMAT_VERSION = 1
_U64 = np.uint64
_EVIDENCE = ("probes", "answered_probe", "answer", "ttl", "icmp_type", "icmp_code", "contradicted")
_json: Callable[[Any], str] = json.JSONEncoder(separators=(",", ":")).encode


class JsonlReport:
    def __init__(self, desk: Desk) -> None:
        self._sink = desk.sink
        self._open_only = desk.options.open_only
        self._hosts_only = False
        self._services = _ServiceFragments(desk.services.name)
        self._vendor = desk.services.vendor
        self._address_count = 0

    def start(self, info: ScanInfo) -> None:
        self._note(info)
        self._line(
            type="scan",
            format=FORMAT_VERSION,
            version=info.version,
            arguments=[json_text(argument) for argument in info.arguments],
            scans=[
                {
                    "method": entry.method,
                    "protocol": entry.protocol.word,
                    "ports": entry.ports,
                    "port_count": entry.port_count,
                }
                for entry in info.asked
            ],
            address_count=info.address_count,
            started_at=_utc(info.started_at),
            seed=str(info.seed),
            **_shard(info),
            **({} if info.plan is None else question_fields(info, info.plan, self._open_only)),
        )

    def verdicts(self, batch: VerdictBatch) -> None:
        if self._open_only:
            untold = batch.rows["state"] != State.OPEN
            if untold.any():
                self._line(type="settled", verdicts=settled(replace(batch, rows=batch.rows.compress(untold))))
            batch = replace(batch, rows=batch.rows.compress(~untold))
        if len(batch):
            self._sink.write("".join(_port_lines(batch, self._services)))

    def service(self, service: Service) -> None:
        self._line(type="service", **service_facts(service))

    def found(self, found: Found) -> None:
        self._line(
            type="found",
            address=str(found.address),
            reason=found.reason.word,
            rtt_s=None if found.rtt_s is None else round(found.rtt_s, 9),
            ttl=found.ttl,
        )

    def host(self, host: Host) -> None:
        if self._open_only and host.state != "up" and not self._hosts_only:
            # An open port would have made the host up. One that is not finished is looked for again.
            if host.unfinished:
                return
            if not says_more(host):
                self._line(type="settled", hosts=[settled_hosts(host)])
                return
        names = _json([json_text(name) for name in host.names])
        self._sink.write(f'{{"type":"host","address":"{host.address}","names":{names},{self._of_host(host)}\n')

    def hosts(self, batch: HostBatch) -> None:
        """What they have in common is turned into JSON once."""
        if self._open_only and not self._hosts_only:
            self._line(type="settled", hosts=[settled_hosts(batch)])
            return
        common, table = self._of_host(next(iter(batch))), batch.hosts
        self._sink.write(
            "".join(
                f'{{"type":"host","address":"{address}","names":{_json([json_text(name) for name in names])},{common}\n'
                for address, names in ((table.address(index), table.names(index)) for index in batch.indices.tolist())
            )
        )

    def end(self, end: ScanEnd) -> None:
        self._line(
            type="end",
            finished_at=_utc(end.finished_at),
            duration_s=round(end.duration_s, 6),
            hosts={"up": end.hosts_up, "down": end.hosts_down, "total": end.hosts_total},
            counts=end.counts,
            probes_sent=end.probes_sent,
            loss=end.loss,
            expected_missed=end.expected_missed,
            capture_drops=end.capture_drops,
            interrupted=end.interrupted,
            limits=limits(end, self._address_count - end.hosts_total),
            problems=[json_text(problem) for problem in end.problems],
        )

    def _note(self, info: ScanInfo) -> None:
        self._hosts_only = not info.asked
        self._address_count = info.address_count

    def _of_host(self, host: Host) -> str:
        """The rest of a host's object, after its address and names."""
        rtt_s = None if host.rtt_s is None else round(host.rtt_s, 9)
        return _json({"state": host.state, "reason": host.reason, "rtt_s": rtt_s, **host_facts(host, self._vendor)})[1:]

    def _line(self, **fields: Any) -> None:
        self._sink.write(_json(fields) + "\n")


class ResumedReport(JsonlReport):
    """The lines that a file lacks which holds the lines of earlier runs already: what they told comes first, and is passed
    over."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._passed = TakenOver(0, 0)
        self._taken_over = TakenOver(0, 0)

    def start(self, info: ScanInfo) -> None:
        self._note(info)
        self._taken_over = info.taken_over or self._taken_over
        self._line(
            type="resumed",
            version=info.version,
            arguments=[json_text(argument) for argument in info.arguments],
            resumed_at=_utc(info.started_at),
            taken_over=asdict(self._taken_over),
        )

    def verdicts(self, batch: VerdictBatch) -> None:
        if self._passed.ports < self._taken_over.ports:
            self._passed = replace(self._passed, ports=self._passed.ports + len(batch))
        else:
            super().verdicts(batch)

    def service(self, service: Service) -> None:
        if self._passed.services < self._taken_over.services:
            self._passed = replace(self._passed, services=self._passed.services + 1)
        else:
            super().service(service)

    def host(self, host: Host) -> None:
        if self._passed.hosts < self._taken_over.hosts:
            self._passed = replace(self._passed, hosts=self._passed.hosts + 1)
        else:
            super().host(host)

    def hosts(self, batch: HostBatch) -> None:
        if self._passed.hosts < self._taken_over.hosts:
            self._passed = replace(self._passed, hosts=self._passed.hosts + len(batch))
        else:
            super().hosts(batch)


class _Fragments(dict[int, str]):
    """JSON fragments by a number, each made when it is first asked for."""

    def __init__(self, make: Callable[[int], str]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, key: int) -> str:
        fragment = self[key] = self._make(key)
        return fragment


class _ServiceFragments(dict[int, str]):
    """The field ``service`` by protocol and port; one host's scan asks for 65,535 of them, once each."""

    def __init__(self, name: Callable[[int, Protocol], str]) -> None:
        super().__init__()
        self._name = name
        self._protocols = {protocol.value: protocol for protocol in Protocol}

    def __missing__(self, key: int) -> str:
        name = self._name(key & 0xFFFF, self._protocols[key >> 16])
        fragment = self[key] = f',"service":{_json(name)}' if name else ',"service":null'
        return fragment


def _port_lines(batch: VerdictBatch, services: _ServiceFragments) -> Iterable[str]:
    """One line per row. A line is: host, port, verdict, service, evidence, responder, round trip."""
    rows = batch.rows
    heads = _Fragments(_head_fragment(batch))
    verdicts = _Fragments(_verdict_fragment)
    evidence = _Fragments(_evidence_fragment(batch))
    responders = _Fragments(_responder_fragment(batch))
    answered = rows["answer"] != Answer.NONE
    # 0 is silence, then the responders, then the hosts of this batch
    who = np.where(rows["responder"] != 0, rows["responder"], rows["host"].astype(_U64) + _U64(len(batch.responders) + 1))
    who[~answered] = 0
    times = ["}}\n" if isnan(rtt_s) else ',"rtt_s":%.6g}}\n' % rtt_s for rtt_s in rows["rtt_s"].tolist()]  # noqa: UP031 - half the time
    columns = zip(
        _packed(rows, "host", "protocol").tolist(),
        rows["port"].tolist(),
        _packed(rows, "state", "reason").tolist(),
        _packed(rows, "protocol", "port").tolist(),
        _packed(rows, "protocol", *_EVIDENCE).tolist(),
        who.tolist(),
        times,
        strict=True,
    )
    return [
        f"{heads[head]}{port}{verdicts[verdict]}{services[service]}{evidence[proof]}{responders[sender]}{time}"
        for head, port, verdict, service, proof, sender, time in columns
    ]


def _packed(rows: Any, *names: str) -> Any:
    """Columns as one number per row: eight bits each, sixteen for ``port``; the first is the highest."""
    key = rows[names[0]].astype(_U64)
    for name in names[1:]:
        key = key << _U64(16 if name == "port" else 8) | rows[name]
    return key


def _head_fragment(batch: VerdictBatch) -> Callable[[int], str]:
    def make(key: int) -> str:
        address = _json(str(batch.hosts.address(key >> 8)))
        return f'{{"type":"port","address":{address},"protocol":"{Protocol(key & 0xFF).word}","port":'

    return make


def _verdict_fragment(key: int) -> str:
    return f',"state":"{State(key >> 8).word}","reason":"{Reason(key & 0xFF).word}"'


def _evidence_fragment(batch: VerdictBatch) -> Callable[[int], str]:
    def make(key: int) -> str:
        protocol, probes, answered, answer, ttl, icmp_type, icmp_code, contradicted = key.to_bytes(8, "big")
        fields: dict[str, Any] = {
            "method": batch.method_for(protocol),
            "probes": probes,
            "answer": answer_word(Answer(answer), icmp_type, icmp_code),
        }
        if answered:
            fields["answered_probe"] = answered
        if ttl:
            fields["ttl"] = ttl
        if answer in (Answer.ICMP, Answer.ICMP6):
            fields |= {"icmp_type": icmp_type, "icmp_code": icmp_code}
        if contradicted:
            fields["contradicted_by"] = [answer_word(Answer(contradicted), 0, 0)]
        return f',"evidence":{_json(fields)[:-1]}'

    return make


def _responder_fragment(batch: VerdictBatch) -> Callable[[int], str]:
    count = len(batch.responders)

    def make(key: int) -> str:
        if not key:
            return ""
        address = batch.responders[key - 1] if key <= count else batch.hosts.address(key - count - 1)
        return f',"responder":{_json(str(address))}'

    return make


def _shard(info: ScanInfo) -> dict[str, Any]:
    if info.shard is None:
        return {}
    return {"shard": {"number": info.shard.number, "count": info.shard.count, "all_addresses": info.all_addresses}}


def _utc(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
