"""Every type and code of ICMP, beside the specification's table."""

from __future__ import annotations

import numpy as np
import pytest

from hatoba.model import Reason
from hatoba.probes.unreachable import reasons

SPECIFIED = {
    4: {
        (3, 0): "net-unreach",
        (3, 1): "host-unreach",
        (3, 2): "proto-unreach",
        (3, 3): "port-unreach",
        (3, 9): "net-prohibited",
        (3, 10): "host-prohibited",
        (3, 13): "admin-prohibited",
        **{(11, code): "time-exceeded" for code in range(256)},
    },
    6: {
        (1, 0): "no-route",
        (1, 1): "admin-prohibited",
        (1, 2): "beyond-scope",
        (1, 3): "addr-unreach",
        (1, 4): "port-unreach",
        (1, 5): "policy-fail",
        (1, 6): "reject-route",
        **{(3, code): "time-exceeded" for code in range(256)},
    },
}


@pytest.mark.parametrize("family", [4, 6])
def test_every_type_and_code(family: int) -> None:
    icmp_type, icmp_code = (grid.ravel().astype(np.uint8) for grid in np.meshgrid(np.arange(256), np.arange(256)))
    found = reasons(family, icmp_type, icmp_code)
    told = {
        (int(kind), int(code)): Reason(why).word
        for kind, code, why in zip(icmp_type, icmp_code, found.tolist(), strict=True)
        if why
    }
    assert told == SPECIFIED[family]


@pytest.mark.parametrize("family", [4, 6])
def test_nothing_asked_nothing_told(family: int) -> None:
    none = np.zeros(0, np.uint8)
    assert reasons(family, none, none).shape == (0,)
