"""The scope on disk: one JSON object a line, the first of which names the format and its version.

::

    {"format": "hatoba scope", "version": 1}
    {"network": "198.51.100.0/24", "by": "aoi", "at": "2026-04-01T09:30:00+00:00", "reason": "our own office network"}

Writers take a lock beside the file, write a new file and put it in the old one's place, so a reader always sees a whole one.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import ip_network
from pathlib import Path

from hatoba.errors import HatobaError, OutputError, UsageError
from hatoba.messages import _, system_words
from hatoba.targets.quoting import shown_path
from hatoba.targets.ranges import Network
from hatoba.targets.scope import Grant, network_text, unmapped_network

VERSION = 1
_FORMAT = "hatoba scope"


def default_path(environ: Mapping[str, str]) -> Path:
    """``$XDG_CONFIG_HOME/hatoba/scope.jsonl``, by default in ``~/.config`` (XDG Base Directory Specification 0.8)."""
    base = environ.get("XDG_CONFIG_HOME", "")
    if not base.startswith("/"):  # the specification has relative paths ignored
        base = os.path.join(environ.get("HOME") or os.path.expanduser("~"), ".config")
    return Path(base) / "hatoba" / "scope.jsonl"


@dataclass(frozen=True, slots=True)
class Added:
    """What became of a grant: recorded, or *covered* already by one that was there."""

    grant: Grant
    covered: Grant | None = None


class ScopeFile:
    """The file at *path*; one that does not exist holds nothing."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def load(self) -> tuple[Grant, ...]:
        """All grants, oldest first. Raises UsageError, with file and line, for a file that can't be read or understood."""
        try:
            raw = self.path.read_bytes()
        except FileNotFoundError:
            return ()
        except IsADirectoryError:
            raise UsageError(
                _("{path} is a folder; give the name of a file in it").format(path=shown_path(self.path))
            ) from None
        except OSError as error:
            raise UsageError(
                _("{path}: the scope file can't be read ({reason}); make it readable for you").format(
                    path=shown_path(self.path), reason=system_words(error)
                )
            ) from None
        lines = raw.splitlines()
        self._check_header(lines[0] if lines else b"")
        return tuple(self._grant(line, number) for number, line in enumerate(lines[1:], start=2) if line.strip())

    def add(self, grants: Iterable[Grant]) -> list[Added]:
        """Record *grants*, but for those that a grant in the file covers already. Raises as :meth:`load`, and OutputError."""
        with self._locked():
            held = list(self.load())
            by_network: dict[Network, Grant] = {}
            for grant in held:
                by_network.setdefault(grant.network, grant)
            outcome = []
            for given in grants:
                grant = Grant(unmapped_network(given.network), given.by, given.at, given.reason)
                covered = covering(grant.network, by_network)
                if covered is None:
                    held.append(grant)
                    by_network[grant.network] = grant
                outcome.append(Added(grant, covered))
            if any(added.covered is None for added in outcome):
                self._write(held)
        return outcome

    def remove(self, networks: Iterable[Network]) -> list[Grant]:
        """Take grants out, all of *networks* or none. Raises HatobaError for a network that is not there."""
        wanted = dict.fromkeys(unmapped_network(network) for network in networks)
        with self._locked():
            held = self.load()
            by_network = {grant.network: grant for grant in held}
            for network in wanted:
                if network not in by_network:
                    raise HatobaError(_absent(network, covering(network, by_network)))
            self._write([grant for grant in held if grant.network not in wanted])
        return [grant for grant in held if grant.network in wanted]

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Alone among writers; the lock is another file, since the file itself is replaced."""
        with self._told():
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = os.open(self.path.with_name(self.path.name + ".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            with self._told():
                fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)

    @contextmanager
    def _told(self) -> Iterator[None]:
        """A fault of the disk as one sentence."""
        try:
            yield
        except OSError as error:
            raise OutputError(
                _("{path}: the scope file can't be written ({reason}); nothing was changed").format(
                    path=shown_path(self.path), reason=system_words(error)
                )
            ) from None

    def _write(self, grants: Sequence[Grant]) -> None:
        header = {"format": _FORMAT, "version": VERSION}
        records = [
            {
                "network": str(grant.network),
                "by": grant.by,
                "at": datetime.fromtimestamp(grant.at, UTC).isoformat(),
                "reason": grant.reason,
            }
            for grant in grants
        ]
        import tempfile  # most scans only read the file

        # ASCII only: neither a control character nor a line separator of Unicode can break the lines or a terminal.
        text = "".join(json.dumps(record) + "\n" for record in (header, *records))
        with self._told():
            # The file may be a link into a folder of kept settings: replace what it leads to.
            target = self.path.resolve()
            descriptor, temporary = tempfile.mkstemp(prefix=".scope-", dir=target.parent)  # made with mode 0600
            try:
                with os.fdopen(descriptor, "w", encoding="ascii") as file:
                    file.write(text)
                    file.flush()
                    os.fsync(file.fileno())
                os.replace(temporary, target)
            except BaseException:
                Path(temporary).unlink(missing_ok=True)
                raise
        folder = os.open(target.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)  # the rename itself
        except OSError:
            return  # a file system that can't: the new file stands all the same
        finally:
            os.close(folder)

    def _check_header(self, line: bytes) -> None:
        header = _object(line)
        if header is None or header.get("format") != _FORMAT or not isinstance(header.get("version"), int):
            raise UsageError(
                _("{path}, line 1: this is not a scope file of hatoba; move it away, and add the networks again").format(
                    path=shown_path(self.path)
                )
            )
        if header["version"] != VERSION:
            raise UsageError(
                _("{path}, line 1: version {version} of the scope file is not known here; use a newer hatoba").format(
                    path=shown_path(self.path), version=header["version"]
                )
            )

    def _grant(self, line: bytes, number: int) -> Grant:
        record = _object(line) or {}
        by, reason, at, network = (record.get(name) for name in ("by", "reason", "at", "network"))
        try:
            if isinstance(by, str) and isinstance(reason, str) and isinstance(at, str) and isinstance(network, str):
                moment = datetime.fromisoformat(at)
                seconds = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
                return Grant(unmapped_network(ip_network(network)), by, seconds, reason)
        except (ValueError, OverflowError):
            pass  # told below, as for a value that is missing
        raise UsageError(
            _("{path}, line {number}: this is no grant; mend the line, or delete it and add the network again").format(
                path=shown_path(self.path), number=number
            )
        )


def covering(network: Network, grants: Mapping[Network, Grant]) -> Grant | None:
    """The grant of the narrowest network that holds all of *network*, if one does."""
    wider = network
    while wider not in grants:
        if wider.prefixlen == 0:
            return None
        wider = wider.supernet()
    return grants[wider]


def _object(line: bytes) -> dict[str, object] | None:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):  # ValueError: not JSON, not UTF-8
        return None
    return value if isinstance(value, dict) else None


def _absent(network: Network, covered: Grant | None) -> str:
    if covered is not None:
        return _("{network} is not in the scope file by itself; {covering}, which is, holds it: remove that").format(
            network=network_text(network), covering=network_text(covered.network)
        )
    return _("{network} is not in the scope file; hatoba scope list shows what is").format(network=network_text(network))
