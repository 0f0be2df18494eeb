"""The options of TLS: which of them mean TLS, what they say of the peer, and which go together."""

from __future__ import annotations

import io
import socket
from pathlib import Path
from typing import Any, NoReturn

import pytest

from hatoba.cli.nc import command
from hatoba.cli.nc_tls import OPTIONS, check, settings_of, wants_tls, wrapper
from hatoba.cli.nc_values import check_together
from hatoba.errors import UsageError
from hatoba.netcat import tls
from hatoba.netcat.console import Console
from hatoba.netcat.ends import Peer
from hatoba.netcat.tls import TlsSettings
from hatoba.netcat.tls_faults import TlsFault


def given(*arguments: str) -> dict[str, Any]:
    return command.make_context("nc", list(arguments)).params


@pytest.mark.parametrize("name", [names[0] for names, _settings in OPTIONS])
def test_every_option_of_tls_means_tls(name: str) -> None:
    value = [] if name in ("--ssl", "--ssl-verify") else ["x"]
    assert wants_tls(given(name, *value, "host", "1"))
    assert not wants_tls(given("host", "1"))


def test_settings() -> None:
    told = given(
        *("--ssl-verify", "--ssl-trustfile", "t", "--ssl-fingerprint", "AB:" * 31 + "AB", "--ssl-cert", "c", "--ssl-key", "k"),
        *("--ssl-alpn", "h2,http/1.1", "--ssl-servername", "www", "--ssl-ciphers", "HIGH", "host", "1"),
    )
    assert settings_of(told) == TlsSettings(True, "t", "ab" * 32, "c", "k", ("h2", "http/1.1"), "www", "HIGH")
    assert settings_of(given("--ssl", "host", "1")) == TlsSettings()
    assert settings_of(given("--compat", "ncat", "--ssl", "host", "1")).takes_cuts


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--ssl", "-u", "host", "1"], "TLS needs a stream: leave -u out"),
        (["--ssl", "-z", "host", "1"], "-z only looks whether a port is open: leave the options of TLS out"),
        (["--ssl-key", "k", "host", "1"], "--ssl-key is the key of a certificate: name that with --ssl-cert"),
    ],
)
def test_what_does_not_go_together(arguments: list[str], words: str) -> None:
    for checks in (check, check_together):
        with pytest.raises(UsageError, match=words):
            checks(given(*arguments))


@pytest.mark.parametrize(
    ("arguments", "host"), [(["www", "443"], "www"), (["[fd00::1]:443"], "fd00::1"), (["-U", "/run/www"], "")]
)
def test_the_host_is_the_name_that_counts(monkeypatch: pytest.MonkeyPatch, arguments: list[str], host: str) -> None:
    asked: list[str] = []

    def encrypt(_connection: object, _context: object, _settings: object, name: str, _patience_s: object) -> NoReturn:
        asked.append(name)
        raise TlsFault("enough")

    monkeypatch.setattr(tls, "encrypt", encrypt)
    wrap = wrapper(given("--ssl", *arguments), Console(None))
    with socket.socket() as connection, pytest.raises(TlsFault, match="enough"):
        wrap(connection, Peer("198.18.0.2", 443), Console(None))
    assert asked == [host]


@pytest.mark.parametrize(("options", "patience_s"), [([], tls.SERVER_HANDSHAKE_S), (["-w", "3"], 3.0)])
def test_no_handshake_is_waited_for_without_end(monkeypatch: pytest.MonkeyPatch, options: list[str], patience_s: float) -> None:
    asked: list[object] = []

    def encrypt(_connection: object, _context: object, _settings: object, _name: str, patience_s: object) -> NoReturn:
        asked.append(patience_s)
        raise TlsFault("enough")

    monkeypatch.setattr(tls, "encrypt", encrypt)
    wrap = wrapper(given("--ssl", *options, "www", "443"), Console(None))
    with socket.socket() as connection, pytest.raises(TlsFault, match="enough"):
        wrap(connection, Peer("198.18.0.2", 443), Console(None))
    assert asked == [patience_s]


def test_a_listener_says_by_what_its_certificate_can_be_known(tmp_path: Path) -> None:
    text = io.StringIO()
    wrapper(given("-l", "--ssl", "1"), Console(text))
    assert "a certificate was made on the spot, for " in text.getvalue()
    assert "its SHA-256 fingerprint: " in text.getvalue()
    with pytest.raises(UsageError, match="can't be read"):
        wrapper(given("-l", "--ssl-cert", str(tmp_path / "none.pem"), "1"), Console(text))
