"""A host with real daemons on UDP ports, each as its distribution ships it, and the kernel's limit of ICMP errors in force.

A UDP port shows itself open only where the question is one that its program answers, and closed only as fast as the host
sends ICMP errors. Both are so here: what is asked in vain stays silent, and port unreachable comes once a second after a
burst of six (icmp(7), ``icmp_ratelimit``).
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from hatoba.errors import LabError
from hatoba.lab.host import Host
from hatoba.lab.laboratory import Lab
from hatoba.lab.process import Process
from hatoba.lab.programs import find_program
from hatoba.lab.sandbox import kernel_has_ipv6
from hatoba.messages import _

ADDRESSES = {4: ("198.18.0.1", "198.18.0.2"), 6: ("fd00:18::1", "fd00:18::2")}
"""By IP version: the scanner's address and the target's."""

_LIMITS = {
    # The kernel's defaults, whatever the machine's own are: types 3, 4, 11 and 12, one a second to one peer.
    "net.ipv4.icmp_ratelimit": 1000,
    "net.ipv4.icmp_ratemask": 6168,
    "net.ipv6.icmp.ratelimit": 1000,
}
_NO_LIMITS = {"net.ipv4.icmp_ratelimit": 0, "net.ipv6.icmp.ratelimit": 0}
_TABLES = {4: "/proc/net/udp", 6: "/proc/net/udp6"}
_BOUND_TIMEOUT_S = 60.0

_NAMED = """\
options {{
  directory "{folder}"; pid-file none; session-keyfile none; managed-keys-directory "{folder}";
  listen-on {{ any; }}; listen-on-v6 {{ any; }}; recursion no; dnssec-validation no;
}};
controls {{ }};
"""
_CHRONY = """\
local stratum 10
allow
cmdport 0
bindcmdaddress /
pidfile {folder}/chronyd.pid
"""
_SNMP = "agentaddress {addresses}\nrocommunity public\nrocommunity6 public\nsysLocation hatoba-lab\n"
_AVAHI = """\
[server]
host-name=target
enable-dbus=no
use-ipv4=yes
use-ipv6=yes
[publish]
publish-workstation=yes
publish-hinfo=yes
"""
_SIP = """\
<?xml version="1.0" encoding="UTF-8"?>
<scenario name="answers OPTIONS">
  <recv request="OPTIONS" crlf="true"/>
  <send><![CDATA[
SIP/2.0 200 OK
[last_Via:]
[last_From:]
[last_To:];tag=[call_number]
[last_Call-ID:]
[last_CSeq:]
Allow: OPTIONS
Content-Length: 0

]]></send>
</scenario>
"""


@dataclass(frozen=True, slots=True)
class UdpServices:
    """The target and the host to scan it from, joined by one veth pair. ``programs``: what answers, by UDP port; ``notes``:
    sentences about what could not be had."""

    lab: Lab
    scanner: Host
    target: Host
    programs: dict[int, str]
    notes: tuple[str, ...] = ()

    @property
    def ports(self) -> tuple[int, ...]:
        """The open ports, in order."""
        return tuple(sorted(self.programs))

    def address(self, version: int = 4) -> str:
        """The target's address."""
        return self.target.address(version)


def udp_services(lab: Lab, *, icmp_limit: bool = True) -> UdpServices:
    """Build both hosts in *lab* and start the daemons of :data:`DAEMONS` that are installed. Raise :class:`LabError`."""
    versions = (4, 6) if kernel_has_ipv6() else (4,)
    prefixes = {4: 24, 6: 64}
    scanner, target = (
        lab.add_host(
            name,
            [f"{ADDRESSES[version][side]}/{prefixes[version]}" for version in versions],
            sysctls={key: value for key, value in (_LIMITS if icmp_limit else _NO_LIMITS).items() if _known(key)},
        )
        for side, name in enumerate(("scanner", "target"))
    )
    lab.link(scanner, target)
    programs: dict[int, str] = {}
    notes: list[str] = []
    for port in DAEMONS:
        try:
            programs[port] = _start(target, port)
        except LabError as error:
            notes.append(str(error))
    return UdpServices(lab, scanner, target, programs, tuple(notes))


def _start(host: Host, port: int) -> str:
    """Start the first installed of the programs that may answer on *port*, and return its name. Raise :class:`LabError`."""
    candidates = DAEMONS[port]
    program = next(filter(find_program, candidates), None)
    if program is None:
        raise LabError(
            _("Nothing answers on UDP port {port}; install one of these programs: {programs}.").format(
                port=port, programs=", ".join(candidates)
            )
        )
    try:
        candidates[program](host)
    except LabError as error:
        raise LabError(
            _("Nothing answers on UDP port {port}: {program} did not start ({why}).").format(
                port=port, program=program, why=str(error).rstrip(".")
            )
        ) from error
    return program


def _known(sysctl: str) -> bool:
    return kernel_has_ipv6() or not sysctl.startswith("net.ipv6.")


def _named(host: Host) -> None:
    folder = host.write("named/about", "named of the lab\n").parent
    settings = host.write("named/named.conf", _NAMED.format(folder=folder))
    host.serve(["named", "-g", "-c", str(settings)], ready=r" running$")


def _dnsmasq(host: Host) -> None:
    options = ["--no-daemon", "--conf-file=/dev/null", "--no-resolv", "--port=53", "--log-facility=-", "--pid-file="]
    host.serve(["dnsmasq", *options], ready=r"started, version")


def _tftpd(host: Host) -> None:
    folder = host.write("tftp/readme.txt", "A file of the hatoba lab.\n").parent
    _start_silent(host, ["in.tftpd", "--foreground", "--secure", "--user", "root", str(folder)], 69, tuple(_TABLES))


def _rpcbind(host: Host) -> None:
    host.serve(["rpcbind", "-f", "-d"], ready=r"debugging enabled")


def _chronyd(host: Host) -> None:
    """``-x``: it serves the machine's time and leaves its clock alone."""
    folder = host.write("chrony/about", "chronyd of the lab\n").parent
    settings = host.write("chrony/chrony.conf", _CHRONY.format(folder=folder))
    host.serve(["chronyd", "-d", "-x", "-u", "root", "-f", str(settings)], ready=r"Disabled control of system clock")
    _wait_until_bound(host, 123, tuple(_TABLES))


def _snmpd(host: Host) -> None:
    addresses = "udp:161,udp6:161" if kernel_has_ipv6() else "udp:161"
    settings = host.write("snmp/snmpd.conf", _SNMP.format(addresses=addresses))
    host.serve(
        ["snmpd", "-f", "-Lo", "-C", "-c", str(settings), "-p", str(settings.parent / "snmpd.pid")],
        ready=r"^NET-SNMP version",
        env={"SNMP_PERSISTENT_DIR": str(settings.parent), "MIBS": ""},
    )


def _sipp(host: Host) -> None:
    """One for each family: it serves one address."""
    scenario = host.write("sip/options.xml", _SIP)
    for interface in host.addresses:
        address = f"[{interface.ip}]" if interface.version == 6 else str(interface.ip)
        argv = ["sipp", "-sf", str(scenario), "-i", address, "-p", "5060", "-nostdin"]
        _start_silent(host, argv, 5060, (interface.version,))


def _avahi(host: Host) -> None:
    settings = host.write("avahi/avahi-daemon.conf", _AVAHI)
    options = ["--no-drop-root", "--no-chroot", "--no-rlimits", "--no-proc-title"]
    host.serve(["avahi-daemon", "--file", str(settings), *options], ready=r"^Server startup complete")


def _memcached(host: Host) -> None:
    everywhere = "0.0.0.0,::" if kernel_has_ipv6() else "0.0.0.0"
    host.serve(["memcached", "-u", "root", "-U", "11211", "-l", everywhere, "-v", "-v"], ready=r"server listening \(udp\)")
    _wait_until_bound(host, 11211, tuple(_TABLES))  # it says so after the first of two


DAEMONS: dict[int, dict[str, Callable[[Host], None]]] = {
    53: {"named": _named, "dnsmasq": _dnsmasq},
    69: {"in.tftpd": _tftpd},
    111: {"rpcbind": _rpcbind},
    123: {"chronyd": _chronyd},
    161: {"snmpd": _snmpd},
    5060: {"sipp": _sipp},
    5353: {"avahi-daemon": _avahi},
    11211: {"memcached": _memcached},
}
"""By UDP port: programs that may answer there, the first that is installed does, and how each is started."""


def _start_silent(host: Host, argv: Sequence[str], port: int, versions: Sequence[int]) -> None:
    """Start a daemon that says nothing, and wait until its port is open."""
    quiet = subprocess.DEVNULL
    process = host.popen(argv, stdout=quiet, stderr=quiet, env={"TERM": "dumb"})
    try:
        _wait_until_bound(host, port, versions, process)
    except BaseException:
        process.kill()
        raise


def _wait_until_bound(host: Host, port: int, versions: Sequence[int], process: Process | None = None) -> None:
    """Wait until *host* has sockets of these IP versions on the UDP port: from then on no datagram is lost."""
    deadline = time.monotonic() + _BOUND_TIMEOUT_S
    wanted = [version for version in versions if version == 4 or kernel_has_ipv6()]
    while not all(_is_bound(host, port, version) for version in wanted):
        if process is not None and process.poll() is not None:
            raise LabError(_("{program} ended with status {status}.").format(program=process.argv[0], status=process.poll()))
        if time.monotonic() > deadline:
            raise LabError(_("UDP port {port} of the host {name} stayed closed.").format(port=port, name=host.name))
        time.sleep(0.01)


def _is_bound(host: Host, port: int, version: int) -> bool:
    """Whether a socket has the port, by /proc/net/udp: a head, then lines whose second word is ADDRESS:PORT in hex."""
    lines = host.run(["cat", _TABLES[version]]).stdout.splitlines()[1:]
    return any(line.split()[1].endswith(f":{port:04X}") for line in lines)
