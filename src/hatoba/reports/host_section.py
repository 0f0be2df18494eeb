"""What the table says of one host: its heading, what is summed up, the ports that count, and what to do next."""

from __future__ import annotations

from hatoba.messages import _
from hatoba.model import Host, State, Verdict
from hatoba.reports.base import UNNAMED, Desk
from hatoba.reports.colour import bold, by_state, faint
from hatoba.reports.explain import explain
from hatoba.reports.quantities import latency, number
from hatoba.reports.text import padded, safe, width
from hatoba.reports.wrapping import indented
from hatoba.results.summary import Group, HostSummary

_FEW_OPEN = 5
"""Up to so many open ports, what to do about them is said without being asked."""


def host_section(desk: Desk, host: Host, summary: HostSummary) -> str:
    """The section, without an empty line at its end."""
    heading = _heading(host)
    lines = [bold(heading) if desk.options.colour else heading]
    lines += _summed_up(desk, summary)
    lines += _port_lines(desk, list(summary.shown.verdicts()))
    lines += _next_steps(desk, summary)
    return "".join(f"{line}\n" for line in lines)


def _heading(host: Host) -> str:
    who = str(host.address)
    if host.names:
        who = f"{who} ({', '.join(map(safe, host.names))})"
    if host.state == "up":
        if host.rtt_s is None:
            return _("{host}: up").format(host=who)
        return _("{host}: up, answers in {time}").format(host=who, time=latency(host.rtt_s))
    if host.state == "down":
        return _("{host}: down ({reason})").format(host=who, reason=safe(host.reason))
    return _("{host}: no answer from the host itself").format(host=who)


def _summed_up(desk: Desk, summary: HostSummary) -> list[str]:
    if not summary.hidden:
        return []
    parts = [_state_part(state, groups) for state, groups in summary.hidden_states().items()]
    columns = desk.options.columns
    lines = indented(_("Not shown: {parts}").format(parts=", ".join(parts)), "", columns)
    if desk.options.explain:
        for group in summary.hidden:
            example = next(group.example.verdicts())
            text = _("for example {port}/{protocol}: {sentence}").format(
                port=example.port, protocol=example.protocol.word, sentence=explain(example)
            )
            lines += indented(text, "  ", columns)
    return [faint(line) for line in lines] if desk.options.colour else lines


def _state_part(state: State, groups: list[Group]) -> str:
    """``11 filtered (9 no-response, 2 admin-prohibited)``"""
    reasons = [group.reason.word if len(groups) == 1 else f"{number(len(group))} {group.reason.word}" for group in groups]
    return f"{number(sum(map(len, groups)))} {state.word} ({', '.join(reasons)})"


def _port_lines(desk: Desk, verdicts: list[Verdict]) -> list[str]:
    if not verdicts:
        return []
    header = [_("PORT"), _("STATE"), _("SERVICE")] + ([_("REASON")] if desk.options.reason else [])
    cells = [_cells(desk, verdict) for verdict in verdicts]
    columns = [max(width(row[at]) for row in [header, *cells]) for at in range(len(header))]
    lines = [_aligned(header, columns)]
    sentences = [explain(verdict) if desk.options.explain else "" for verdict in verdicts]
    following = [*sentences[1:], ""]
    for verdict, row, sentence, next_sentence in zip(verdicts, cells, sentences, following, strict=True):
        line = _aligned(row, columns)
        lines.append(by_state(line, verdict.state) if desk.options.colour else line)
        if sentence and sentence != next_sentence:  # ports in a row that have the same to say say it once
            lines += indented(sentence, "    ", desk.options.columns)
    return lines


def _cells(desk: Desk, verdict: Verdict) -> list[str]:
    service = safe(desk.services.name(verdict.port, verdict.protocol)) or UNNAMED
    cells = [f"{verdict.port}/{verdict.protocol.word}", verdict.state.word, service]
    return [*cells, _reason(verdict)] if desk.options.reason else cells


def _reason(verdict: Verdict) -> str:
    """As nmap words it: ``admin-prohibited from 198.18.0.1 ttl 64``."""
    text, evidence = verdict.reason.word, verdict.evidence
    if evidence.responder not in (None, verdict.address):
        text += f" from {evidence.responder}"
    return text if evidence.ttl is None else f"{text} ttl {evidence.ttl}"


def _aligned(cells: list[str], columns: list[int]) -> str:
    return "  ".join(padded(cell, wide) for cell, wide in zip(cells, columns, strict=True)).rstrip()


def _next_steps(desk: Desk, summary: HostSummary) -> list[str]:
    if summary.open_count > _FEW_OPEN and not desk.options.verbose:
        return []
    steps = [
        line
        for verdict in summary.shown.verdicts()
        if verdict.state == State.OPEN and (hint := desk.services.hint(verdict.port, verdict.protocol))
        for line in indented(f"{verdict.port}/{verdict.protocol.word}: {safe(hint)}", "  ", desk.options.columns)
    ]
    return [_("Next steps:"), *steps] if steps else []
