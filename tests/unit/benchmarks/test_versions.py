"""What counts as right beside the truth."""

from __future__ import annotations

import pytest

from benchmarks.daemons.services import DAEMONS, Daemon
from benchmarks.versions import Said, judge_product, judge_version, read_hatoba, read_nmap


class Known(Daemon):
    """A daemon whose package has this version."""

    def version(self) -> str:
        return "2.4.2"


DAEMON = Known("x", "x", "x", 80, "CUPS", DAEMONS[0].start, "http")


@pytest.mark.parametrize(
    ("product", "version", "product_right", "version_right"),
    [
        ("CUPS", "2.4.2", "right", "right"),
        ("cups", "2.4.2-1~deb12", "right", "right"),
        ("CUPS version 2.4.2", "", "right", "right"),
        ("CUPS", "2.4", "right", "part"),
        ("CUPS", "2.4.20", "right", "wrong"),
        ("CUPS", "", "right", "none"),
        ("CUPS", "2.2.0 or later", "right", "none"),
        ("nginx", "2.4.2", "wrong", "none"),
        ("", "", "none", "none"),
    ],
)
def test_what_is_right(product: str, version: str, product_right: str, version_right: str) -> None:
    said = Said("http", product, version, False)
    assert (judge_product(DAEMON, said), judge_version(DAEMON, said)) == (product_right, version_right)


def test_silence_is_no_answer() -> None:
    assert (judge_product(DAEMON, None), judge_version(DAEMON, None)) == ("none", "none")


def test_both_reports_are_read() -> None:
    ours = (
        '{"type":"service","protocol":"tcp","port":443,"tls":{"started":false},'
        '"service":{"name":"http","product":"nginx","version":"1"}}\n'
        '{"type":"service","protocol":"tcp","port":80,"service":null}\n{"type":"end"}\n'
    )
    theirs = (
        '<nmaprun><host><ports><port protocol="tcp" portid="443"><service name="http" product="nginx" version="1" tunnel="ssl"'
        ' method="probed"/></port><port protocol="tcp" portid="80"><service name="http" method="table"/></port>'
        "</ports></host></nmaprun>"
    )
    expected = {("tcp", 443): Said("http", "nginx", "1", True)}
    assert read_hatoba(ours) == read_nmap(theirs) == expected
