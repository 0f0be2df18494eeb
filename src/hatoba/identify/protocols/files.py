"""Servers of files and sources: rsync, Subversion, git."""

from __future__ import annotations

import re

from hatoba.identify.protocols.protocol import Answers, Question, ServiceProtocol
from hatoba.identify.protocols.text import text
from hatoba.registry.cpe import cpe23
from hatoba.service import Facts


def read_rsync(answers: Answers) -> Facts | None:
    """``@RSYNCD: 31.0 sha512 ...``: protocol version and digests (clientserver.c of rsync). Not the program's version."""
    found = re.match(rb"@RSYNCD: (\d{1,3})(?:\.(\d{1,3}))?((?: [\w-]+)*)\r?\n", answers[0])
    if found is None:
        return None
    digests = (("digests", text(found[3])),) if found[3] else ()
    names = (cpe23("a", "samba", "rsync"),)
    spoken = f"protocol version {int(found[1])}"
    return Facts("rsync", "rsync", "", spoken, cpe23=names, confidence=10, evidence=found[0].strip(), details=digests)


def read_svn(answers: Answers) -> Facts | None:
    """``( success ( minver maxver mechs ( capability ... ) ) )`` (subversion/libsvn_ra_svn/protocol)."""
    found = re.match(rb"\( success \( (\d+) (\d+) \( ([^()]*)\) \( ([^()]*)\) \) \) ", answers[0])
    if found is None:
        return None
    spoken = f"protocol {int(found[1])} to {int(found[2])}"
    offers = (("capabilities", text(found[4], 400)),)
    return Facts(
        "svn",
        "Subversion",
        extra=spoken,
        cpe23=(cpe23("a", "apache", "subversion"),),
        confidence=10,
        evidence=found[0],
        details=offers,
    )


def read_git(answers: Answers) -> Facts | None:
    """A packet line (gitprotocol-common): the refusal of a repository that there is not, or references."""
    found = re.match(rb"([0-9a-f]{4})(?:ERR ([^\n]{1,300})|([0-9a-f]{40,64}) ([^\0\n]+)\0([^\n]*)|version [12])", answers[0])
    if found is None or int(found[1], 16) < 4:
        return None
    agent = re.search(rb"agent=git/(\d[\w.]*)", found[5] or b"")
    version = text(agent[1]) if agent else ""
    names = (cpe23("a", "git-scm", "git", version),)
    return Facts("git", "git daemon", version, cpe23=names, confidence=10, evidence=found[0])


def _git_request() -> bytes:
    asked = b"git-upload-pack /hatoba-asks-for-none\0host=hatoba.invalid\0"
    return b"%04x" % (len(asked) + 4) + asked


def _packet_line(heard: bytes) -> bool:
    return bool(re.match(rb"[0-9a-f]{4}", heard)) and len(heard) >= int(heard[:4], 16)


RSYNC = ServiceProtocol("rsync", read_rsync, ports=(873,), greets=True)
SVN = ServiceProtocol("svn", read_svn, ports=(3690,), greets=True)
GIT = ServiceProtocol("git", read_git, ports=(9418,), questions=(Question(_git_request(), _packet_line),), rarity=7)
PROTOCOLS = (RSYNC, SVN, GIT)
