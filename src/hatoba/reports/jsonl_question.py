"""What a JSON Lines report says of what was asked, so that another run can ask the very same, and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields, replace
from ipaddress import ip_address
from typing import Any, get_type_hints

from hatoba.model import HostsAsked, Ping, Protocol, ScanInfo, ScanPlan
from hatoba.reports.text import json_text
from hatoba.targets.shards import parse_shard
from hatoba.targets.target_set import TargetSet
from hatoba.targets.written import read_targets

_KINDS = get_type_hints(ScanPlan)


def question_fields(info: ScanInfo, plan: ScanPlan, open_only: bool) -> dict[str, Any]:
    """Fields of the ``scan`` line. The seed stands there already."""
    said = asdict(plan)
    del said["seed"]
    return {
        "plan": said,
        "targets": [
            {
                "addresses": list(asked.addresses),
                "zone": asked.zone,
                "ports": {protocol.word: ports for protocol, ports in asked.ports.items()},
            }
            for asked in info.targets
        ],
        "names": {str(address): [json_text(name) for name in names] for address, names in info.names.items()},
        "open_only": open_only,
    }


def plan_of(line: Mapping[str, Any]) -> ScanPlan:
    """The plan of a ``scan`` line. Raises KeyError, TypeError or ValueError where that holds none."""
    said = line["plan"]
    known = {field.name for field in fields(ScanPlan)}
    chosen = {name: _checked(name, value) for name, value in said.items() if name in known - {"methods", "pings", "seed"}}
    pings = tuple(Ping(str(ping["method"]), tuple(map(int, ping["ports"]))) for ping in said["pings"])
    return replace(ScanPlan(**chosen), methods=tuple(map(str, said["methods"])), pings=pings, seed=int(line["seed"]))


def targets_of(line: Mapping[str, Any]) -> TargetSet:
    """The targets of a ``scan`` line. Raises as :func:`plan_of`, and UsageError for a port list or a shard that is none."""
    blocks = (
        HostsAsked(
            map(str, said["addresses"]),
            {Protocol[word.upper()]: str(ports) for word, ports in said["ports"].items()},
            None if said["zone"] is None else str(said["zone"]),
        )
        for said in line["targets"]
    )
    names = {ip_address(address): tuple(map(str, names)) for address, names in line["names"].items()}
    targets = read_targets(blocks, names)
    if "shard" not in line:
        return targets
    said = line["shard"]
    # Ranges without an address of this part were left out, so that those that are there don't tell how many all are.
    part = targets.part(parse_shard(f"{said['number']}/{said['count']}"))
    return replace(part, all_addresses=int(said["all_addresses"]))


def _checked(name: str, value: object) -> Any:
    """*value*, if it is of a kind that this field of a plan takes."""
    if isinstance(value, int) and not isinstance(value, bool) and _KINDS[name] == float | None:
        value = float(value)
    if not isinstance(value, _KINDS[name]):
        raise TypeError(f"{name} can't be {value!r}")
    return value
