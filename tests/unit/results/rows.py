"""Verdicts made by hand: hosts without a network, rows without a scan."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from ipaddress import ip_address

import numpy as np
import numpy.typing as npt

from hatoba.model import Address, Answer, Protocol, Reason, State
from hatoba.results.batch import VERDICT, VerdictBatch

ROUTER = ip_address("198.18.0.1")


class Hosts:
    """A host table: addresses, each with the names it was asked by."""

    def __init__(self, *addresses: str, names: dict[str, tuple[str, ...]] | None = None) -> None:
        self._addresses = [ip_address(text) for text in addresses]
        self._names = names or {}

    def __len__(self) -> int:
        return len(self._addresses)

    def address(self, index: int) -> Address:
        return self._addresses[index]

    def find(self, addresses: Sequence[Address]) -> npt.NDArray[np.int64]:
        known = {address: index for index, address in enumerate(self._addresses)}
        return np.array([known.get(address, -1) for address in addresses], np.int64)

    def names(self, index: int) -> tuple[str, ...]:
        return self._names.get(str(self._addresses[index]), ())


def rows(ports: Iterable[int] | int, state: State, reason: Reason, host: int = 0, **fields: object) -> npt.NDArray[np.void]:
    """One row per port; an answer from the host itself to the only probe after 0.4 ms unless *fields* say otherwise."""
    ports = [ports] if isinstance(ports, int) else list(ports)
    made = np.zeros(len(ports), VERDICT)
    made["host"], made["port"], made["protocol"], made["state"], made["reason"] = host, ports, Protocol.TCP, state, reason
    made["probes"], made["answered_probe"], made["ttl"], made["rtt_s"] = 1, 1, 64, 0.0004
    for name, value in fields.items():
        made[name] = value
    return made


def opened(ports: Iterable[int] | int, host: int = 0, **fields: object) -> npt.NDArray[np.void]:
    return rows(ports, State.OPEN, Reason.SYN_ACK, host, **{"answer": Answer.SYN_ACK, **fields})


def closed(ports: Iterable[int] | int, host: int = 0, **fields: object) -> npt.NDArray[np.void]:
    return rows(ports, State.CLOSED, Reason.RESET, host, **{"answer": Answer.RST, **fields})


def silent(ports: Iterable[int] | int, host: int = 0, probes: int = 2, **fields: object) -> npt.NDArray[np.void]:
    silence = {"answer": Answer.NONE, "probes": probes, "answered_probe": 0, "ttl": 0, "rtt_s": np.nan}
    return rows(ports, State.FILTERED, Reason.NO_RESPONSE, host, **{**silence, **fields})


def refused(ports: Iterable[int] | int, host: int = 0, **fields: object) -> npt.NDArray[np.void]:
    """ICMP 3/13 from the first responder."""
    icmp = {"answer": Answer.ICMP, "icmp_type": 3, "icmp_code": 13, "responder": 1, "probes": 2}
    return rows(ports, State.FILTERED, Reason.ADMIN_PROHIBITED, host, **{**icmp, **fields})


def batch(
    hosts: Hosts, *parts: npt.NDArray[np.void], responders: Sequence[Address] = (ROUTER,), method: str = "syn"
) -> VerdictBatch:
    return VerdictBatch(method, hosts, np.concatenate([np.zeros(0, VERDICT), *parts]), responders)
