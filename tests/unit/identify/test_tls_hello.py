from __future__ import annotations

import ssl

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.layers.tls.all import TLS, TLSClientHello

from hatoba.identify.tls_hello import Flight, client_hello, complete, flight_of
from hatoba.registry.tls_suites import SSL3, TLS1, TLS1_1, TLS1_2, TLS1_3, VERSIONS, suite_name, suites_for
from tests.unit.identify.servers import certificate, server_context

RANDOM = bytes(range(32))


def said_by(context: ssl.SSLContext, hello: bytes) -> bytes:
    """What OpenSSL's server answers."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    server = context.wrap_bio(incoming, outgoing, server_side=True)
    incoming.write(hello)
    with pytest.raises(ssl.SSLError):
        server.do_handshake()
    return outgoing.read()


def hello(version: int, **more: object) -> bytes:
    return client_hello(version, suites_for(version, rare=False), RANDOM, **more)  # type: ignore[arg-type]


ANSWERS = {
    TLS1_2: said_by(server_context(), hello(TLS1_2)),
    TLS1_3: said_by(server_context(), hello(TLS1_3)),
    TLS1: said_by(server_context(), hello(TLS1)),
}
"""The last is a refusal."""


def record(kind: int, content: bytes) -> bytes:
    return bytes([kind, 3, 3]) + len(content).to_bytes(2) + content


def message(kind: int, content: bytes, length: int | None = None) -> bytes:
    return bytes([kind]) + (len(content) if length is None else length).to_bytes(3) + content


def server_hello(suite: int = 0x0005, version: int = TLS1_2, extensions: bytes = b"") -> bytes:
    return message(2, version.to_bytes(2) + bytes(32) + b"\0" + suite.to_bytes(2) + b"\0" + extensions)


@pytest.mark.parametrize("version", VERSIONS)
def test_scapy_reads_what_we_offer(version: int) -> None:
    read = TLS(hello(version, server_name="www.target.lab", alpn=("h2", "http/1.1")))[TLSClientHello]
    assert read.version == min(version, TLS1_2)
    offered = [number for number in read.ciphers if number != 0x00FF]
    assert offered == list(suites_for(version, rare=False))
    extensions = {one.type: one for one in read.ext or []}
    if version == SSL3:
        assert not extensions
        return
    assert extensions[0].servernames[0].servername == b"www.target.lab"
    assert [one.protocol for one in extensions[16].protocols] == [b"h2", b"http/1.1"]
    assert (43 in extensions) is (version == TLS1_3)
    assert (0x00FF in read.ciphers) is (version < TLS1_3)
    if version == TLS1_3:
        assert (extensions[43].versions, extensions[51].client_shares) == ([TLS1_3], [])


def test_what_a_server_of_openssl_says() -> None:
    older = flight_of(ANSWERS[TLS1_2])
    assert (older.version, older.alert, older.ended) == (TLS1_2, None, True)
    assert suite_name(older.suite).startswith("TLS_ECDHE_RSA_WITH_AES_")
    assert older.certificates == (certificate()[0],)
    newer = flight_of(ANSWERS[TLS1_3])
    assert (newer.version, newer.suite >> 8, newer.certificates, newer.ended) == (TLS1_3, 0x13, (), True)
    refusal = flight_of(ANSWERS[TLS1])
    assert (refusal.version, refusal.alert, refusal.ended) == (0, 70, True)  # protocol_version


def test_an_older_version_in_return_is_told() -> None:
    answer = record(0x16, server_hello(version=TLS1_1))
    assert (flight_of(answer).version, flight_of(answer).ended) == (TLS1_1, False)


@pytest.mark.parametrize("version", ANSWERS)
def test_fed_byte_by_byte(version: int) -> None:
    answer = ANSWERS[version]
    flights = [flight_of(answer[:size]) for size in range(len(answer) + 1)]
    assert flights[-1].ended
    assert flights[0] == Flight()
    whole = [size for size, flight in enumerate(flights) if flight.ended]
    assert [complete(answer[:size]) for size in range(len(answer) + 1)] == [size >= whole[0] for size in range(len(answer) + 1)]


@pytest.mark.parametrize("version", ANSWERS)
@pytest.mark.parametrize("garbage", [b"\0" * 9, b"\xff" * 40, record(0x17, b"x" * 30), b"HTTP/1.1 400\r\n"])
def test_fed_with_garbage_behind(version: int, garbage: bytes) -> None:
    assert flight_of(ANSWERS[version] + garbage) == flight_of(ANSWERS[version])


def test_messages_are_put_together_over_records_and_taken_apart_within_one() -> None:
    both = server_hello() + message(14, b"")
    one = flight_of(record(0x16, both))
    assert one.ended
    assert flight_of(b"".join(record(0x16, both[at : at + 1]) for at in range(len(both)))) == one


def test_a_warning_before_the_hello_is_passed_over() -> None:
    """OpenSSL warned so of a name that it did not know (RFC 6066 section 3)."""
    answer = record(0x15, b"\1\x70") + record(0x16, server_hello() + message(14, b""))
    assert (flight_of(answer).version, flight_of(answer).alert) == (TLS1_2, None)
    assert flight_of(record(0x15, b"\1\0")).ended
    assert flight_of(record(0x15, b"\2\x28")).alert == 40


def test_a_short_prime_counts_for_the_suites_that_have_one() -> None:
    exchange = message(12, (128).to_bytes(2) + b"\x80" + bytes(127) + b"\0\1\2")
    for suite, bits in ((0x0033, 1024), (0x0018, 1024), (0xC013, 0), (0x00AA, 0)):
        assert flight_of(record(0x16, server_hello(suite) + exchange)).dh_bits == bits


def test_a_certificate_of_ten_megabytes_is_announced_and_not_read() -> None:
    size = 10_000_000
    flight = flight_of(record(0x16, server_hello() + message(11, b"\0\0\5\0\0\2xy" + bytes(1000), size)))
    assert (flight.version, flight.announced_bytes, flight.certificates) == (TLS1_2, size, ())


def test_certificates_are_bounded_in_number_and_lies_about_lengths_end_them() -> None:
    def answer(listed: bytes) -> Flight:
        return flight_of(record(0x16, server_hello() + message(11, len(listed).to_bytes(3) + listed)))

    assert len(answer(b"\0\0\1x" * 500).certificates) == 16
    assert answer(b"\0\0\1x" + b"\xff\xff\xffy").certificates == (b"x",)
    assert answer(b"\0\0\0" * 3).certificates == ()


@given(
    st.binary(max_size=300)
    | st.builds(
        lambda answer, at, junk: answer[:at] + junk + answer[at + len(junk) :],
        st.sampled_from(list(ANSWERS.values())),
        st.integers(0, 400),
        st.binary(max_size=6),
    )
    | st.lists(st.tuples(st.integers(0, 255), st.binary(max_size=60)), max_size=5).map(
        lambda parts: b"".join(record(0x16, message(*part)) for part in parts)
    )
)
def test_no_bytes_make_it_raise(heard: bytes) -> None:
    flight = flight_of(heard)
    assert len(flight.certificates) <= 16
    assert complete(heard) in (True, False)


def test_time_grows_with_the_input_and_no_faster() -> None:
    for piece in (record(0x16, b""), record(0x15, b"\1\x70"), record(0x16, message(9, b"")), record(0x16, b"\0")):
        flight_of((piece * (1 << 18))[: 1 << 20])
