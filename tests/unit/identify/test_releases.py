"""For which release a service was built, from what real packages write of themselves."""

from __future__ import annotations

from datetime import date
from ipaddress import ip_address

import pytest

from hatoba.identify.interview import Interview
from hatoba.identify.manner import Manner, Target
from hatoba.identify.protocols import ssh
from hatoba.identify.releases import release_of, with_system
from hatoba.model import Protocol
from hatoba.registry.releases import Releases, Supported
from hatoba.service import Facts
from tests.unit.identify.peers import FakeDials, Peer, run

DAY_S = 86_400.0
END = date(2022, 9, 10)
END_S = 1_662_768_000.0  # midnight at the beginning of that day, UTC
TABLE = Releases(
    {
        ("Debian", "10"): Supported("Debian", "10", "buster", False, END, (("LTS", date(2024, 6, 30)),), "debian.csv"),
        ("Debian", "6.0"): Supported("Debian", "6.0", "squeeze", False, END, (), "debian.csv"),
        ("Ubuntu", "18.04"): Supported("Ubuntu", "18.04", "bionic", True, date(2023, 5, 31), (), "ubuntu.csv"),
        ("Ubuntu", "19.10"): Supported("Ubuntu", "19.10", "eoan", False, date(2020, 7, 17), (), "ubuntu.csv"),
    }
)


def named(facts: Facts) -> str | None:
    release = release_of(facts, TABLE, END_S)
    return None if release is None else release.name


def banner(comment: bytes) -> Facts:
    facts = ssh.read((b"SSH-2.0-" + comment + b"\r\n",))
    assert facts is not None
    return facts


@pytest.mark.parametrize(
    ("comment", "name"),
    [
        (b"OpenSSH_7.9p1 Debian-10+deb10u2", "Debian 10 (buster)"),
        (b"OpenSSH_7.9p1 Debian-10", "Debian 10 (buster)"),
        (b"OpenSSH_5.5p1 Debian-6+squeeze3", "Debian 6.0 (squeeze)"),
        (b"OpenSSH_9.2p1 Debian-2+deb12u10", "Debian 12"),
        (b"OpenSSH_8.4p1 Debian-2~bpo10+1", "Debian 10 (buster)"),
        (b"OpenSSH_7.6p1 Ubuntu-4ubuntu0.3", "Ubuntu 18.04 (bionic)"),
        (b"OpenSSH_8.2p1 Ubuntu-4ubuntu0.11", "Ubuntu 20.04"),
        (b"OpenSSH_9.9p9 Debian-1", None),
        (b"OpenSSH_9.2p1", None),
        (b"OpenSSH_7.9p1 Raspbian-10", None),
        (b"dropbear_2022.83", None),
    ],
)
def test_by_the_banner_of_ssh(comment: bytes, name: str | None) -> None:
    assert named(banner(comment)) == name


@pytest.mark.parametrize(
    ("facts", "name"),
    [
        (Facts("mysql", "MariaDB", "10.5.15", evidence=b"5.5.5-10.5.15-MariaDB-0+deb11u1"), "Debian 11"),
        (Facts("mysql", evidence=b"5.5.5-10.6.12-MariaDB-0ubuntu0.22.04.1"), "Ubuntu 22.04"),
        (Facts("http", details=(("powered-by", "PHP/7.2.24-0ubuntu0.18.04.17"),)), "Ubuntu 18.04 (bionic)"),
        (Facts("http", details=(("powered-by", "PHP/7.3.31-1~deb10u1"),)), "Debian 10 (buster)"),
        (Facts("domain", "ISC BIND", "9.18.28", "1~deb12u2-Debian"), "Debian 12"),
        (Facts("x", os="Debian 10"), "Debian 10 (buster)"),
        (Facts("x", details=(("system", "Ubuntu Linux 18.04"),)), "Ubuntu 18.04 (bionic)"),
        (Facts("x", cpe23=("cpe:2.3:o:debian:debian_linux:10.0:*:*:*:*:*:*:*",)), "Debian 10 (buster)"),
        (Facts("x", cpe23=("cpe:2.3:o:canonical:ubuntu_linux:19.10:*:*:*:*:*:*:*",)), "Ubuntu 19.10 (eoan)"),
        (Facts("x", cpe23=("cpe:2.3:o:canonical:ubuntu_linux:*:*:*:*:*:*:*:*",)), None),
        (Facts("http", "nginx", "1.22.1", "Debian"), None),
        (Facts("http", extra="Debian 2; protocol 2.0"), None),
        (Facts("x", os="Debian 10.x"), None),
        (Facts("x", version="1.2+debug10u1"), None),
    ],
)
def test_by_the_marks_of_packages(facts: Facts, name: str | None) -> None:
    assert named(facts) == name


def test_an_end_is_past_on_the_day_after_it() -> None:
    facts = Facts("x", os="Debian 10")
    ended = [release_of(facts, TABLE, END_S + days * DAY_S) for days in (0, 0.99, 1.01)]
    assert [release is not None and release.ended for release in ended] == [False, False, True]
    last = ended[-1]
    assert last is not None
    assert (last.end_of_life, last.extended, last.source) == ("2022-09-10", (("LTS", "2024-06-30"),), "debian.csv")


def test_long_term_support_is_no_end_until_it_ends_itself() -> None:
    days = (date(2024, 6, 30) - END).days
    found = [release_of(Facts("x", os="Debian 10"), TABLE, END_S + day * DAY_S) for day in (0, 1, days, days + 1)]
    assert [one is not None and one.in_lts for one in found] == [False, True, True, False]
    paid_for = Supported("Debian", "10", "buster", False, END, (("ELTS", date(2029, 6, 30)),), "debian.csv")
    found = [release_of(Facts("x", os="Debian 10"), Releases({("Debian", "10"): paid_for}), END_S + DAY_S)]
    assert [one is not None and one.in_lts for one in found] == [False]


def test_without_a_table_the_release_is_told_all_the_same() -> None:
    release = release_of(banner(b"OpenSSH_7.9p1 Debian-10+deb10u2"), Releases(), END_S)
    assert release is not None
    assert (release.name, release.evidence, release.end_of_life, release.ended) == ("Debian 10", "+deb10u2", "", False)


@pytest.mark.parametrize(
    ("os", "name"),
    [
        ("Debian 10", "cpe:2.3:o:debian:debian_linux:10.0:*:*:*:*:*:*:*"),
        ("Ubuntu 18.04", "cpe:2.3:o:canonical:ubuntu_linux:18.04:*:*:*:lts:*:*:*"),
        ("Ubuntu 19.10", "cpe:2.3:o:canonical:ubuntu_linux:19.10:*:*:*:*:*:*:*"),
    ],
)
def test_systems_are_called_as_the_dictionary_does(os: str, name: str) -> None:
    linux = "cpe:2.3:o:linux:linux_kernel:*:*:*:*:*:*:*:*"
    facts = Facts("x", os=os, cpe23=(linux,))
    release = release_of(facts, TABLE, END_S)
    assert release is not None
    assert with_system(facts, release).cpe23 == (linux, name)
    assert with_system(with_system(facts, release), release).cpe23 == (linux, name)


def test_an_interview_tells_it() -> None:
    dials = FakeDials(lambda: Peer([b"SSH-2.0-OpenSSH_7.9p1 Debian-10+deb10u2\r\n"]))
    target = Target(ip_address("198.18.0.2"), Protocol.TCP, 22)
    service, _took_s = run(Interview(dials, target, Manner(releases=TABLE), lambda: END_S + 2 * DAY_S).run())
    assert service.release is not None
    assert service.release.ended
    assert service.facts is not None
    assert service.release.cpe23 in service.facts.cpe23


@pytest.mark.parametrize(
    "words", ["+deb" * 20_000, "ubuntu1." * 20_000, "Debian " * 20_000, "~bpo99999u1", "+deb0u1", "\x1b[2J+deb10u1"]
)
def test_whatever_is_said_nothing_is_raised(words: str) -> None:
    for facts in (Facts("x", evidence=words.encode()), Facts("x", os=words), Facts("x", details=(("system", words),))):
        release = release_of(facts, TABLE, END_S)
        assert release is None or release.name.startswith(("Debian ", "Ubuntu "))
