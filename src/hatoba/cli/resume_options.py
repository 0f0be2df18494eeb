"""What may stand beside ``hatoba scan --resume FILE``: FILE says what is asked and how, the command line how it is told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hatoba.cli.scan_discovery import was_said
from hatoba.errors import UsageError
from hatoba.messages import _

_BESIDE = frozenset(
    {
        *("resume", "authorized", "scope_file"),
        *("jsonl", "xml", "grepable", "normal", "all_formats", "reason", "explain", "verbose", "progress"),
        *("packet_trace", "pcap", "signatures", "recog"),
    }
)
"""Permission is never taken from a file, and what is told may be told in another way."""

_NAMES = {
    "inputs": "-iL",
    "exclude_files": "--exclude-file",
    "list_only": "-sL",
    "find_hosts": "-sn",
    "no_discovery": "-Pn",
    "open_only": "--open",
    "ports": "-p",
    "services": "-sV",
    "all_ports": "--allports",
    "systems": "-O",
    "everything": "-A",
}
"""Options that are not called as their keys are."""


def refuse_beside_resume(given: Mapping[str, Any]) -> None:
    """Raise UsageError for what FILE has said already."""
    if given["resume"] in ("", "-"):
        raise UsageError(_("--resume needs the name of a file, which -oJ wrote: hatoba scan --resume monday.jsonl"))
    said = list(given["targets"][:1])
    said += [] if given["second_look"] else ["--no-second-look"]
    said += [
        _NAMES.get(key, "--" + key.replace("_", "-"))
        for key, value in given.items()
        if key not in _BESIDE and key not in ("targets", "second_look") and was_said(value)
    ]
    for option in said:
        raise UsageError(
            _("--resume takes targets, ports, methods and pace from {file}: leave out {option}").format(
                file=given["resume"], option=option
            )
        )
