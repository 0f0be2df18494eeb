"""Programs that tell their version to whoever asks the right path: databases, clusters, monitors. One request each, on
the ports that are theirs; the answer is HTTP all the same, and elsewhere the front page tells (``http_products``)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from hatoba.identify.protocols.http import head_of, request, wants_tls
from hatoba.identify.protocols.product import decisive
from hatoba.identify.protocols.protocol import Answers, ServiceProtocol
from hatoba.identify.protocols.text import text
from hatoba.registry.cpe import cpe23
from hatoba.service import Facts

_MOST_BODY = 20_000


def _reader(pattern: bytes, name: str, cpe: tuple[str, str] | None) -> Callable[[Answers], Facts | None]:
    """*pattern* is sought in head and body; its group ``version`` is the program's."""
    sought = re.compile(pattern, re.DOTALL)

    def read(answers: Answers) -> Facts | None:
        head = head_of(answers[0])
        found = sought.search(answers[0][:_MOST_BODY]) if head is not None else None
        if head is None or found is None:
            return None
        groups = found.groupdict()
        version, system = text(groups.get("version") or b""), text(groups.get("os") or b"")
        names = (cpe23("a", *cpe, version),) if cpe else ()
        facts = Facts("http", name, version, cpe23=names, confidence=10, evidence=decisive(found))
        status = f"{head.status} {text(head.reason)}".strip()
        return replace(facts, os={"linux": "Linux", "windows": "Windows"}.get(system, ""), details=(("status", status),))

    return read


def _api(
    name: str,
    path: str,
    pattern: bytes,
    product: str,
    cpe: tuple[str, str] | None,
    ports: tuple[int, ...],
    tls_ports: tuple[int, ...] = (),
) -> ServiceProtocol:
    return ServiceProtocol(
        name,
        _reader(pattern, product, cpe),
        ports=ports,
        tls_ports=tls_ports,
        questions=(request("localhost", path),),
        for_host=lambda host: (request(host, path),),
        rarity=9,
        wants_tls=wants_tls,
    )


_JSON = rb"\r\n\r\n[^{]{0,20}\{"
PROTOCOLS = (
    # Docker Engine API, "SystemVersion"; podman answers the same question with a component of its own.
    _api(
        "podman",
        "/version",
        _JSON + rb'.{0,200}"Components":\[\{"Name":"Podman Engine","Version":"(?P<version>\d[\w.+-]*)"',
        "Podman API",
        ("podman_project", "podman"),
        (2375,),
        (2376,),
    ),
    _api(
        "docker",
        "/version",
        _JSON
        + rb'.{0,4000}?"Version":"(?P<version>\d[\w.]*)[^"]{0,40}","ApiVersion":"[\d.]+"'
        + rb'(?:.{0,200}"Os":"(?P<os>linux|windows)")?',
        "Docker",
        ("docker", "docker"),
        (2375,),
        (2376,),
    ),
    # Kubernetes API, "version.Info", which every cluster shows to anonymous users unless told otherwise.
    _api(
        "kubernetes",
        "/version",
        _JSON + rb'.{0,200}"gitVersion": ?"v(?P<version>\d[\w.+-]*)"',
        "Kubernetes API server",
        ("kubernetes", "kubernetes"),
        (8001,),
        (6443, 16443),
    ),
    _api(
        "kubelet",
        "/healthz",
        rb"(?i:\r\ncontent-length: 12)(?=\r\n).{0,200}\r\n\r\nUnauthorized|kubelet_node_name",
        "Kubernetes kubelet",
        ("kubernetes", "kubernetes"),
        (10255,),
        (10250,),
    ),
    # etcd's documentation, "Check the version"
    _api("etcd", "/version", rb'\{"etcdserver":"(?P<version>\d[\w.+-]*)"', "etcd", ("etcd", "etcd"), (2379, 4001), (2379,)),
    _api(
        "consul",
        "/v1/agent/self",
        rb'"Config":\{.{0,400}"Version":"(?P<version>\d[\w.+-]*)"|\r\nX-Consul-[A-Z]|Permission denied: (?:anonymous )?token',
        "HashiCorp Consul",
        ("hashicorp", "consul"),
        (8500,),
        (8501,),
    ),
    _api(
        "vault",
        "/v1/sys/health?standbyok=true",
        rb'"sealed":(?:true|false).{0,300}"version":"(?P<version>\d[\w.+-]*)"',
        "HashiCorp Vault",
        ("hashicorp", "vault"),
        (8200,),
        (8200,),
    ),
    _api(
        "prometheus",
        "/api/v1/status/buildinfo",
        rb'"status":"success","data":\{"version":"(?P<version>\d[\w.]*)[^"]*","revision"',
        "Prometheus",
        ("prometheus", "prometheus"),
        (9090,),
    ),
    # Alertmanager's and Pushgateway's API, "status"
    _api(
        "alertmanager",
        "/api/v2/status",
        rb'"versionInfo":\{[^{}]{0,600}"version":"(?P<version>\d[\w.]*)"',
        "Prometheus Alertmanager",
        ("prometheus", "alertmanager"),
        (9093,),
    ),
    _api(
        "pushgateway",
        "/api/v1/status",
        rb'"build_information":\{[^{}]{0,600}"version":"(?P<version>\d[\w.]*)"',
        "Prometheus Pushgateway",
        None,
        (9091,),
    ),
    _api(
        "grafana",
        "/api/health",
        rb'"database": ?"\w+".{0,200}"version": ?"(?P<version>\d[\w.]*)',
        "Grafana",
        ("grafana", "grafana"),
        (3000,),
    ),
    _api(
        "influxdb",
        "/ping",
        rb"(?i:\r\nx-influxdb-version: )v?(?P<version>\d[\w.]*)",
        "InfluxDB",
        ("influxdata", "influxdb"),
        (8086,),
    ),
    _api(
        "clickhouse",
        "/ping",
        rb"(?i:\r\nx-clickhouse-)|\r\n\r\n(?:4\r\n)?Ok\.\n",
        "ClickHouse",
        ("clickhouse", "clickhouse"),
        (8123,),
        (8443,),
    ),
    # aria2c(1), "aria2.getVersion": no is said to whoever does not know the secret
    _api(
        "aria2",
        "/jsonrpc?method=aria2.getVersion&id=hatoba",
        rb'\{"id":"hatoba","jsonrpc":"2\.0","result":\{.{0,400}"version":"(?P<version>\d[\w.]*)"'
        rb'|\{"id":"hatoba","jsonrpc":"2\.0","error":\{"code":1,"message":"Unauthorized"',
        "aria2 JSON-RPC",
        ("aria2_project", "aria2"),
        (6800,),
    ),
    # Docker Registry HTTP API V2, "API Version Check": many programs speak it
    _api(
        "docker-registry",
        "/v2/",
        rb"(?i:\r\ndocker-distribution-api-version: registry/2)",
        "Docker Registry API",
        None,
        (5000, 5001),
    ),
    _api(
        "wsman",
        "/wsman",
        rb"HTTP/1\.1 405 [^\r\n]*\r\n.{0,300}Server: Microsoft-HTTPAPI/2\.0",
        "Microsoft Windows Remote Management",
        ("microsoft", "windows_remote_management"),
        (5985, 47001),
        (5986,),
    ),
)
