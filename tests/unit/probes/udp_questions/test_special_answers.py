"""Answers that are not quite what the question hopes for: refusals, other versions, other servers' habits."""

from __future__ import annotations

import pytest

from tests.udp_asking import BY_NAME
from tests.unit.probes.udp_questions.answers import four

COOKIE = 0x89ABCDEF
SPI = (b"hato" + four(COOKIE)).hex()


@pytest.mark.parametrize(
    ("name", "raw", "told"),
    [
        pytest.param("dns", "cdef80010000000000000000", True, id="dns: format error without the question"),
        pytest.param("dns", "cdef80050001000000000000" + "03" + b"foo".hex() + "0000010001", False, id="dns: other question"),
        pytest.param(
            "dns",
            "cdef8400000100000000000007" + b"VeRsIoN".hex() + "04" + b"BIND".hex() + "0000100003",
            True,
            id="dns: question in other letters",
        ),
        pytest.param("dns", "cdefac00000100000000000000000600", None, id="dns: an update's answer"),
        pytest.param("mdns", "000084000000000100000000", False, id="mdns: an announcement to all"),
        pytest.param(
            "ntp", "e4000000" + "00" * 8 + b"DENY".hex() + "00" * 8 + "e000000089abcdef" + "00" * 16, True, id="ntp: kiss"
        ),
        pytest.param("ntp", "24" + "00" * 23 + "e100000089abcdef" + "00" * 16, False, id="ntp: other second"),
        pytest.param("snmp-v2c", "300b02010004067075626c6963", None, id="snmp: no message"),
        pytest.param("kerberos", "7e0330010a", None, id="kerberos: no realm named"),
        pytest.param("cldap", "30090204 6861cdef 7801 00".replace(" ", ""), None, id="cldap: another operation"),
        pytest.param("portmap", "89abcdef0000000100000001000000000000000200000002", True, id="rpc: denied"),
        pytest.param("portmap", "89abcdef0000000000000000", None, id="rpc: a call"),
        pytest.param("rip-route", "0202", None, id="rip: no entry"),
        pytest.param("rip-route", "02020000" + "00020000" + "89abcdef" + "00" * 11, None, id="rip: part of an entry"),
        pytest.param("tftp", "00050001" + b"File not found".hex() + "00", None, id="tftp: does not say which"),
        pytest.param("memcached", "cdef000100010000" + b"ERROR".hex(), None, id="memcached: second of one datagram"),
        pytest.param("memcached", "cdef000000010000" + b"ERROR\r\n".hex(), True, id="memcached: an error"),
        pytest.param("bittorrent", b"d1:eli202ee1:t4:\x89\xab\xcd\xef1:y1:ee".hex(), True, id="dht: an error"),
        pytest.param("bittorrent", b"d1:q4:ping1:t4:\x89\xab\xcd\xef1:y1:qe".hex(), None, id="dht: a question"),
        pytest.param("bittorrent", b"d1:t4:\x89\xab\xcd\xef".hex(), None, id="dht: cut"),
        pytest.param(
            "ike", SPI + "00" * 8 + "2920 25 20".replace(" ", "") + "00" * 4 + "0000001c", True, id="ike: other exchange"
        ),
        pytest.param(
            "ike", SPI + "00" * 8 + "0b10 05 00".replace(" ", "") + "00" * 4 + "0000001c", True, id="ike: version 1 refuses"
        ),
        pytest.param("ike", SPI + "00" * 8 + "2120 22 08".replace(" ", "") + "00" * 4 + "0000001c", None, id="ike: our own"),
        pytest.param("ike", SPI + "00" * 8 + "2920 22 20".replace(" ", "") + "00" * 4 + "0000001d", None, id="ike: cut"),
        pytest.param("l2tp", "c802000ccdef000000000001", True, id="l2tp: only an acknowledgement"),
        pytest.param("l2tp", "4002000ccdef000000000001", None, id="l2tp: data"),
        pytest.param("gtp-c", "320300040000000 0cdef0000".replace(" ", ""), True, id="gtp: version not supported"),
        pytest.param("gtp-c", "400300040 0cdef00".replace(" ", ""), True, id="gtp: refused in version 2"),
        pytest.param("gtp-c", "30020000000000000000", None, id="gtp: without sequence"),
        pytest.param("dtls", "15feff000000000000000000020228", None, id="dtls: alert, counted for itself"),
        pytest.param("dtls", "15feff0000000089abcdef00020228", True, id="dtls: alert"),
        pytest.param("dtls", "16feff000000000000000000010300", None, id="dtls: counted for itself, as GnuTLS does"),
        pytest.param("quic", "c0000000000000" + "00" * 20, False, id="quic: other identities"),
        pytest.param("quic", "c00000000108" + "00" * 21, None, id="quic: version 1"),
        pytest.param("quake3", b"\xff\xff\xff\xffinfoResponse\n\\game\\x".hex(), None, id="quake3: keeps the word"),
        pytest.param("quake3", b"\xff\xff\xff\xffdisconnect".hex(), None, id="quake3: something else"),
        pytest.param("coap", "7000cdef", True, id="coap: reset"),
        pytest.param("coap", "6000cdef", True, id="coap: acknowledged, answer later"),
        pytest.param("coap", "6045cdef", False, id="coap: answer without a token"),
        pytest.param(
            "sip", b"SIP/2.0 200 OK\r\nVia: x\r\n\r\nCall-ID: 89abcdef@hatoba.invalid".hex(), None, id="sip: no Call-ID"
        ),
        pytest.param("ws-discovery", b"<a><RelatesTo>urn:uuid:other</RelatesTo></a>".hex(), False, id="wsd: another's"),
        pytest.param("ws-discovery", b"<a><b>hello</b></a>".hex(), None, id="wsd: a hello"),
        pytest.param("openvpn", "40a1011a06dcd514e00000000000", None, id="openvpn: acknowledges nothing"),
        pytest.param("openvpn", "40a1011a06dcd514e0ff000000006861746f89abcdef", None, id="openvpn: acknowledges too much"),
        pytest.param("dns", "cdef8400000200000000000000000600010000060001", None, id="dns: two questions"),
        pytest.param("quake3", b"print\n\\challenge\\89abcdef".hex(), None, id="quake3: other words"),
        pytest.param("bittorrent", b"d1:t4:\x89\xab\xcd\xef1:y1:r1:z9:x".hex(), True, id="dht: cut behind what counts"),
        pytest.param("bittorrent", b"d1:y1:r1:t9:\x89\xab\xcd\xef".hex(), None, id="dht: cut within"),
        pytest.param("openvpn", "40a1011a06dcd514e001000000006861746f89ab", None, id="openvpn: session cut"),
        pytest.param("stun", "011100002112a4426861746f6261000089abcdef", True, id="stun: an error"),
    ],
)
def test_told(name: str, raw: str, told: bool | None) -> None:
    assert BY_NAME[name].repeats(bytes.fromhex(raw), COOKIE) is told


def test_a_deep_value_does_not_exhaust_the_stack() -> None:
    deep = b"d1:t" + b"l" * 60000 + b"e" * 60000 + b"1:y1:re"
    assert BY_NAME["bittorrent"].repeats(deep, COOKIE) is False
    assert BY_NAME["bittorrent"].repeats(b"d" * 65000, COOKIE) is None
