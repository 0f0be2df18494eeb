"""What we ask, as scapy reads it: a second opinion on every protocol that scapy knows."""

from __future__ import annotations

from typing import Any

import pytest
from scapy.asn1.asn1 import ASN1_NULL
from scapy.contrib.coap import CoAP
from scapy.contrib.gtp import GTPHeader
from scapy.contrib.gtp_v2 import GTPHeader as GTP2Header
from scapy.contrib.gtp_v2 import IE_RecoveryRestart
from scapy.contrib.ikev2 import IKEv2, IKEv2_KE, IKEv2_Nonce, IKEv2_SA, IKEv2_Transform
from scapy.contrib.oncrpc import RPC, RPC_Call
from scapy.contrib.stun import STUN
from scapy.layers.dhcp import BOOTP, DHCP
from scapy.layers.dns import DNS
from scapy.layers.isakmp import ISAKMP, ISAKMP_payload_SA
from scapy.layers.kerberos import KRB_AS_REQ, Kerberos
from scapy.layers.l2tp import L2TP
from scapy.layers.ldap import CLDAP, LDAP_SearchRequest
from scapy.layers.netbios import NBNSHeader, NBNSNodeStatusRequest
from scapy.layers.ntp import NTP, NTPControl, NTPHeader
from scapy.layers.quic import QUIC
from scapy.layers.radius import Radius, RadiusAttr_Message_Authenticator
from scapy.layers.rip import RIP, RIPEntry
from scapy.layers.snmp import SNMP, SNMPget
from scapy.layers.tftp import TFTP, TFTP_RRQ
from scapy.packet import Packet, Raw

from tests.udp_asking import BY_NAME, filled

COOKIE = 0x89ABCDEF
LOW = COOKIE & 0xFFFF
COOKIE_BYTES = COOKIE.to_bytes(4, "big")
NUMBER = int.from_bytes(b"ha" + COOKIE_BYTES[2:], "big")


def read(kind: type[Packet], name: str, skip: int = 0) -> Packet:
    """The datagram as *kind*, which must be able to say it again."""
    raw = filled(BY_NAME[name], COOKIE)[skip:]
    packet = kind(raw)
    assert bytes(packet) == raw
    return packet


def fields(packet: Packet, *names: str) -> tuple[Any, ...]:
    return tuple(packet.getfieldval(name) for name in names)


@pytest.mark.parametrize(
    ("name", "asked", "kind", "family"),
    [
        ("dns", b"version.bind.", 16, 3),
        ("dns-root", b".", 6, 1),
        ("mdns", b"_services._dns-sd._udp.local.", 12, 1),
        ("llmnr", b"1.0.0.127.in-addr.arpa.", 12, 1),
    ],
)
def test_names(name: str, asked: bytes, kind: int, family: int) -> None:
    packet = read(DNS, name)
    assert fields(packet, "id", "qr", "opcode", "rd", "qdcount", "ancount", "nscount", "arcount") == (LOW, 0, 0, 0, 1, 0, 0, 0)
    assert fields(packet.qd[0], "qname", "qtype", "qclass") == (asked, kind, family)


def test_netbios() -> None:
    packet = read(NBNSHeader, "netbios")
    assert fields(packet, "NAME_TRN_ID", "RESPONSE", "OPCODE", "QDCOUNT") == (LOW, 0, 0, 1)
    assert fields(packet[NBNSNodeStatusRequest], "QUESTION_NAME", "QUESTION_TYPE", "QUESTION_CLASS") == (
        b"*".ljust(15, b"\0"),
        0x21,
        1,
    )


def test_ntp() -> None:
    packet = read(NTP, "ntp")[NTPHeader]
    assert fields(packet, "leap", "version", "mode", "stratum") == (0, 4, 3, 0)
    assert int(packet.sent * 2**32) >> 32 == 0xE0000000
    assert bytes(packet)[44:48] == COOKIE_BYTES


def test_ntp_control() -> None:
    packet = read(NTP, "ntp-control")[NTPControl]
    told = fields(packet, "version", "mode", "response", "err", "op_code", "sequence", "association_id", "count")
    assert told == (2, 6, 0, 0, 2, LOW, 0, 0)


@pytest.mark.parametrize(("name", "version"), [("snmp-v1", 0), ("snmp-v2c", 1)])
def test_snmp(name: str, version: int) -> None:
    packet = read(SNMP, name)
    assert (packet.version.val, packet.community.val) == (version, b"public")
    request = packet.PDU
    assert isinstance(request, SNMPget)
    assert (request.id.val, request.error.val, request.error_index.val) == (NUMBER, 0, 0)
    assert all(isinstance(bound.value, ASN1_NULL) for bound in request.varbindlist)
    assert [(bound.oid.val, bound.value.val) for bound in request.varbindlist] == [("1.3.6.1.2.1.1.3.0", 0)]


def test_kerberos() -> None:
    request = read(Kerberos, "kerberos").root
    assert isinstance(request, KRB_AS_REQ)
    assert (request.pvno.val, request.msgType.val, request.padata) == (5, 10, None)
    body = request.reqBody
    realm = b"89abcdef.invalid"
    assert body.realm.val == realm
    assert [part.val for part in body.cname.nameString] == [b"hatoba"]
    assert [part.val for part in body.sname.nameString] == [b"krbtgt", realm]
    assert [kind.val for kind in body.etype] == [18, 17, 23]
    assert int(body.kdcOptions.val, 2) == 0


def test_cldap() -> None:
    packet = read(CLDAP, "cldap")
    assert packet.messageID.val == NUMBER
    search = packet.protocolOp
    assert isinstance(search, LDAP_SearchRequest)
    assert (search.baseObject.val, search.scope.val, search.attrsOnly.val) == (b"", 0, 0)
    assert search.filter.filter.present.val == b"objectClass"
    assert [attribute.type.val for attribute in search.attributes] == [b"supportedLDAPVersion"]


def test_radius() -> None:
    packet = read(Radius, "radius")
    assert fields(packet, "code", "id", "len", "authenticator") == (12, 1, 38, bytes(16))
    (attribute,) = packet.attributes
    assert isinstance(attribute, RadiusAttr_Message_Authenticator)
    assert attribute.value == bytes(16)


@pytest.mark.parametrize(("name", "program", "version"), [("portmap", 100000, 2), ("rpcbind", 100000, 4), ("nfs", 100003, 3)])
def test_remote_calls(name: str, program: int, version: int) -> None:
    packet = read(RPC, name)
    assert fields(packet, "xid", "mtype") == (COOKIE, 0)
    call = packet[RPC_Call]
    assert fields(call, "version", "program", "pversion", "procedure") == (2, program, version, 0)
    assert fields(call, "aflavor", "alength", "vflavor", "vlength") == (0, 0, 0, 0)


def test_dhcp() -> None:
    packet = read(BOOTP, "dhcp")
    assert fields(packet, "op", "htype", "hlen", "xid", "ciaddr", "giaddr") == (1, 1, 6, COOKIE, "0.0.0.1", "0.0.0.0")
    assert packet[DHCP].options[:3] == [("message-type", 8), ("param_req_list", [1, 3]), "end"]


def test_rip_whole_table() -> None:
    packet = read(RIP, "rip")
    assert fields(packet, "cmd", "version") == (1, 2)
    assert fields(packet[RIPEntry], "AF", "addr", "metric") == (0, "0.0.0.0", 16)


def test_rip_one_route() -> None:
    packet = read(RIP, "rip-route")
    entry = packet[RIPEntry]
    assert fields(entry, "AF", "addr", "mask", "nextHop", "metric") == (
        *(2, "137.171.205.239", "255.255.255.255", "0.0.0.0"),
        16,
    )


def test_tftp() -> None:
    packet = read(TFTP, "tftp")[TFTP_RRQ]
    assert fields(packet, "filename", "mode") == (b"hatoba-89abcdef", b"octet")


def test_stun() -> None:
    packet = read(STUN, "stun")
    number = int.from_bytes(b"hatoba\0\0" + COOKIE_BYTES, "big")
    assert fields(packet, "stun_message_type", "length", "magic_cookie", "transaction_id") == (1, 0, 0x2112A442, number)


@pytest.mark.parametrize(("name", "marker"), [("ike", 0), ("ike-nat", 4)])
def test_ike(name: str, marker: int) -> None:
    assert not any(filled(BY_NAME[name], COOKIE)[:marker])
    packet = read(IKEv2, name, marker)
    assert fields(packet, "init_SPI", "resp_SPI", "version", "exch_type") == (b"hato" + COOKIE_BYTES, bytes(8), 0x20, 34)
    assert packet.length == len(packet)
    assert int(packet.flags) == 0x08
    proposal = packet[IKEv2_SA].prop
    offered, transform = [], proposal.trans
    while isinstance(transform, IKEv2_Transform):
        offered.append((transform.transform_type, transform.transform_id, transform.key_length))
        transform = transform.payload
    assert [kind for kind, _number, _bits in offered] == [1, 1, 1, 2, 2, 3, 3, 4, 4, 4, 4]
    assert {(number, bits) for kind, number, bits in offered if kind == 1} == {(12, 256), (12, 128), (3, None)}
    assert proposal.trans_nb == len(offered)
    assert fields(packet[IKEv2_KE], "group") == (31,)
    assert len(packet[IKEv2_KE].ke) == 32
    assert len(packet[IKEv2_Nonce].nonce) == 32


@pytest.mark.parametrize(("name", "marker"), [("ike-v1", 0), ("ike-v1-nat", 4)])
def test_ike_v1(name: str, marker: int) -> None:
    packet = read(ISAKMP, name, marker)
    assert fields(packet, "init_cookie", "resp_cookie", "version", "exch_type") == (b"hato" + COOKIE_BYTES, bytes(8), 0x10, 2)
    assert packet.length == len(packet)
    association = packet[ISAKMP_payload_SA]
    assert association.doi == 1
    transforms = [dict(pair[:2] for pair in item.transforms) for item in association.prop.trans]
    assert transforms[0]["Encryption"] == "AES-CBC"
    assert all(each["Authentication"] == "PSK" for each in transforms)


def test_l2tp() -> None:
    packet = read(L2TP, "l2tp")
    assert fields(packet, "version", "len", "tunnel_id", "session_id", "ns", "nr") == (2, len(packet), 0, 0, 0, 0)
    assert str(packet.hdr) == "sequence+length+control"


@pytest.mark.parametrize("name", ["gtp-c", "gtp-u"])
def test_gtp(name: str) -> None:
    packet = read(GTPHeader, name)
    assert fields(packet, "version", "PT", "E", "S", "PN", "gtp_type", "length", "teid", "seq") == (1, 1, 0, 1, 0, 1, 4, 0, LOW)


def test_gtp_2() -> None:
    packet = read(GTP2Header, "gtp-c-v2")
    assert fields(packet, "version", "P", "T", "gtp_type", "length", "seq") == (2, 0, 0, 1, 9, LOW)
    (counter,) = packet.payload.IE_list
    assert isinstance(counter, IE_RecoveryRestart)
    assert counter.restart_counter == 0


def test_quic() -> None:
    packet = read(QUIC, "quic")
    assert fields(packet, "HeaderForm", "FixedBit", "DstConnID", "SrcConnID") == (
        *(1, 1, b"hato" + COOKIE_BYTES),
        b"oba " + COOKIE_BYTES,
    )
    assert packet.Version & 0x0F0F0F0F == 0x0A0A0A0A, "RFC 9000 section 15"
    assert not any(bytes(packet[Raw]))


def test_coap() -> None:
    packet = read(CoAP, "coap")
    assert fields(packet, "ver", "type", "code", "msg_id", "token") == (1, 0, 1, LOW, COOKIE_BYTES)
    assert packet.options == [("Uri-Path", b".well-known"), ("Uri-Path", b"core")]


def test_coap_ping() -> None:
    assert fields(read(CoAP, "coap-ping"), "ver", "type", "tkl", "code", "msg_id") == (1, 0, 0, 0, LOW)
