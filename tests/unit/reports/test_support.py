from __future__ import annotations

import json
from dataclasses import replace
from xml.etree import ElementTree

import pytest

from hatoba.reports.explain_service import explain_service
from hatoba.reports.jsonl_service import service_facts, service_of
from hatoba.reports.nmap_xml_service import service_elements
from hatoba.reports.support import support
from hatoba.service import Release
from tests.unit.reports.scans import PLAIN, report
from tests.unit.reports.services import BUSTER, SSH, service, services


@pytest.mark.parametrize(
    ("release", "said"),
    [
        (BUSTER, "Debian 10 (buster): end of life since 2022-09-10 (LTS until 2024-06-30)"),
        (
            replace(BUSTER, in_lts=True, extended=(("LTS", "2024-06-30"), ("ELTS", "2029-06-30"))),
            "Debian 10 (buster): in LTS until 2024-06-30, standard support ended on 2022-09-10 (ELTS until 2029-06-30)",
        ),
        (replace(BUSTER, in_lts=True), "Debian 10 (buster): in LTS until 2024-06-30, standard support ended on 2022-09-10"),
        (replace(BUSTER, extended=()), "Debian 10 (buster): end of life since 2022-09-10"),
        (replace(BUSTER, ended=False), "Debian 10 (buster): supported until 2022-09-10"),
        (Release("Debian \x1b[2J", "x"), "Debian \\x1b[2J"),
    ],
)
def test_in_a_sentence(release: Release, said: str) -> None:
    assert support(release) == said


def test_the_table_tells_an_end_once_for_each_host() -> None:
    lines = report("table", services()).splitlines()
    (at,) = [number for number, line in enumerate(lines) if "end of life since" in line]
    assert lines[at - 1].startswith("22/tcp")
    assert lines[at].strip() == support(BUSTER)


def test_explained_with_the_words_and_the_source() -> None:
    told = list(explain_service(service(22, SSH, question="greeting", release=BUSTER)))
    assert told[1] == (
        'built for Debian 10 (buster): end of life since 2022-09-10 (LTS until 2024-06-30), as "+deb10u2" and'
        " /usr/share/distro-info/debian.csv tell"
    )
    unknown = list(explain_service(service(22, SSH, question="greeting", release=Release("Debian 10", "+deb10"))))
    assert unknown[1] == 'built for Debian 10, as "+deb10" tells'
    text = report("table", services(), replace(PLAIN, explain=True))
    assert "end of life since 2022-09-10" in text.replace("\n", " ")


def test_long_term_support_is_kept_in_json() -> None:
    for release in (BUSTER, replace(BUSTER, in_lts=True)):
        told = service(22, SSH, release=release)
        assert service_of(json.loads(json.dumps(service_facts(told)))).release == release


def test_in_xml_it_is_a_script() -> None:
    document = ElementTree.fromstring(f"<port>{service_elements(service(22, SSH, release=BUSTER), 'ssh')}</port>")
    (script,) = document.findall("script")
    assert (script.get("id"), script.get("output")) == (
        "hatoba-end-of-life",
        "Debian 10 (buster): end of life since 2022-09-10",
    )
    assert {element.get("key"): element.text for element in script} == {
        "release": "Debian 10 (buster)", "end_of_life": "2022-09-10", "ended": "true", "source": BUSTER.source,
    }  # fmt: skip
    told = service_elements(service(22, SSH, release=replace(BUSTER, in_lts=True)), "ssh")
    assert "in LTS, standard support ended on 2022-09-10" in told
    assert '<elem key="in_lts">true</elem>' in told
    assert "script" not in service_elements(service(22, SSH, release=Release("Debian 10", "x")), "ssh")
