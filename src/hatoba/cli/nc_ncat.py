"""The command line of ncat, told in the options of ``hatoba nc``."""

from __future__ import annotations

import getopt
import re
from collections.abc import Callable, Sequence

from hatoba.cli.nc_openbsd import ForeignRefusal
from hatoba.cli.nc_values import HIGHEST_PORT
from hatoba.netcat.ncat import DEFAULT_PORT, version_line

_SHORT = {
    "4": "-4",
    "6": "-6",
    "U": "--unixsock",
    "C": "--crlf",
    "c": "--sh-exec",
    "e": "--exec",
    "g": "-g",
    "G": "-G",
    "m": "--max-conns",
    "h": "--help",
    "d": "--delay",
    "o": "--output",
    "x": "--hex-dump",
    "i": "--idle-timeout",
    "p": "--source-port",
    "s": "--source",
    "l": "--listen",
    "k": "--keep-open",
    "n": "--nodns",
    "t": "--telnet",
    "u": "--udp",
    "v": "--verbose",
    "w": "--wait",
    "z": "-z",
}
_SHORT_VALUES = "cegGmdoxipsw"
_FLAGS = (
    *("unixsock", "vsock", "crlf", "help", "listen", "keep-open", "nodns", "telnet", "udp", "sctp", "verbose"),
    *("append-output", "send-only", "recv-only", "no-shutdown", "broker", "chat", "ssl", "ssl-verify", "version"),
)
_VALUES = (
    *("sh-exec", "exec", "lua-exec", "max-conns", "delay", "output", "hex-dump", "idle-timeout", "source-port", "source"),
    *("wait", "allow", "allowfile", "deny", "denyfile", "proxy", "proxy-type", "proxy-auth", "proxy-dns", "ssl-cert"),
    *("ssl-key", "ssl-trustfile", "ssl-ciphers", "ssl-servername", "ssl-alpn"),
)
_TIMES = {"--delay": "-d delay", "--idle-timeout": "-i timeout", "--wait": "-w timeout"}
_LEFT_OUT = {
    "-g": "Loose source routing (-g) is left out: routers drop it",
    "-G": "Loose source routing (-G) is left out: routers drop it",
    "--vsock": "Sockets of virtual machines (--vsock) are left out",
}
_MOST_AT_ONCE = "100"


def translate(arguments: Sequence[str]) -> list[str]:
    """*arguments* of ncat as those of ``hatoba nc``. Raises ForeignRefusal for what it does not take either."""
    short = "".join(f"{letter}:" if letter in _SHORT_VALUES else letter for letter in _SHORT)
    try:
        options, words = getopt.gnu_getopt(list(arguments), short, [*_FLAGS, *(f"{name}=" for name in _VALUES)])
    except getopt.GetoptError as error:
        raise ForeignRefusal(
            f"ncat: {_getopt_says(error)}\n"
            "Ncat: Try `--help' or man(1) ncat for more information, usage options and help. QUITTING.",
            2,
        ) from error
    ours = [(option if option.startswith("--") else _SHORT[option[1:]], value) for option, value in options]
    names = dict(ours)
    if "--version" in names:
        raise ForeignRefusal(version_line(), 0)
    if "--help" in names:
        return ["--help"]
    _refuse(names, words)
    listening = "--listen" in names
    if listening and names.keys() & {"--keep-open", "--broker", "--chat", "--proxy-type"}:
        ours.append(("--max-conns", names.get("--max-conns", _MOST_AT_ONCE)))
    else:
        ours = [(name, value) for name, value in ours if name != "--max-conns"]
    if "--unixsock" not in names and len(words) < (1 if listening else 2):
        words = [*words, str(DEFAULT_PORT)]
    if "--udp" in names and not listening:
        ours.append(("--quit-after", "0"))  # nothing can tell the peer that input ended, and it does not wait
    flags = [word for name, value in ours for word in ((name, value) if _takes_value(name) else (name,))]
    return [*flags, "--at-peer-end", "quit" if listening else "drain", "--", *words]


def _takes_value(name: str) -> bool:
    return name.removeprefix("--") in (*_VALUES, "quit-after")


def _getopt_says(error: getopt.GetoptError) -> str:
    """glibc's words for what is wrong with an option."""
    if len(error.opt) == 1:
        return (
            f"option requires an argument -- '{error.opt}'" if "argument" in error.msg else f"invalid option -- '{error.opt}'"
        )
    if "requires argument" in error.msg:
        return f"option '--{error.opt}' requires an argument"
    if "must not have" in error.msg:
        return f"option '--{error.opt}' doesn't allow an argument"
    if "unique" in error.msg:
        return f"option '--{error.opt}' is ambiguous"
    return f"unrecognized option '--{error.opt}'"


def _refuse(names: dict[str, str], words: Sequence[str]) -> None:
    def refused(sentence: str, *, begun: bool = False) -> ForeignRefusal:
        # With -v it tells its version before it looks at the ports.
        opening = f"{version_line()}\n" if begun and "--verbose" in names else ""
        return ForeignRefusal(f"{opening}Ncat: {sentence}. QUITTING.", 2)

    for name, sentence in _LEFT_OUT.items():
        if name in names:
            raise refused(sentence)
    for name, what in _TIMES.items():
        if name in names and not re.fullmatch(r"0*(\d*[1-9]\d*(\.\d*)?|\d*\.\d*[1-9]\d*)(ms|s|m|h)?", names[name]):
            raise refused(f'Invalid {what} "{names[name]}" (must be greater than 0 and less than 2147483s)')
    port = names.get("--source-port")
    if port is not None and not (port.isdecimal() and int(port) <= HIGHEST_PORT):
        raise refused(f"Invalid source port {port}")
    if "--keep-open" in names and "--listen" not in names:
        raise refused("Invalid option combination: `--keep-open' with connect")
    if "--unixsock" not in names:
        _refuse_words(words, "--listen" in names, refused)
    elif len(words) != 1:
        raise refused("You must specify a path to a Unix domain socket to connect to or listen on")


def _refuse_words(words: Sequence[str], listening: bool, refused: Callable[..., ForeignRefusal]) -> None:
    if not words and not listening:
        raise refused("You must specify a host to connect to")
    if len(words) > 2:
        raise refused(f"Got more than one port specification: {' '.join(words[1:])}")
    for word in words[1:] or (words if listening else ()):
        if len(words) == 1 and not word.isdecimal():
            continue  # an address to listen at
        if not (word.isdecimal() and int(word) <= HIGHEST_PORT):
            raise refused(f'Invalid port number "{word}"', begun=True)
