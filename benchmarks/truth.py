"""What the ports of a bed truly are, what a run told of them, and how the two differ."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(slots=True)
class HostStates:
    """The words of the states of one host's ports."""

    ports: dict[int, str] = field(default_factory=dict)
    rest: str = "missing"
    """Of all others that were asked."""

    def of(self, port: int) -> str:
        return self.ports.get(port, self.rest)


States = Mapping[str, HostStates]
"""By address."""


def differences(found: States, truth: States, asked: range) -> Counter[str]:
    """How many ports of *asked* were told otherwise than they are: ``"filtered as closed": 1``. Nothing told is ``missing``."""
    counted: Counter[str] = Counter()
    for address in truth.keys() | found.keys():
        told, is_so = found.get(address, HostStates()), truth.get(address, HostStates())
        named = {port for port in told.ports.keys() | is_so.ports.keys() if port in asked}
        counted.update(f"{is_so.of(port)} as {told.of(port)}" for port in named if is_so.of(port) != told.of(port))
        if told.rest != is_so.rest:
            counted[f"{is_so.rest} as {told.rest}"] += len(asked) - len(named)
    return +counted


def open_differences(found: States, truth: States, asked: range) -> Counter[str]:
    """The same for reports that tell only of open ports."""
    return differences(found, {address: _opened(states) for address, states in truth.items()}, asked)


def _opened(states: HostStates) -> HostStates:
    assert states.rest != "open"
    return HostStates({port: state for port, state in states.ports.items() if state == "open"})
