"""Every daemon of the captures is read right: product, version, CPE; fed whole, byte by byte, and with garbage behind."""

from __future__ import annotations

import re

import pytest

from hatoba.identify.manner import Manner, recognise
from hatoba.identify.protocols import (
    PROTOCOLS,
    backends,
    calls,
    chat,
    commands,
    complete,
    databases,
    datagrams,
    desktops,
    directory,
    emulators,
    files,
    ftp,
    greetings,
    http,
    http2,
    http_apis,
    http_products,
    industry,
    ipp,
    java,
    mail,
    measures,
    messaging,
    remote,
    sharing,
    smb,
    ssh,
    terminals,
    udp_services,
    wide_databases,
)
from hatoba.registry.cpe import cpe_uri
from tests.unit.identify.protocols.feeding import CAPTURES, GARBAGE, Capture, cut_short, repeats_unsaid
from tests.unit.identify.protocols.truths import TRUTHS, Truth

FAMILIES = (calls, chat, databases, datagrams, files, java, mail, messaging, desktops, terminals)
FAMILIES += (backends, commands, emulators, greetings, http_apis, industry, measures, remote, sharing, udp_services)
FAMILIES += (wide_databases,)
SINGLE = (directory, ftp, http, http2, ipp, smb, ssh)


KERNELS_OWN = {"miniupnpd", "redis", "redis-sentinel", "snmpd", "rabbitmq"}
"""Their remarks name the kernel, or the runtime, of the machine that they were recorded on."""
OTHER_NUMBERS = {"http.server", "rpcbind", "rpcbind over UDP", "X11 of tigervnc", "varnish", "qemu-monitor", "qmp"}
"""What they tell is another version than the package's, or has fewer or more parts."""
IN_BINARY = {"X11 of tigervnc", "cups", "dcmtk", "derby", "murmur over UDP", "qmp", "rpcbind", "rpcbind over UDP"}
"""Their numbers stand in bytes, apart, or in another answer than the one that names them."""
SHOWN_BYTES = 100
"""Of the evidence, in a sentence."""
FEW_BYTES = {"dante", "fingerd"}
"""What they say, others say, too: they are believed only where they were asked in their own protocol."""
EACH = pytest.mark.parametrize("capture", CAPTURES.values(), ids=list(CAPTURES))


def test_every_capture_has_its_truth() -> None:
    assert CAPTURES.keys() == TRUTHS.keys()
    known = {one.name for family in FAMILIES for one in family.PROTOCOLS} | {one.PROTOCOL.name for one in SINGLE}
    assert {one.name for one in PROTOCOLS} == known
    assert {truth.product for truth in TRUTHS.values()} & {row.name for row in http_products.SERVERS}


@EACH
def test_fed_whole(capture: Capture) -> None:
    facts, truth = capture.read(), TRUTHS[capture.daemon]
    extra = "" if capture.daemon in KERNELS_OWN else facts.extra
    cpe = cpe_uri(facts.cpe23[0]) if facts.cpe23 else ""
    assert Truth(facts.name, facts.product, facts.version, extra, facts.os, facts.hostname, cpe) == truth
    assert facts.evidence
    assert facts.confidence >= (7 if capture.daemon in FEW_BYTES else 8)


@EACH
def test_the_version_is_the_packages(capture: Capture) -> None:
    version = TRUTHS[capture.daemon].version
    if version and capture.daemon not in OTHER_NUMBERS:
        assert re.search(rf"[ :]{re.escape(version)}(?![.\d])", capture.package)


@EACH
def test_the_words_that_are_shown_hold_the_version(capture: Capture) -> None:
    facts = capture.read()
    if capture.daemon not in IN_BINARY:
        assert facts.version.encode() in facts.evidence[:SHOWN_BYTES]


@EACH
def test_no_true_answer_is_taken_for_a_repetition_of_the_question(capture: Capture) -> None:
    assert not repeats_unsaid(capture.protocol, capture.answers)


@pytest.mark.parametrize(
    ("daemon", "words"),
    [
        ("haproxy", b"No server is available to handle this request."),
        ("kea-ctrl-agent", b'{ "result": 400, "text": "Bad Request" }'),
        ("supervisor", b">4.2.5"),
        ("cockpit", b"set-cookie: cockpit="),
        ("node-exporter", b"<title>Node Exporter</title>"),
    ],
)
def test_the_words_that_named_a_web_server_are_shown(daemon: str, words: bytes) -> None:
    """Where neither the status nor the field Server did."""
    assert words in CAPTURES[daemon].read().evidence[:SHOWN_BYTES]


@EACH
def test_fed_byte_by_byte(capture: Capture) -> None:
    """Nothing raises, whatever is missing yet, and the last byte makes it whole."""
    told = None
    for answers in cut_short(capture.answers):
        told = capture.protocol.read(answers)
    assert told == capture.read()


@EACH
@pytest.mark.parametrize("garbage", GARBAGE)
def test_fed_with_garbage_behind(capture: Capture, garbage: bytes) -> None:
    """Names and versions are none the wiser. Whoever has no end to what it says may well say that, too."""
    facts = capture.protocol.read((*capture.answers[:-1], capture.answers[-1] + garbage))
    if capture.protocol is terminals.SOCKS5:
        assert facts is None  # two bytes and no more are all that tells it
        return
    assert facts is not None
    clean = capture.read()
    assert (facts.name, facts.product, facts.version, facts.cpe23) == (clean.name, clean.product, clean.version, clean.cpe23)


@EACH
def test_recognised_by_its_first_words_on_any_port(capture: Capture) -> None:
    known = recognise(Manner(), capture.protocol.protocol, capture.answers[0], ())
    assert known is not None
    assert known[0] is capture.protocol


@EACH
def test_an_answer_is_known_to_be_whole_at_its_end(capture: Capture) -> None:
    """Nobody waits for more of what is there. (Of pages and of X11's long answer the beginning was kept.)"""
    answers = capture.answers[1:] if capture.protocol.greets else capture.answers
    for question, answer in zip(capture.protocol.questions, answers, strict=False):
        if answer and capture.protocol not in (http.PROTOCOL, desktops.X11, remote.RTMP):
            assert question.complete(answer)
            assert not question.complete(b"")
    assert complete.line(b"a\n")


@EACH
def test_start_tls_is_known_from_the_answers(capture: Capture) -> None:
    offers = capture.protocol.start_tls is not None and capture.protocol.start_tls.offered(capture.answers)
    assert offers == (capture.daemon in {"dovecot", "dovecot pop3", "nnrpd", "postgresql", "pgbouncer", "xrdp"})
