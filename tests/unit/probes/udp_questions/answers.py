"""An answer to every question as its protocol's servers give it, built by scapy or from the protocol's own description.

``ANSWERS[name](cookie)`` is the answer to the question with that cookie. The captured ones are what real daemons sent (the
tests in ``tests/net`` meet them alive), with the cookie put in their place.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

from scapy.asn1.asn1 import ASN1_GENERAL_STRING, ASN1_INTEGER
from scapy.contrib.coap import CoAP
from scapy.contrib.gtp import GTPEchoResponse, GTPHeader
from scapy.contrib.ikev2 import IKEv2, IKEv2_Notify
from scapy.contrib.oncrpc import RPC, RPC_Reply
from scapy.contrib.stun import STUN, STUNXorMappedAddress
from scapy.layers.dhcp import BOOTP, DHCP
from scapy.layers.dns import DNS, DNSQR, DNSRR
from scapy.layers.isakmp import ISAKMP
from scapy.layers.kerberos import KRB_ERROR, Kerberos, PrincipalName
from scapy.layers.llmnr import LLMNRResponse
from scapy.layers.netbios import NBNSHeader, NBNSNodeStatusResponse
from scapy.layers.ntp import NTPHeader
from scapy.layers.radius import Radius
from scapy.layers.rip import RIP, RIPEntry
from scapy.layers.snmp import SNMP, SNMPresponse, SNMPvarbind
from scapy.layers.tftp import TFTP, TFTP_ERROR

Answer = Callable[[int], bytes]


def low(cookie: int) -> int:
    return cookie & 0xFFFF


def four(cookie: int) -> bytes:
    return cookie.to_bytes(4, "big")


def word(cookie: int) -> str:
    return f"{cookie:08x}"


def dns(cookie: int) -> bytes:
    asked = DNSQR(qname="version.bind", qtype="TXT", qclass="CH")
    return bytes(DNS(id=low(cookie), qr=1, qd=asked, an=DNSRR(rrname="version.bind", type="TXT", rclass=3, rdata="9.18")))


def dns_root(cookie: int) -> bytes:
    return bytes(DNS(id=low(cookie), qr=1, rcode=5, qd=DNSQR(qname=".", qtype="SOA")))


def netbios(cookie: int) -> bytes:
    return bytes(
        NBNSHeader(NAME_TRN_ID=low(cookie), RESPONSE=1, NM_FLAGS=0x40, QDCOUNT=0, ANCOUNT=1) / NBNSNodeStatusResponse()
    )


def mdns(cookie: int) -> bytes:
    name = "_services._dns-sd._udp.local"
    record = DNSRR(rrname=name, type="PTR", ttl=10, rdata="_ipp._tcp.local")
    return bytes(DNS(id=low(cookie), qr=1, aa=1, qd=DNSQR(qname=name, qtype="PTR"), an=record))


def llmnr(cookie: int) -> bytes:
    name = "1.0.0.127.in-addr.arpa"
    return bytes(LLMNRResponse(id=low(cookie), qr=1, qd=DNSQR(qname=name, qtype="PTR"), qdcount=1))


def ntp(cookie: int) -> bytes:
    header = bytearray(bytes(NTPHeader(version=4, mode=4, stratum=2)))
    header[24:32] = b"\xe0\0\0\0" + four(cookie)
    return bytes(header)


def ntp_control(cookie: int) -> bytes:
    words = b"version=ntpd 4.2.8p15"
    return struct.pack(">BBHHHHH", 0x16, 0x82, low(cookie), 0, 0, 0, len(words)) + words


def snmp(version: int) -> Answer:
    def answer(cookie: int) -> bytes:
        bound = SNMPvarbind(oid="1.3.6.1.2.1.1.3.0", value=ASN1_INTEGER(7))
        return bytes(SNMP(version=version, PDU=SNMPresponse(id=0x68610000 | low(cookie), varbindlist=[bound])))

    return answer


def snmp_v3(cookie: int) -> bytes:
    """The report of snmpd 5.9, captured."""
    raw = bytearray.fromhex(
        "3071020103301102046861cdef020300ffe30401000201030421301f041180001f8880945d22415113056b00000000020101020101"
        "040004000400303604 1180001f8880945d22415113056b000000000400a81f02046861cdef0201000201003011300f060a2b060106"
        "030f0101040041010c"
    )
    raw = bytearray(bytes(raw).replace(b"ha\xcd\xef", b"ha" + low(cookie).to_bytes(2, "big")))
    return bytes(raw)


def kerberos(cookie: int) -> bytes:
    realm = f"{word(cookie)}.invalid".encode()
    service = PrincipalName(nameType=2, nameString=[ASN1_GENERAL_STRING(b"krbtgt"), ASN1_GENERAL_STRING(realm)])
    return bytes(Kerberos(root=KRB_ERROR(errorCode=6, realm=ASN1_GENERAL_STRING(b"LAB.TEST"), sname=service)))


def cldap(cookie: int) -> bytes:
    """RFC 4511 section 4.5.2: the entry without attributes, then the end of the search."""
    number = b"\x02\x04ha" + low(cookie).to_bytes(2, "big")
    entry, done = bytes.fromhex("640404003000"), bytes.fromhex("65070a010004000400")
    return b"".join(b"\x30" + bytes([len(number + part)]) + number + part for part in (entry, done))


def rpc(cookie: int) -> bytes:
    return bytes(RPC(xid=cookie, mtype=1) / RPC_Reply())


def dhcp(cookie: int) -> bytes:
    return bytes(BOOTP(op=2, xid=cookie) / DHCP(options=[("message-type", "ack"), "end"]))


def rip_route(cookie: int) -> bytes:
    address = ".".join(map(str, four(cookie)))
    return bytes(RIP(cmd=2, version=2) / RIPEntry(AF=2, addr=address, mask="255.255.255.255", metric=16))


def tftp(cookie: int) -> bytes:
    return bytes(TFTP() / TFTP_ERROR(errorcode=1, errormsg=f"file /srv/hatoba-{word(cookie)} not found"))


def memcached(cookie: int) -> bytes:
    return struct.pack(">HHHH", low(cookie), 0, 1, 0) + b"VERSION 1.6.18\r\n"


def bittorrent(cookie: int) -> bytes:
    return b"d2:ip6:\xc6\x12\0\1\xf0\x001:rd2:id20:mnopqrstuvwxyz123456e1:t4:" + four(cookie) + b"1:v4:LT\x01\x021:y1:re"


def ws_discovery(cookie: int) -> bytes:
    return (
        '<?xml version="1.0"?><soap:Envelope><soap:Header><wsa:RelatesTo>\n urn:uuid:'
        f"{word(cookie).upper()}-6861-4f62-a001-000000000001</wsa:RelatesTo></soap:Header></soap:Envelope>"
    ).encode()


def sip(cookie: int) -> bytes:
    return (
        "SIP/2.0 404 Not Found\r\nVia: SIP/2.0/UDP hatoba.invalid;received=198.18.0.1;rport=61440\r\n"
        f"i : {word(cookie)}@hatoba.invalid\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"
    ).encode()


def stun(cookie: int) -> bytes:
    number = int.from_bytes(b"hatoba\0\0" + four(cookie), "big")
    seen = STUNXorMappedAddress(xport=61440, xip="198.18.0.1")
    return bytes(STUN(stun_message_type=0x0101, transaction_id=number, attributes=[seen]))


def teamspeak(cookie: int) -> bytes:
    return b"TS3INIT1" + struct.pack(">HBB", 101, 0x88, 1) + bytes(range(16)) + four(cookie)[::-1]


def ike(cookie: int) -> bytes:
    head = IKEv2(init_SPI=b"hato" + four(cookie), resp_SPI=b"respond!", next_payload=41, exch_type=34, flags=0x20)
    return bytes(head / IKEv2_Notify(type=14))


def ike_v1(cookie: int) -> bytes:
    return bytes(ISAKMP(init_cookie=b"hato" + four(cookie), resp_cookie=b"respond!", exch_type=5))


def over_nat(answer: Answer) -> Answer:
    return lambda cookie: bytes(4) + answer(cookie)


def openvpn(cookie: int) -> bytes:
    """OpenVPN 2.6, captured."""
    return bytes.fromhex("40a1011a06dcd514e001000000006861746f") + four(cookie) + bytes(4)


def l2tp(cookie: int) -> bytes:
    return struct.pack(">HHHHHH", 0xC802, 20, low(cookie), 0, 0, 1) + struct.pack(">HHHH", 0x8008, 0, 0, 2)


def gtp1(cookie: int) -> bytes:
    return bytes(GTPHeader(gtp_type=2, S=1, seq=low(cookie)) / GTPEchoResponse())


def gtp2(cookie: int) -> bytes:
    return struct.pack(">BBHBHB", 0x40, 2, 9, 0, low(cookie), 0) + bytes.fromhex("0300010005")


def quic(cookie: int) -> bytes:
    """RFC 8999 section 6, with versions 1 and 2."""
    return (
        bytes([0xCF, 0, 0, 0, 0, 8]) + b"oba " + four(cookie) + b"\x08hato" + four(cookie) + bytes.fromhex("000000016b3343cf")
    )


def dtls(cookie: int) -> bytes:
    """A HelloVerifyRequest, RFC 6347 section 4.2.1."""
    body = bytes.fromhex("feff") + b"\x04abcd"
    message = b"\x03" + len(body).to_bytes(3, "big") + bytes(5) + len(body).to_bytes(3, "big") + body
    return b"\x16\xfe\xff" + bytes(4) + four(cookie) + struct.pack(">H", len(message)) + message


def quake3(cookie: int) -> bytes:
    return b"\xff\xff\xff\xffinfoResponse\n\\game\\baseq3\\challenge\\%08x\\clients\\2" % cookie


def coap(cookie: int) -> bytes:
    return bytes(CoAP(type=2, code=69, msg_id=low(cookie), token=four(cookie), tkl=4, paymark=b"\xff") / b"</time>")


def coap_ping(cookie: int) -> bytes:
    return bytes(CoAP(type=3, code=0, msg_id=low(cookie)))


def always(answer: Any) -> Answer:
    """For protocols whose answers repeat nothing."""
    return lambda _cookie: bytes(answer)


ANSWERS: dict[str, Answer] = {
    "dns": dns,
    "dns-root": dns_root,
    "netbios": netbios,
    "mdns": mdns,
    "llmnr": llmnr,
    "ntp": ntp,
    "ntp-control": ntp_control,
    "snmp-v3": snmp_v3,
    "snmp-v2c": snmp(1),
    "snmp-v1": snmp(0),
    "kerberos": kerberos,
    "cldap": cldap,
    "radius": always(Radius(code=2, id=1)),
    "portmap": rpc,
    "rpcbind": rpc,
    "nfs": rpc,
    "dhcp": dhcp,
    "rip": always(RIP(cmd=2, version=2) / RIPEntry(AF=2, addr="198.18.9.0", metric=1)),
    "rip-route": rip_route,
    "pcp": always(bytes.fromhex("0280000c0000070800000001") + bytes(12)),
    "nat-pmp": always(bytes.fromhex("0080000000000001c6120001")),
    "tftp": tftp,
    "memcached": memcached,
    "mssql": always(b"\x05\x10\x00ServerName;ALPHA;"),
    "bittorrent": bittorrent,
    "ssdp": always(b"HTTP/1.1 200 OK\r\nST: upnp:rootdevice\r\n\r\n"),
    "ws-discovery": ws_discovery,
    "ws-discovery-any": ws_discovery,
    "ws-discovery-oasis": ws_discovery,
    "ubiquiti": always(bytes.fromhex("0100000701000402000001")),
    "sip": sip,
    "stun": stun,
    "teamspeak": teamspeak,
    "ike": ike,
    "ike-v1": ike_v1,
    "ike-nat": over_nat(ike),
    "ike-v1-nat": over_nat(ike_v1),
    "openvpn": openvpn,
    "l2tp": l2tp,
    "gtp-c": gtp1,
    "gtp-c-v2": gtp2,
    "gtp-u": gtp1,
    "quic": quic,
    "dtls": dtls,
    "xdmcp": always(bytes.fromhex("0001000500060000000000") + b"\0"),
    "citrix": always(bytes.fromhex("3000023102fda8e302000644").ljust(48, b"\0")),
    "pcanywhere": always(b"NR" + b"ALPHA".ljust(24, b"_") + b"AHM_3___"),
    "pcanywhere-status": always(b"ST\0\0C"),
    "a2s": always(b"\xff\xff\xff\xffA\x0b\xd5\x13\x49"),
    "quake": always(bytes.fromhex("8000000b83") + b"alpha\0"),
    "quakeworld": always(b"\xff\xff\xff\xffn\\fraglimit\\0\n"),
    "quake3": quake3,
    "ipmi": always(bytes.fromhex("0600ff070000000000000000108 11c6320 0038000e04310000000000 95".replace(" ", ""))),
    "asf": always(bytes.fromhex("0600ff06000011be40010010000011be00000000810000000000 0000".replace(" ", ""))),
    "bacnet": always(bytes.fromhex("810a001401003001 0c0c023fffff194b3ec4020000013f".replace(" ", ""))),
    "coap": coap,
    "coap-ping": coap_ping,
}
"""For all but those that are silent by design."""
