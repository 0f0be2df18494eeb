"""System calls that Python lacks before 3.12, by ctypes: namespaces, mounts and prctl. Each raises OSError with the errno.

Numbers are those of ``<sched.h>``, ``<sys/mount.h>`` and ``<linux/prctl.h>``; see namespaces(7), mount(2), prctl(2).
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import socket
import struct

CLONE_NEWNS = 0x00020000
CLONE_NEWUTS = 0x04000000
CLONE_NEWIPC = 0x08000000
CLONE_NEWUSER = 0x10000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000

MS_RDONLY = 0x1
MS_NOSUID = 0x2
MS_NODEV = 0x4
MS_NOEXEC = 0x8
MS_BIND = 0x1000
MS_REC = 0x4000
MS_PRIVATE = 0x40000

PR_SET_PDEATHSIG = 1
PR_CAPBSET_DROP = 24
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_CLEAR_ALL = 4

CAP_NET_ADMIN = 12
CAP_SYS_ADMIN = 21
_CAPABILITY_LIMIT = 64
_SIOCETHTOOL = 0x8946
_ETHTOOL_GLINK = 0x0000000A

_libc = ctypes.CDLL(None, use_errno=True)


def _check(result: int, what: str) -> None:
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{what}: {os.strerror(code)}")


def unshare(flags: int) -> None:
    """Move the calling thread into new namespaces (unshare(2))."""
    _check(_libc.unshare(ctypes.c_int(flags)), "unshare")


def setns(descriptor: int, kind: int) -> None:
    """Move the calling thread into the namespace that *descriptor* refers to (setns(2))."""
    _check(_libc.setns(ctypes.c_int(descriptor), ctypes.c_int(kind)), "setns")


def mount(source: str, target: str, kind: str | None, flags: int, options: str | None = None) -> None:
    """mount(2); None for what does not apply."""
    result = _libc.mount(
        source.encode(),
        target.encode(),
        kind.encode() if kind is not None else None,
        ctypes.c_ulong(flags),
        options.encode() if options is not None else None,
    )
    _check(result, f"mount {target}")


def prctl(option: int, argument: int = 0) -> None:
    """prctl(2) for the options that take one number."""
    zero = ctypes.c_ulong(0)
    _check(_libc.prctl(ctypes.c_int(option), ctypes.c_ulong(argument), zero, zero, zero), f"prctl {option}")


def has_capabilities(*wanted: int) -> bool:
    """Whether all these capabilities are in effect for the calling process."""
    with open("/proc/self/status", encoding="ascii", errors="replace") as status:
        effective = next((int(line.split()[1], 16) for line in status if line.startswith("CapEff:")), 0)
    return all(effective >> number & 1 for number in wanted)


def give_up_capabilities() -> None:
    """Empty the bounding and ambient sets, so that the next exec leaves even user 0 without any capability
    (capabilities(7), "Transformation of capabilities during execve")."""
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL)
    for number in range(_CAPABILITY_LIMIT):
        try:
            prctl(PR_CAPBSET_DROP, number)
        except OSError:
            break  # EINVAL: past the last capability that this kernel knows


def settle_link(sock: socket.socket, device: str) -> None:
    """Wait until the kernel has acted on a change of *device*'s carrier.

    A new veth's carrier is noticed by a work queue, and until then the device drops what is sent. ETHTOOL_GLINK does the
    pending work before it answers (``ethtool_op_get_link`` calls ``linkwatch_sync_dev``). *sock* is any socket in the
    device's network namespace.
    """
    value = ctypes.create_string_buffer(struct.pack("II", _ETHTOOL_GLINK, 0))
    fcntl.ioctl(sock, _SIOCETHTOOL, struct.pack("16sP16x", device.encode(), ctypes.addressof(value)))
