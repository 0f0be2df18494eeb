"""What real daemons tell besides their name and version."""

from __future__ import annotations

import pytest

from hatoba.identify.protocols import ipp
from tests.unit.identify.protocols.feeding import CAPTURES

DETAILS = {
    "cups": {"printers": "pier (Local Raw Printer)", "title": "Not Found - CUPS v2.4.2"},
    "ippeveprinter": {"info": "Pier", "location": "on the pier", "title": "Pier", "icon": "/icon.png"},
    "glusterd": {
        "programs": "GF-DUMP 1, GlusterD svc peer 2, GlusterD svc cli read-only 2, GlusterD svc mgmt 2, GlusterD svc mgmt v3 3,"
        " Gluster Portmap 1, Gluster Handshake 2, Gluster MGMT Handshake 1"
    },
    "ovsdb-server": {"databases": "Open_vSwitch, _Server"},
    "distccd": {"compiler": "GCC 12.2.0 (Debian 12.2.0-14+deb12u1)"},
    "php-fpm": {"FCGI_MPXS_CONNS": "0"},
}


@pytest.mark.parametrize("daemon", DETAILS)
def test_details(daemon: str) -> None:
    assert dict(CAPTURES[daemon].read().details).items() >= DETAILS[daemon].items()


def test_a_printer_is_asked_in_its_own_name_and_nothing_is_printed() -> None:
    """RFC 8011 section 4.4.15: 0x0002 would print, 0x0005 make a job; these two only ask (0x4002 is CUPS's own)."""
    first, second, page = ipp.questions("printer.lab")
    assert [question.data.partition(b"\r\n\r\n")[2][2:4] for question in (first, second)] == [b"\0\x0b", b"\x40\2"]
    assert b"ipp://printer.lab/ipp/print" in first.data
    assert b"\r\nHost: printer.lab\r\n" in first.data
    assert page.data.startswith(b"GET / ")
    for question in (first, second):
        head, _end, body = question.data.partition(b"\r\n\r\n")
        assert b"Content-Length: %d" % len(body) in head
