"""Compare with a file in ``tests/golden/reports``. ``HATOBA_RENEW_GOLDEN=1 pytest tests/unit/reports`` writes them anew."""

from __future__ import annotations

import os
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "golden" / "reports"


def same_as_golden(name: str, text: str) -> None:
    path = FOLDER / name
    if os.environ.get("HATOBA_RENEW_GOLDEN"):
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")
