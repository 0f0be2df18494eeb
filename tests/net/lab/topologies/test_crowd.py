"""nmap finds the crowd where it is, and misses some of it where one question each meets a loss."""

from __future__ import annotations

import re

import pytest

from hatoba.lab.topologies import Crowd, crowd
from hatoba.lab.topologies.crowd import NETWORKS, SCANNERS, scattered
from tests.net.conftest import MakeLab

pytestmark = pytest.mark.peer("nft", "nmap")


def up(site: Crowd, *targets: str, options: tuple[str, ...] = ()) -> set[str]:
    family = ["-6"] if ":" in targets[0] else []
    done = site.scanner.run(["nmap", *family, "-sn", "-n", "-T4", *options, "-iL", "-"], stdin="\n".join(targets))
    assert done.returncode == 0, done.stderr
    return set(re.findall(r"^Nmap scan report for (\S+)$", done.stdout, re.MULTILINE))


@pytest.mark.parametrize("version", [4, 6])
def test_exactly_the_chosen_addresses_answer_on_the_link(make_lab: MakeLab, version: int) -> None:
    site = crowd(make_lab())
    chosen = site.addresses[version]
    assert len(set(chosen)) == 300
    assert SCANNERS[version] not in chosen
    others = set(scattered(version, 1000, seed=2)) - set(chosen)
    assert up(site, *chosen, *others) == set(chosen)
    assert site.scanner.call("tests.net.lab_calls:connect", chosen[0], 80) == "connected"


@pytest.mark.parametrize("version", [4, 6])
def test_the_loss_takes_questions_and_answers_of_the_link_itself(make_lab: MakeLab, version: int) -> None:
    site = crowd(make_lab(), loss_percent=20)
    found = up(site, *site.addresses[version], options=("--max-retries", "0"))
    assert 0.4 * 300 < len(found) < 0.9 * 300, "64 % of the exchanges should go through"
    rules = site.host.run(["nft", "list", "table", "netdev", "loss"]).stdout
    lost = dict(re.findall(r"hook (\w+) device[^}]*< 20 counter packets (\d+)", rules))
    assert lost.keys() == {"ingress", "egress"}
    assert all(int(count) > 10 for count in lost.values()), "about 60 questions and 48 answers"


def test_a_seed_chooses_the_same_addresses_again() -> None:
    assert scattered(4, 300, 1) == scattered(4, 300, 1) != scattered(4, 300, 2)
    assert scattered(6, 3, 1)[0].startswith(NETWORKS[6].partition("/")[0])
