"""Real daemons of the distribution's packages, each as it ships, on one host of a lab: what a scan for services is tried on.

A row says how a daemon is started, and the truth: which word its product must hold, and which version the package has. A daemon
whose program is missing is left out. Nothing of them leaves the lab, and their files are in its memory.
"""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from benchmarks import daemon_settings
from hatoba.lab import Host, Lab, LabError, Process
from hatoba.lab.programs import find_program

SCANNER, TARGET = "198.18.0.1", "198.18.0.2"
_BOUND_TIMEOUT_S = 25.0
_TABLES = {"tcp": ("/proc/net/tcp", "/proc/net/tcp6"), "udp": ("/proc/net/udp", "/proc/net/udp6")}
_LISTENING = {"tcp": "0A", "udp": "07"}


@dataclass(frozen=True)
class Daemon:
    name: str
    program: str
    package: str
    port: int
    word: str
    """What its product is called by anybody who recognises it."""
    start: Callable[[Host, int], Sequence[str] | None]
    """Writes its files and returns the command line; None where it has started it itself."""
    service: str
    protocol: str = "tcp"
    tls: bool = False
    tells_version: bool = True
    """Whether it tells its version to strangers at all."""
    movable: bool = True
    """Whether its port can be chosen."""

    def version(self) -> str:
        """Of the installed package, without the distribution's own part: ``9.2p1``; empty where it is not installed."""
        done = subprocess.run(["dpkg-query", "-W", "-f=${Version}", self.package], capture_output=True, text=True, check=False)
        found = re.match(r"(?:\d+:)?(\d+(?:\.\d+)*(?:p\d+)?)", done.stdout)
        return found[1] if found else ""


DAEMONS = (
    Daemon("openssh", "sshd", "openssh-server", 22, "OpenSSH", daemon_settings.sshd, "ssh"),
    Daemon("dropbear", "dropbear", "dropbear-bin", 2022, "Dropbear", daemon_settings.dropbear, "ssh"),
    Daemon("vsftpd", "vsftpd", "vsftpd", 21, "vsftpd", daemon_settings.vsftpd, "ftp"),
    Daemon("exim4", "exim4", "exim4-daemon-light", 25, "Exim", daemon_settings.exim, "smtp"),
    Daemon(
        "dovecot",
        "dovecot",
        "dovecot-imapd",
        143,
        "Dovecot",
        daemon_settings.dovecot,
        "imap",
        tells_version=False,
        movable=False,
    ),
    Daemon("nginx", "nginx", "nginx", 80, "nginx", daemon_settings.nginx, "http"),
    Daemon("apache2", "apache2", "apache2-bin", 8081, "Apache", daemon_settings.apache, "http"),
    Daemon("lighttpd", "lighttpd", "lighttpd", 8082, "lighttpd", daemon_settings.lighttpd, "http"),
    Daemon("http.server", "python3", "", 8000, "SimpleHTTP", daemon_settings.python_http, "http"),
    Daemon("squid", "squid", "squid", 3128, "Squid", daemon_settings.squid, "http-proxy"),
    Daemon("tinyproxy", "tinyproxy", "tinyproxy", 8888, "inyproxy", daemon_settings.tinyproxy, "http-proxy"),
    Daemon("cups", "cupsd", "cups-daemon", 631, "CUPS", daemon_settings.cupsd, "http"),
    Daemon("icecast2", "icecast2", "icecast2", 8001, "Icecast", daemon_settings.icecast, "http"),
    Daemon("redis", "redis-server", "redis-server", 6379, "Redis", daemon_settings.redis, "redis"),
    Daemon("stunnel before redis", "stunnel4", "redis-server", 6380, "Redis", daemon_settings.stunnel, "redis", tls=True),
    Daemon("memcached", "memcached", "memcached", 11211, "emcached", daemon_settings.memcached, "memcached"),
    Daemon("mariadb", "mariadbd", "mariadb-server", 3306, "MariaDB", daemon_settings.mariadb, "mysql"),
    Daemon(
        "postgresql", "psql", "postgresql-15", 5432, "PostgreSQL", daemon_settings.postgres, "postgresql", tells_version=False
    ),
    Daemon("mosquitto", "mosquitto", "mosquitto", 1883, "osquitto", daemon_settings.mosquitto, "mqtt"),
    Daemon("rabbitmq", "rabbitmq-server", "rabbitmq-server", 5672, "RabbitMQ", daemon_settings.rabbitmq, "amqp"),
    Daemon("beanstalkd", "beanstalkd", "beanstalkd", 11300, "beanstalk", daemon_settings.beanstalkd, "beanstalkd"),
    Daemon("rsync", "rsync", "rsync", 873, "", daemon_settings.rsyncd, "rsync", tells_version=False),
    Daemon("svnserve", "svnserve", "subversion", 3690, "ubversion", daemon_settings.svnserve, "svn", tells_version=False),
    Daemon("git", "git", "git", 9418, "", daemon_settings.git_daemon, "git", tells_version=False),
    Daemon("ngircd", "ngircd", "ngircd", 6667, "ngircd", daemon_settings.ngircd, "irc", tells_version=False),
    Daemon(
        "prosody", "prosody", "prosody", 5222, "", daemon_settings.prosody, "xmpp-client", tells_version=False, movable=False
    ),
    Daemon("slapd", "slapd", "slapd", 389, "OpenLDAP", daemon_settings.slapd, "ldap", tells_version=False),
    Daemon("samba", "smbd", "samba", 445, "Samba", daemon_settings.smbd, "microsoft-ds", tells_version=False),
    Daemon("tigervnc", "Xtigervnc", "tigervnc-standalone-server", 5900, "", daemon_settings.xvnc, "vnc", tells_version=False),
    Daemon("xrdp", "xrdp", "xrdp", 3389, "xrdp", daemon_settings.xrdp, "ms-wbt-server", tells_version=False),
    Daemon("tor", "tor", "tor", 9050, "Tor", daemon_settings.tor, "tor-socks", tells_version=False),
    Daemon("rpcbind", "rpcbind", "rpcbind", 111, "", daemon_settings.rpcbind, "rpcbind", tells_version=False, movable=False),
    Daemon("bind9", "named", "bind9", 53, "BIND", daemon_settings.named, "domain"),
    Daemon("unbound", "unbound", "unbound", 5353, "nbound", daemon_settings.unbound, "domain"),
    Daemon("dnsmasq", "dnsmasq", "dnsmasq", 5354, "dnsmasq", daemon_settings.dnsmasq, "domain"),
    Daemon("snmpd", "snmpd", "snmpd", 161, "net-snmp", daemon_settings.snmpd, "snmp", "udp", tells_version=False),
    Daemon("chrony", "chronyd", "chrony", 123, "", daemon_settings.chronyd, "ntp", "udp", tells_version=False, movable=False),
    Daemon(
        "nmbd", "nmbd", "samba", 137, "Samba", daemon_settings.nmbd, "netbios-ns", "udp", tells_version=False, movable=False
    ),
)
FURTHER = (
    # More ports of daemons above.
    Daemon("bind9 over UDP", "named", "bind9", 53, "BIND", lambda _host, _port: None, "domain", "udp"),
    Daemon("rpcbind over UDP", "rpcbind", "rpcbind", 111, "", lambda _h, _p: None, "rpcbind", "udp", tells_version=False),
    Daemon("nginx with TLS", "nginx", "nginx", 443, "nginx", lambda _host, _port: None, "http", tls=True),
    Daemon("nginx with TLS, odd port", "nginx", "nginx", 4433, "nginx", lambda _host, _port: None, "http", tls=True),
    Daemon("dovecot pop3", "dovecot", "dovecot-pop3d", 110, "Dovecot", lambda _h, _p: None, "pop3", tells_version=False),
    Daemon(
        "dovecot imaps", "dovecot", "dovecot-imapd", 993, "Dovecot", lambda _h, _p: None, "imap", tls=True, tells_version=False
    ),
    Daemon(
        "dovecot pop3s", "dovecot", "dovecot-pop3d", 995, "Dovecot", lambda _h, _p: None, "pop3", tls=True, tells_version=False
    ),
    Daemon("X11 of tigervnc", "Xtigervnc", "", 6007, "X.Org", lambda _host, _port: None, "X11", tells_version=False),
)


@dataclass
class Site:
    lab: Lab
    scanner: Host
    target: Host
    daemons: list[Daemon] = field(default_factory=list)
    processes: dict[str, Process] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def build(lab: Lab, wanted: Sequence[str] = (), shift: int = 0) -> Site:
    """Both hosts, and the daemons that are installed; *wanted* are their names, none means all. With a *shift* each whose port
    can be chosen stands so much higher, where its number says nothing of it; the others are left out."""
    scanner, target = (lab.add_host(name, [f"{ip}/24"]) for name, ip in (("scanner", SCANNER), ("target", TARGET)))
    lab.link(scanner, target)
    target.run(["mount", "-t", "tmpfs", "none", "/dev/shm"])  # some leave segments behind
    site = Site(lab, scanner, target)
    for usual in DAEMONS:
        daemon = replace(usual, port=usual.port + shift)
        if (wanted and daemon.name not in wanted) or find_program(daemon.program) is None:
            continue
        if shift and not daemon.movable:
            continue
        try:
            _start(site, daemon)
        except (LabError, subprocess.TimeoutExpired) as error:
            site.notes.append(f"{daemon.name}: {str(error)[:300]}")
    for more in FURTHER:
        if not shift and any(daemon.program == more.program for daemon in site.daemons) and _bound(target, more):
            site.daemons.append(more)
    return site


def _start(site: Site, daemon: Daemon) -> None:
    argv = daemon.start(site.target, daemon.port)
    if argv is not None:
        log = site.target.write(f"{daemon.program}.log", "", 0o666)
        quoted = " ".join(f"'{word}'" for word in argv)
        command = ["sh", "-c", f"exec {quoted} > {log} 2>&1"]
        site.processes[daemon.name] = site.target.popen(command, env={"LC_ALL": "C.UTF-8"}, cwd="/")
    deadline = time.monotonic() + _BOUND_TIMEOUT_S
    while not _bound(site.target, daemon):
        process = site.processes[daemon.name]
        if process.poll() is not None or time.monotonic() > deadline:
            said = site.target.run(["tail", "-n", "5", str(log)]).stdout
            raise LabError(f"did not open its port: {said}")
        time.sleep(0.05)
    site.daemons.append(daemon)


def _bound(host: Host, daemon: Daemon) -> bool:
    """By /proc/net/tcp: a head, then lines whose second word is ADDRESS:PORT in hex and whose fourth is the state."""
    for table in _TABLES[daemon.protocol]:
        for line in host.run(["cat", table]).stdout.splitlines()[1:]:
            words = line.split()
            if words[1].endswith(f":{daemon.port:04X}") and words[3] == _LISTENING[daemon.protocol]:
                return True
    return False
