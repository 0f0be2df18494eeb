"""A machine for classic BPF (linux/filter.h, Documentation/networking/filter.rst), slow and plain."""

from __future__ import annotations

import operator
import struct

_LOAD_SIZES = {0x00: 4, 0x08: 2, 0x10: 1}
_ALWAYS = 0x05  # JA
_TESTS = {0x10: operator.eq, 0x20: operator.gt, 0x30: operator.ge, 0x40: operator.and_}


class BadProgram(Exception):
    """The kernel would refuse this program."""


def run(program: bytes, packet: bytes) -> int:
    """What the program returns for *packet*: how many of its bytes to keep. A load beyond its end returns 0."""
    lines = list(struct.iter_unpack("=HBBI", program))
    a = x = at = 0
    while True:
        operation, if_true, if_false, k = lines[at]
        at += 1
        kind = operation & 0x07
        if operation == 0x06:  # RET K
            return int(k)
        if kind == 0x05:  # JMP
            if operation & 0x08:
                raise BadProgram(f"a jump by X: {operation:#x}")
            if operation == _ALWAYS:
                at += k
            else:
                at += if_true if _TESTS[operation & 0xF0](a, k) else if_false
        elif kind == 0x00 and operation & 0xE0 in (0x20, 0x40):  # LD ABS, LD IND
            start = k + (x if operation & 0xE0 == 0x40 else 0)
            size = _LOAD_SIZES[operation & 0x18]
            if start + size > len(packet):
                return 0
            a = int.from_bytes(packet[start : start + size], "big")
        elif operation == 0xB1:  # LDX MSH
            if k >= len(packet):
                return 0
            x = 4 * (packet[k] & 15)
        else:
            raise BadProgram(f"operation {operation:#x} is not known here")


def check(program: bytes) -> None:
    """What the kernel's verifier wants: jumps stay inside, and the last line returns."""
    if len(program) % 8 or not program:
        raise BadProgram("not whole lines")
    lines = list(struct.iter_unpack("=HBBI", program))
    for at, (operation, if_true, if_false, k) in enumerate(lines):
        furthest = k if operation == _ALWAYS else max(if_true, if_false)
        if operation & 0x07 == 0x05 and at + 1 + furthest >= len(lines):
            raise BadProgram(f"line {at} jumps out of the program")
    if lines[-1][0] != 0x06:
        raise BadProgram("the last line does not return")
