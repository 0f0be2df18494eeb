"""The UDP questions, put to real daemons from another host of a lab: each must answer, and its answer repeat our cookie."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from hatoba.lab import Host
from tests import needs
from tests.net.conftest import MakeLab
from tests.net.lab_pair import pair
from tests.udp_asking import BY_NAME
from tests.unit.probes.udp_questions.answers import low

ASK = "tests.net.udp_calls:ask"
COOKIE = 0x89ABCDEF
FOLDER = "/run/hatoba-lab/second"
"""Where ``second.write`` puts files."""

OPTIONS_ANSWERED = """<?xml version="1.0" encoding="ISO-8859-1"?>
<scenario name="options"><recv request="OPTIONS"/><send><![CDATA[SIP/2.0 200 OK
[last_Via:]
[last_From:]
[last_To:];tag=1
[last_Call-ID:]
[last_CSeq:]
Content-Length: 0

]]></send></scenario>
"""
NAMED = f"""options {{
  directory "{FOLDER}"; pid-file none; session-keyfile none; listen-on-v6 {{ any; }}; recursion no;
}};
controls {{ }};
"""
L2TP = "[global]\nport = 1701\naccess control = no\n[lns default]\nip range = 198.18.1.1-198.18.1.9\nlocal ip = 198.18.1.10\n"
KERBEROS = "[libdefaults]\ndefault_realm = LAB.TEST\n[realms]\nLAB.TEST = {\nkdc = 198.18.0.2\n}\n"
KDC = f"[realms]\nLAB.TEST = {{\ndatabase_name = {FOLDER}/db\nkey_stash_file = {FOLDER}/stash\n}}\n"
CHARON = "charon {\n  filelog { words { path = /dev/stdout } }\n}\n"
AVAHI = "[server]\nenable-dbus=no\nhost-name=second\n[publish]\npublish-workstation=yes\n"
BOTH = (4, 6)


@dataclass(frozen=True)
class Daemon:
    """How to start one, what to ask it, and whether its answers repeat the cookie."""

    program: str
    arguments: str
    repeats: dict[str, bool | None]
    files: dict[str, str] = field(default_factory=dict)
    env: dict[str, str] = field(default_factory=dict)
    families: Sequence[int] = BOTH
    port: int = 0
    other_port: bool = False
    """Whether it answers from another port than the one that was asked."""
    groups: bool = False
    """Whether it changes its user and groups, which a lab made by an ordinary user does not allow."""
    needs: str = ""
    """What stands for the program where it lies in no folder of programs."""


DAEMONS = {
    "bind": Daemon("named", f"-g -c {FOLDER}/named.conf", {"dns": True, "dns-root": True}, {"named.conf": NAMED}),
    "dnsmasq": Daemon(
        "dnsmasq",
        "--no-daemon --no-resolv --no-hosts --conf-file=/dev/null --pid-file=",
        {"dns": True, "dns-root": True},
    ),
    "dnsmasq-tftp": Daemon(
        "dnsmasq",
        f"--no-daemon --port=0 --conf-file=/dev/null --pid-file= --enable-tftp --tftp-root={FOLDER}",
        {"tftp": True},
        {"motd": "hello\n"},
        other_port=True,
    ),
    "dnsmasq-dhcp": Daemon(
        "dnsmasq",
        "--no-daemon --port=0 --conf-file=/dev/null --pid-file= --dhcp-range=198.18.0.10,198.18.0.20 "
        "--dhcp-leasefile=/run/leases",
        {"dhcp": True},
        families=(4,),
    ),
    "tftpd": Daemon("in.tftpd", f"-L -u root -s {FOLDER}", {"tftp": None}, {"motd": "hello\n"}, other_port=True, groups=True),
    "chrony": Daemon(
        "chronyd",
        f"-d -x -u root -f {FOLDER}/chrony.conf",
        {"ntp": True},
        {"chrony.conf": "local stratum 10\nallow all\ncmdport 0\npidfile /run/chrony.pid\n"},
    ),
    "snmpd": Daemon(
        "snmpd",
        f"-f -Lo -C -c {FOLDER}/snmpd.conf udp:161,udp6:161",
        {"snmp-v3": True, "snmp-v2c": True, "snmp-v1": True},
        {"snmpd.conf": "rocommunity public\nrocommunity6 public\n"},
        {"SNMP_PERSISTENT_DIR": FOLDER},
    ),
    "memcached": Daemon("memcached", "-U 11211 -u root", {"memcached": True}),
    "avahi": Daemon(
        "avahi-daemon",
        f"--no-drop-root --no-rlimits --no-chroot -f {FOLDER}/avahi.conf",
        {"mdns": True},
        {"avahi.conf": AVAHI},
        groups=True,
    ),
    "sipp": Daemon(
        "sipp",
        f"-sf {FOLDER}/options.xml -i 198.18.0.2 -nostdin",
        {"sip": True},
        {"options.xml": OPTIONS_ANSWERED},
        {"TERM": "dumb"},
        families=(4,),
    ),
    "rpcbind": Daemon("rpcbind", "-f", {"portmap": True, "rpcbind": True}, groups=True),
    "coap": Daemon("coap-server-notls", "", {"coap": True, "coap-ping": True}),
    "dtls-openssl": Daemon("coap-server-openssl", "-k secret", {"dtls": True}, port=5684),
    "dtls-gnutls": Daemon("coap-server-gnutls", "-k secret", {"dtls": None}, port=5684),
    "l2tp": Daemon(
        "xl2tpd",
        f"-D -c {FOLDER}/xl2tpd.conf -p /run/xl2tpd.pid -C /run/xl2tpd.control",
        {"l2tp": True},
        {"xl2tpd.conf": L2TP},
        families=(4,),
    ),
    "strongswan": Daemon(
        "/usr/lib/ipsec/charon",
        "",
        {"ike": True, "ike-v1": True, "ike-nat": True, "ike-v1-nat": True},
        {"strongswan.conf": CHARON},
        {"STRONGSWAN_CONF": f"{FOLDER}/strongswan.conf"},
        needs="ipsec",
    ),
    "kerberos": Daemon(
        "krb5kdc",
        "-n -P /run/krb5kdc.pid",
        {"kerberos": True},
        {"krb5.conf": KERBEROS, "kdc.conf": KDC},
        {"KRB5_CONFIG": f"{FOLDER}/krb5.conf", "KRB5_KDC_PROFILE": f"{FOLDER}/kdc.conf"},
    ),
}


def answered(us: Host, daemon: Daemon, name: str, family: int) -> None:
    """Ask once in one family, and look at what came."""
    address = {4: "198.18.0.2", 6: "fd00:18::2"}[family]
    told = us.call(ASK, address, name, COOKIE, daemon.port)
    assert told is not None, f"{name} was not answered over IPv{family}"
    answer, question = bytes.fromhex(told["answer"]), BY_NAME[name]
    expected = daemon.repeats[name]
    assert question.repeats(answer, COOKIE) is expected, told["answer"]
    for other in (COOKIE ^ 1, COOKIE ^ 0x8000):
        assert low(other) != low(COOKIE)
        assert question.repeats(answer, other) is (False if expected else expected), told["answer"]
    assert (told["port"] != (daemon.port or question.ports[0])) is daemon.other_port, told["port"]


def ask_all(us: Host, them: Host, daemon: Daemon) -> None:
    with them.popen(
        [daemon.program, *daemon.arguments.split()],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=daemon.env,
    ):
        for family in daemon.families:
            for name in daemon.repeats:
                answered(us, daemon, name, family)


@pytest.mark.parametrize("name", DAEMONS)
def test_a_daemon_answers(make_lab: MakeLab, name: str) -> None:
    daemon = DAEMONS[name]
    needs.require_program(daemon.needs or daemon.program)
    us, them = pair(make_lab())
    if daemon.groups and them.run([sys.executable, "-c", "import os; os.setgroups([])"]).returncode:
        needs.lacking(f"{daemon.program} changes its groups, which only root may")
    for path, text in daemon.files.items():
        them.write(path, text)
    if name == "kerberos":
        done = them.run(["kdb5_util", "create", "-s", "-P", "lab", "-r", "LAB.TEST"], env=daemon.env)
        assert done.returncode == 0, done.stderr
    ask_all(us, them, daemon)


def test_openvpn_answers(make_lab: MakeLab, tmp_path: Path) -> None:
    needs.require_program("openvpn")
    needs.require_program("openssl")
    if not os.access("/dev/net/tun", os.R_OK | os.W_OK):
        needs.lacking("/dev/net/tun can't be opened by this user")
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    making = f"openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout {key} -out {certificate}"
    subprocess.run([*making.split(), "-days", "30", "-subj", "/CN=second"], check=True, capture_output=True)
    us, them = pair(make_lab())
    daemon = Daemon(
        "openvpn",
        f"--dev tun --topology subnet --server 198.18.50.0 255.255.255.0 --ca {certificate} --cert {certificate} --key {key} "
        "--dh none --port 1194 --proto udp6",
        {"openvpn": True},
    )
    ask_all(us, them, daemon)


def test_nobody_answers_where_nobody_listens(make_lab: MakeLab) -> None:
    """So that the answers above are the daemons'."""
    us, _them = pair(make_lab())
    assert us.call(ASK, "198.18.0.2", "dns", COOKIE, 0, 0.2) is None
