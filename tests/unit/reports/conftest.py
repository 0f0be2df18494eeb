from __future__ import annotations

from collections.abc import Iterator

import pytest

from hatoba.messages import use_language


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    """Whatever language a test puts in force, the next one starts in English."""
    use_language("en")
    yield
    use_language("en")
