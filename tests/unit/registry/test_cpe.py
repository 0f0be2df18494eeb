from __future__ import annotations

import pytest

from hatoba.registry.cpe import cpe23, cpe_uri


@pytest.mark.parametrize(
    ("parts", "formatted", "uri"),
    [
        (
            ("a", "openbsd", "openssh", "9.2", "p1"),
            "cpe:2.3:a:openbsd:openssh:9.2:p1:*:*:*:*:*:*",
            "cpe:/a:openbsd:openssh:9.2:p1",
        ),
        (("o", "linux", "linux_kernel"), "cpe:2.3:o:linux:linux_kernel:*:*:*:*:*:*:*:*", "cpe:/o:linux:linux_kernel"),
        (("a", "v", "p", "1:2 3+x"), "cpe:2.3:a:v:p:1\\:2_3\\+x:*:*:*:*:*:*:*", "cpe:/a:v:p:1%3a2_3%2bx"),
        (("a", "v", "p", "", "u"), "cpe:2.3:a:v:p:*:u:*:*:*:*:*:*", "cpe:/a:v:p::u"),
        (("a", "V", "P", "-"), "cpe:2.3:a:v:p:\\-:*:*:*:*:*:*:*", "cpe:/a:v:p:-"),
        (("a", "v", "p", "*"), "cpe:2.3:a:v:p:\\*:*:*:*:*:*:*:*", "cpe:/a:v:p:%2a"),
    ],
)
def test_both_forms(parts: tuple[str, ...], formatted: str, uri: str) -> None:
    """NISTIR 7695: special characters are quoted in one form and written in hex in the other."""
    assert cpe23(*parts) == formatted
    assert cpe_uri(formatted) == uri


@pytest.mark.parametrize("hostile", ["\x1b[2J", "波止場", "a:b:c:d", "\\", '"><x>', " "])
def test_what_a_stranger_calls_its_version_stays_one_component(hostile: str) -> None:
    formatted = cpe23("a", "v", "p", hostile)
    assert formatted.isascii()
    assert formatted.isprintable()
    assert formatted.replace("\\\\", "").replace("\\:", "").count(":") == 12
    assert cpe_uri(formatted).count(":") <= 4
