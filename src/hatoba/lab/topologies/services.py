"""Daemons for lab hosts: the distribution's where it is installed and starts, a small stand-in of ours where not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from hatoba.errors import LabError
from hatoba.lab.host import Host
from hatoba.lab.programs import find_program
from hatoba.lab.sandbox import kernel_has_ipv6
from hatoba.messages import _


@dataclass(frozen=True, slots=True)
class Service:
    """What answers on a port. ``is_real`` is False for a stand-in of ours; ``why`` says then why it is one."""

    host: str
    port: int
    program: str
    is_real: bool
    why: str = ""

    def sentence(self) -> str:
        """Which program it is, and whether it is a real one."""
        if self.is_real:
            return _("{host}, port {port}: the real {program}").format(host=self.host, port=self.port, program=self.program)
        return _("{host}, port {port}: a stand-in for {program} ({why})").format(
            host=self.host, port=self.port, program=self.program, why=self.why
        )


def log_of(host: Host, program: str) -> Path:
    """Where the log of a service stands, inside the lab."""
    return host.lab.work_folder / host.name / _log(program)


def _log(program: str) -> str:
    return f"log/{program}"


_PAGE = "This page comes from a host of the hatoba lab.\n"
_NGINX = """\
user root root; daemon off; master_process off; pid {folder}/nginx.pid; error_log stderr notice;
events {{ worker_connections 512; }}
http {{
  access_log /dev/stderr;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  server {{ listen 80; listen [::]:80; location / {{ default_type text/plain; return 200 "{page}"; }} }}
}}
"""
_SSHD = """\
Port 22
HostKey {folder}/host_key
PidFile none
UsePAM no
PasswordAuthentication no
AuthorizedKeysFile none
"""


def web_server(host: Host) -> Service:
    """HTTP on port 80: nginx."""

    def start(program: str) -> None:
        folder = host.write("nginx/about", "nginx of the lab\n").parent
        settings = host.write("nginx/nginx.conf", _NGINX.format(folder=folder, page=_PAGE.strip()))
        host.serve([program, "-e", "stderr", "-c", str(settings)], ready=r"nginx/\d", log=_log("nginx"))

    page = f"HTTP/1.0 200 OK\r\nServer: hatoba-lab-stand-in\r\nContent-Length: {len(_PAGE)}\r\n\r\n{_PAGE}"
    return _real_or_stand_in(host, 80, "nginx", start, answer=page)


def ssh_server(host: Host) -> Service:
    """SSH on port 22: sshd with a host key made for this lab. Nobody can log in."""

    def start(program: str) -> None:
        keygen = find_program("ssh-keygen")
        if keygen is None:
            raise LabError(_("ssh-keygen is not installed"))
        settings = host.write("sshd/sshd_config", _SSHD.format(folder=host.lab.work_folder / host.name / "sshd"), 0o600)
        folder = settings.parent
        host.run(["mkdir", "-p", "-m", "755", "/run/sshd"])  # its privilege separation wants this folder
        made = host.run([keygen, "-q", "-t", "ed25519", "-N", "", "-C", "hatoba-lab", "-f", str(folder / "host_key")])
        if made.returncode:
            raise LabError(made.stderr.strip())
        listening = r"^Server listening on .* port 22\."
        ready = rf"(?s:{listening}.*{listening})" if kernel_has_ipv6() else listening  # one after the other
        host.serve([program, "-D", "-e", "-f", str(settings)], ready=ready, log=_log("sshd"))

    return _real_or_stand_in(host, 22, "sshd", start, greeting="SSH-2.0-hatoba_lab_stand_in\r\n")


def redis_server(host: Host) -> Service:
    """Redis on port 6379, open to everybody and without a password: the classic mistake."""

    def start(program: str) -> None:
        folder = host.write("redis/about", "redis of the lab\n").parent
        options = [
            "--port",
            "6379",
            "--bind",
            "0.0.0.0",
            "::",
            "--protected-mode",
            "no",
            "--daemonize",
            "no",
            "--loglevel",
            "verbose",
        ]
        options += ["--save", "", "--appendonly", "no", "--dir", str(folder)]
        host.serve([program, *options], ready=r"Ready to accept connections", log=_log("redis-server"))

    return _real_or_stand_in(host, 6379, "redis-server", start, answer="-ERR this is a stand-in of the hatoba lab\r\n")


def name_server(host: Host) -> Service:
    """DNS on port 53, TCP and UDP: dnsmasq, which knows the lab's hosts and nobody else."""

    def start(program: str) -> None:
        options = [
            "--no-daemon",
            "--conf-file=/dev/null",
            "--no-resolv",
            "--port=53",
            "--log-facility=-",
            "--log-queries",
            "--pid-file=",
        ]
        host.serve([program, *options], ready=r"started, version", log=_log("dnsmasq"))

    return _real_or_stand_in(host, 53, "dnsmasq", start)


def _real_or_stand_in(
    host: Host, port: int, name: str, start: Callable[[str], None], *, greeting: str = "", answer: str = ""
) -> Service:
    """Start the real program or, where it is missing or does not start, a server of ours that says as much."""
    program = find_program(name)
    why = _("not installed")
    if program is not None:
        try:
            start(program)
        except LabError as error:
            why = str(error).rstrip(".")
        else:
            return Service(host.name, port, name, True)
    host.listen(
        [port], greetings={port: greeting} if greeting else None, answers={port: answer} if answer else None, log=_log(name)
    )
    return Service(host.name, port, name, False, why)
