from __future__ import annotations

from ipaddress import ip_address

import numpy as np

from hatoba.engine.legs.responders import Responders


def packed(*addresses: str) -> np.ndarray:
    return np.array([list(ip_address(a).packed) for a in addresses], np.uint8)


def test_the_host_itself_is_zero_and_others_are_numbered_once() -> None:
    responders = Responders()
    sources = packed("198.18.0.2", "198.18.0.254", "198.18.0.253", "198.18.0.254")
    targets = packed("198.18.0.2", "198.18.0.3", "198.18.0.4", "198.18.0.5")
    assert responders.numbers(sources, targets).tolist() == [0, 1, 2, 1]
    assert responders.addresses == [ip_address("198.18.0.254"), ip_address("198.18.0.253")]


def test_both_families_share_the_numbers() -> None:
    responders = Responders()
    assert responders.number(ip_address("198.18.0.1").packed) == 1
    assert responders.number(ip_address("fd00:18::1").packed) == 2
    assert responders.addresses[1] == ip_address("fd00:18::1")
