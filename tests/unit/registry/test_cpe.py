from __future__ import annotations

import pytest

from hatoba.registry.cpe import components, cpe23, cpe_of_uri, cpe_uri, is_cpe23


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
        (("a", "gnu", "libstdc++", "1"), "cpe:2.3:a:gnu:libstdc\\+\\+:1:*:*:*:*:*:*:*", "cpe:/a:gnu:libstdc%2b%2b:1"),
        (("a", "v", "p", "\\"), "cpe:2.3:a:v:p:\\\\:*:*:*:*:*:*:*", "cpe:/a:v:p:%5c"),
        (
            ("o", "canonical", "ubuntu_linux", "18.04", "", "lts"),
            "cpe:2.3:o:canonical:ubuntu_linux:18.04:*:*:*:lts:*:*:*",
            "cpe:/o:canonical:ubuntu_linux:18.04::~~lts~~~",
        ),
        (("a", "openbsd", "openssh", "7.9p1"), "cpe:2.3:a:openbsd:openssh:7.9:p1:*:*:*:*:*:*", "cpe:/a:openbsd:openssh:7.9:p1"),
        (("a", "isc", "bind", "9.11.5-P4"), "cpe:2.3:a:isc:bind:9.11.5:p4:*:*:*:*:*:*", "cpe:/a:isc:bind:9.11.5:p4"),
        (
            ("a", "openssl", "openssl", "1.0.2k"),
            "cpe:2.3:a:openssl:openssl:1.0.2k:*:*:*:*:*:*:*",
            "cpe:/a:openssl:openssl:1.0.2k",
        ),
        (("a", "php", "php", "8.2p1"), "cpe:2.3:a:php:php:8.2p1:*:*:*:*:*:*:*", "cpe:/a:php:php:8.2p1"),
    ],
)
def test_both_forms(parts: tuple[str, ...], formatted: str, uri: str) -> None:
    """NISTIR 7695: special characters are quoted in one form and written in hex in the other. What follows a version is an
    update where the dictionary divides it, and belongs to the version elsewhere."""
    assert cpe23(*parts) == formatted
    assert cpe_uri(formatted) == uri
    assert is_cpe23(formatted)


@pytest.mark.parametrize("hostile", ["\x1b[2J", "波止場", "a:b:c:d", "\\", '"><x>', " "])
def test_what_a_stranger_calls_its_version_stays_one_component(hostile: str) -> None:
    formatted = cpe23("a", "v", "p", hostile)
    assert formatted.isascii()
    assert formatted.isprintable()
    assert len(components(formatted)) == 11
    assert is_cpe23(formatted)
    assert cpe_uri(formatted).count(":") <= 4


@pytest.mark.parametrize(
    "name",
    [
        "cpe:2.3:a:v:p:8.*:-:*:*:*:*:*:*",
        "cpe:2.3:a:v:p:8.??:*:*:en-us:*:*:*:*",
        "cpe:2.3:*:v:p:*:*:*:*:*:*:*:*",
        "cpe:2.3:h:v:p\\!\\~\\@:-:*:*:*:*:*:*:*",
    ],
)
def test_formatted_strings(name: str) -> None:
    assert is_cpe23(name)


@pytest.mark.parametrize(
    "name",
    [
        "cpe:/a:v:p:1",
        "cpe:2.3:a:v:p",
        "cpe:2.3:x:v:p:1:*:*:*:*:*:*:*",
        "cpe:2.3:a:v:p:1:*:*:*:*:*:*:*:*",
        "cpe:2.3:a:v:c++:1:*:*:*:*:*:*:*",
        "cpe:2.3:a:v:p q:1:*:*:*:*:*:*:*",
        "cpe:2.3:a:v:p*q:1:*:*:*:*:*:*:*",
        "cpe:2.3:a:v::1:*:*:*:*:*:*:*",
        "cpe:2.3:a:v:p:1:*:*:english:*:*:*:*",
        "cpe:2.3:a:v:p:1:*:*:*:*:*:*:*\n",
    ],
)
def test_what_is_no_formatted_string(name: str) -> None:
    assert not is_cpe23(name)


def test_wildcards_and_what_does_not_apply_in_a_uri() -> None:
    """Section 6.1.2.3: an unquoted star is %02, an unquoted question mark %01."""
    assert cpe_uri("cpe:2.3:a:v:p:8.*:-:*:*:*:*:*:*") == "cpe:/a:v:p:8.%02:-"
    assert cpe_uri("cpe:2.3:a:v:p:8.?:*:*:en:*:*:*:*") == "cpe:/a:v:p:8.%01:::en"


@pytest.mark.parametrize(
    ("uri", "formatted"),
    [
        ("cpe:/a:openbsd:openssh:7.2p2", "cpe:2.3:a:openbsd:openssh:7.2:p2:*:*:*:*:*:*"),
        ("cpe:/o:freebsd:freebsd:-", "cpe:2.3:o:freebsd:freebsd:-:*:*:*:*:*:*:*"),
        ("cpe:/o:canonical:ubuntu_linux:18.04", "cpe:2.3:o:canonical:ubuntu_linux:18.04:*:*:*:*:*:*:*"),
        ("cpe:/a:gnu:libstdc%2b%2b", "cpe:2.3:a:gnu:libstdc\\+\\+:*:*:*:*:*:*:*:*"),
        ("cpe:/a:v:p:1:sp2", "cpe:2.3:a:v:p:1:sp2:*:*:*:*:*:*"),
        ("cpe:/a:v", ""),
        ("cpe:/x:v:p", ""),
        ("cpe:2.3:a:v:p:1:*:*:*:*:*:*:*", ""),
    ],
)
def test_read_from_a_uri(uri: str, formatted: str) -> None:
    assert cpe_of_uri(uri) == formatted
