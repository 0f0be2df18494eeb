"""AF_XDP sockets by ctypes, as far as measuring them takes: memory shared with the kernel (UMEM), the four rings, and the XDP
program that takes answers off an interface (Documentation/networking/af_xdp.rst).

    UMEM            chunks of 2048 bytes, one a frame
    fill ring       chunks that the kernel may write arriving frames to      ours to fill
    RX ring         frames that have arrived                                 ours to take out
    TX ring         frames to send                                           ours to fill
    completion ring chunks whose frames have left                            ours to take out
"""

from __future__ import annotations

import ctypes
import errno
import mmap
import os
import platform
import socket
import struct

import numpy as np
import numpy.typing as npt

CHUNK_BYTES = 2048
"""The least that the kernel takes (XDP_UMEM_MIN_CHUNK_SIZE)."""
COPY, ZERO_COPY, NEED_WAKEUP = 1 << 1, 1 << 2, 1 << 3
"""How a socket is bound (linux/if_xdp.h)."""
BY_SKB, BY_DRIVER = 1 << 1, 1 << 2
"""Where the program runs: on any interface once the packet has its buffer, or in the driver (linux/if_link.h)."""

DESCRIPTOR = np.dtype([("address", "=u8"), ("bytes", "=u4"), ("options", "=u4")])
"""struct xdp_desc"""
_PLACE = np.dtype("=u8")

_AF_XDP, _SOL_XDP = 44, 283
_MMAP_OFFSETS, _RX_RING, _TX_RING, _UMEM_REG, _FILL_RING, _COMPLETION_RING, _STATISTICS, _MOST_A_CALL = 1, 2, 3, 4, 5, 6, 7, 9
_RX_AT, _TX_AT, _FILL_AT, _COMPLETION_AT = 0, 0x80000000, 0x100000000, 0x180000000

_BPF = {"x86_64": 321, "aarch64": 280, "riscv64": 280}
_MAP_CREATE, _MAP_UPDATE, _PROG_LOAD, _LINK_CREATE = 0, 2, 5, 28
_XSKMAP, _XDP_PROGRAM, _XDP_ATTACH = 17, 6, 37
_MAP_ENTRIES = 4


class _Ring:
    """One ring of *entries*, a power of two, between this process and the kernel. Used by one thread at a time.

    The counters are written after the entries. No barrier is called for: x86 keeps stores in order, and this is measured there.
    """

    def __init__(self, owner: socket.socket, at: int, offsets: tuple[int, int, int, int], entries: int, kind: np.dtype) -> None:
        produced, consumed, first, _flags = offsets
        memory = mmap.mmap(owner.fileno(), first + entries * kind.itemsize, mmap.MAP_SHARED | mmap.MAP_POPULATE, offset=at)
        self.produced, self.consumed = np.frombuffer(memory, "=u4", 1, produced), np.frombuffer(memory, "=u4", 1, consumed)
        self.entries = np.frombuffer(memory, kind, entries, first)

    @property
    def waiting(self) -> int:
        """How many entries the other side has not taken out."""
        return (int(self.produced[0]) - int(self.consumed[0])) & 0xFFFFFFFF

    def places(self, first: int, count: int) -> npt.NDArray[np.int64]:
        return (first + np.arange(count)) & (len(self.entries) - 1)

    def put(self, entries: npt.NDArray[np.void] | npt.NDArray[np.uint64]) -> None:
        first = int(self.produced[0])
        self.entries[self.places(first, len(entries))] = entries
        self.produced[0] = (first + len(entries)) & 0xFFFFFFFF

    def take(self, most: int) -> npt.NDArray[np.void]:
        first, count = int(self.consumed[0]), min(most, self.waiting)
        taken: npt.NDArray[np.void] = self.entries[self.places(first, count)]
        return taken

    def give_back(self, count: int) -> None:
        self.consumed[0] = (int(self.consumed[0]) + count) & 0xFFFFFFFF


class XdpSocket:
    """One socket on one queue of an interface; *chunks*, a power of two, is the length of each of its rings, too.

    Raises OSError where the kernel refuses it."""

    def __init__(self, interface: str, queue: int, chunks: int, flags: int = COPY, *, receives: bool, sends: bool) -> None:
        self.socket = socket.socket(_AF_XDP, socket.SOCK_RAW | socket.SOCK_CLOEXEC, 0)
        try:
            self._memory = mmap.mmap(-1, chunks * CHUNK_BYTES, mmap.MAP_SHARED | mmap.MAP_POPULATE)
            self.chunks = np.frombuffer(self._memory, np.uint8).reshape(chunks, CHUNK_BYTES)
            registration = struct.pack("=QQIIII", self.chunks.ctypes.data, chunks * CHUNK_BYTES, CHUNK_BYTES, 0, 0, 0)
            self.socket.setsockopt(_SOL_XDP, _UMEM_REG, registration)
            self._map(chunks, receives, sends)
            address = struct.pack("=HHIII", _AF_XDP, flags, socket.if_nametoindex(interface), queue, 0)
            _bind(self.socket, address)
        except OSError:
            self.socket.close()
            raise

    def _map(self, entries: int, receives: bool, sends: bool) -> None:
        wanted = [(_FILL_RING, True), (_COMPLETION_RING, True), (_RX_RING, receives), (_TX_RING, sends)]
        for option, needed in wanted:
            if needed:
                self.socket.setsockopt(_SOL_XDP, option, entries)
        offsets = struct.unpack("=16Q", self.socket.getsockopt(_SOL_XDP, _MMAP_OFFSETS, 128))
        rx, tx, fill, completion = (offsets[at : at + 4] for at in (0, 4, 8, 12))
        self.fill = _Ring(self.socket, _FILL_AT, fill, entries, _PLACE)
        self.completion = _Ring(self.socket, _COMPLETION_AT, completion, entries, _PLACE)
        if receives:
            self.rx = _Ring(self.socket, _RX_AT, rx, entries, DESCRIPTOR)
        if sends:
            self.tx = _Ring(self.socket, _TX_AT, tx, entries, DESCRIPTOR)

    def send_most_a_call(self, frames: int) -> bool:
        """Let one call send so many frames, not 32. Whether the kernel knows this (6.17 or later)."""
        try:
            self.socket.setsockopt(_SOL_XDP, _MOST_A_CALL, frames)
        except OSError:
            return False
        return True

    @property
    def drops(self) -> int:
        """Arrived frames that found no room, so far."""
        dropped, _invalid, _tx_invalid, full, empty, _tx_empty = struct.unpack(
            "=6Q", self.socket.getsockopt(_SOL_XDP, _STATISTICS, 48)
        )
        return int(dropped + full + empty)

    def close(self) -> None:
        """The memory goes, too: it holds the socket open, and the queue with it, until nobody looks at it."""
        self.socket.close()
        for name in ("fill", "completion", "rx", "tx", "chunks", "_memory"):
            self.__dict__.pop(name, None)


class Program:
    """An XDP program on *interface* that hands what comes by TCP over IPv4 to ports from *first* to *last* to the sockets given
    to it, and lets all else pass. It is gone when it is closed. Raises OSError."""

    def __init__(self, interface: str, first: int, last: int, mode: int) -> None:
        self._descriptors = [_bpf(_MAP_CREATE, struct.pack("=5I", _XSKMAP, 4, 4, _MAP_ENTRIES, 0))]
        try:
            instructions = _taking(self._descriptors[0], first, last)
            code = ctypes.create_string_buffer(instructions, len(instructions))
            licence, log = ctypes.create_string_buffer(b"Apache-2.0"), ctypes.create_string_buffer(1 << 16)
            loaded = struct.pack(
                "=IIQQIIQ",
                _XDP_PROGRAM,
                len(instructions) // 8,
                ctypes.addressof(code),
                ctypes.addressof(licence),
                1,
                len(log),
                ctypes.addressof(log),
            )
            try:
                self._descriptors.append(_bpf(_PROG_LOAD, loaded))
            except OSError as error:
                if log.value:
                    error.add_note(log.value.decode(errors="replace"))
                raise
            link = struct.pack("=4I", self._descriptors[1], socket.if_nametoindex(interface), _XDP_ATTACH, mode)
            self._descriptors.append(_bpf(_LINK_CREATE, link))
        except OSError:
            self.close()
            raise

    def hand_to(self, queue: int, receiver: XdpSocket) -> None:
        """What arrives on that queue goes to this socket."""
        key, value = ctypes.c_uint32(queue), ctypes.c_uint32(receiver.socket.fileno())
        _bpf(_MAP_UPDATE, struct.pack("=IIQQQ", self._descriptors[0], 0, ctypes.addressof(key), ctypes.addressof(value), 0))

    def close(self) -> None:
        while self._descriptors:
            os.close(self._descriptors.pop())


def _taking(sockets: int, first: int, last: int) -> bytes:
    """The program, struct bpf_insn (linux/bpf.h): code, registers, offset, immediate. r1 is struct xdp_md."""
    load_u32, load_u16, load_u8 = 0x61, 0x69, 0x71
    copy, add, big_endian, set_to = 0xBF, 0x07, 0xDC, 0xB7
    above, unequal, less, more = 0x2D, 0x55, 0xA5, 0x25
    passing = 18
    lines: list[tuple[int, int, int, int, int]] = [
        (load_u32, 2, 1, 0, 0),  # r2: where the frame begins
        (load_u32, 3, 1, 4, 0),  # r3: where it ends
        (copy, 4, 2, 0, 0),
        (add, 4, 0, 0, 38),
        (above, 4, 3, passing, 0),
        (load_u16, 5, 2, 12, 0),
        (unequal, 5, 0, passing, int.from_bytes(b"\x08\x00", "little")),  # IPv4
        (load_u8, 5, 2, 14, 0),
        (unequal, 5, 0, passing, 0x45),
        (load_u8, 5, 2, 23, 0),
        (unequal, 5, 0, passing, 6),  # TCP
        (load_u16, 5, 2, 36, 0),
        (big_endian, 5, 0, 0, 16),
        (less, 5, 0, passing, first),
        (more, 5, 0, passing, last),
        (load_u32, 2, 1, 16, 0),  # r2: the queue
        (0x18, 1, 1, 0, sockets),  # r1: the map, in two instructions
        (0, 0, 0, 0, 0),
    ]
    jumps = (above, unequal, less, more)
    lines = [
        (code, to, of, passing + 3 - number - 1 if code in jumps else offset, value)
        for number, (code, to, of, offset, value) in enumerate(lines)
    ]
    lines += [
        (set_to, 3, 0, 0, 2),  # where no socket is: XDP_PASS
        (0x85, 0, 0, 0, 51),  # bpf_redirect_map
        (0x95, 0, 0, 0, 0),
        (set_to, 0, 0, 0, 2),
        (0x95, 0, 0, 0, 0),
    ]
    return b"".join(struct.pack("=BBhi", code, of << 4 | to, offset, value) for code, to, of, offset, value in lines)


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _bpf(command: int, attributes: bytes) -> int:
    """bpf(2)"""
    number = _BPF.get(platform.machine())
    if number is None:
        raise OSError(errno.ENOSYS, "bpf(2) is not known here")
    buffer = ctypes.create_string_buffer(attributes, 128)
    done = int(_libc().syscall(number, command, buffer, len(buffer)))
    if done < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return done


def _bind(bound: socket.socket, address: bytes) -> None:
    """bind(2) by hand: Python knows no address of AF_XDP."""
    if _libc().bind(bound.fileno(), address, len(address)):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
