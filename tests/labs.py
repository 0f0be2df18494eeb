"""Fixtures that make labs: network namespaces that have no way out. ``tests/net`` and ``tests/peers`` share them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from hatoba.lab import Lab
from hatoba.lab.topologies import TruthHost, truth_host
from tests import needs

MakeLab = Callable[..., Lab]


def mark_net(items: Iterable[pytest.Item], folder: Path) -> None:
    """Every test in *folder* needs a lab."""
    for item in items:
        if folder in item.path.parents:
            item.add_marker(pytest.mark.net)


@pytest.fixture
def make_lab() -> Iterator[MakeLab]:
    """``make_lab()``: an empty lab, gone at the end of the test."""
    with ExitStack() as stack:
        yield lambda name="test": stack.enter_context(Lab(name))


@pytest.fixture(scope="session")
def truth_lab() -> Iterator[TruthHost]:
    """A scanner and the host whose every port is known (``truth_lab.expected(version, method)``), for all tests: change
    nothing about it."""
    needs.require_lab()
    needs.require_program("nft")
    with Lab("truth") as lab:
        yield truth_host(lab)
