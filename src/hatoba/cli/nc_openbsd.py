"""The command line of OpenBSD's nc, told in the options of ``hatoba nc``.

The same letter means something else here and there: ``-d -i -m -w -x`` and more (docs/nc.md).
"""

from __future__ import annotations

import getopt
import re
import socket
from collections.abc import Callable, Sequence

from hatoba.cli.nc_values import HIGHEST_PORT
from hatoba.errors import UsageError
from hatoba.netcat.openbsd import program_name
from hatoba.netcat.traffic_class import parse_traffic_class

_FLAGS = {
    "4": "-4",
    "6": "-6",
    "b": "-b",
    "C": "-C",
    "D": "-D",
    "d": "--recv-only",
    "k": "-k",
    "l": "-l",
    "n": "-n",
    "r": "-r",
    "t": "--telnet",
    "U": "-U",
    "u": "-u",
    "v": "-v",
    "z": "-z",
}
_VALUES = {
    "I": "-I",
    "i": "--delay",
    "M": "--ttl",
    "m": "--min-ttl",
    "O": "-O",
    "P": "--proxy-auth",
    "p": "-p",
    "s": "-s",
    "T": "-T",
    "W": "--recv-limit",
    "x": "--proxy",
}
_LEFT_OUT = {
    "F": "passing the socket on (-F) is left out",
    "S": "TCP MD5 signatures (-S) are left out: this system offers no key for them",
    "V": "routing tables (-V) are OpenBSD's; use ip vrf exec",
    "Z": "DCCP (-Z) is left out: Linux has given it up",
}
_OPTSTRING = "46bCDdFhI:i:klM:m:NnO:P:p:q:rSs:T:tUuV:vW:w:X:x:Zz"
_METAVARS = {
    "I": "length",
    "i": "interval",
    "M": "ttl",
    "m": "minttl",
    "O": "length",
    "P": "proxy_username",
    "p": "source_port",
    "q": "seconds",
    "s": "sourceaddr",
    "T": "keyword",
    "V": "rtable",
    "W": "recvlimit",
    "w": "timeout",
    "X": "proxy_protocol",
    "x": "proxy_address[:port]",
}
_NUMBERS = {
    "i": "interval",
    "I": "TCP receive window",
    "O": "TCP send window",
    "M": "ttl",
    "m": "minttl",
    "W": "receive limit",
    "w": "timeout",
}
_LONGEST_S = 2_147_483
_PROXIES = {"4": "socks4", "5": "socks5", "connect": "http"}


class ForeignRefusal(Exception):
    """What the foreign program would say, and its exit status."""

    def __init__(self, text: str, status: int) -> None:
        super().__init__(text)
        self.text = text
        self.status = status


Refused = Callable[[str], ForeignRefusal]


def translate(arguments: Sequence[str]) -> list[str]:
    """*arguments* of OpenBSD's nc as those of ``hatoba nc``. Raises ForeignRefusal for what it does not take either."""
    try:
        options, words = getopt.gnu_getopt(list(arguments), _OPTSTRING)
    except getopt.GetoptError as error:
        what = "option requires an argument" if "argument" in error.msg else "invalid option"
        raise ForeignRefusal(f"{program_name()}: {what} -- '{error.opt}'\n{usage()}", 1) from error
    given = {option[1:]: value for option, value in options}
    if "h" in given:
        raise ForeignRefusal(usage(), 0)
    _refuse(given, words)
    ours = [_FLAGS[letter] for option, _value in options if (letter := option[1:]) in _FLAGS]
    for letter, option in _VALUES.items():
        if letter in given:
            ours += [option, given[letter]]
    ours += _timing(given)
    if "X" in given or "x" in given:
        ours += ["--proxy-type", _PROXIES[given.get("X", "5")]]
    if "l" in given and not {"4", "6", "U"} & given.keys() and len(words) < 2:
        ours.append("-4")  # without an address it listens on IPv4 only
    return [*ours, "--at-peer-end", "quit" if "l" in given else "drain", "--", *words]


def _timing(given: dict[str, str]) -> list[str]:
    ours = []
    if "w" in given and "l" not in given and float(given["w"]) > 0:
        ours += ["--wait", given["w"], "--idle-timeout", given["w"]]
    quits = "q" in given and int(given["q"]) >= 0
    if quits:
        ours += ["--quit-after", given["q"]]
    if not (quits or "N" in given):
        ours.append("--no-shutdown")
    return ours


def _refuse(given: dict[str, str], words: Sequence[str]) -> None:
    def refused(sentence: str) -> ForeignRefusal:
        return ForeignRefusal(f"{program_name()}: {sentence}", 1)

    for letter, sentence in _LEFT_OUT.items():
        if letter in given:
            raise refused(sentence)
    _refuse_numbers(given, refused)
    if "q" in given and not re.fullmatch(r"-?\d+", given["q"]):
        raise refused(f"quit timer invalid: {given['q']}")
    if given.get("X", "5") not in _PROXIES:
        raise refused("unsupported proxy protocol")
    if "l" in given and "z" in given:
        raise refused("cannot use -z and -l")
    if "k" in given and "l" not in given:
        raise refused("must use -l with -k")
    if "T" in given:
        try:
            parse_traffic_class(given["T"])
        except UsageError:
            raise refused(f"illegal tos value {given['T']}") from None
    port = given.get("p")
    if "U" not in given and port is not None and not port.isdecimal():
        raise refused("getaddrinfo: Servname not supported for ai_socktype")
    _refuse_words(given, words, refused)


def _refuse_numbers(given: dict[str, str], refused: Refused) -> None:
    for letter, what in _NUMBERS.items():
        if letter not in given:
            continue
        if not re.fullmatch(r"-?\d+", given[letter]):
            raise refused(f"{what} invalid: {given[letter]}")
        if int(given[letter]) < 0:
            raise refused(f"{what} too small: {given[letter]}")
        if letter == "w" and int(given["w"]) > _LONGEST_S:
            raise refused(f"{what} too large: {given['w']}")


def _refuse_words(given: dict[str, str], words: Sequence[str], refused: Refused) -> None:
    if "U" in given:
        wrong = len(words) != 1
    elif "l" in given:
        wrong = len(words) > 2 or ("p" in given and len(words) > 1) or not (words or "p" in given)
    else:
        wrong = not words
    if wrong:
        raise ForeignRefusal(usage(), 1)
    if "l" in given:
        if "p" not in given and not re.fullmatch(r"\d+|[a-z][a-z0-9-]*", words[-1]):
            raise refused("getaddrinfo: Servname not supported for ai_socktype")
    elif "U" not in given:
        _refuse_ports(words, refused)


def _refuse_ports(words: Sequence[str], refused: Refused) -> None:
    if len(words) == 1:
        raise refused("missing port number")
    for word in words[1:]:
        if re.fullmatch(r"\d+(-\d+)?", word) is None:
            try:
                socket.getservbyname(word)
            except OSError:
                raise refused(f"port number invalid: {word}") from None
            continue
        for bound in word.split("-", 1):
            if int(bound) > HIGHEST_PORT:
                raise refused(f"port number too large: {bound}")


def usage() -> str:
    """Its usage, from the options that it has."""
    flags = "".join(re.findall(r"[A-Za-z0-9](?!:)", _OPTSTRING.replace("b", "")))
    words = [f"[-{''.join(sorted(flags, key=lambda flag: (not flag.isdecimal(), flag.lower(), flag.islower())))}]"]
    words += [
        f"[-{letter} {_METAVARS[letter]}]" for letter in sorted(_METAVARS, key=lambda each: (each.lower(), each.islower()))
    ]
    lines, line = [], "usage: nc"
    for word in [*words, "[destination] [port]"]:
        if len(line.expandtabs()) + 1 + len(word) > 78 or word.startswith("[dest"):
            lines.append(line)
            line = f"\t  {word}"
        else:
            line += f" {word}"
    return "\n".join([*lines, line])
