"""Verdicts in short, of ports that a report leaves out, and of hosts: enough for another run not to ask them again.

One entry holds many: hosts and ports, each of the ones with each of the others. Hosts are numbered in the order of the ``scan``
line's targets. How often each was asked, and how long its answer took, is not kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from ipaddress import ip_address
from typing import Any

import numpy as np
import numpy.typing as npt

from hatoba.model import Address, Answer, Host, Protocol, Reason, State
from hatoba.reports.jsonl_words import STATES, answer_of, reason_of
from hatoba.results.batch import VERDICT, HostBatch, HostTable, VerdictBatch, answer_word
from hatoba.targets.ports import range_list

Rows = npt.NDArray[np.void]

_KIND = ("protocol", "state", "reason", "answer", "ttl", "icmp_type", "icmp_code")
_MOST_KINDS = 1 << 16
_PORT_BITS, _HOST_BITS = np.uint64(16), np.uint64(32)

Numbers = npt.NDArray[np.uint64]


def settled(batch: VerdictBatch) -> list[dict[str, Any]]:
    """The entries for all rows of *batch*."""
    rows = batch.rows
    examples, kinds = _kinds(rows)
    if len(examples) > _MOST_KINDS:
        middle = len(rows) // 2
        return [entry for half in (rows[:middle], rows[middle:]) for entry in settled(replace(batch, rows=half))]
    # Kind, host and port of a row are one number, so that sorting numbers brings together what is told together.
    hosts, ports, kinds = rows["host"].astype(np.uint64), rows["port"].astype(np.uint64), kinds << np.uint64(48)
    by_host = _cut(np.sort(kinds | hosts << _PORT_BITS | ports), _PORT_BITS)
    by_port = _cut(np.sort(kinds | ports << _HOST_BITS | hosts), _HOST_BITS)
    if len(by_host[0]) <= len(by_port[0]):
        return [_entry(batch, rows[examples[kind]], which, its) for kind, which, its in _alike(*by_host, _PORT_BITS)]
    return [_entry(batch, rows[examples[kind]], its, which) for kind, which, its in _alike(*by_port, _HOST_BITS)]


def _kinds(rows: Rows) -> tuple[npt.NDArray[np.intp], Numbers]:
    """A row of each kind, of those that differ in more than host and port; and the number of each row's kind."""
    key = np.zeros(len(rows), np.uint64)
    for name in _KIND:
        key = key << np.uint64(8) | rows[name]
    _keys, examples, kinds = np.unique(key, return_index=True, return_inverse=True)
    if rows["responder"].any():
        key = kinds.astype(np.uint64) << np.uint64(32) | rows["responder"]
        _keys, examples, kinds = np.unique(key, return_index=True, return_inverse=True)
    return examples, kinds.astype(np.uint64)


def _cut(keys: Numbers, bits: np.uint64) -> tuple[npt.NDArray[np.intp], Numbers]:
    """Where the keys begin that have all but their last *bits* in common; and the keys."""
    heads = keys >> bits
    return np.concatenate([[0], np.flatnonzero(heads[1:] != heads[:-1]) + 1]), keys


def _alike(starts: npt.NDArray[np.intp], keys: Numbers, bits: np.uint64) -> Iterator[tuple[int, str, str]]:
    """Kind, what the parts are of, and what is in them; parts of one kind that hold the same are told together."""
    members: Numbers = keys & ((np.uint64(1) << bits) - np.uint64(1))
    ends = [*starts[1:].tolist(), len(keys)]
    found: dict[tuple[int, bytes], list[int]] = {}
    for head, first, end in zip((keys[starts] >> bits).tolist(), starts.tolist(), ends, strict=True):
        kind, which = divmod(head, 1 << (48 - int(bits)))
        found.setdefault((kind, members[first:end].tobytes()), []).append(which)
    for (kind, raw), which_ones in found.items():
        yield kind, range_list(which_ones), range_list(np.frombuffer(raw, np.uint64))


def _entry(batch: VerdictBatch, row: np.void, hosts: str, ports: str) -> dict[str, Any]:
    protocol, state, reason, answer, ttl, icmp_type, icmp_code, responder = row[[*_KIND, "responder"]].item()
    entry: dict[str, Any] = {
        "method": batch.method_for(protocol),
        "protocol": Protocol(protocol).word,
        "state": State(state).word,
        "reason": Reason(reason).word,
        "answer": answer_word(Answer(answer), icmp_type, icmp_code),
    }
    if ttl:
        entry["ttl"] = ttl
    if responder:
        entry["responder"] = str(batch.responders[responder - 1])
    return entry | {"hosts": hosts, "ports": ports}


def settled_hosts(told: Host | HostBatch) -> dict[str, Any]:
    """The entry for hosts that are not up: for a batch by their numbers, for one that came by itself by its address."""
    entry: dict[str, Any] = {"state": told.state, "reason": told.reason}
    if told.responder is not None:
        entry["responder"] = str(told.responder)
    if isinstance(told, Host):
        return entry | {"address": str(told.address)}
    return entry | {"hosts": range_list(np.sort(told.indices))}


def hosts_of(entry: Mapping[str, Any], table: HostTable) -> HostBatch:
    """The hosts of an entry that :func:`settled_hosts` made. Raises as :func:`rows_of`."""
    if entry["state"] not in ("down", "unknown"):
        raise ValueError(entry["state"])
    if "address" in entry:
        indices = table.find([ip_address(entry["address"])])
        if indices[0] < 0:
            raise ValueError(entry["address"])
    else:
        indices = _listed(entry["hosts"], len(table))
    responder = ip_address(entry["responder"]) if "responder" in entry else None
    return HostBatch(table, indices, entry["state"], str(entry["reason"]), responder)


def rows_of(entry: Mapping[str, Any], number: Mapping[Address, int], hosts: int) -> Rows:
    """The rows of an entry. *number* gives a responder's; there are so many *hosts*. Raises KeyError, TypeError or ValueError
    for an entry that is none."""
    who, ports = _listed(entry["hosts"], hosts), _listed(entry["ports"], 1 << 16)
    rows = np.zeros(len(who) * len(ports), VERDICT)
    rows["host"], rows["port"] = np.repeat(who, len(ports)), np.tile(ports, len(who))
    answer, rows["icmp_type"], rows["icmp_code"] = answer_of(entry["answer"])
    rows["protocol"], rows["answer"] = Protocol[entry["protocol"].upper()], answer
    rows["state"], rows["reason"] = STATES[entry["state"]], reason_of(entry["reason"], answer)
    rows["ttl"], rows["rtt_s"], rows["probes"] = entry.get("ttl", 0), np.nan, 1
    rows["answered_probe"] = rows["answer"] != Answer.NONE
    if "responder" in entry:
        rows["responder"] = number[ip_address(entry["responder"])]
    return rows


def _listed(text: str, size: int) -> npt.NDArray[np.int64]:
    """The numbers of a range list, all of them below *size*."""
    bounds: Sequence[list[str]] = [part.split("-") for part in text.split(",")]
    pairs = np.array([(int(part[0]), int(part[-1])) for part in bounds], np.int64)
    if (pairs < 0).any() or (pairs >= size).any() or (pairs[:, 0] > pairs[:, 1]).any():
        raise ValueError(text)
    counts = pairs[:, 1] - pairs[:, 0] + 1
    before = np.cumsum(counts) - counts
    found: npt.NDArray[np.int64] = np.repeat(pairs[:, 0] - before, counts) + np.arange(int(counts.sum()))
    return found
