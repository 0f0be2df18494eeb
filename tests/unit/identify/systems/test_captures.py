"""Answers of real systems, recorded: ``tests/captures/systems/``, one file for each system and family.

All were asked in labs by ``tools/record_systems.py``:

* ``linux-6.18``: the machine's own kernel. ``linux-5.10`` to ``linux-7.2``: Debian's cloud kernels of that version (bullseye,
  bookworm, bookworm-security, sid) in qemu-system-x86_64 without acceleration, one virtio card, an initial memory disk with
  busybox, two listeners.
* ``lwip-2.1.3-debian``: ``tests/net/stacks/lwip.c`` with Debian's liblwip. ``-defaults``: the same file with lwIP's sources and
  the settings that they have of themselves, but for ``NO_SYS``. ``-esp-idf``: with TTL 64, segments of 1440 bytes and a window
  of 5760, as ESP-IDF's.
* ``lwipv6-1.5a``: ``tests/net/stacks/lwipv6.c`` with Debian's liblwipv6.
* ``slirp-4.7``: a host of a lab whose network is slirp4netns (Debian's libslirp 4.7), run on another, whose loopback it shows.
* ``ipxe-1.0``: Debian's ipxe.lkrn in qemu-system-x86_64, at its command line.
* ``gvisor-2022-12``, ``-sack``: ``tests/net/stacks/netstack`` with Debian's golang-gvisor-gvisor-dev.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hatoba.identify.systems.judge import judge
from hatoba.system import Observation, Opinion, Ruling

FOLDER = Path(__file__).parents[3] / "captures" / "systems"
BOTH, IPV4 = ("ipv4", "ipv6"), ("ipv4",)
TRUTH = {
    "linux-5.10": ("Linux 4.19 to 7.x", BOTH),
    "linux-6.1": ("Linux 4.19 to 7.x", BOTH),
    "linux-6.12": ("Linux 4.19 to 7.x", BOTH),
    "linux-6.18": ("Linux 4.19 to 7.x", BOTH),
    "linux-7.2": ("Linux 4.19 to 7.x", BOTH),
    "lwip-2.1.3-debian": ("lwIP with window scaling", BOTH),
    "lwip-2.1.3-defaults": ("lwIP", IPV4),
    "lwip-2.1.3-esp-idf": ("lwIP", IPV4),
    "lwipv6-1.5a": ("LWIPv6", IPV4),
    "slirp-4.7": ("slirp, the user-mode network of a virtual machine or container", IPV4),
    "gvisor-2022-12": ("gVisor netstack", BOTH),
    "gvisor-2022-12-sack": ("gVisor netstack", BOTH),
}
TOO_LITTLE = "ipxe-1.0-ipv4"
"""Answers pings alone, whatever port it is asked."""
FILES = {f"{name}-{family}": truth for name, (truth, families) in TRUTH.items() for family in families}


def recorded(name: str) -> tuple[Observation, ...]:
    lines = map(json.loads, (FOLDER / f"{name}.jsonl").read_text(encoding="utf-8").splitlines())
    return tuple(
        Observation(line["probe"], line["port"], line["sent_s"], line["at_s"], bytes.fromhex(line["packet"])) for line in lines
    )


def test_each_recording_has_its_truth() -> None:
    assert {path.stem for path in FOLDER.glob("*.jsonl")} == FILES.keys() | {TOO_LITTLE}


@pytest.mark.parametrize("name", sorted(FILES))
def test_each_is_told_as_what_it_is(name: str) -> None:
    told = judge(recorded(name))
    (system,) = told.systems
    assert (told.ruling, system.name, system.confidence) == (Ruling.TOLD, FILES[name], 10)
    assert [trait.name for trait in system.evidence if trait.opinion is Opinion.DIFFERS] == []
    assert told.shields == ()


@pytest.mark.parametrize("name", sorted(FILES))
def test_without_a_closed_port_none_is_told_as_another(name: str) -> None:
    """A firewall may leave no RST, no echo and no error: what is left must not mislead."""
    told = judge([one for one in recorded(name) if one.port in (22, 80)])
    assert FILES[name] in {system.name for system in told.systems}


def test_of_who_answers_pings_alone_nothing_is_told() -> None:
    told = judge(recorded(TOO_LITTLE))
    assert (told.ruling, told.systems) == (Ruling.TOO_LITTLE, ())
