"""What tests of reverse names call on a lab's host, by ``host.call("tests.net.reverse_name_calls:names", ...)``."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from hatoba.lab import kernel
from hatoba.wire.reverse_names import ReverseNames

_PLACES = {"resolv.conf": "/etc/resolv.conf", "nsswitch.conf": "/etc/nsswitch.conf", "hosts": "/etc/hosts"}


def put_in_place(folder: str) -> None:
    """Let this host, and no other, see the files in *folder* as its /etc/resolv.conf and the like."""
    for name, place in _PLACES.items():
        new = Path(folder, name)
        if new.exists():
            target = Path(os.path.realpath(place))
            if not target.exists():  # a link into the machine's /run, which a lab does not show
                target.parent.mkdir(parents=True, exist_ok=True)
                target.touch()
            kernel.mount(str(new), str(target), None, kernel.MS_BIND)


def names(addresses: Sequence[str], at_once: int = 64, patience_s: float = 50.0) -> dict[str, Any]:
    """The names of *addresses* by the system's resolver, all asked before the first is waited for; the problem; the seconds."""
    began = time.monotonic()
    with ReverseNames(at_once=at_once, patience_s=patience_s) as reverse:
        for text in addresses:
            reverse.ask(ip_address(text))
        found = [reverse.name(ip_address(text)) for text in addresses]
        return {"names": found, "problem": reverse.problem, "seconds": time.monotonic() - began}
