"""Whether this machine lets a lab be made, and if not, why and what would allow it: one sentence."""

from __future__ import annotations

import errno
from collections.abc import Mapping
from pathlib import Path

from hatoba.messages import _, system_words

SWITCHES = {
    "kernel.unprivileged_userns_clone": "0",
    "kernel.apparmor_restrict_unprivileged_userns": "1",
    "user.max_user_namespaces": "0",
}
"""Settings that forbid user namespaces, with the value that does."""

_REMEDY = {
    "kernel.unprivileged_userns_clone": "1",
    "kernel.apparmor_restrict_unprivileged_userns": "0",
    "user.max_user_namespaces": "10000",
}


def read_switches() -> dict[str, str]:
    """Those of :data:`SWITCHES` that this kernel has, with their values."""
    values = {}
    for name in SWITCHES:
        path = Path("/proc/sys", *name.split("."))
        try:
            values[name] = path.read_text().strip()
        except OSError:  # another kernel's setting
            continue
    return values


def why_refused(step: str, code: int, switches: Mapping[str, str], is_root: bool) -> str:
    """Why a lab can't be made. *step* is what was refused (``user``, ``map``, ``network``, ``mount``, ``netlink``, ``pidfd``,
    ``platform``), *code* its errno, *switches* the values of :data:`SWITCHES`."""
    reason = system_words(code)
    if step == "platform":
        return _("A lab needs Linux: its hosts are network namespaces.")
    if step == "pidfd":
        return _("A lab needs Linux 5.3 or later ({reason}).").format(reason=reason)
    blocking = next((name for name, value in SWITCHES.items() if switches.get(name) == value), None)
    if not is_root and blocking is not None:
        return _("{name} keeps ordinary users from making a lab; allow it with: sudo sysctl -w {name}={value}").format(
            name=blocking, value=_REMEDY[blocking]
        )
    if code == errno.ENOSPC:
        return _("The limit of namespaces is reached; raise it with: sudo sysctl -w user.max_user_namespaces=10000")
    if step in ("user", "map") and is_root:
        return _(
            "This looks like a container that may not make namespaces ({reason}); start it with the capabilities SYS_ADMIN and "
            "NET_ADMIN, for example: docker run --privileged"
        ).format(reason=reason)
    if step in ("user", "map"):
        return _("This machine does not let an ordinary user make namespaces ({reason}); run the command with sudo.").format(
            reason=reason
        )
    if step in ("network", "mount"):
        return _(
            "The kernel refuses the namespaces of a lab ({reason}); run the command with sudo, outside a container."
        ).format(reason=reason)
    return _("The lab's network can't be made ({reason}); the kernel may lack the modules veth and bridge.").format(
        reason=reason
    )
