"""The options of ``hatoba scan`` in the sections of its help, each by nmap's letters and by a readable name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from hatoba.cli.command import Option
from hatoba.cli.numbers import duration, rate, whole_number
from hatoba.cli.scan_values import ping_ports, shard, tcp_flags, timing
from hatoba.messages import _N

Function = TypeVar("Function", bound=Callable[..., Any])


def with_arguments(function: Function) -> Function:
    """Give a command all of them."""
    for section, options in reversed(_SECTIONS):
        for names, settings in reversed(options):
            function = click.option(*names, cls=Option, section=section, **settings)(function)
    return click.argument("targets", nargs=-1, metavar="TARGETS...")(function)


_Options = tuple[tuple[tuple[str, ...], dict[str, Any]], ...]


def _flag(*names: str, help: str) -> tuple[tuple[str, ...], dict[str, Any]]:
    return names, {"is_flag": True, "help": help}


def _value(*names: str, metavar: str, help: str, **settings: Any) -> tuple[tuple[str, ...], dict[str, Any]]:
    return names, {"metavar": metavar, "help": help, **settings}


def _ping(letters: str, name: str, method: str, help: str, metavar: str = "[=PORTS]") -> tuple[tuple[str, ...], dict[str, Any]]:
    return _value(letters, name, metavar=metavar, help=help, callback=ping_ports(method))


_TARGETS: _Options = (
    _value("-iL", "--input", "inputs", metavar="FILE", multiple=True, help=_N("Read targets from FILE; - is standard input.")),
    _value("--exclude", metavar="TARGETS", multiple=True, help=_N("Leave these out; commas between them.")),
    _value("--exclude-file", "exclude_files", metavar="FILE", multiple=True, help=_N("Leave out the targets in FILE.")),
    _value(
        *("--shard",),
        metavar="I/N",
        callback=shard,
        help=_N("Scan the I-th of N parts of these targets, for N machines; no address is in two parts or in none."),
    ),
    _flag("-4", "--ipv4", help=_N("Take the IPv4 address of a name (the default).")),
    _flag("-6", "--ipv6", help=_N("Take the IPv6 address of a name; with -4, both.")),
    _flag("--all-addresses", help=_N("Take every address of a name; with -4 or -6, of that family.")),
    _flag("--authorized", help=_N("I may scan these targets: do not ask, and do not look into the scope file.")),
    _value("--scope-file", metavar="FILE", help=_N("The scope file to use instead of the usual one.")),
)
_HOSTS: _Options = (
    _flag("-sn", "--find-hosts", help=_N("Find out which hosts are there, and ask no ports.")),
    _flag("-sL", "--list", "list_only", help=_N("List the targets by address and name; nothing is sent to them.")),
    _flag("-Pn", "--no-discovery", help=_N("Ask every address for its ports, however many there are.")),
    _flag("-PE", "--ping-echo", help=_N("Look for hosts by ICMP echo requests.")),
    _flag("-PP", "--ping-timestamp", help=_N("Look for hosts by ICMP timestamp requests (IPv4).")),
    _flag("-PM", "--ping-mask", help=_N("Look for hosts by ICMP address mask requests (IPv4).")),
    _ping("-PS", "--ping-syn", "syn", _N("Look for hosts by TCP SYN, to port 80 or PORTS.")),
    _ping("-PA", "--ping-ack", "ack", _N("Look for hosts by TCP ACK, to port 80 or PORTS.")),
    _ping("-PU", "--ping-udp", "udp", _N("Look for hosts by UDP, to port 40125 or PORTS.")),
    _ping("-PY", "--ping-sctp", "sctp-init", _N("Look for hosts by SCTP INIT, to port 80 or PORTS.")),
    _ping(
        *("-PO", "--ping-protocol", "ip-protocol"),
        _N("Look for hosts by IP protocols: 1, 2 and 4, or PROTOCOLS."),
        "[=PROTOCOLS]",
    ),
    _flag("-PR", "--ping-arp", help=_N("Changes nothing: a host on our own link is always asked for its hardware address.")),
    _flag("--disable-arp-ping", help=_N("Changes nothing either: on a link no packet leaves without that address.")),
    _flag("-R", "--reverse-names", help=_N("Look up the names of the addresses that answer.")),
    _flag("-n", "--no-names", help=_N("Look up no names of addresses: the default, but for --list.")),
    _flag("--traceroute", help=_N("Find the way to each host that answers.")),
)
_PORTS: _Options = (
    _value(
        *("-p", "--ports"),
        metavar="PORTS",
        multiple=True,
        help=_N("Ports to ask: 22,80-90,http*,-100,60000-,U:53; - is all of them. Given again, it adds to the first."),
    ),
    _value("--exclude-ports", metavar="PORTS", multiple=True, help=_N("Ports not to ask. Given again, it adds to the first.")),
    _flag("-F", "--fast", help=_N("Ask the 100 likeliest ports.")),
    _value("--top-ports", metavar="N", callback=whole_number(), help=_N("Ask the N likeliest ports.")),
)
_METHODS: _Options = (
    _flag("-sS", "--syn", help=_N("Ask by SYN packets; needs the right to send raw packets, as all below but --connect.")),
    _flag("-sT", "--connect", help=_N("Ask by connect(); needs no right at all.")),
    _flag("-sU", "--udp", help=_N("Ask UDP ports, each in the language of its protocol.")),
    _flag("-sF", "--fin", help=_N("Ask by FIN: closed ports answer, open ones are silent.")),
    _flag("-sN", "--null", help=_N("Ask by segments without any flag, as FIN.")),
    _flag("-sX", "--xmas", help=_N("Ask by FIN, PSH and URG, as FIN.")),
    _flag("-sM", "--maimon", help=_N("Ask by FIN and ACK, as FIN.")),
    _flag("-sA", "--ack", help=_N("Ask by ACK: what does a firewall let through?")),
    _flag("-sW", "--window", help=_N("Ask by ACK, and look at the window of the answer.")),
    _flag("-sY", "--sctp-init", help=_N("Ask SCTP ports by INIT.")),
    _flag("-sZ", "--sctp-cookie", help=_N("Ask SCTP ports by COOKIE ECHO.")),
    _flag("-sO", "--ip-protocol", help=_N("Ask for the protocols that a host has above IP, 0 to 255.")),
    _value(
        *("--scanflags",),
        metavar="FLAGS",
        callback=tcp_flags,
        help=_N("Ask with these TCP flags instead, names in a row (SYNFIN) or a number; answers are judged as the method's."),
    ),
    _flag(
        "--prove-closed",
        help=_N("Ask silent ports again, as slowly as a host that rations its errors answers, until they are known."),
    ),
    (
        ("--second-look/--no-second-look",),
        {
            "default": True,
            "help": _N(
                "Ask again what is open, and after up to 1,000 questions whatever was answered, to notice what answers in a"
                " host's stead (the default)."
            ),
        },
    ),
)
_SERVICES: _Options = (
    _flag("-sV", "--services", help=_N("Ask open ports which program in which version is behind them, through TLS as well.")),
    _value(
        *("--version-intensity",),
        metavar="0-9",
        callback=whole_number(0, 9),
        help=_N("How many protocols to try on ports that are not theirs: 0 none, 7 most (the default), 9 all."),
    ),
    _flag("--version-light", help=_N("The same as --version-intensity 2.")),
    _flag("--version-all", help=_N("The same as --version-intensity 9.")),
    _value(
        "--signatures",
        metavar="FILE",
        multiple=True,
        help=_N(
            "Take your own signatures from FILE, in TOML; they come before hatoba's. hatoba signatures check finds mistakes."
        ),
    ),
    _value("--recog", metavar="FOLDER", multiple=True, help=_N("Fill what is not known from Recog's databases in FOLDER.")),
    _flag("--allports", "all_ports", help=_N("Ask ports 9100 to 9107, too, where printers print whatever comes.")),
    _flag("--tls-ciphers", help=_N("Ask for every cipher of every version of TLS, some fifty connections to each TLS port.")),
    _flag(
        "--waf-test",
        help=_N(
            "Send web servers a request that looks like an attack and harms nobody, to see whether a WAF refuses it:"
            " up to six connections each."
        ),
    ),
)
_SYSTEMS: _Options = (
    _flag("-O", "--systems", help=_N("Tell which operating system hosts run, by how they answer; needs packets of our own.")),
    _flag("--osscan-limit", help=_N("Only of hosts of which an open and a closed port are known.")),
    _flag("--osscan-guess", help=_N("Name what fits badly, too, where nothing fits well.")),
    _flag(
        *("-A", "--everything"),
        help=_N("The same as -sV -O --traceroute; where packets of our own are not allowed, as -sV."),
    ),
)
_PACE: _Options = (
    _value(
        *("-T", "--timing"),
        metavar="0-5",
        callback=timing,
        help=_N("nmap's templates: 0 to 2 ask slowly, 4 and 5 wait less for answers; the options below come before them."),
    ),
    _value("--min-rate", metavar="N", callback=rate, help=_N("Send at least N probes a second.")),
    _value("--max-rate", metavar="N", callback=rate, help=_N("Send at most N probes a second.")),
    _value("--scan-delay", metavar="TIME", callback=duration(True), help=_N("Wait so long between probes to one host.")),
    _value(
        *("--max-retries",),
        metavar="N",
        callback=whole_number(0, 100),
        help=_N("Repeat an unanswered probe at most N times, 100 at most."),
    ),
    _value(
        *("--host-timeout",),
        metavar="TIME",
        callback=duration(True),
        help=_N("Leave hosts that take longer; what is known by then is told."),
    ),
    _value(
        *("--initial-rtt-timeout",),
        metavar="TIME",
        callback=duration(),
        help=_N("Wait so long for an answer before the first has come: 500ms, 2s."),
    ),
    _value("--min-rtt-timeout", metavar="TIME", callback=duration(), help=_N("Wait at least so long for an answer.")),
    _value("--max-rtt-timeout", metavar="TIME", callback=duration(), help=_N("Wait at most so long for an answer.")),
)
_PACKETS: _Options = (
    _value("-e", "--interface", metavar="NAME", help=_N("Send through this interface.")),
    _value("-g", "--source-port", metavar="N", callback=whole_number(1, 65535), help=_N("Send from this port.")),
    _flag("--packet-trace", help=_N("Show every packet that is sent or received, a line each, on standard error.")),
    _value("--pcap", metavar="FILE", help=_N("Write the packets that are sent and received to FILE, for Wireshark.")),
    _flag("--dry-run", help=_N("Show the packets byte by byte, and send none.")),
    _value("--seed", metavar="N", callback=whole_number(), help=_N("Ask in the same order as another scan with this seed.")),
)
_REPORTS: _Options = (
    _value(
        *("-oJ", "--json", "jsonl"),
        metavar="FILE",
        multiple=True,
        help=_N("Write JSON Lines to FILE; - is standard output."),
    ),
    _value("-oX", "--xml", metavar="FILE", multiple=True, help=_N("Write nmap's XML.")),
    _value("-oG", "--grepable", metavar="FILE", multiple=True, help=_N("Write a line for each host.")),
    _value("-oN", "--normal", metavar="FILE", multiple=True, help=_N("Write the table as text.")),
    _value(
        *("-oA", "--all-formats"),
        metavar="NAME",
        multiple=True,
        help=_N("Write all of them: NAME.jsonl, .xml, .gnmap, .nmap."),
    ),
    _value(
        "--resume",
        metavar="FILE",
        help=_N("Go on with the scan that was cut off while it wrote FILE by -oJ: ask only what is missing, and add it there."),
    ),
    _flag("--open", "open_only", help=_N("Show open ports only.")),
    _flag("--reason", help=_N("Say in a word why a port has its state.")),
    _flag("--explain", help=_N("Say it in a sentence, with the evidence.")),
    (("-v", "--verbose"), {"count": True, "help": _N("Say more; twice, still more.")}),
    (
        ("--progress/--no-progress",),
        {"default": True, "help": _N("Show how far the scan is, where standard error is a terminal.")},
    ),
)
_SECTIONS: tuple[tuple[str, _Options], ...] = (
    (_N("Targets"), _TARGETS),
    (_N("Which hosts are there"), _HOSTS),
    (_N("Ports"), _PORTS),
    (_N("Methods"), _METHODS),
    (_N("Services"), _SERVICES),
    (_N("Operating systems"), _SYSTEMS),
    (_N("Pace"), _PACE),
    (_N("Packets"), _PACKETS),
    (_N("Reports"), _REPORTS),
)
