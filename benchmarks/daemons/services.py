"""Real daemons of the distribution's packages, each as it ships, on one host of a lab: what a scan for services is tried on.

A row says how a daemon is started, and the truth: which word its product must hold, and which version the package has. A daemon
whose program is missing is left out. Nothing of them leaves the lab, and their files are in its memory.
"""

from __future__ import annotations

import re
import shlex
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from benchmarks.daemons import settings
from benchmarks.daemons.daemon import Daemon, beside
from hatoba.lab import Host, Lab, LabError, Process

SCANNER, TARGET = "198.18.0.1", "198.18.0.2"
_BOUND_TIMEOUT_S = 60.0
_LAST_PORT = 65535
_TABLES = {"tcp": ("/proc/net/tcp", "/proc/net/tcp6"), "udp": ("/proc/net/udp", "/proc/net/udp6")}
_LISTENING = {"tcp": "0A", "udp": "07"}


DAEMONS = (
    Daemon("openssh", "sshd", "openssh-server", 22, "OpenSSH", settings.sshd, "ssh"),
    Daemon("dropbear", "dropbear", "dropbear-bin", 2022, "Dropbear", settings.dropbear, "ssh"),
    Daemon("vsftpd", "vsftpd", "vsftpd", 21, "vsftpd", settings.vsftpd, "ftp"),
    Daemon("exim4", "exim4", "exim4-daemon-light", 25, "Exim", settings.exim, "smtp"),
    Daemon(
        "dovecot",
        "dovecot",
        "dovecot-imapd",
        143,
        "Dovecot",
        settings.dovecot,
        "imap",
        tells_version=False,
        movable=False,
    ),
    Daemon("nginx", "nginx", "nginx", 80, "nginx", settings.nginx, "http"),
    Daemon("apache2", "apache2", "apache2-bin", 8081, "Apache", settings.apache, "http"),
    Daemon("lighttpd", "lighttpd", "lighttpd", 8082, "lighttpd", settings.lighttpd, "http"),
    Daemon("http.server", "python3", "", 8000, "SimpleHTTP", settings.python_http, "http"),
    Daemon("squid", "squid", "squid", 3128, "Squid", settings.squid, "http-proxy"),
    Daemon("tinyproxy", "tinyproxy", "tinyproxy", 8888, "inyproxy", settings.tinyproxy, "http-proxy"),
    Daemon("cups", "cupsd", "cups-daemon", 631, "CUPS", settings.cupsd, "ipp"),
    Daemon("icecast2", "icecast2", "icecast2", 8001, "Icecast", settings.icecast, "http"),
    Daemon("redis", "redis-server", "redis-server", 6379, "Redis", settings.redis, "redis"),
    Daemon("stunnel before redis", "stunnel4", "redis-server", 6380, "Redis", settings.stunnel, "redis", tls=True),
    Daemon("memcached", "memcached", "memcached", 11211, "emcached", settings.memcached, "memcached"),
    Daemon("mariadb", "mariadbd", "mariadb-server", 3306, "MariaDB", settings.mariadb, "mysql"),
    Daemon("postgresql", "psql", "postgresql-15", 5432, "PostgreSQL", settings.postgres, "postgresql", tells_version=False),
    Daemon("mosquitto", "mosquitto", "mosquitto", 1883, "osquitto", settings.mosquitto, "mqtt"),
    Daemon("rabbitmq", "rabbitmq-server", "rabbitmq-server", 5672, "RabbitMQ", settings.rabbitmq, "amqp"),
    Daemon("beanstalkd", "beanstalkd", "beanstalkd", 11300, "beanstalk", settings.beanstalkd, "beanstalkd"),
    Daemon("rsync", "rsync", "rsync", 873, "", settings.rsyncd, "rsync", tells_version=False),
    Daemon("svnserve", "svnserve", "subversion", 3690, "ubversion", settings.svnserve, "svn", tells_version=False),
    Daemon("git", "git", "git", 9418, "", settings.git_daemon, "git", tells_version=False),
    Daemon("ngircd", "ngircd", "ngircd", 6667, "ngircd", settings.ngircd, "irc", tells_version=False),
    Daemon("prosody", "prosody", "prosody", 5222, "", settings.prosody, "xmpp-client", tells_version=False, movable=False),
    Daemon("slapd", "slapd", "slapd", 389, "OpenLDAP", settings.slapd, "ldap", tells_version=False),
    Daemon("samba", "smbd", "samba", 445, "Samba", settings.smbd, "microsoft-ds", tells_version=False),
    Daemon("tigervnc", "Xtigervnc", "tigervnc-standalone-server", 5900, "", settings.xvnc, "vnc", tells_version=False),
    Daemon("xrdp", "xrdp", "xrdp", 3389, "xrdp", settings.xrdp, "ms-wbt-server", tells_version=False),
    Daemon("tor", "tor", "tor", 9050, "Tor", settings.tor, "tor-socks", tells_version=False),
    Daemon("rpcbind", "rpcbind", "rpcbind", 111, "", settings.rpcbind, "rpcbind", tells_version=False, movable=False),
    Daemon("bind9", "named", "bind9", 53, "BIND", settings.named, "domain"),
    Daemon("unbound", "unbound", "unbound", 5353, "nbound", settings.unbound, "domain"),
    Daemon("dnsmasq", "dnsmasq", "dnsmasq", 5354, "dnsmasq", settings.dnsmasq, "domain"),
    Daemon("snmpd", "snmpd", "snmpd", 161, "net-snmp", settings.snmpd, "snmp", "udp", tells_version=False),
    Daemon("chrony", "chronyd", "chrony", 123, "", settings.chronyd, "ntp", "udp", tells_version=False, movable=False),
    Daemon("nmbd", "nmbd", "samba", 137, "Samba", settings.nmbd, "netbios-ns", "udp", tells_version=False, movable=False),
)
FURTHER = (
    # More ports of daemons above.
    beside("bind9", "bind9 over UDP", 53, "domain", "BIND", protocol="udp", tells_version=True),
    beside("rpcbind", "rpcbind over UDP", 111, "rpcbind", protocol="udp"),
    beside("nginx", "nginx with TLS", 443, "http", "nginx", tls=True, tells_version=True),
    beside("nginx", "nginx with TLS, odd port", 4433, "http", "nginx", tls=True, tells_version=True),
    beside("dovecot", "dovecot pop3", 110, "pop3", "Dovecot", package="dovecot-pop3d"),
    beside("dovecot", "dovecot imaps", 993, "imap", "Dovecot", tls=True),
    beside("dovecot", "dovecot pop3s", 995, "pop3", "Dovecot", tls=True, package="dovecot-pop3d"),
    beside("tigervnc", "X11 of tigervnc", 6007, "X11", "X.Org"),
)


@dataclass
class Site:
    lab: Lab
    scanner: Host
    target: Host
    daemons: list[Daemon] = field(default_factory=list)
    processes: dict[str, Process] = field(default_factory=dict)
    logs: dict[str, Path] = field(default_factory=dict)
    """Where each writes what it has to say, on the target."""
    notes: list[str] = field(default_factory=list)


def build(lab: Lab, wanted: Sequence[str] = (), shift: int = 0, rows: Sequence[Daemon] = DAEMONS + FURTHER) -> Site:
    """Both hosts, and the daemons of *rows* that are installed; *wanted* are their names, none means all. With a *shift* each
    whose port can be chosen stands so much higher, where its number says nothing of it; the others are left out."""
    scanner, target = (lab.add_host(name, [f"{ip}/24"]) for name, ip in (("scanner", SCANNER), ("target", TARGET)))
    lab.link(scanner, target)
    target.run(["mount", "-t", "tmpfs", "none", "/dev/shm"])  # some leave segments behind
    site = Site(lab, scanner, target)
    begun: list[tuple[Daemon, Path]] = []
    for usual in rows:
        daemon = replace(usual, port=usual.port + shift)
        if usual.beside or (wanted and daemon.name not in wanted) or not daemon.installed():
            continue
        if shift and (not daemon.movable or daemon.port > _LAST_PORT):
            continue
        try:
            begun.append((daemon, _begin(site, daemon)))
        except (LabError, subprocess.TimeoutExpired) as error:
            site.notes.append(f"{daemon.name}: {str(error)[:300]}")
    for daemon, log in begun:
        try:
            _await(site, daemon, log)
        except LabError as error:
            site.notes.append(f"{daemon.name}: {str(error)[:300]}")
    for more in rows:
        if more.beside and not shift and more.beside in site.processes and _bound(target, more):
            site.daemons.append(more)
    return site


def _begin(site: Site, daemon: Daemon) -> Path:
    """Start it; where it writes what it has to say."""
    log = site.target.write(f"{re.sub(r'[^a-z0-9]', '-', daemon.name.lower())}.log", "", 0o666)
    quoted = shlex.join(daemon.start(site.target, daemon.port))
    site.processes[daemon.name] = site.target.popen(
        ["sh", "-c", f"exec {quoted} > {log} 2>&1"], env={"LC_ALL": "C.UTF-8"}, cwd="/"
    )
    site.logs[daemon.name] = log
    return log


def _await(site: Site, daemon: Daemon, log: Path) -> None:
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
