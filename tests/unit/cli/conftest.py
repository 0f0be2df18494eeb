"""What the tests of the command share: no trace of a language stays behind, and lines are as long as on most terminals."""

from __future__ import annotations

import gettext
from collections.abc import Iterator

import pytest

from hatoba import messages


@pytest.fixture(autouse=True)
def _language(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """English from the environment, and the language in force put back afterwards."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG", "LANGUAGE"):
        monkeypatch.setenv(name, "C" if name == "LANG" else "")
    monkeypatch.setenv("COLUMNS", "80")
    domain = gettext.textdomain()
    yield
    gettext.textdomain(domain)
    messages.use_language("en")
