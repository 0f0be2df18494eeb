"""How devices are found: SSDP, WS-Discovery, and Ubiquiti's own way."""

from __future__ import annotations

import re

from hatoba.messages import _N
from hatoba.probes.udp_questions.draft import COOKIE_HEX, Draft, digits
from hatoba.probes.udp_questions.question import question

_SSDP = "\r\n".join(
    [
        "M-SEARCH * HTTP/1.1",
        "HOST: 239.255.255.250:1900",
        'MAN: "ssdp:discover"',
        "MX: 1",
        "ST: upnp:rootdevice",
        "",
        "",
    ]
).encode()

_UUID_END = b"-6861-4f62-a001-000000000001"
_RELATES_TO = re.compile(rb"RelatesTo[^>]{0,200}>\s{0,20}urn:uuid:([0-9a-f]{8})" + _UUID_END, re.IGNORECASE)
_RELATES = re.compile(rb"RelatesTo[^>]{0,200}>")

_SOAP = b"http://www.w3.org/2003/05/soap-envelope"
_2005 = (
    b"http://schemas.xmlsoap.org/ws/2004/08/addressing",
    b"http://schemas.xmlsoap.org/ws/2005/04/discovery",
    b"urn:schemas-xmlsoap-org:ws:2005:04:discovery",
)
_2009 = (
    b"http://www.w3.org/2005/08/addressing",
    b"http://docs.oasis-open.org/ws-dd/ns/discovery/2009/01",
    b"urn:docs-oasis-open-org:ws-dd:ns:discovery:2009:01",
)
_DEVICES = b'<d:Types xmlns:p="http://schemas.xmlsoap.org/ws/2006/02/devprof">p:Device</d:Types>'


def _probe(edition: tuple[bytes, bytes, bytes], types: bytes = b"") -> Draft:
    addressing, discovery, everybody = edition
    spaces = b'xmlns:s="%s" xmlns:a="%s" xmlns:d="%s"' % (_SOAP, addressing, discovery)
    return (
        b'<?xml version="1.0" encoding="utf-8"?><s:Envelope '
        + spaces
        + b"><s:Header><a:To>"
        + everybody
        + b"</a:To><a:Action>"
        + discovery
        + b"/Probe</a:Action><a:MessageID>urn:uuid:"
        + COOKIE_HEX
        + _UUID_END
        + b"</a:MessageID></s:Header><s:Body><d:Probe>"
        + types
        + b"</d:Probe></s:Body></s:Envelope>"
    )


def _repeats_probe(datagram: bytes, cookie: int) -> bool | None:
    """The answer relates to the message's identity."""
    if not datagram.lstrip().startswith(b"<") or not _RELATES.search(datagram):
        return None
    return any(found.lower() == digits(cookie) for found in _RELATES_TO.findall(datagram))


QUESTIONS = (
    question(
        "ssdp",
        (1900,),
        _SSDP,
        "UPnP Device Architecture 2.0 section 1.3.2",
        _N("searches for UPnP root devices; each answers with where its description lies"),
    ),
    question(
        "ws-discovery",
        (3702,),
        _probe(_2005, _DEVICES),
        "Web Services Dynamic Discovery, April 2005, section 5; Devices Profile for Web Services, February 2006",
        _N("probes for devices; Windows and printers answer with what they are"),
        _repeats_probe,
    ),
    question(
        "ws-discovery-any",
        (3702,),
        _probe(_2005),
        "Web Services Dynamic Discovery, April 2005, section 5",
        _N("probes for whatever is there, which cameras answer, too"),
        _repeats_probe,
    ),
    question(
        "ws-discovery-oasis",
        (3702,),
        _probe(_2009),
        "OASIS WS-Discovery 1.1 section 5",
        _N("the same in the words of the standard's later edition"),
        _repeats_probe,
    ),
    question(
        "ubiquiti",
        (10001,),
        bytes([1, 0, 0, 0]),
        "CISA alert TA14-017A; Rapid7, Ubiquiti Discovery Service Exposures, 2019",
        _N("asks what the device is (version 1 of Ubiquiti's discovery); it answers with model, firmware and addresses"),
    ),
)
