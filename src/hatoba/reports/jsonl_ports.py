"""Port lines of a JSON Lines report, read back as rows of verdicts.

A scan has millions of them. They were put together from fragments that repeat (``reports.jsonl``), so they are taken apart
into these: each fragment is read as JSON once, and then costs a look into a dictionary.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from ipaddress import ip_address
from typing import Any

import numpy as np
import numpy.typing as npt

from hatoba.model import Address, Answer, Protocol, Reason
from hatoba.packets.distinct import distinct
from hatoba.packets.items import joined
from hatoba.reports.jsonl_words import REASONS, STATES, answer_of
from hatoba.results.batch import VERDICT
from hatoba.targets.target_set import TargetSet

Rows = npt.NDArray[np.void]

HIGHEST_PORT = 65535

LINE = re.compile(
    rb'^\{"type":"port",("address":"[^"]+","protocol":"[a-z]+"),"port":([0-9]{1,5}),'
    rb'("state":"[^"]+","reason":"[^"]+"),"service":(?:null|"[^"\\]*"),'
    rb'("evidence":\{"method":"[^"]+","probes":[0-9]+,"answer":(?:null|"[^"]+")(?:,"answered_probe":[0-9]+)?(?:,"ttl":[0-9]+)?'
    rb'(?:,"icmp_type":[0-9]+,"icmp_code":[0-9]+)?(?:,"contradicted_by":\["[^"]*"\])?(?:,"responder":"[^"]+")?)'
    rb'(?:,"rtt_s":([0-9.e+-]+))?\}\}$|^(.+)$',
    re.MULTILINE,
)
"""A port line as ``reports.jsonl`` writes it, in five parts; or another line, in the sixth."""

Parts = tuple[bytes, bytes, bytes, bytes, bytes, bytes]


class _Codes(dict[Any, int]):
    """Numbers for what is looked up, each worked out when it is first asked for."""

    def __init__(self, make: Callable[[Any], int]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, key: Any) -> int:
        code = self[key] = self._make(key)
        return code


class Numbers(dict[Address, int]):
    """Addresses that answered in a target's stead, numbered from 1 as they come."""

    def __missing__(self, address: Address) -> int:
        number = self[address] = len(self) + 1
        return number


class PortLines:
    """Turns the parts of :data:`LINE` into rows of dtype ``results.batch.VERDICT``."""

    def __init__(self, targets: TargetSet, responders: Numbers) -> None:
        self._targets, self._responders = targets, responders
        self._addresses: list[Address] = []
        self._number_of = _Codes(self._new_address)
        self._hosts = np.zeros(0, np.int64)
        """Index of the target with each of these addresses; -1 of none."""
        self._questions = _Codes(self._question)
        """Address and protocol in one number."""
        self._verdicts = _Codes(_verdict)
        """State and reason in one number."""
        self._proofs = _Codes(self._new_proof)
        self._proof_rows: list[Rows] = []
        self._senders: list[int] = []
        """Number of the address that each proof is from; -1 of silence."""

    def rows(self, parts: Sequence[Parts]) -> Rows:
        """Raises KeyError, TypeError or ValueError for lines that ``reports.jsonl`` can't have written."""
        if not parts:
            return np.zeros(0, VERDICT)
        questions, ports, verdicts, evidence, times, _others = zip(*parts, strict=True)
        count = len(parts)
        proofs = np.fromiter(map(self._proofs.__getitem__, evidence), np.int64, count)
        rows: Rows = joined(self._proof_rows).take(proofs)
        senders = np.array(self._senders)[proofs]
        asked = np.fromiter(map(self._questions.__getitem__, questions), np.int64, count)
        addresses, rows["protocol"] = asked >> 8, asked & 0xFF
        codes = np.fromiter(map(self._verdicts.__getitem__, verdicts), np.uint16, count)
        rows["state"], rows["reason"] = codes >> 8, codes & 0xFF
        rows["reason"][(rows["answer"] == Answer.CONNECTED) & (rows["reason"] == Reason.SYN_ACK)] = Reason.CONNECTED
        numbers = np.fromstring(b" ".join(ports), np.int64, sep=" ")
        if numbers.max() > HIGHEST_PORT:
            raise ValueError(f"a port above {HIGHEST_PORT}")
        rows["port"] = numbers
        rows["rtt_s"] = np.fromiter(map(float, [text or b"nan" for text in times]), np.float32, count)
        self._find_targets()
        rows["host"] = self._hosts[addresses]
        for sender in distinct(senders[(senders != addresses) & (senders >= 0)]).tolist():
            others = (senders == sender) & (addresses != sender)
            rows["responder"][others] = self._responders[self._addresses[sender]]
        asked_for: Rows = rows.compress(self._hosts[addresses] >= 0)
        return asked_for

    def row(self, line: Mapping[str, Any]) -> Rows:
        """The same of a line that another program has written anew, with its fields in another order perhaps."""
        rtt_s = line["evidence"].get("rtt_s")
        question, verdict, evidence = (
            json.dumps({name: line[name] for name in names}).encode()[1:-1]
            for names in (("address", "protocol"), ("state", "reason"), ("evidence",))
        )
        written = b"" if rtt_s is None else repr(float(rtt_s)).encode()
        return self.rows([(question, str(int(line["port"])).encode(), verdict, evidence[:-1], written, b"")])

    def _question(self, text: bytes) -> int:
        said = json.loads(b"{%b}" % text)
        return self._number_of[ip_address(said["address"])] << 8 | Protocol[said["protocol"].upper()]

    def _new_address(self, address: Address) -> int:
        self._addresses.append(address)
        return len(self._addresses) - 1

    def _find_targets(self) -> None:
        if new := self._addresses[len(self._hosts) :]:
            self._hosts = np.concatenate([self._hosts, self._targets.find(new)])

    def _new_proof(self, text: bytes) -> int:
        said = json.loads(b"{%b}}" % text)["evidence"]
        row = np.zeros(1, VERDICT)
        row["answer"], row["icmp_type"], row["icmp_code"] = answer_of(said["answer"])
        for name in ("probes", "answered_probe", "ttl"):
            row[name] = said.get(name, 0)
        for word in said.get("contradicted_by", ())[:1]:
            row["contradicted"] = answer_of(word)[0]
        self._proof_rows.append(row)
        self._senders.append(self._number_of[ip_address(said["responder"])] if "responder" in said else -1)
        return len(self._senders) - 1


def _verdict(text: bytes) -> int:
    said = json.loads(b"{%b}" % text)
    return STATES[said["state"]] << 8 | REASONS[said["reason"]]
