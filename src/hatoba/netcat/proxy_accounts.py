"""How an HTTP proxy server asks who its clients are: Digest (RFC 7616, SHA-256 and MD5), and Basic where they know no other.

Nothing is kept of what was asked: a nonce holds the time at which it was made and a proof that we made it, and is good for some
minutes. Who overhears a Digest may repeat it so long, for the same host and port only; who overhears Basic has the password.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
import time
from collections.abc import Callable

from hatoba.netcat.http_credentials import challenges, digest_response
from hatoba.netcat.socks import Account, right_account

REALM = "hatoba"
_NONCE_S = 300
_MAC_DIGITS = 32


class ProxyAccounts:
    """Asks for one account. *secret* makes nonces ours; *clock* tells seconds."""

    def __init__(self, account: Account, *, secret: bytes | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._account, self._clock = account, clock
        self._secret = secrets.token_bytes(32) if secret is None else secret
        self._knows = right_account(account)

    def challenges(self) -> list[str]:
        """Values for the field ``Proxy-Authenticate``. MD5 stands first, for ncat looks no further than the first Digest; who
        knows better takes SHA-256 wherever it stands."""
        nonce = self._nonce(int(self._clock()))
        digest = f'Digest realm="{REALM}", qop="auth", nonce="{nonce}", algorithm='
        return [digest + "MD5", digest + "SHA-256", f'Basic realm="{REALM}", charset="UTF-8"']

    def admits(self, authorization: str | None, method: str, *targets: str) -> bool:
        """Whether the field ``Proxy-Authorization`` of a request proves the account. *targets* are what it may be for: the
        request's target as the client wrote it, and its path, which is what curl takes for it."""
        if authorization is None:
            return False
        scheme, _space, rest = authorization.partition(" ")
        if scheme.lower() == "basic":
            return self._admits_basic(rest.strip())
        found = challenges([authorization])
        if len(found) != 1 or found[0].scheme != "digest":
            return False
        return self._admits_digest(found[0].parameters, method, targets)

    def _admits_basic(self, token: str) -> bool:
        try:
            user, _colon, password = base64.b64decode(token, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return False
        return self._knows(Account(user, password))

    def _admits_digest(self, told: dict[str, str], method: str, targets: tuple[str, ...]) -> bool:
        if told.get("uri") not in targets or told.get("qop") != "auth" or told.get("realm") != REALM:
            return False
        if told.get("algorithm", "MD5").upper() not in ("MD5", "SHA-256") or not self._is_fresh(told.get("nonce", "")):
            return False
        wanted = digest_response(told, self._account, method, told.get("nc", ""), told.get("cnonce", ""))
        right_user = hmac.compare_digest(told.get("username", "").encode(), self._account.user.encode())
        return hmac.compare_digest(told.get("response", "").encode(), wanted.encode()) and right_user

    def _nonce(self, made_s: int) -> str:
        return f"{made_s:x}-{hmac.new(self._secret, b'%x' % made_s, hashlib.sha256).hexdigest()[:_MAC_DIGITS]}"

    def _is_fresh(self, nonce: str) -> bool:
        try:
            made_s = int(nonce.partition("-")[0][:16], 16)
        except ValueError:
            return False
        ours = hmac.compare_digest(self._nonce(made_s).encode(), nonce.encode())
        return ours and 0 <= self._clock() - made_s <= _NONCE_S
