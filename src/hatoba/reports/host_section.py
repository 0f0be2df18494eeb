"""What the table says of one host: its heading, what is summed up, the ports that count, the way to it, and what to do next."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from hatoba.messages import _
from hatoba.model import Host, Protocol, Reason, State, Verdict
from hatoba.reports.base import UNNAMED, Desk
from hatoba.reports.colour import bold, by_state, faint
from hatoba.reports.explain import explain
from hatoba.reports.host_heading import cautions, heading, way
from hatoba.reports.quantities import number
from hatoba.reports.text import padded, safe, width
from hatoba.reports.wrapping import indented
from hatoba.results.summary import Group, HostSummary

if TYPE_CHECKING:
    from hatoba.service import Service

_FEW_OPEN = 5
"""Up to so many open ports, what to do about them is said without being asked."""


def host_section(desk: Desk, host: Host, summary: HostSummary, hosts_only: bool = False) -> str:
    """The section, without an empty line at its end. *hosts_only*: no ports were asked."""
    columns = desk.options.columns
    head = heading(host, desk.services.vendor, with_reason=hosts_only or desk.options.verbose > 0)
    lines = [bold(head) if desk.options.colour else head]
    lines += [line for caution in cautions(host) for line in indented(caution, "  ", columns)]
    lines += _summed_up(desk, summary)
    lines += _port_lines(desk, host, list(summary.shown.verdicts()))
    if host.systems is not None:
        from hatoba.reports.host_systems import systems_lines  # of scans that ask for systems

        told = systems_lines(host.systems, desk.options.explain)
        lines += [line for sentence in told for line in indented(sentence.lstrip(), _margin(sentence), columns)]
    lines += way(host)
    lines += _next_steps(desk, host, summary)
    return "".join(f"{line}\n" for line in lines)


def _margin(sentence: str) -> str:
    """What a sentence is set in by."""
    return sentence[: len(sentence) - len(sentence.lstrip())]


def _summed_up(desk: Desk, summary: HostSummary) -> list[str]:
    if not summary.hidden:
        return []
    by_protocol = len(summary.protocols) > 1
    parts = [part for state, groups in summary.hidden_states().items() for part in _state_parts(state, groups, by_protocol)]
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


def _state_parts(state: State, groups: list[Group], by_protocol: bool) -> Iterator[str]:
    """``11 filtered (9 no-response, 2 admin-prohibited)``; where several protocols were asked, one for each: ``9 closed tcp
    (reset)``."""
    for protocol in dict.fromkeys(group.protocol for group in groups) if by_protocol else (None,):
        some = [group for group in groups if protocol in (None, group.protocol)]
        reasons = [group.reason.word if len(some) == 1 else f"{number(len(group))} {group.reason.word}" for group in some]
        what = state.word if protocol is None else f"{state.word} {protocol.word}"
        yield f"{number(sum(map(len, some)))} {what} ({', '.join(reasons)})"


def _port_lines(desk: Desk, host: Host, verdicts: list[Verdict]) -> list[str]:
    if not verdicts:
        return []
    first = _("PROTOCOL") if all(verdict.protocol == Protocol.IP for verdict in verdicts) else _("PORT")
    versions = [_version(desk, verdict) for verdict in verdicts]
    header = [first, _("STATE"), _("SERVICE"), *([_("REASON")] if desk.options.reason else [])]
    cells = [_cells(desk, verdict) for verdict in verdicts]
    if any(versions):
        header.append(_("VERSION"))
        cells = [[*row, version] for row, version in zip(cells, versions, strict=True)]
    columns = [max(width(row[at]) for row in [header, *cells]) for at in range(len(header))]
    lines = [_aligned(header, columns)]
    ends = _ends_of_life(desk, verdicts)
    sentences = [explain(verdict, _believed(host, verdict)) if desk.options.explain else "" for verdict in verdicts]
    following = [*sentences[1:], ""]
    for verdict, row, sentence, next_sentence in zip(verdicts, cells, sentences, following, strict=True):
        line = _aligned(row, columns)
        lines.append(by_state(line, verdict.state) if desk.options.colour else line)
        if sentence and sentence != next_sentence:  # ports in a row that have the same to say say it once
            lines += indented(sentence, "    ", desk.options.columns)
        lines += [
            part
            for told in ends.get((verdict.protocol, verdict.port), ())
            for part in indented(told, "    ", desk.options.columns)
        ]
        if (service := desk.service(verdict)) is not None:
            told_of = _said_by(service, desk.options.explain)
            lines += [part for told in told_of for part in indented(told, "    ", desk.options.columns)]
    return lines


def _said_by(service: Service, at_length: bool) -> Iterable[str]:
    from hatoba.reports.explain_service import explain_service  # of scans that ask for services
    from hatoba.reports.findings import findings

    return explain_service(service) if at_length else findings(service)


def _ends_of_life(desk: Desk, verdicts: list[Verdict]) -> dict[tuple[Protocol, int], list[str]]:
    """By port, what is to be said of releases that are supported no more: of each where it is met first. With --explain it is
    said of every port."""
    found: dict[tuple[Protocol, int], list[str]] = {}
    said: set[str] = set()
    for verdict in [] if desk.options.explain else verdicts:
        service = desk.service(verdict)
        if service is not None and service.release is not None and service.release.ended and service.release.name not in said:
            from hatoba.reports.support import support  # of scans that ask for services

            said.add(service.release.name)
            found[verdict.protocol, verdict.port] = [support(service.release)]
    return found


def _cells(desk: Desk, verdict: Verdict) -> list[str]:
    service = safe(desk.service_name(verdict)) or UNNAMED
    port = str(verdict.port) if verdict.protocol == Protocol.IP else f"{verdict.port}/{verdict.protocol.word}"
    cells = [port, verdict.state.word, service]
    return [*cells, _reason(verdict)] if desk.options.reason else cells


def _version(desk: Desk, verdict: Verdict) -> str:
    service = desk.service(verdict)
    return "" if service is None else safe(service.version_line)


def _reason(verdict: Verdict) -> str:
    """As nmap words it: ``admin-prohibited from 198.18.0.1 ttl 64``. What came and decides nothing stands in brackets."""
    text, evidence = verdict.reason.word, verdict.evidence
    if verdict.reason == Reason.NO_RESPONSE and evidence.answer is not None:
        return f"{text} ({evidence.answer} from {evidence.responder})"
    if evidence.responder not in (None, verdict.address):
        text += f" from {evidence.responder}"
    return text if evidence.ttl is None else f"{text} ttl {evidence.ttl}"


def _aligned(cells: list[str], columns: list[int]) -> str:
    return "  ".join(padded(cell, wide) for cell, wide in zip(cells, columns, strict=True)).rstrip()


def _believed(host: Host, verdict: Verdict) -> bool:
    """Whether an open port is taken at its word: not on a host where all are, unless a connection held."""
    return host.deception is None or verdict.protocol != Protocol.TCP or verdict.port in (host.held_ports or ())


def _next_steps(desk: Desk, host: Host, summary: HostSummary) -> list[str]:
    if summary.open_count > _FEW_OPEN and not desk.options.verbose:
        return []
    steps = [
        line
        for verdict in summary.shown.verdicts()
        if verdict.state == State.OPEN
        and _believed(host, verdict)
        and (hint := desk.services.hint(verdict.port, verdict.protocol))
        for line in indented(f"{verdict.port}/{verdict.protocol.word}: {safe(hint)}", "  ", desk.options.columns)
    ]
    return [_("Next steps:"), *steps] if steps else []
