"""nmap's spellings, turned into hatoba's long options before the command line is parsed.

People have ``-sSV -p22 -oX file -T4`` in their fingers. :func:`translate` rewrites them; whatever it does not know it leaves
as it is, for the parser to name. An option of nmap that hatoba has no counterpart for yet, or never will, gets one sentence.

nmap reads its command line as getopt does: letters of one word are a cluster (``-nv``) until one takes a value, which is the
rest of the word (``-p22``, ``-sSV``, ``-oXfile``) or the next word (``-p 22``). The ports of a ping are the rest of its word or
none (``-PS22,80``, ``-PS``).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hatoba.errors import UsageError
from hatoba.messages import _N, translated

FLAGS = {
    "n": "--no-names",
    "R": "--reverse-names",
    "v": "--verbose",
    "F": "--fast",
    "4": "--ipv4",
    "6": "--ipv6",
    "O": "--systems",
    "A": "--everything",
    "h": "--help",
}
"""Letters that take no value."""

VALUES = {"p": "--ports", "e": "--interface", "g": "--source-port", "T": "--timing"}
"""Letters that take a value."""

METHODS = {
    "S": "--syn",
    "T": "--connect",
    "U": "--udp",
    "F": "--fin",
    "X": "--xmas",
    "N": "--null",
    "A": "--ack",
    "W": "--window",
    "M": "--maimon",
    "Y": "--sctp-init",
    "Z": "--sctp-cookie",
    "O": "--ip-protocol",
    "n": "--find-hosts",
    "P": "--find-hosts",
    "L": "--list",
    "V": "--services",
}
"""Letters after ``-s``."""

PINGS = {
    **dict.fromkeys("nN0", "--no-discovery"),
    "E": "--ping-echo",
    "P": "--ping-timestamp",
    "M": "--ping-mask",
    "R": "--ping-arp",
}
"""Letters after ``-P`` that take no value."""

PING_PORTS = {
    "S": "--ping-syn",
    "A": "--ping-ack",
    "U": "--ping-udp",
    "Y": "--ping-sctp",
    "O": "--ping-protocol",
}
"""Letters after ``-P`` that ports may follow in the same word; a long option has them behind ``=``."""

OUTPUTS = {"J": "--json", "X": "--xml", "G": "--grepable", "N": "--normal", "A": "--all-formats"}
"""Letters after ``-o``."""

VALUE_OPTIONS = frozenset(
    {
        "--resume",
        "--signatures",
        "--recog",
        "--ports",
        "--scanflags",
        "--exclude-ports",
        "--top-ports",
        "--exclude",
        "--exclude-file",
        "--input",
        "--json",
        "--xml",
        "--grepable",
        "--normal",
        "--all-formats",
        "--min-rate",
        "--max-rate",
        "--max-retries",
        "--interface",
        "--timing",
        "--seed",
        "--shard",
        "--scope-file",
        "--source-port",
        "--pcap",
        "--scan-delay",
        "--host-timeout",
        "--initial-rtt-timeout",
        "--min-rtt-timeout",
        "--max-rtt-timeout",
        "--version-intensity",
    }
)
"""Long options whose value may be the next word: that word is not looked into."""

ALIASES = {
    "--excludefile": "--exclude-file",
    "--resolve-all": "--all-addresses",
    "--shards": "--shard",
    "--version-detection": "--services",
    "--all-ports": "--allports",
    "--fuzzy": "--osscan-guess",
}
"""nmap's other spellings, and masscan's."""

_NAMES = _N("names are looked up by the system's resolver ({option}): leave it out, and set up the resolver instead")
_TRUST = _N("{option} is not hatoba's: leave it out; what answers in a host's stead is noticed and told")
_SCRIPTS = _N("hatoba runs no scripts ({option}): leave it out to get the ports' states")
_HIDING = _N("hatoba does not hide who scans ({option}), on purpose: scan in the open, from your own address")
_RANDOM = _N("hatoba does not scan addresses at random ({option}), on purpose: name those that you may scan")
_PACE = _N("hatoba measures its pace itself ({option}): bound it by --min-rate, --max-rate, --scan-delay and --max-retries")
_EVIDENCE = _N("{option} is not hatoba's: -v says more, and --explain gives each verdict's evidence")
_RIGHTS = _N("{option} is not hatoba's: hatoba doctor shows what this machine allows")
_INTERFACES = _N("hatoba lists no interfaces ({option}): ip -br address does, and ip route shows which way packets go")
_ORDER = _N("hatoba asks ports in a random order, so that load spreads ({option}): leave it out; --seed repeats an order")
_APPEND = _N("hatoba begins each file anew ({option}): leave it out, and name another file")
_STYLE = _N("hatoba's XML names no stylesheet ({option}): leave it out; xsltproc applies one")
_OUTPUT = _N("the output format {option} is not hatoba's: -oJ, -oX, -oG and -oN are, and -oA writes all of them")

ABSENT_METHODS = {
    "C": _SCRIPTS,
    "I": _HIDING,
}
"""Letters after ``-s`` that nmap has and this version has not, with what to say."""

ABSENT_FLAGS = {"f": _HIDING, "d": _EVIDENCE, "r": _ORDER}
ABSENT_VALUES = {"D": _HIDING, "S": _HIDING, "b": _HIDING}

ABSENT_LONG = {
    **dict.fromkeys(
        ("--script", "--script-args", "--script-args-file", "--script-trace", "--script-help", "--script-updatedb"), _SCRIPTS
    ),
    "--discovery-ignore-rst": _TRUST,
    **dict.fromkeys(("--dns-servers", "--system-dns"), _NAMES),
    **dict.fromkeys(
        (
            *("--spoof-mac", "--decoys", "--mtu", "--badsum", "--data", "--data-string", "--data-length"),
            *("--ip-options", "--ttl", "--proxies"),
        ),
        _HIDING,
    ),
    **dict.fromkeys(
        (
            *("--max-scan-delay", "--min-hostgroup", "--max-hostgroup", "--min-parallelism", "--max-parallelism"),
            *("--defeat-rst-ratelimit", "--defeat-icmp-ratelimit"),
        ),
        _PACE,
    ),
    **dict.fromkeys(("--stats-every", "--version-trace"), _EVIDENCE),
    "--iflist": _INTERFACES,
    **dict.fromkeys(("--privileged", "--unprivileged", "--send-eth", "--send-ip"), _RIGHTS),
    "--append-output": _APPEND,
    **dict.fromkeys(("--stylesheet", "--webxml", "--no-stylesheet"), _STYLE),
}
"""nmap's long options that have no counterpart here, with what to say."""


_ONE_DASH = {
    *(VALUE_OPTIONS | ALIASES.keys() | ABSENT_LONG.keys()),
    *("--open", "--reason", "--traceroute", "--packet-trace", "--disable-arp-ping"),
    *("--version-light", "--version-all", "--allports", "--osscan-limit", "--osscan-guess"),
}
"""Long options of nmap that are understood with one dash as well."""


def translate(argv: Sequence[str]) -> list[str]:
    """*argv* with nmap's spellings as hatoba's long options. Words after ``--`` and values of options stay as they are.

    Raises UsageError for an option of nmap that hatoba does not have; raises nothing else, whatever *argv* holds.
    """
    words = iter(argv)
    result: list[str] = []
    for word in words:
        if word == "--":
            return [*result, word, *words]
        result += _translated_word(word, words)
    return result


def _translated_word(word: str, following: Iterator[str]) -> list[str]:
    if word.startswith("--"):
        return _long(word, following)
    if not word.startswith("-") or len(word) == 1:
        return [word]
    if len(word) > 3:
        name = "-" + word.split("=", maxsplit=1)[0]
        if name in _ONE_DASH:
            # getopt_long_only, which nmap uses, takes one dash for two.
            return _long("-" + word, following)
    return _cluster(word, following)


def _long(word: str, following: Iterator[str]) -> list[str]:
    name, equals, value = word.partition("=")
    if name in ABSENT_LONG:
        raise _absent(ABSENT_LONG[name], name)
    name = ALIASES.get(name, name)
    if name in VALUE_OPTIONS and not equals:
        return _with_value(name, "", following)
    if name in PING_PORTS.values() and not equals:
        return [f"{name}="]
    return [name + equals + value]


def _with_value(name: str, attached: str, following: Iterator[str]) -> list[str]:
    """``--name=value``, so that a value such as ``-100`` is never taken for an option; the parser names a missing one."""
    value = attached or next(following, None)
    return [name] if value is None else [f"{name}={value}"]


def _cluster(word: str, following: Iterator[str]) -> list[str]:
    """The letters of one word with one dash. A word that holds a letter unknown here comes back whole."""
    result: list[str] = []
    for place, letter in enumerate(word[1:], start=1):
        rest = word[place + 1 :]
        if letter in ABSENT_FLAGS:
            raise _absent(ABSENT_FLAGS[letter], f"-{letter}")
        if letter in ABSENT_VALUES:
            raise _absent(ABSENT_VALUES[letter], f"-{letter}")
        if letter == "v" and rest.isdecimal() and rest.isascii() and len(rest) == 1:
            return [*result, *["--verbose"] * int(rest)]
        if letter in FLAGS:
            result.append(FLAGS[letter])
        elif letter in VALUES:
            return [*result, *_with_value(VALUES[letter], rest, following)]
        else:
            tail = _compound(letter, rest, following)
            return [word] if tail is None else [*result, *tail]
    return result


def _compound(letter: str, rest: str, following: Iterator[str]) -> list[str] | None:
    """The options of two letters and more: ``-sS``, ``-oX``, ``-iL``, ``-Pn``. None where it is none of nmap's."""
    kind, attached = rest[:1], rest[1:]
    if letter == "s" and rest:
        return _methods(rest)
    if letter == "o" and kind in OUTPUTS:
        return _with_value(OUTPUTS[kind], attached, following)
    if letter == "o" and kind in ("S", "M", "H"):
        raise _absent(_OUTPUT, f"-o{kind}")
    if letter == "i" and kind == "L":
        return _with_value("--input", attached, following)
    if letter == "i" and kind == "R":
        raise _absent(_RANDOM, "-iR")
    if letter == "P" and rest in PINGS:
        return [PINGS[rest]]
    if letter == "P" and kind in PING_PORTS:
        return [f"{PING_PORTS[kind]}={attached}"]
    return None


def _methods(letters: str) -> list[str] | None:
    """``-sS``, ``-sT`` and clusters of them; None where a letter is none of nmap's."""
    if any(letter not in METHODS and letter not in ABSENT_METHODS for letter in letters):
        return None
    for letter in letters:
        if letter in ABSENT_METHODS:
            raise _absent(ABSENT_METHODS[letter], f"-s{letter}")
    return [METHODS[letter] for letter in letters]


def _absent(sentence: str, option: str) -> UsageError:
    return UsageError(translated(sentence).format(option=option))
