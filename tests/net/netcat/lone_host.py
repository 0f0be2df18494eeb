"""The smallest lab of all: a host that talks with itself."""

from __future__ import annotations

from hatoba.lab import Host, Lab


def host_of(lab: Lab) -> Host:
    """A host without links, which knows the name localhost."""
    host = lab.add_host("host")
    lab.publish_names()
    return host
