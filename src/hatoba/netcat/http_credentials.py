"""Who one is, to HTTP proxies: the schemes Basic (RFC 7617) and Digest (RFC 7616), without I/O."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Sequence
from typing import NamedTuple

from hatoba.netcat.socks import Account

_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_PARAMETER = re.compile(rf'({_TOKEN})[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"|({_TOKEN}))')
_SCHEME = re.compile(rf"({_TOKEN})(?:[ \t]+|(?=,)|$)")
_TOKEN68 = re.compile(r"[A-Za-z0-9._~+/-]+=*(?=[ \t]*(?:,|$))")
_ALGORITHMS = {"MD5": "md5", "SHA-256": "sha256"}


class Challenge(NamedTuple):
    """What a server wants of a scheme: names in small letters."""

    scheme: str
    parameters: dict[str, str]


def challenges(values: Sequence[str]) -> list[Challenge]:
    """All challenges of the fields ``Proxy-Authenticate`` (RFC 9110 section 11.6.1), as far as they can be read: one field may
    hold several, and commas stand between them as between their parameters."""
    found: list[Challenge] = []
    for value in values:
        place = 0
        while place < len(value):
            if value[place] in " \t,":
                place += 1
            elif (parameter := _PARAMETER.match(value, place)) and found:
                name, quoted, plain = parameter.groups()
                text = plain if quoted is None else re.sub(r"\\(.)", r"\1", quoted)
                found[-1].parameters.setdefault(name.lower(), text)
                place = parameter.end()
            elif scheme := _SCHEME.match(value, place):
                found.append(Challenge(scheme[1].lower(), {}))
                place = scheme.end()
                if token := _TOKEN68.match(value, place):
                    place = token.end()
            else:
                break  # what follows can't be told apart any more
    return found


def answer(offered: Sequence[Challenge], account: Account, method: str, uri: str, cnonce: str) -> str | None:
    """The field ``Proxy-Authorization`` for the safest of the challenges that we can meet: Digest before Basic, SHA-256 before
    MD5. None where there is none. *cnonce*: a random text of ours."""
    digests = [one for one in offered if one.scheme == "digest" and _hash_name(one.parameters) and _quality(one.parameters)]
    if digests:
        best = max(digests, key=lambda one: _hash_name(one.parameters) == "sha256")
        return _digest(best.parameters, account, method, uri, cnonce)
    if any(one.scheme == "basic" for one in offered):
        return basic(account)
    return None


def basic(account: Account) -> str:
    return "Basic " + base64.b64encode(f"{account.user}:{account.password}".encode()).decode()


def digest_response(parameters: dict[str, str], account: Account, method: str, nc: str, cnonce: str) -> str:
    """The number that proves the password (RFC 7616 section 3.4.1). *parameters*: realm, nonce, uri, and qop and algorithm
    where they were agreed on; *method* is HTTP's."""
    name = _hash_name(parameters)

    def hashed(*parts: str) -> str:
        return hashlib.new(name, ":".join(parts).encode(), usedforsecurity=False).hexdigest()

    secret = hashed(account.user, parameters.get("realm", ""), account.password)
    nonce = parameters.get("nonce", "")
    if parameters.get("algorithm", "").lower().endswith("-sess"):
        secret = hashed(secret, nonce, cnonce)
    request = hashed(method, parameters.get("uri", ""))
    if "qop" in parameters:
        return hashed(secret, nonce, nc, cnonce, parameters["qop"], request)
    return hashed(secret, nonce, request)  # RFC 2069: servers of before 1999


def _digest(offered: dict[str, str], account: Account, method: str, uri: str, cnonce: str) -> str:
    agreed: dict[str, str] = {name: offered[name] for name in ("realm", "nonce", "algorithm", "opaque") if name in offered}
    agreed["uri"] = uri
    if "qop" in offered:
        agreed["qop"] = "auth"
    nc = "00000001"
    response = digest_response(agreed, account, method, nc, cnonce)
    fields = [f"username={_quoted(account.user)}"]
    fields += [f"{name}={_quoted(agreed[name])}" for name in ("realm", "nonce", "uri", "opaque") if name in agreed]
    fields.append(f"response={_quoted(response)}")
    if "algorithm" in agreed:
        fields.append(f"algorithm={agreed['algorithm']}")
    if "qop" in agreed or "algorithm" in agreed:
        fields.append(f"cnonce={_quoted(cnonce)}")
    if "qop" in agreed:
        fields += ["qop=auth", f"nc={nc}"]
    return "Digest " + ", ".join(fields)


def _hash_name(parameters: dict[str, str]) -> str:
    """The hash as hashlib calls it; empty for one that we don't know."""
    return _ALGORITHMS.get(parameters.get("algorithm", "MD5").upper().removesuffix("-SESS"), "")


def _quality(parameters: dict[str, str]) -> bool:
    """Whether the protection that is offered includes the plain one, that of the request alone."""
    return "auth" in [word.strip().lower() for word in parameters.get("qop", "auth").split(",")]


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
