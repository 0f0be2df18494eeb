"""What this machine and this process may do, found by trying, and the one command that would allow more.

Being root proves nothing (containers drop capabilities) and not being root neither (a program can be given one), so the
sockets themselves are opened. See capabilities(7), packet(7), raw(7), user_namespaces(7).
"""

from __future__ import annotations

import os
import platform
import shlex
import shutil
import socket
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from hatoba.errors import NotPermitted
from hatoba.messages import _
from hatoba.model import Protocol
from hatoba.probes import METHODS
from hatoba.wire.connect_errors import IP_RECVERR
from hatoba.wire.descriptors import descriptor_limits
from hatoba.wire.packet_ring import let_go

CAP_NET_ADMIN, CAP_NET_RAW = 12, 13
_NAMESPACE_SWITCHES = {
    "user.max_user_namespaces": "0",
    "kernel.unprivileged_userns_clone": "0",  # Debian's kernel
    "kernel.apparmor_restrict_unprivileged_userns": "1",  # Ubuntu's, since 23.10
}
"""Settings of the kernel that forbid user namespaces, with the value that does."""

_TRY_NAMESPACES = """
import ctypes, os, socket
libc = ctypes.CDLL(None, use_errno=True)
if libc.unshare({flags}):
    raise SystemExit(os.strerror(ctypes.get_errno()))
socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0).close()
"""
_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What was found."""

    python: str
    kernel: str
    user_id: int
    net_raw: bool
    """CAP_NET_RAW is in effect."""
    net_raw_in_reach: bool
    """CAP_NET_RAW is in this process's bounding set: some command can put it in effect."""
    net_admin: bool
    packet_socket: bool
    """An AF_PACKET socket can be opened."""
    raw_ipv4: bool
    raw_ipv6: bool
    ipv6: bool
    """The kernel has IPv6."""
    error_queue: bool
    """The kernel tells which ICMP error refused a connection."""
    open_files_soft: int
    open_files_hard: int
    user_namespaces: bool | None = None
    """A user namespace with a network of its own can be made; None where that was not tried."""
    namespace_obstacle: str | None = None
    """What forbids that: a setting with its value, or the kernel's words."""
    remedy: str | None = None
    """The one command that allows what is not allowed, but for what hatoba is to do, which is to be written after it; None
    where nothing is missing or no command helps."""

    @property
    def methods(self) -> dict[str, bool]:
        """Scan methods, and whether they work here."""
        raw = self.packet_socket and self.raw_ipv4
        return {"connect": True, **dict.fromkeys(METHODS, raw)}


def probe_capabilities(with_namespaces: bool = False) -> Capabilities:
    """Try everything. *with_namespaces* starts a program to try those too, which takes some 50 ms."""
    in_effect, in_bounding = _capability_sets()
    soft, hard = descriptor_limits()
    packet_socket = sys.platform == "linux" and _opens(lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0))
    raw_ipv4 = _opens(lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW))
    namespaces, obstacle = _try_namespaces() if with_namespaces else (None, None)
    net_raw, in_reach = (bool(bits >> CAP_NET_RAW & 1) for bits in (in_effect, in_bounding))
    remedy = None
    if not ((packet_socket and raw_ipv4) or net_raw):
        remedy = raw_remedy(os.getuid(), os.getgid(), os.environ.get("HOME", "/"), in_reach)
    return Capabilities(
        python=platform.python_version(),
        kernel=f"{platform.system()} {platform.release()}",
        user_id=os.getuid(),
        net_raw=net_raw,
        net_raw_in_reach=in_reach,
        net_admin=bool(in_effect >> CAP_NET_ADMIN & 1),
        packet_socket=packet_socket,
        raw_ipv4=raw_ipv4,
        raw_ipv6=_opens(lambda: socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_RAW)),
        ipv6=_opens(lambda: socket.socket(socket.AF_INET6, socket.SOCK_STREAM)),
        error_queue=_has_error_queue(),
        open_files_soft=soft,
        open_files_hard=hard,
        user_namespaces=namespaces,
        namespace_obstacle=obstacle,
        remedy=remedy,
    )


def default_method(capabilities: Capabilities | None = None) -> str:
    """``syn`` where it works, else ``connect``. None: find out now."""
    return "syn" if (capabilities or probe_capabilities()).methods["syn"] else "connect"


def require_raw(method: str = "syn", capabilities: Capabilities | None = None) -> None:
    """Raise NotPermitted if *method*, which sends packets of its own, does not work here. None: find out now."""
    found = capabilities or probe_capabilities()
    if METHODS[method].protocol != Protocol.TCP:
        # connect() asks TCP ports only.
        require_packets(f"--{method}", found)
    if found.packet_socket and found.raw_ipv4:
        return
    if found.remedy is None:
        raise NotPermitted(
            _("the method {method} must send packets of its own, which this machine does not allow; ask by --connect.").format(
                method=method
            )
        )
    raise NotPermitted(
        _(
            "the method {method} must send packets of its own, which needs CAP_NET_RAW; "
            "ask by --connect (-sT) instead, or allow it for one run: {command}"
        ).format(method=method, command=f"{found.remedy} scan --{method} ...")
    )


def require_packets(option: str, capabilities: Capabilities | None = None) -> None:
    """Raise NotPermitted if this process may not send packets of its own, as *option* must, which is no scan method."""
    found = capabilities or probe_capabilities()
    if found.packet_socket and found.raw_ipv4:
        return
    if found.remedy is None:
        raise NotPermitted(
            _("{option} must send packets of its own, which this machine does not allow: leave it out").format(option=option)
        )
    raise NotPermitted(
        _(
            "{option} must send packets of its own, which needs CAP_NET_RAW: leave it out, or allow it for one run: {command}"
        ).format(option=option, command=f"{found.remedy} scan {option} ...")
    )


def raw_remedy(
    user_id: int, group_id: int, home: str, in_reach: bool, which: Callable[[str], str | None] = shutil.which
) -> str | None:
    """The command that gives hatoba CAP_NET_RAW, but for what hatoba is to do, which is to be written after it.

    It lends one run one capability and keeps the user, so that no file comes to belong to root. (A capability on the Python
    interpreter's file would be every script's and every user's.) In a container that lacks the capability altogether only the
    one who starts the container can help; root who lacks it though it is in reach was denied it, and no command helps.
    """
    if not in_reach:
        return "docker run --cap-add=NET_RAW IMAGE hatoba"
    if user_id == 0:
        return None
    run = own_command()
    if which("setpriv"):
        lent = ["--init-groups", "--inh-caps=+net_raw", "--ambient-caps=+net_raw"]
        run = ["setpriv", f"--reuid={user_id}", f"--regid={group_id}", *lent, "env", f"HOME={home}", *run]
    become_root = next(([name] for name in ("sudo", "doas") if which(name)), ["su", "-c", '"$0" "$@"', "--", "root"])
    return shlex.join([*become_root, *run])


def own_command(arguments: list[str] | None = None) -> list[str]:
    """How this very program is called, by its full path: ``sudo`` has a path of its own."""
    called = (sys.argv if arguments is None else arguments)[0]
    found = shutil.which(called) if Path(called).name == "hatoba" else None
    return [str(Path(found).absolute())] if found else [sys.executable, "-m", "hatoba"]


def namespace_obstacle(settings: Mapping[str, str]) -> str | None:
    """Which of the kernel's *settings* forbids user namespaces, as ``name=value``; None if none does."""
    for name, value in _NAMESPACE_SWITCHES.items():
        if settings.get(name) == value:
            return f"{name}={value}"
    return None


def _capability_sets() -> tuple[int, int]:
    """The effective and the bounding set as bits."""
    sets = {"CapEff": 0, "CapBnd": 0}
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return 0, 1 << CAP_NET_RAW  # not Linux: whether root may is found by trying
    for line in lines:
        name, _colon, value = line.partition(":")
        if name in sets:
            sets[name] = int(value, 16)
    return sets["CapEff"], sets["CapBnd"]


def _opens(opener: Callable[[], socket.socket]) -> bool:
    try:
        opened = opener()
    except OSError:
        return False
    let_go(opened.close)
    return True


def _has_error_queue() -> bool:
    if sys.platform != "linux":
        return False
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as trial:
            trial.setsockopt(socket.IPPROTO_IP, IP_RECVERR, 1)
    except OSError:
        return False
    return True


def _try_namespaces() -> tuple[bool, str | None]:
    if sys.platform != "linux":
        return False, _("this is not Linux")
    import subprocess  # nothing else here starts a program

    program = _TRY_NAMESPACES.format(flags=_CLONE_NEWUSER | _CLONE_NEWNET)
    trial = subprocess.run([sys.executable, "-I", "-S", "-c", program], capture_output=True, text=True, check=False)
    if trial.returncode == 0:
        return True, None
    settings = {}
    for name in _NAMESPACE_SWITCHES:
        try:
            settings[name] = Path("/proc/sys", *name.split(".")).read_text().strip()
        except OSError:  # another kernel's setting
            continue
    last_line = (trial.stderr.strip().splitlines() or [str(trial.returncode)])[-1]
    return False, namespace_obstacle(settings) or last_line
