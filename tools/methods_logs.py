"""What a scan leaves behind on its target: programs' logs, and counters of the kernel. For ``docs/methods.md``.

One host runs sshd, nginx and dnsmasq as the distribution ships them, dnsmasq told to log its queries. Each method asks their
ports from an address of its own, which is how lines are told apart; the kernel's counters are read before and after. At the
end somebody connects whom all of them surely log: when those lines are there, the ones before them are, too.
"""

from __future__ import annotations

import re
import socket
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from hatoba.errors import LabError
from hatoba.lab import Host, Lab
from hatoba.lab.process import Process
from hatoba.lab.programs import find_program

METHODS = {
    "connect": "-sT",
    "syn": "-sS",
    "fin": "-sF",
    "null": "-sN",
    "xmas": "-sX",
    "maimon": "-sM",
    "ack": "-sA",
    "window": "-sW",
    "udp": "-sU",
    "ip-protocol": "-sO",
}
"""SCTP is left out: what a kernel counts depends on whether it has SCTP, and no daemon here speaks it."""
VISIT = "visit"
"""Not a scan: somebody who connects, says nothing, and takes leave as one should."""
PROGRAMS = ("sshd", "nginx", "dnsmasq")
_TARGET, _LAST = "198.18.0.30", "198.18.0.100"
_PORTS = "22,53,80,81"
_COUNTERS = (
    "TcpPassiveOpens",
    "TcpAttemptFails",
    "TcpEstabResets",
    "TcpOutRsts",
    "UdpInDatagrams",
    "UdpNoPorts",
    "IcmpInEchos",
    "IcmpOutDestUnreachs",
)
"""Those of ``/proc/net/snmp`` that a scan can move."""
_PATIENCE_S, _PAUSE_S = 20, 0.05

_SSHD = "Port 22\nHostKey {folder}/host_key\nPidFile none\nUsePAM no\nPasswordAuthentication no\n"
_NGINX = """\
user root root; daemon off; master_process off; pid {folder}/nginx.pid; error_log stderr;
events {{ worker_connections 512; }}
http {{
  access_log {folder}/access.log;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  server {{ listen 80; location / {{ return 204; }} }}
}}
"""


@dataclass(frozen=True, slots=True)
class Traces:
    """What one method left: the lines of each program, without what differs from run to run, and the counters that rose."""

    lines: Mapping[str, tuple[str, ...]]
    counters: tuple[str, ...]


def left_behind() -> dict[str, Traces]:
    """By method. Raises LabError where this machine can't, or a program is missing."""
    with Lab("traces") as lab:
        target = lab.add_host("target", [f"{_TARGET}/24"], sysctls={"net.ipv4.icmp_ratelimit": 0})
        guests = {name: lab.add_host(name, [f"198.18.0.{place}/24"]) for place, name in enumerate((*METHODS, VISIT), 101)}
        last = lab.add_host("last", [f"{_LAST}/24"])
        lab.bridge("lan", [target, last, *guests.values()])
        logs = _programs(target)
        rose = {name: _counted(target, partial(_come, name, host)) for name, host in guests.items()}
        said = _settled(last, logs)
        return {
            name: Traces({program: _about(said[program], host.address()) for program in PROGRAMS}, rose[name])
            for name, host in guests.items()
        }


def _programs(target: Host) -> dict[str, Callable[[], str]]:
    """Start them; each one's log, as it stands when it is asked for."""
    sshd, access = _sshd(target), _nginx(target)
    options = ["--no-daemon", "--conf-file=/dev/null", "--no-resolv", "--port=53", "--log-facility=-", "--pid-file="]
    dnsmasq = target.serve([_program("dnsmasq"), *options, "--log-queries"], ready=r"started, version")
    return {"sshd": sshd.tail, "nginx": lambda: target.run(["cat", access]).stdout, "dnsmasq": dnsmasq.tail}


def _sshd(target: Host) -> Process:
    settings = target.write("sshd/sshd_config", _SSHD.format(folder=target.lab.work_folder / target.name / "sshd"), 0o600)
    target.run(["mkdir", "-p", "-m", "755", "/run/sshd"])
    target.run([_program("ssh-keygen"), "-q", "-t", "ed25519", "-N", "", "-f", str(settings.parent / "host_key")])
    return target.serve([_program("sshd"), "-D", "-e", "-f", str(settings)], ready=r"^Server listening on .* port 22\.")


def _nginx(target: Host) -> str:
    """Where its access log is."""
    folder = target.write("nginx/about", "").parent
    settings = target.write("nginx/nginx.conf", _NGINX.format(folder=folder))
    target.serve([_program("nginx"), "-e", "stderr", "-c", str(settings), "-g", "error_log stderr notice;"], ready=r"nginx/\d")
    return str(folder / "access.log")


def _program(name: str) -> str:
    found = find_program(name)
    if found is None:
        raise LabError(f"{name} is not installed")
    return found


def _come(name: str, host: Host) -> None:
    """What the guest of that name does."""
    if name == VISIT:
        host.call("tools.methods_logs:visit")
        return
    ports = "1,6,17,201" if name == "ip-protocol" else _PORTS
    command = [sys.executable, "-P", "-m", "hatoba", "scan", METHODS[name], "-p", ports, _TARGET, "--authorized"]
    done = host.run(command)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr}")


def _counted(target: Host, scan: Callable[[], None]) -> tuple[str, ...]:
    """The counters that rose while *scan* ran."""
    before = _counters(target)
    scan()
    after = _counters(target)
    return tuple(name for name in _COUNTERS if after[name] > before[name])


def _counters(target: Host) -> dict[str, int]:
    """All of ``/proc/net/snmp``: pairs of lines, names above numbers (proc_net_snmp(5))."""
    lines = [line.split() for line in target.run(["cat", "/proc/net/snmp"]).stdout.splitlines()]
    return {
        names[0].rstrip(":") + name: int(number)
        for names, numbers in zip(lines[::2], lines[1::2], strict=True)
        for name, number in zip(names[1:], numbers[1:], strict=True)
    }


def _settled(last: Host, logs: Mapping[str, Callable[[], str]]) -> dict[str, str]:
    """Every log, as soon as each tells of *last*, who speaks each program's language."""
    last.call("tools.methods_logs:speak")
    until_s = time.monotonic() + _PATIENCE_S
    while True:
        said = {name: read() for name, read in logs.items()}
        silent = [name for name, text in said.items() if _LAST not in text]
        if not silent:
            return said
        if time.monotonic() > until_s:
            raise RuntimeError(f"{', '.join(silent)} logged nothing")
        time.sleep(_PAUSE_S)


def visit() -> None:
    """Runs on a host of the lab: connects, and closes."""
    for port in (22, 80):
        with socket.create_connection((_TARGET, port), timeout=_PATIENCE_S) as silent:
            silent.shutdown(socket.SHUT_WR)
            while silent.recv(4096):
                pass


def speak() -> None:
    """Runs on a host of the lab: what each program surely logs."""
    for port, words in ((22, b"hello\r\n"), (80, b"GET / HTTP/1.0\r\n\r\n")):
        with socket.create_connection((_TARGET, port), timeout=_PATIENCE_S) as talk:
            talk.sendall(words)
            while talk.recv(4096):
                pass
    question = bytes.fromhex("000101000001000000000000") + b"\3lab\0" + bytes.fromhex("00010001")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asker:
        asker.settimeout(_PATIENCE_S)
        asker.sendto(question, (_TARGET, 53))
        asker.recv(512)


def _about(log: str, address: str) -> tuple[str, ...]:
    """Its lines about that address, each once, without what differs from day to day."""
    lines = [line for line in log.splitlines() if re.search(rf"\b{re.escape(address)}\b", line)]
    plain = [re.sub(r"port \d+", "port *", re.sub(r"^.* dnsmasq(\[\d+\])?: ", "", line)) for line in lines]
    return tuple(dict.fromkeys(line.replace(address, "198.18.0.1").strip() for line in plain))
