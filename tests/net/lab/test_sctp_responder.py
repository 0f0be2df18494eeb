"""The lab's SCTP over real packets: what nmap, which knows SCTP, sees of it."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from tests.labs import MakeLab
from tests.net.lab_pair import pair


@pytest.mark.peer("nmap")
@pytest.mark.parametrize(
    ("flag", "told"), [("-sY", {"30000": "open", "30001": "closed"}), ("-sZ", {"30000": "open|filtered", "30001": "closed"})]
)
@pytest.mark.parametrize("address", ["198.18.0.2", "198.18.0.3", "fd00:18::2", "fd00:18::3"])
def test_ports(make_lab: MakeLab, address: str, flag: str, told: dict[str, str]) -> None:
    """The answer comes from the address that was asked, be it the host's first or second."""
    first, second = pair(make_lab())
    second.add_address("eth0", "198.18.0.3/24", "fd00:18::3/64")
    second.listen_sctp([30000])
    family = ["-6"] if ":" in address else []
    done = first.run(["nmap", flag, *family, "-n", "-Pn", "-p", "30000,30001", "-oX", "-", address])
    ports = ElementTree.fromstring(done.stdout).iter("port")
    assert {port.get("portid"): node.get("state") for port in ports if (node := port.find("state")) is not None} == told
