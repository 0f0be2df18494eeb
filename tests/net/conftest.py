"""For tests on real packets. All of those stay inside labs."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.labs import MakeLab, make_lab, mark_net, truth_lab

__all__ = ["MakeLab", "make_lab", "truth_lab"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    mark_net(items, Path(__file__).parent)
