"""For tests beside other programs: what they scan is in labs, too."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.labs import make_lab, mark_net, truth_lab

__all__ = ["make_lab", "truth_lab"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    mark_net(items, Path(__file__).parent)
