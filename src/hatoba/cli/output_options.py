"""The files that ``hatoba scan`` writes: each is one report's own, and none is a file that the scan reads."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from typing import Any

from hatoba.errors import UsageError
from hatoba.messages import _

FORMATS = ("jsonl", "xml", "grepable", "normal")
"""The file formats, by the names that ``hatoba.reports.formats`` has for them."""

SUFFIXES = {"normal": ".nmap", "xml": ".xml", "grepable": ".gnmap", "jsonl": ".jsonl"}
"""What ``-oA name`` adds to the name, nmap's suffixes where nmap has the format."""

_LETTERS = {"jsonl": "-oJ", "xml": "-oX", "grepable": "-oG", "normal": "-oN", "all_formats": "-oA"}

_READ = {
    "inputs": "-iL",
    "exclude_files": "--exclude-file",
    "scope_file": "--scope-file",
    "signatures": "--signatures",
}
"""Options that name a file to read, but for ``--resume``, by their keys."""


def outputs_of(given: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Format and path of each report, ``-`` for standard output. Raises UsageError where a file can't be that."""
    outputs = [(name, path) for name in FORMATS for path in given[name]]
    for base in given["all_formats"]:
        if base == "-":
            raise UsageError(_("-oA writes several files and needs the start of their names, for instance -oA monday"))
        outputs += [(name, base + suffix) for name, suffix in SUFFIXES.items()]
    if not all(path for _format, path in outputs):
        raise UsageError(_("the name of an output file is empty: give one, or - for standard output"))
    if given["pcap"] in ("", "-"):
        raise UsageError(_("--pcap needs the name of a file, for instance --pcap scan.pcapng"))
    written = [path for _format, path in outputs] + [given["pcap"]] * (given["pcap"] is not None)
    _refuse_what_is_read(given, {_identity(path): path for path in written})
    seen: set[object] = set()
    for path in written:
        if _identity(path) in seen:
            where = _("standard output") if path == "-" else path
            raise UsageError(_("two reports would go to {where}: give each a file of its own").format(where=where))
        seen.add(_identity(path))
    return tuple(outputs)


def refuse_targets_as_names(given: Mapping[str, Any]) -> None:
    """``-oX 198.18.0.2`` takes the target for the name of the file, and leaves none."""
    from hatoba.targets.expressions import plain_ipv4  # NumPy, which others need not wait for

    for name, option in _LETTERS.items():
        for path in given[name]:
            if plain_ipv4(path) is not None or path == "localhost":
                raise UsageError(
                    _("there is no target: {option} takes {name} for the name of its file; write {option} FILE {name}").format(
                        option=option, name=path
                    )
                )


def _refuse_what_is_read(given: Mapping[str, Any], written: Mapping[object, str]) -> None:
    """Opening a report empties its file: what the scan was told in it would be gone."""
    if given["resume"] is not None and _identity(given["resume"]) in written:
        raise UsageError(
            _("{file} is gone on with by --resume: leave it out of the other options").format(file=given["resume"])
        )
    read = [(option, _identity(path)) for option, path in _read(given) if _is_file(path)]
    if "-" in (given["inputs"] or ()):
        read += [("-iL -", identity) for identity in _standard_input()]
    for option, identity in read:
        if (report := written.get(identity)) is not None:
            raise UsageError(
                _("{option} reads {file}, which a report would overwrite: give the report another name").format(
                    option=option, file=report
                )
            )


def _standard_input() -> list[object]:
    """The file that it is, if it is one."""
    try:
        found = os.fstat(0)
    except OSError:  # it is closed
        return []
    return [(found.st_dev, found.st_ino)] if stat.S_ISREG(found.st_mode) else []


def _read(given: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Who reads which file: options, and what is read without being asked for."""
    from hatoba.cli.signature_files import own_file
    from hatoba.targets.scope_file import default_path  # the rooms of these, which the first screen of help needs none of

    yield "hatoba signatures", str(own_file(os.environ))
    if not given["scope_file"]:
        yield "hatoba scope", str(default_path(os.environ))
    for key, option in _READ.items():
        named = given[key] or ()
        yield from ((option, path) for path in ([named] if isinstance(named, str) else named) if path != "-")


def _identity(path: str) -> object:
    """The same for two names of one file."""
    if path == "-":
        return path
    try:
        found = os.stat(path)
    except (OSError, ValueError):  # not there yet; a name with a NUL in it, which is told where it is opened
        return os.path.abspath(path)
    return (found.st_dev, found.st_ino)


def _is_file(path: str) -> bool:
    """Whether writing there takes away what is read: not so of terminals and pipes."""
    try:
        return stat.S_ISREG(os.stat(path).st_mode)
    except (OSError, ValueError):
        return False
