"""What the shell of a lab begins with."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

import pytest

from hatoba.cli.group import COMMANDS
from hatoba.cli.lab_guide import guide
from hatoba.lab import Host, Lab
from hatoba.lab.addressing import parse_interface
from hatoba.lab.sandbox import WORK_FOLDER
from hatoba.lab.topologies.practice import Practice
from hatoba.messages import use_language
from hatoba.reports.text import width


@pytest.fixture
def hosts() -> Practice:
    """Practice hosts that nobody made."""
    lab = cast(Lab, SimpleNamespace(work_folder=WORK_FOLDER))
    numbers = {"scanner": 1, "web": 10, "data": 20, "wall": 30}
    scanner, web, data, wall = (Host(lab, name, [parse_interface(f"198.18.0.{n}/24")]) for name, n in numbers.items())
    return Practice(lab, scanner, web, data, wall, (), ("There is no firewall.",))


def test_every_host_is_named_with_its_address_and_what_it_is(hosts: Practice) -> None:
    lines = guide(hosts).splitlines()
    for host in hosts.targets:
        (line,) = [line for line in lines if line.startswith(f"  {host.name} ")]
        assert host.address() in line
        assert hosts.about()[host.name] in line


def test_what_could_not_be_had_is_told(hosts: Practice) -> None:
    assert "There is no firewall." in guide(hosts)


def test_the_commands_to_type_are_there(hosts: Practice) -> None:
    typed = [line.split()[1] for line in guide(hosts).splitlines() if line.startswith("  hatoba ")]
    assert len(typed) >= 4
    assert set(typed) <= set(COMMANDS)


@pytest.mark.parametrize("language", ["en", "ja"])
def test_it_fits_a_screen(hosts: Practice, language: str) -> None:
    use_language(language)
    try:
        assert max(map(width, guide(hosts).splitlines())) <= 100
    finally:
        use_language("en")
