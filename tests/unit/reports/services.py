"""A scan whose ports told what they are, in every way that they can."""

from __future__ import annotations

from hatoba.model import Host, Protocol, Reason, State
from hatoba.service import Certificate, CipherList, Facts, Outcome, Release, Service, Tls, WebShield
from tests.unit.reports.scans import Event, ended, info
from tests.unit.results.rows import Hosts, batch, closed, opened, rows

HOSTS = Hosts("198.18.0.2")
ADDRESS = HOSTS.address(0)
CERTIFICATE = Certificate(
    subject="CN=target.lab,O=lab", common_name="target.lab", issuer="CN=authority", names=("target.lab", "198.18.0.2"),
    not_before=1_700_000_000.0, not_after=1_900_000_000.0, key="RSA 2048", signature="sha256WithRSAEncryption", serial=0xABC,
    sha256=bytes(32), self_signed=False, problems=("wrong-name", "weak-key"),
)  # fmt: skip
SSH = Facts(
    "ssh", "OpenSSH", "9.2p1", "Debian 2; protocol 2.0", "Linux", "", "box.lab",
    ("cpe:2.3:a:openbsd:openssh:9.2:p1:*:*:*:*:*:*", "cpe:2.3:o:linux:linux_kernel:*:*:*:*:*:*:*:*"),
    10, b"SSH-2.0-OpenSSH_9.2p1",
)  # fmt: skip
HTTP = Facts("http", "nginx", "1.22.1", evidence=b"HTTP/1.1 200 OK\r\n", details=(("title", 'A <b> & "c"'), ("h2", "yes")))
MAIL = Facts("smtp", "Exim smtpd", "4.96", confidence=10, evidence=b"220 mail ESMTP")
PRINTER = Facts("ipp", device="printer", evidence=b"x")


def service(port: int, facts: Facts | None = None, outcome: Outcome | None = None, **fields: object) -> Service:
    settled = outcome or (Outcome.RECOGNISED if facts else Outcome.SILENT)
    protocol = fields.pop("protocol", Protocol.TCP)
    return Service(ADDRESS, protocol, port, settled, facts, **fields)  # type: ignore[arg-type]


BUSTER = Release(
    "Debian 10 (buster)", "+deb10u2", "2022-09-10", (("LTS", "2024-06-30"),), True, "/usr/share/distro-info/debian.csv",
    "cpe:2.3:o:debian:debian_linux:10.0:*:*:*:*:*:*:*",
)  # fmt: skip
TLS = Tls("TLSv1.3", "TLS_AES_256_GCM_SHA384", "http/1.1", versions=("TLSv1.2", "TLSv1.3"), certificate=CERTIFICATE)
SURVEYED = Tls(
    "TLSv1.2", "TLS_RSA_WITH_3DES_EDE_CBC_SHA", versions=("TLSv1", "TLSv1.2"), certificate=CERTIFICATE, chain=(CERTIFICATE,),
    ciphers=(
        CipherList("TLSv1.2", ("TLS_RSA_WITH_3DES_EDE_CBC_SHA",), "server"), CipherList("TLSv1", ("TLS_RSA_WITH_RC4_128_SHA",)),
    ),
    weaknesses=("tlsv1", "rc4", "3des"), wants_certificate=True,
)  # fmt: skip
SHIELDED = Facts(
    "http", "nginx", evidence=b"HTTP/1.1 200 OK", details=(("allow", "GET"), ("waf-test", "refused")),
    shields=(
        WebShield("Cloudflare", ("cdn", "waf"), "header", b"cf-ray: 1"), WebShield("", ("waf",), "refusal", b"HTTP/1.1 403 No"),
    ),
)  # fmt: skip
SERVICES = (
    service(22, SSH, question="greeting", release=BUSTER),
    service(25, MAIL, question="greeting", tls=Tls("TLSv1.2", "AES128-SHA", started=True), release=Release("Ubuntu 9", "x")),
    service(80, outcome=Outcome.UNRECOGNISED, heard=b"\x1b[2J hi\\"),
    service(443, HTTP, question="http", tls=TLS, release=BUSTER),
    service(631, PRINTER, question="http"),
    service(6379),
    service(8080, outcome=Outcome.CUT),
    service(8443, tls=Tls("TLSv1.3", "x", certificate=CERTIFICATE)),
    service(9100, outcome=Outcome.EXCLUDED),
    service(53, Facts("domain", "dnsmasq", "2.90", evidence=b"dnsmasq-2.90"), protocol=Protocol.UDP, question="domain"),
)


def services() -> list[Event]:
    tcp = opened([22, 25, 80, 443, 631, 6379, 8080, 8443, 9100])
    udp = rows(53, State.OPEN, Reason.UDP_RESPONSE, protocol=Protocol.UDP, answer=9)
    host = Host(ADDRESS, (), "up", "syn-ack", 0.0004)
    return [info(), batch(HOSTS, tcp, closed(23)), batch(HOSTS, udp, method="udp"), *SERVICES, host, ended()]


def hostile_service(words: str) -> list[Event]:
    """A port that calls itself, its version and its system by these *words*."""
    raw = words.encode("utf-8", "surrogatepass")
    facts = Facts(words, words, words, words, words, words, words, evidence=raw, details=((words, words), ("title", words)))
    certificate = Certificate(words, words, words, (words,), 0.0, 1.0, words, words, 1, raw)
    one = service(22, facts, tls=Tls("TLSv1.3", words, words, certificate=certificate), question="greeting", heard=raw)
    return [info(), batch(HOSTS, opened(22)), one, Host(ADDRESS, (), "up", "syn-ack", 0.0004), ended()]
