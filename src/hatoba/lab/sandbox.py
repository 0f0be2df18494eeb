"""The walls of a lab: user, PID, mount and network namespaces, and what is mounted inside them.

Nothing here leaves a trace on the machine: every mount lives in the lab's own mount namespace.
"""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from hatoba.lab import kernel
from hatoba.lab.netlink import Netlink

WORK_FOLDER = Path("/run/hatoba-lab")
"""Inside a lab: a folder in memory for its hosts' settings and data. It vanishes with the lab."""

_KEPT_IN_RUN = ("current-system", "wrappers", "media", "user")
"""Entries of the machine's /run that programs or a checkout may live in (NixOS, removable media)."""

_PER_HOST = kernel.CLONE_NEWNET | kernel.CLONE_NEWUTS | kernel.CLONE_NEWNS
_QUIET_SYSCTLS = {
    # Nothing that nobody asked for: no router solicitations, no generated addresses, no wait for duplicates.
    "net.ipv6.conf.all.disable_ipv6": "0",
    "net.ipv6.conf.default.disable_ipv6": "0",
    "net.ipv6.conf.lo.disable_ipv6": "0",
    "net.ipv6.conf.all.accept_dad": "0",
    "net.ipv6.conf.default.accept_dad": "0",
    "net.ipv6.conf.default.accept_ra": "0",
    "net.ipv6.conf.default.router_solicitations": "0",
    "net.ipv6.conf.default.addr_gen_mode": "1",
    "net.ipv6.conf.all.keep_addr_on_down": "1",
    "net.ipv6.conf.default.keep_addr_on_down": "1",
    # A new namespace inherits IPv4's settings from the machine: start every host alike.
    "net.ipv4.ip_forward": "0",
    "net.ipv4.conf.all.rp_filter": "0",
    "net.ipv4.conf.default.rp_filter": "0",
}


class StepRefused(Exception):
    """The kernel refused a step of building the walls."""

    def __init__(self, step: str, code: int) -> None:
        super().__init__(step, code)
        self.step = step
        self.code = code


@contextlib.contextmanager
def _step(name: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StepRefused(name, error.errno or 0) from error


def enter_namespaces() -> bool:
    """Move this process into a lab's namespaces; its next child is process 1 there. Return whether a user namespace was
    needed, which is so without CAP_SYS_ADMIN and CAP_NET_ADMIN. Raise :class:`StepRefused`."""
    alone = not kernel.has_capabilities(kernel.CAP_SYS_ADMIN, kernel.CAP_NET_ADMIN)
    if alone:
        user, group = os.geteuid(), os.getegid()
        with _step("user"):
            kernel.unshare(kernel.CLONE_NEWUSER)
        with _step("map"):
            Path("/proc/self/setgroups").write_text("deny")  # or gid_map may not be written, user_namespaces(7)
            Path("/proc/self/uid_map").write_text(f"0 {user} 1\n")
            Path("/proc/self/gid_map").write_text(f"0 {group} 1\n")
    with _step("network"):
        kernel.unshare(_PER_HOST | kernel.CLONE_NEWPID | kernel.CLONE_NEWIPC)
    return alone


def furnish() -> None:
    """Process 1 of the lab: die with the parent, and mount the lab's own /proc, /run and /etc/hosts.
    Raise :class:`StepRefused`."""
    kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)
    with _step("mount"):
        kernel.mount("none", "/", None, kernel.MS_REC | kernel.MS_PRIVATE)
        _mount_run()
    with contextlib.suppress(OSError):
        # Refused in some containers; then the outer /proc stays, where /proc/self is right all the same.
        kernel.mount("proc", "/proc", "proc", kernel.MS_NOSUID | kernel.MS_NODEV | kernel.MS_NOEXEC)
    WORK_FOLDER.mkdir(mode=0o755)
    hosts = WORK_FOLDER / "hosts"
    hosts.touch()
    with contextlib.suppress(OSError):  # a machine without /etc/hosts: names are not known inside then
        kernel.mount(str(hosts), "/etc/hosts", None, kernel.MS_BIND)


def _mount_run() -> None:
    old = os.open("/run", os.O_PATH | os.O_DIRECTORY)
    try:
        kernel.mount("tmpfs", "/run", "tmpfs", kernel.MS_NOSUID | kernel.MS_NODEV, "mode=755,size=64m")
        for name in _KEPT_IN_RUN:
            kept, place = Path(f"/proc/self/fd/{old}/{name}"), Path("/run", name)
            if kept.is_symlink():
                place.symlink_to(os.readlink(kept))
            elif kept.is_dir():
                place.mkdir()
                with contextlib.suppress(OSError):
                    kernel.mount(str(kept), str(place), None, kernel.MS_BIND | kernel.MS_REC)
    finally:
        os.close(old)


@dataclass(frozen=True, slots=True)
class Namespaces:
    """A host's network, name (UTS) and mount namespaces, by descriptors that keep them alive."""

    network: int
    names: int
    mounts: int
    netlink: Netlink

    @classmethod
    def current(cls) -> Namespaces:
        """Those of the calling process."""

        def descriptor(kind: str) -> int:
            return os.open(f"/proc/self/ns/{kind}", os.O_RDONLY | os.O_CLOEXEC)

        return cls(descriptor("net"), descriptor("uts"), descriptor("mnt"), Netlink())

    def enter(self) -> None:
        """Move the calling process in. The current folder becomes the root."""
        kernel.setns(self.network, kernel.CLONE_NEWNET)
        kernel.setns(self.names, kernel.CLONE_NEWUTS)
        kernel.setns(self.mounts, kernel.CLONE_NEWNS)


def make_host(name: str, base: Namespaces) -> Namespaces:
    """New namespaces for one host: its loopback up, its /sys showing its own interfaces. Raise OSError."""
    kernel.unshare(_PER_HOST)
    try:
        socket.sethostname(name)
        kernel.mount("none", "/", None, kernel.MS_REC | kernel.MS_PRIVATE)
        _mount_sys()
        for key, value in _QUIET_SYSCTLS.items():
            with contextlib.suppress(FileNotFoundError):  # a kernel without IPv6, or older than the setting
                write_sysctl(key, value)
        namespaces = Namespaces.current()
        namespaces.netlink.set_link("lo", up=True)
    finally:
        base.enter()
    return namespaces


def _mount_sys() -> None:
    flags = kernel.MS_NOSUID | kernel.MS_NODEV | kernel.MS_NOEXEC
    for extra in (0, kernel.MS_RDONLY):  # where the machine's own is read-only, a new one has to be, too
        try:
            kernel.mount("sysfs", "/sys", "sysfs", flags | extra)
        except OSError as error:
            if error.errno not in (errno.EPERM, errno.EACCES, errno.EBUSY):
                raise
        else:
            return


def kernel_has_ipv6() -> bool:
    """Whether the running kernel knows IPv6 at all."""
    return Path("/proc/sys/net/ipv6").exists()


def write_sysctl(key: str, value: str) -> None:
    """Set ``net.ipv4.ip_forward`` and the like in the caller's network namespace. A dot inside an interface's name is
    written as a slash, as sysctl(8) has it. Raise OSError."""
    path = key.translate(str.maketrans("./", "/."))
    Path("/proc/sys", path).write_text(value)


def apply_sysctls(namespaces: Namespaces, base: Namespaces, values: Mapping[str, str]) -> None:
    """Set *values* in a host's network namespace. Raise OSError with the setting's name as file name."""
    kernel.setns(namespaces.network, kernel.CLONE_NEWNET)
    try:
        for key, value in values.items():
            try:
                write_sysctl(key, value)
            except OSError as error:
                raise OSError(error.errno, os.strerror(error.errno or 0), key) from error
    finally:
        kernel.setns(base.network, kernel.CLONE_NEWNET)
