"""Two addresses of one host, for which Linux has one ration of ICMP errors: what it holds back is not taken for silence."""

from __future__ import annotations

from tests.labs import MakeLab
from tests.real_scans import scan, states

ADDRESSES = ("198.18.1.10", "198.18.1.11")
PORTS = range(20_001, 20_009)
_AS_BY_DEFAULT = {"net.ipv4.icmp_ratelimit": 1000, "net.ipv4.icmp_ratemask": 6168}


def test_the_ports_of_both_are_proved_closed(make_lab: MakeLab) -> None:
    lab = make_lab()
    scanner = lab.add_host("scanner", ["198.18.1.1/24"])
    target = lab.add_host("target", [f"{address}/24" for address in ADDRESSES], sysctls=_AS_BY_DEFAULT)
    lab.link(scanner, target)
    done = scan(scanner, "-sU", "--prove-closed", "-p", f"{PORTS[0]}-{PORTS[-1]}", *ADDRESSES)
    assert states(done.lines) == {(address, port): "closed" for address in ADDRESSES for port in PORTS}
