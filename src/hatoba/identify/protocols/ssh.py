"""SSH: the server names itself first, in a line that begins with ``SSH-``; others may come before it (RFC 4253 section 4.2).

::

    SSH-protoversion-softwareversion SP comments CR LF
"""

from __future__ import annotations

import re
from dataclasses import replace

from hatoba.identify.protocols.product import named, product, system_of
from hatoba.identify.protocols.protocol import Answers, ServiceProtocol
from hatoba.identify.protocols.text import text
from hatoba.service import Facts

_LINE = re.compile(rb"(?:^|\n)(SSH-(\d{1,2}\.\d{1,3})-([^ \r\n]+)(?: ([^\r\n]*))?)")

PRODUCTS = (
    product(
        rb"^OpenSSH_for_Windows_(?P<version>\d[\d.]*)(?P<update>p\d+)?",
        "OpenSSH for Windows",
        ("openbsd", "openssh"),
        "Windows",
    ),
    product(rb"^OpenSSH_(?P<version>\d[\d.]*)(?P<update>p\d+)?", "OpenSSH", ("openbsd", "openssh")),
    product(rb"^dropbear_(?P<version>\d[\d.]*)", "Dropbear sshd", ("dropbear_ssh_project", "dropbear_ssh")),
    product(rb"^dropbear$", "Dropbear sshd", ("dropbear_ssh_project", "dropbear_ssh")),
    product(rb"^libssh[-_](?P<version>\d[\d.]*)", "libssh", ("libssh", "libssh")),
    product(rb"^mod_sftp(?:/(?P<version>\d[\w.]*))?", "ProFTPD mod_sftp", ("proftpd", "proftpd")),
    product(rb"^Cisco-(?P<version>\d[\d.]*)", "Cisco SSH", None, "Cisco IOS", "router"),
    product(rb"^ROSSSH", "MikroTik RouterOS sshd", None, "RouterOS", "router"),
    product(rb"^paramiko_(?P<version>\d[\d.]*)", "Paramiko", ("paramiko", "paramiko")),
    product(rb"^AsyncSSH_(?P<version>\d[\d.]*)", "AsyncSSH", ("asyncssh_project", "asyncssh")),
    product(rb"^Go$", "Go x/crypto SSH"),
    product(rb"^Erlang/(?P<version>\d[\d.]*)", "Erlang SSH"),
)
_SYSTEM = re.compile(rb"^(FreeBSD|NetBSD|OpenBSD)\b")


def read(answers: Answers) -> Facts | None:
    found = _LINE.search(answers[0])
    if found is None:
        return None
    line, spoken, software, comment = found.groups()
    facts = named(Facts("ssh", evidence=line), software, PRODUCTS)
    system = _SYSTEM.match(comment or b"")
    # Debian writes "Debian-2+deb12u10" where others have free text.
    remark = re.sub(r"^(Debian|Ubuntu|Raspbian|FreeBSD|NetBSD)-", r"\1 ", text(comment or b""))
    notes = "; ".join(part for part in (remark, f"protocol {spoken.decode()}") if part)
    os = facts.os or (text(system[1]) if system else system_of(comment or b""))
    return replace(facts, extra=notes, os=os)


PROTOCOL = ServiceProtocol("ssh", read, ports=(22, 2222), greets=True)
