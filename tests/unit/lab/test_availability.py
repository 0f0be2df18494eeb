"""Why no lab can be made: the sentence fits the cause and names what helps."""

from __future__ import annotations

import errno

import pytest

from hatoba.lab.availability import SWITCHES, read_switches, why_refused

CASES = [
    ("platform", 0, {}, False, "needs Linux: its hosts are network namespaces"),
    ("pidfd", errno.ENOSYS, {}, False, "Linux 5.3 or later (Function not implemented)"),
    ("user", errno.EPERM, {"kernel.unprivileged_userns_clone": "0"}, False, "sysctl -w kernel.unprivileged_userns_clone=1"),
    (
        "network",
        errno.EPERM,
        {"kernel.apparmor_restrict_unprivileged_userns": "1"},
        False,
        "sysctl -w kernel.apparmor_restrict_unprivileged_userns=0",
    ),
    ("user", errno.ENOSPC, {"user.max_user_namespaces": "0"}, False, "sysctl -w user.max_user_namespaces=10000"),
    ("network", errno.ENOSPC, {"user.max_user_namespaces": "500"}, True, "limit of namespaces"),
    ("user", errno.EPERM, {"kernel.unprivileged_userns_clone": "0"}, True, "docker run --privileged"),
    ("map", errno.EPERM, {}, True, "docker run --privileged"),
    ("user", errno.EPERM, {"kernel.unprivileged_userns_clone": "1"}, False, "run the command with sudo"),
    ("mount", errno.EACCES, {}, True, "refuses the namespaces of a lab (Permission denied)"),
    ("netlink", errno.EOPNOTSUPP, {}, True, "modules veth and bridge"),
]


@pytest.mark.parametrize(("step", "code", "switches", "is_root", "words"), CASES)
def test_sentence(step: str, code: int, switches: dict[str, str], is_root: bool, words: str) -> None:
    sentence = why_refused(step, code, switches, is_root)
    assert words in sentence
    assert "\n" not in sentence


def test_switches_of_this_kernel_are_known_ones() -> None:
    assert set(read_switches()) <= set(SWITCHES)
