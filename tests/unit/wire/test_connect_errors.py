from __future__ import annotations

import errno
import socket
import struct

from hypothesis import given
from hypothesis import strategies as st

from hatoba.wire.connect_errors import ORIGIN_ICMP, ORIGIN_ICMP6, ORIGIN_LOCAL, ErrorQueue, parse_control, parse_name


def control_message(level: int, kind: int, data: bytes) -> bytes:
    size = 16 + len(data)
    return struct.pack("=Qii", size, level, kind) + data + bytes(-size % 8)


def name4(address: str, port: int = 0) -> bytes:
    return struct.pack("=H", socket.AF_INET) + struct.pack("!H", port) + socket.inet_aton(address) + bytes(8)


def name6(address: str, port: int = 0) -> bytes:
    packed = socket.inet_pton(socket.AF_INET6, address)
    return struct.pack("=H", socket.AF_INET6) + struct.pack("!HI", port, 0) + packed + bytes(4)


def error4(origin: int = ORIGIN_ICMP, number: int = errno.EHOSTUNREACH) -> bytes:
    return control_message(0, 11, struct.pack("=IBBBBII", number, origin, 3, 13, 0, 0, 0) + name4("198.18.0.254"))


def test_icmp() -> None:
    control = control_message(0, 2, struct.pack("=i", 61)) + error4()
    error = parse_control(control, name4("198.18.0.2", 443))
    assert error is not None
    assert (error.errno, error.origin, error.icmp_type, error.icmp_code, error.ttl) == (
        errno.EHOSTUNREACH,
        ORIGIN_ICMP,
        3,
        13,
        61,
    )
    assert error.offender == socket.inet_aton("198.18.0.254")
    assert error.asked == (socket.inet_aton("198.18.0.2"), 443)


def test_icmp6() -> None:
    data = struct.pack("=IBBBBII", errno.EACCES, ORIGIN_ICMP6, 1, 5, 0, 0, 0) + name6("fd00:18::fe")
    control = control_message(41, 25, data) + control_message(41, 52, struct.pack("=i", 63))
    error = parse_control(control, name6("fd00:18::2", 80))
    assert error is not None
    assert (error.icmp_type, error.icmp_code, error.ttl) == (1, 5, 63)
    assert error.offender == socket.inet_pton(socket.AF_INET6, "fd00:18::fe")
    assert error.asked == (socket.inet_pton(socket.AF_INET6, "fd00:18::2"), 80)


def test_the_kernels_own_error_has_no_offender() -> None:
    error = parse_control(error4(ORIGIN_LOCAL))
    assert error is not None
    assert (error.origin, error.icmp_type, error.icmp_code, error.offender) == (ORIGIN_LOCAL, 0, 0, b"")


@given(st.binary(max_size=200), st.binary(max_size=40))
def test_garbage_never_raises(control: bytes, name: bytes) -> None:
    parse_control(control, name)
    parse_name(name)


@given(st.integers(0, len(error4()) - 1), st.binary(max_size=40))
def test_cut_short_or_followed_by_garbage(cut: int, garbage: bytes) -> None:
    parse_control(error4()[:cut])
    whole = parse_control(error4())
    assert parse_control(error4() + bytes(8) + garbage) == whole  # a length of 0 ends the list


def test_an_empty_queue_reads_as_none() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as quiet:
        queue = ErrorQueue()
        assert queue.read(quiet.fileno()) is None
    assert queue.read(quiet.fileno()) is None
