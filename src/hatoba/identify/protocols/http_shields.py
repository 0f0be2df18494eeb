"""What stands in front of a web server: WAFs, CDNs and load balancers, by what they add to an answer or say in its stead.

A row says where the sign stands: in a field, in a cookie's name, or on the page that refuses a request. They are written from
what makers and users document of fields, cookies and block pages. A field can be forged, or come from a server behind; the
evidence is kept.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from hatoba.service import WebShield

Fields = Sequence[tuple[bytes, bytes]]
"""Names in small letters, and values."""

WAF, CDN, BALANCER = ("waf",), ("cdn",), ("load-balancer",)
BOTH = ("cdn", "waf")
_EVIDENCE_BYTES = 160
_PAGE_BYTES = 1 << 14


class Sign(NamedTuple):
    name: str
    kinds: tuple[str, ...]
    pattern: re.Pattern[bytes]
    field: bytes = b""
    """Its name in small letters, for a sign in a field."""


def _field(name: str, kinds: tuple[str, ...], field: bytes, value: bytes = b"") -> Sign:
    return Sign(name, kinds, re.compile(value, re.IGNORECASE), field)


def _cookie(name: str, kinds: tuple[str, ...], pattern: bytes) -> Sign:
    return Sign(name, kinds, re.compile(rb"(?:" + pattern + rb")[^=;]{0,80}="))


def _page(name: str, kinds: tuple[str, ...], pattern: bytes) -> Sign:
    return Sign(name, kinds, re.compile(pattern))


FIELDS = (
    _field("Cloudflare", BOTH, b"server", rb"^cloudflare"),
    _field("Cloudflare", BOTH, b"cf-ray"),
    _field("Cloudflare", BOTH, b"cf-mitigated"),
    _field("Akamai", BOTH, b"server", rb"^Akamai(?:GHost|NetStorage)"),
    _field("Akamai", BOTH, b"akamai-grn"),
    _field("Akamai", BOTH, b"x-akamai-transformed"),
    _field("Akamai", BOTH, b"x-akamai-request-id"),
    _field("AWS WAF", WAF, b"x-amzn-waf-action"),
    _field("Amazon CloudFront", CDN, b"x-amz-cf-id"),
    _field("Amazon CloudFront", CDN, b"server", rb"^CloudFront$"),
    _field("Amazon CloudFront", CDN, b"via", rb"\.cloudfront\.net \(CloudFront\)"),
    _field("AWS Elastic Load Balancing", BALANCER, b"server", rb"^awselb/"),
    _field("F5 BIG-IP", BALANCER, b"server", rb"^BigIP|^BIG-IP"),
    _field("F5 BIG-IP", BALANCER, b"x-wa-info"),
    _field("F5 Distributed Cloud", BOTH, b"server", rb"^volt-(?:adc|cdn)"),
    _field("Imperva", BOTH, b"x-iinfo"),
    _field("Imperva", BOTH, b"x-cdn", rb"^(?:Imperva|Incapsula)"),
    _field("FortiWeb", WAF, b"server", rb"^FortiWeb"),
    _field("Barracuda", WAF, b"server", rb"^(?:BarracudaHTTP|Barracuda)"),
    _field("Azure Front Door", CDN, b"x-azure-ref"),
    _field("Azure Application Gateway", BALANCER, b"server", rb"^Microsoft-Azure-Application-(?:Gateway|LB)"),
    _field("BunkerWeb", WAF, b"server", rb"^BunkerWeb"),
    _field("SafeLine", WAF, b"server", rb"^SafeLine"),
    _field("SafeLine", WAF, b"x-apisix-chaitin-waf"),
    _field("ModSecurity", WAF, b"server", rb"\bmod_security[2]?\b|\bModSecurity\b"),
    _field("Sucuri", BOTH, b"x-sucuri-id"),
    _field("Sucuri", BOTH, b"server", rb"^Sucuri"),
    _field("Fastly", CDN, b"x-fastly-request-id"),
    _field("Fastly", CDN, b"x-served-by", rb"^cache-[a-z0-9-]+"),
    _field("Google Cloud load balancing", BALANCER, b"via", rb"^1\.1 google$"),
    _field("bunny.net", CDN, b"server", rb"^BunnyCDN"),
    _field("DataDome", WAF, b"x-datadome"),
    _field("DDoS-Guard", BOTH, b"server", rb"^ddos-guard"),
    _field("Wallarm", WAF, b"server", rb"^nginx-wallarm"),
    _field("NAXSI", WAF, b"x-data-origin", rb"^naxsi"),
    _field("Alibaba Cloud CDN", CDN, b"eagleid"),
    _field("NetScaler", BALANCER, b"via", rb"^NS-CACHE"),
)
"""By fields; an empty pattern takes any value."""

COOKIES = (
    _cookie("Cloudflare", BOTH, rb"^__cf_bm|^cf_clearance|^__cfduid|^__cflb|^__cfruid"),
    _cookie("Akamai", BOTH, rb"^ak_bmsc|^bm_s[vz]|^_abck|^akavpau_"),
    _cookie("AWS WAF", WAF, rb"^aws-waf-token"),
    _cookie("AWS Elastic Load Balancing", BALANCER, rb"^AWSALB|^AWSELB"),
    _cookie("F5 BIG-IP", BALANCER, rb"^BIGipServer"),
    _cookie("F5 BIG-IP ASM", WAF, rb"^TS[0-9a-f]{8}|^TS01[0-9a-f]{6}"),
    _cookie("Imperva", BOTH, rb"^incap_ses_|^visid_incap_|^nlbi_"),
    _cookie("FortiWeb", WAF, rb"^FORTIWAFSID|^cookiesession1"),
    _cookie("Barracuda", WAF, rb"^barra_counter_session|^BNI__BARRACUDA_LB_COOKIE|^BNI_persistence"),
    _cookie("Azure Application Gateway", BALANCER, rb"^ApplicationGatewayAffinity"),
    _cookie("SafeLine", WAF, rb"^sl-session|^sl_waf_"),
    _cookie("DataDome", WAF, rb"^datadome"),
    _cookie("NetScaler", BALANCER, rb"^NSC_|^citrix_ns_id"),
    _cookie("Huawei Cloud WAF", WAF, rb"^HWWAFSESID"),
)
"""By the name at the head of a Set-Cookie field."""

PAGES = (
    _page("Cloudflare", BOTH, rb"<title>Attention Required! \| Cloudflare</title>|Cloudflare Ray ID"),
    _page("Akamai", BOTH, rb"Reference&#32;&#35;\d+&#46;|errors\.edgesuite\.net"),
    _page("AWS WAF", WAF, rb"Request blocked\.\s{1,8}We can't connect to the server for this app or website|awsWafCookie"),
    _page("F5 BIG-IP ASM", WAF, rb"The requested URL was rejected\. Please consult with your administrator"),
    _page("Imperva", BOTH, rb"_Incapsula_Resource|Incapsula incident ID|Powered By Imperva"),
    _page("FortiWeb", WAF, rb"(?:\.fgd_icon|FortiWeb|Web Page Blocked!)"),
    _page("Barracuda", WAF, rb"Barracuda (?:Networks|Web Application Firewall)"),
    _page("Azure WAF", WAF, rb"<h2>(?:Our services aren't available right now|The request is blocked\.)</h2>"),
    _page("BunkerWeb", WAF, rb"(?i:BunkerWeb)|www\.bunkerity\.com"),
    _page("SafeLine", WAF, rb"SafeLine|\xe9\x9b\xb7\xe6\xb1\xa0|<!-- event[_ ]id:"),
    _page("open-appsec", WAF, rb"Attack blocked by web application protection|Application Security</b> has detected an attack"),
    _page("ModSecurity", WAF, rb"This error was generated by Mod_Security|not acceptable by ModSecurity|\bMod_?Security\b"),
    _page("Coraza", WAF, rb"\bCoraza\b"),
    _page("Sucuri", BOTH, rb"Sucuri Website Firewall"),
    _page("Wordfence", WAF, rb"Generated by Wordfence|blocked by Wordfence"),
)
"""By the page that comes with a refusal."""

REFUSALS = (
    _field("AWS WAF", WAF, b"server", rb"^awselb/"),
    _field("AWS WAF", WAF, b"server", rb"^CloudFront$"),
    _field("Azure WAF", WAF, b"server", rb"^Microsoft-Azure-Application-Gateway"),
    _field("Azure WAF", WAF, b"x-azure-ref"),
    _field("Cloudflare", BOTH, b"server", rb"^cloudflare"),
    _field("Akamai", BOTH, b"server", rb"^AkamaiGHost"),
    _field("Imperva", BOTH, b"x-iinfo"),
    _field("open-appsec", WAF, b"x-event-id"),
)
"""Who answers 403 in the server's stead, where only a suspicious request was refused (``waf_test``)."""

_ANY_STATUS = frozenset({"Imperva", "F5 BIG-IP ASM", "AWS WAF"})
"""Whose pages come with 200 or 202, too."""


def shields_of(status: int, fields: Fields, body: bytes) -> tuple[WebShield, ...]:
    """What shows in an answer, each name once, by its first sign."""
    found = [_shown_by_field(sign, fields, "header") for sign in FIELDS]
    found += [_shown_by_cookie(sign, fields) for sign in COOKIES]
    found += [_shown_by_page(sign, body) for sign in PAGES if status >= 400 or sign.name in _ANY_STATUS]
    return _each_once(found)


def refused_by(status: int, fields: Fields, body: bytes) -> tuple[WebShield, ...]:
    """Who refused a request that differs from a harmless one only in looking like an attack."""
    found = [_shown_by_page(sign, body) for sign in PAGES]
    if status == 403:
        found += [_shown_by_field(sign, fields, "refusal") for sign in REFUSALS]
    return _each_once(found)


def _each_once(found: Sequence[WebShield | None]) -> tuple[WebShield, ...]:
    known: dict[str, WebShield] = {}
    for shield in found:
        if shield is not None:
            known.setdefault(shield.name, shield)
    return tuple(known.values())


def _shown_by_field(sign: Sign, fields: Fields, word: str) -> WebShield | None:
    for name, value in fields:
        if name == sign.field and sign.pattern.search(value):
            return WebShield(sign.name, sign.kinds, word, (name + b": " + value)[:_EVIDENCE_BYTES])
    return None


def _shown_by_cookie(sign: Sign, fields: Fields) -> WebShield | None:
    for name, value in fields:
        if name == b"set-cookie" and (found := sign.pattern.match(value)):
            return WebShield(sign.name, sign.kinds, "cookie", (name + b": " + found[0])[:_EVIDENCE_BYTES])
    return None


def _shown_by_page(sign: Sign, body: bytes) -> WebShield | None:
    found = sign.pattern.search(body[:_PAGE_BYTES])
    return None if found is None else WebShield(sign.name, sign.kinds, "page", found[0][:_EVIDENCE_BYTES])
