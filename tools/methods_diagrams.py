"""Pictures of what passed between a scanner and its target, drawn from packets that really did: for ``docs/methods.md``.

::

    22/tcp      |--- FIN seq=x ------------------------------->|  nobody listens
                |<-- RST, ACK seq=0 ack=x+1 -------------------|
                |                                              |  = closed: reset

Numbers that are drawn by lot are letters, the same letter for the same number, so that one sees who repeats what. An exchange
that a scan repeats is drawn once: how often it asks again depends on the machine.
"""

from __future__ import annotations

from collections.abc import Iterator

from hatoba.packets.dissect import Header, Packet
from hatoba.packets.dissect_names import SCTP_CHUNKS, icmp_word
from hatoba.packets.dissect_transport import flag_names
from hatoba.packets.layouts import ACK
from hatoba.probes.udp_questions import questions_for
from hatoba.reports.text import padded
from tools.methods_exchanges import Exchange, exchanges, is_outbound
from tools.methods_scenes import Played

_TEXTS = {
    "silence": {"en": "(silence, however often it is asked)", "ja": "（何度尋ねても応答なし）"},
    "no-flag": {"en": "no flag", "ja": "フラグなし"},
    "question": {"en": "UDP, the question {name}", "ja": "UDP、質問 {name}"},
    "empty": {"en": "UDP, empty", "ja": "UDP、空"},
    "answer": {"en": "UDP, an answer", "ja": "UDP、応答"},
    "protocol": {"en": "IP protocol {number}", "ja": "IP プロトコル {number}"},
    "way": {"en": "The way: {hops}", "ja": "経路: {hops}"},
    "vanishing": {
        "en": "Probes for {port} get as far as {hop}, and no farther.",
        "ja": "{port} へのプローブは {hop} まで届き、その先へは届きません。",
    },
}
CONDITIONS = {
    "listening": {"en": "a program listens", "ja": "プログラムが待ち受けている"},
    "nobody": {"en": "nobody listens", "ja": "待ち受けるプログラムがない"},
    "rejected": {"en": "a firewall rejects", "ja": "ファイアウォールが拒否する"},
    "dropped": {"en": "a firewall drops", "ja": "ファイアウォールが黙って捨てる"},
    "dropped-on-way": {"en": "the second router drops", "ja": "2 台目のルーターが捨てる"},
    "dns": {"en": "a name server listens", "ja": "ネームサーバーが待ち受けている"},
    "spoken": {"en": "the host knows this protocol", "ja": "ホストが知っているプロトコル"},
    "silent-protocol": {"en": "known, but never answered", "ja": "知っているが応答しない"},
    "unknown-protocol": {"en": "the host does not know it", "ja": "ホストが知らないプロトコル"},
    "there": {"en": "the host is there", "ja": "ホストがある"},
}
"""What a scene can be about, by the name that ``methods_scenes`` gives it."""

_LEFT, _SHAFT = 11, 50
_NEAR = 4
"""Sequence numbers differ by no more than so many from the one that they go on from."""


def diagram(played: Played, language: str) -> str:
    """The whole picture."""
    lines = [f"$ {played.scene.command}", "", f"{'':{_LEFT}}hatoba{played.scene.target:>{_SHAFT - 4}}"]
    for subject, condition in played.scene.ports.items():
        lines += [f"{'':{_LEFT}}|{'':{_SHAFT}}|", *_block(played, subject, CONDITIONS[condition][language], language)]
    return "\n".join(line.rstrip() for line in [*lines, *_way(played, language)])


def _block(played: Played, subject: int, condition: str, language: str) -> Iterator[str]:
    """One port or protocol: what was asked and answered, and what it was taken for."""
    name, verdict = _verdict(played, subject)
    left, right, drawn = name, condition, []
    for exchange in exchanges(played, name, subject):
        arrows = [(is_outbound(packet, played.scanner), label) for packet, label in _labels(played, exchange, language)]
        if arrows in drawn:
            continue
        drawn.append(arrows)
        for outbound, label in arrows:
            yield f"{left:<{_LEFT}}{_arrow(outbound, label)}  {right}"
            left = right = ""
        if all(outbound for outbound, _label in arrows):
            yield f"{'':{_LEFT}}|{padded('      ' + _TEXTS['silence'][language], _SHAFT)}|"
    yield f"{'':{_LEFT}}|{'':{_SHAFT}}|  = {verdict}"


def _arrow(outbound: bool, label: str) -> str:
    shaft = padded(f"--- {label} " if outbound else f"<-- {label} ", _SHAFT - 1)
    text = shaft.rstrip(" ")
    return f"|{text} {'-' * (len(shaft) - len(text) - 1)}{'>' if outbound else '-'}|"


def _verdict(played: Played, subject: int) -> tuple[str, str]:
    """The name of what was asked, and the report's own words for what is the matter with it."""
    if played.scene.ping:
        (host,) = played.of_type("host")
        return played.scene.asked, f"{host['state']}: {host['reason']}"
    (port,) = (line for line in played.of_type("port") if line["port"] == subject)
    return f"{subject}/{port['protocol']}", f"{port['state']}: {port['reason']}"


def _way(played: Played, language: str) -> list[str]:
    """What a trace found out."""
    (host,) = played.of_type("host")
    said = []
    if trace := host.get("trace"):
        hops = ", ".join(f"{hop['ttl']} {hop['address']}" for hop in trace["hops"])
        said.append(_TEXTS["way"][language].format(hops=hops))
    if lost := host.get("vanishing"):
        port = f"{lost['port']}/{lost['protocol']}"
        said.append(_TEXTS["vanishing"][language].format(port=port, hop=lost["hop"]["address"]))
    return ["", *said] if said else []


class _Letters:
    """Numbers as letters, in the order in which they come up, those that go on from one as ``x+1``."""

    def __init__(self) -> None:
        self._known: dict[int, str] = {}

    def of(self, number: int) -> str:
        if not number:
            return "0"
        for known, letter in self._known.items():
            if 0 <= number - known < _NEAR:
                return letter + (f"+{number - known}" if number > known else "")
        self._known[number] = "xyzuvw"[len(self._known)]
        return self._known[number]


def _labels(played: Played, exchange: Exchange, language: str) -> Iterator[tuple[Packet, str]]:
    letters = _Letters()
    for packet in exchange:
        outbound = is_outbound(packet, played.scanner)
        label = _label(packet, letters, outbound, language)
        if played.scene.shows == "ttl" and outbound and packet is exchange[0]:
            label += f" ttl={_text(packet.header('IPv4'), 'ttl')}"
        if played.scene.shows == "window" and not outbound and packet.header("TCP"):
            label += f" win={_text(packet.header('TCP'), 'window')}"
        sender = _text(packet.header("IPv4"), "src")
        yield packet, label if outbound or sender in ("", played.scene.target) else f"{sender}: {label}"


def _label(packet: Packet, letters: _Letters, outbound: bool, language: str) -> str:
    header = packet.header("ARP", "TCP", "UDP", "SCTP", "ICMP")
    match header.protocol if header else "":
        case "ARP":
            return f"ARP who-has {_text(header, 'target_ip')}" if outbound else f"ARP is-at {_text(header, 'sender_mac')}"
        case "TCP":
            flags = _number(packet, header, "flags")
            named = [("seq", "seq"), ("ack", "ack")] if flags & ACK else [("seq", "seq")]
            word = flag_names(flags) if flags else _TEXTS["no-flag"][language]
            return " ".join([word, *_lettered(packet, header, letters, named)])
        case "SCTP":
            chunk = SCTP_CHUNKS[_number(packet, header, "chunk")]
            return " ".join([chunk, *_lettered(packet, header, letters, [("vtag", "vtag"), ("init-tag", "init_tag")])])
        case "UDP":
            return _datagram(packet, header, outbound, language)
        case "ICMP":
            kind, code = _number(packet, header, "type"), _number(packet, header, "code")
            return " ".join(
                [f"ICMP {kind}/{code} ({icmp_word(4, kind, code)})", *_lettered(packet, header, letters, [("seq", "seq")])]
            )
    return _TEXTS["protocol"][language].format(number=_number(packet, packet.header("IPv4"), "protocol"))


def _datagram(packet: Packet, header: Header | None, outbound: bool, language: str) -> str:
    """Which question it asks. Its answer's contents are the server's, and change with its version."""
    if not outbound:
        return _TEXTS["answer"][language]
    payload = packet.header("data")
    if payload is None:
        return _TEXTS["empty"][language]
    size, port = sum(field.length for field in payload.fields), _number(packet, header, "dport")
    (name,) = (question.name for question in questions_for(port) if len(question.payload) == size)
    return _TEXTS["question"][language].format(name=name)


def _lettered(packet: Packet, header: Header | None, letters: _Letters, named: list[tuple[str, str]]) -> Iterator[str]:
    for label, key in named:
        if header is not None and header.field(key) is not None:
            yield f"{label}={letters.of(_number(packet, header, key))}"


def _number(packet: Packet, header: Header | None, key: str) -> int:
    number = packet.number(header, key) if header else None
    if number is None:
        raise ValueError(f"a packet without {key}: {packet.data.hex()}")
    return number


def _text(header: Header | None, key: str) -> str:
    return header.text(key) if header else ""
