"""The numbers of a call, checked, as a plan for the engine."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from hatoba.errors import UsageError
from hatoba.messages import _
from hatoba.model import Ping, ScanPlan

_COUNTS = ("max_retries", "seed")
_RATES = ("min_rate_pps", "max_rate_pps")
_TIMES = ("scan_delay_s", "host_timeout_s", "initial_rtt_timeout_s", "min_rtt_timeout_s", "max_rtt_timeout_s")
_AS_THEY_ARE = ("prove_closed", "second_look", "traceroute", "systems", "systems_limit", "reverse_names", "interface")
_OF_SERVICES = ("tls_ciphers", "waf_test")
FIELDS = (*_COUNTS, *_RATES, *_TIMES, *_AS_THEY_ARE, "tcp_flags", "source_port", "version_intensity", *_OF_SERVICES)
"""The options that go into the plan as they are called."""

_LIMITS = {"tcp_flags": (0, 255), "source_port": (1, 65535), "version_intensity": (0, 9)}
_ORDER = (
    ("min_rate_pps", "max_rate_pps"),
    ("min_rtt_timeout_s", "max_rtt_timeout_s"),
    ("min_rtt_timeout_s", "initial_rtt_timeout_s"),
    ("initial_rtt_timeout_s", "max_rtt_timeout_s"),
)


def plan_of(methods: tuple[str, ...], pings: tuple[Ping, ...], said: Mapping[str, Any]) -> ScanPlan:
    """The plan of a call that *said* a value for each of :data:`FIELDS`. Raises UsageError."""
    for name in _COUNTS:
        if said[name] is not None and said[name] < 0:
            raise UsageError(_("{name} {value}: it can't be below 0").format(name=name, value=said[name]))
    for name in _RATES:
        if said[name] is not None and not 0 < said[name] < math.inf:
            raise UsageError(
                _("{name} {rate:g}: a rate is a number of probes a second above 0").format(name=name, rate=said[name])
            )
    for name in _TIMES:
        if said[name] is not None and not 0 < said[name] < math.inf:
            raise UsageError(_("{name} {value:g}: a time is a number of seconds above 0").format(name=name, value=said[name]))
    for name, (lowest, highest) in _LIMITS.items():
        if said[name] is not None and not lowest <= said[name] <= highest:
            raise UsageError(
                _("{name} {value}: a whole number from {lowest} to {highest} belongs here").format(
                    name=name, value=said[name], lowest=lowest, highest=highest
                )
            )
    for low, high in _ORDER:
        if said[low] is not None and said[high] is not None and said[low] > said[high]:
            raise UsageError(
                _("{lower} {low:g} is above {higher} {high:g}: exchange them, or leave one out").format(
                    lower=low, low=said[low], higher=high, high=said[high]
                )
            )
    for name in (name for name in _OF_SERVICES if said[name] and said["version_intensity"] is None):
        raise UsageError(_("{name} is about services: give version_intensity as well").format(name=name))
    return ScanPlan(methods=methods, pings=pings, **{name: said[name] for name in FIELDS})
