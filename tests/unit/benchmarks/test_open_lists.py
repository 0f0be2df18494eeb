"""Open ports out of the reports of programs that tell of nothing else."""

from __future__ import annotations

from benchmarks.open_lists import read_grepable, read_masscan, read_zmap
from benchmarks.truth import HostStates


def test_masscan() -> None:
    text = "#masscan\nopen tcp 443 198.18.0.2 17956\nopen tcp 22 198.18.0.2 17957\nopen tcp 22 198.18.0.3 17957\n# end\n"
    assert read_masscan(text) == {"198.18.0.2": HostStates({22: "open", 443: "open"}), "198.18.0.3": HostStates({22: "open"})}


def test_zmap() -> None:
    assert read_zmap("198.18.4.0\n198.19.0.7\n") == {
        "198.18.4.0": HostStates({80: "open"}),
        "198.19.0.7": HostStates({80: "open"}),
    }


def test_grepable() -> None:
    text = (
        "# hatoba\nHost: 198.18.0.2 ()\tStatus: Up\n"
        "Host: 198.18.0.2 ()\tPorts: 22/open/tcp//ssh///, 80/closed/tcp//http///, 443/open/tcp//https///\tIgnored\n"
    )
    assert read_grepable(text) == {"198.18.0.2": HostStates({22: "open", 443: "open"})}
