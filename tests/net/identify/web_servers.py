"""nginx on a host of a lab, with certificates made for the test: what it serves on which port, and what is in front of it."""

from __future__ import annotations

import datetime
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from hatoba.lab import Lab
from tests.real_scans import COMMAND, Scanned

MODSECURITY = "/usr/lib/nginx/modules/ngx_http_modsecurity_module.so"
RULES = "/usr/share/modsecurity-crs/rules"
TITLE = "a page"
_DAY = datetime.timedelta(days=1)


@dataclass(frozen=True)
class Maker:
    """Whoever signs certificates: an authority, or the owner himself."""

    name: str
    key: rsa.RSAPrivateKey
    pem: str = ""

    @classmethod
    def root(cls, name: str) -> Maker:
        return cls(name, rsa.generate_private_key(65537, 2048)).signing(name, authority=True)

    def signing(
        self, name: str, *, bits: int = 2048, days: int = 30, names: Sequence[str] = (), authority: bool = False
    ) -> Maker:
        """Somebody whose certificate this one signs; under its own name: itself."""
        key = self.key if name == self.name else rsa.generate_private_key(65537, bits)
        now = datetime.datetime.now(datetime.UTC)
        subject, issuer = (x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, one)]) for one in (name, self.name))
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - 60 * _DAY)
            .not_valid_after(now + days * _DAY)
            .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        )
        if names:
            known = [x509.IPAddress(ip_address(one)) if one[0].isdigit() else x509.DNSName(one) for one in names]
            builder = builder.add_extension(x509.SubjectAlternativeName(known), critical=False)
        pem = builder.sign(self.key, SHA256()).public_bytes(Encoding.PEM).decode()
        return Maker(name, key, pem)

    @property
    def key_pem(self) -> str:
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


@dataclass
class WebSite:
    """``target`` with nginx, and ``scanner`` beside it."""

    lab: Lab
    servers: list[str] = field(default_factory=list)
    ports: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.scanner, self.target = (
            self.lab.add_host(name, [f"198.18.0.{end}/24"]) for name, end in (("scanner", 1), ("target", 2))
        )
        self.lab.link(self.scanner, self.target)
        self.folder = str(self.target.write("www/index.html", f"<html><title>{TITLE}</title></html>").parent.parent)
        self.target.run(["chmod", "755", self.folder, "/run/hatoba-lab"])

    def serve(self, port: int, *settings: str, flags: str = "") -> None:
        self.ports.append(port)
        self.servers.append(f"server {{ listen {port} {flags}; root {self.folder}/www; {' '.join(settings)} }}")

    def serve_tls(self, port: int, owner: Maker, *settings: str, chain: Sequence[Maker] = (), flags: str = "ssl") -> None:
        certificates = self.target.write(f"{port}.crt", "".join(one.pem for one in (owner, *chain)))
        key = self.target.write(f"{port}.key", owner.key_pem)
        self.serve(port, f"ssl_certificate {certificates}; ssl_certificate_key {key};", *settings, flags=flags)

    def start(self, head: str = "") -> None:
        temporary = " ".join(f"{name}_temp_path {self.folder}/{name};" for name in ("proxy", "fastcgi", "uwsgi", "scgi"))
        config = self.target.write(
            "nginx.conf",
            f"{head}\ndaemon off; pid {self.folder}/nginx.pid; error_log stderr notice; events {{ }}\n"
            f"http {{ log_format asked '$server_port $request';\n"
            f"access_log {self.folder}/access.log asked; client_body_temp_path {self.folder}/body; {temporary}\n"
            + "\n".join(self.servers)
            + "\n}\n",
        )
        self.process = self.target.serve(["nginx", "-c", str(config)], ready="start worker process")

    def scan(self, *options: str, name: str = "198.18.0.2", ports: Sequence[int] = ()) -> dict[int, dict[str, Any]]:
        """What is told of each port's service."""
        asked = ",".join(map(str, ports or self.ports))
        command = [*COMMAND, "-sT", "-sV", *options, "-oJ", "-", "-p", asked, name]
        scanned = Scanned.of(self.scanner.run(command, timeout_s=60))
        assert scanned.status == 0, scanned.errors
        return {line["port"]: line for line in scanned.of_type("service")}

    def requests(self, port: int) -> list[str]:
        """The request lines that nginx was sent on a port, so far. It writes some down only when it has seen their connection
        end, and sees one thing after the other: one request more, answered, and all before it are there."""
        last = (
            f"import http.client as h; c = h.HTTPConnection('198.18.0.2', {port}); c.request('GET', '/last'); c.getresponse()"
        )
        assert self.scanner.run([sys.executable, "-c", last]).returncode == 0
        lines = self.target.run(["cat", f"{self.folder}/access.log"]).stdout.splitlines()
        told = [line.partition(" ")[2] for line in lines if line.startswith(f"{port} ")]
        return [line for line in told if "/last" not in line.split()]
