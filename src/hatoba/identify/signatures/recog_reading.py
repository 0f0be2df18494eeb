"""Recog's databases read from a folder that the user brings.

What can't be used is never passed over in silence: fingerprints whose patterns RE2 does not take, files for which a scan hears
nothing, and files that are no databases are all counted and named.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from hatoba.errors import UsageError
from hatoba.identify.protocols.text import text
from hatoba.identify.signatures.patterns import BadPattern, Pattern
from hatoba.identify.signatures.recog import Fingerprint, Recog
from hatoba.identify.signatures.recog_texts import DATABASES, database_name
from hatoba.identify.signatures.recog_xml import NoDatabase, Raw, parsed
from hatoba.messages import _, system_words
from hatoba.targets.quoting import shown, shown_path

_MOST_FILES = 500
_DOT_ALL = frozenset({"REG_DOT_NEWLINE", "REG_MULTILINE", "REG_LINE_ANY_CRLF"})
"""All of which Recog takes for Ruby's flag ``m``: a dot is any character."""
_ICASE = "REG_ICASE"
_RUBY = re.compile(r"\\u(?:\{([0-9A-Fa-f]{1,6})\}|([0-9A-Fa-f]{4}))|\\(.)|(\[)|(\])|\(\?([imx]*)(-[imx]+)?([:)])", re.DOTALL)
_HIGHEST = 0x10FFFF
_SURROGATES = range(0xD800, 0xE000)
_OUTSIDE = {"h": "[0-9A-Fa-f]", "H": "[^0-9A-Fa-f]", "Z": r"\n?\z", "R": r"(?:\r\n|[\n-\r])", "e": r"\x1b"}
_INSIDE = {"h": "0-9A-Fa-f", "e": r"\x1b"}
"""Escapes of Ruby's that RE2 has not, outside and inside of a class."""
_FILE_NAME = re.compile(r"[A-Za-z0-9_][\w.-]{0,100}")
_MOST_EXAMPLE_BYTES = 1 << 20


@dataclass(slots=True)
class Read:
    """What a folder holds."""

    recog: Recog
    files: int = 0
    used: int = 0
    """Fingerprints."""
    unusable: list[str] = field(default_factory=list)
    """Where each fingerprint stands that can't be used, and why."""
    unheard: list[str] = field(default_factory=list)
    """Files for which a scan hears nothing."""
    mismatched: list[str] = field(default_factory=list)
    """Where each example stands that its own fingerprint does not match."""


def read_recog(folder: Path, *, examples: bool = False) -> Read:
    """The databases in *folder*, or in the folder ``xml`` in it; with *examples* each is tried on its fingerprint. Raises
    UsageError where there are none, or one can't be read."""
    paths = _paths(folder)
    databases: dict[str, list[tuple[str, Fingerprint]]] = {}
    read = Read(Recog({}), len(paths))
    for path in paths:
        try:
            matches, raws = parsed(path)
        except NoDatabase as error:
            raise UsageError(
                _("{path} is no database of Recog's ({reason}): take it out of the folder").format(
                    path=shown_path(path), reason=error
                )
            ) from error
        name = database_name(matches or path.stem)
        if name not in DATABASES:
            read.unheard.append(path.name)
            continue
        for raw in raws:
            one = _fingerprint(read, path, raw)
            if one is not None:
                databases.setdefault(name, []).append((path.name, one))
                read.used += 1
                read.mismatched += _mismatched(path, raw, one) if examples else ()
    read.recog = Recog({name: tuple(found) for name, found in databases.items()})
    return read


def _paths(folder: Path) -> list[Path]:
    try:
        inner = folder / "xml"
        paths = sorted(path for path in (inner if inner.is_dir() else folder).iterdir() if path.suffix == ".xml")
    except (OSError, ValueError) as error:
        reason = system_words(error) if isinstance(error, OSError) else str(error)
        raise UsageError(
            _("{path}: Recog's databases can't be read ({reason}); name the folder that holds them").format(
                path=shown_path(folder), reason=reason
            )
        ) from None
    if not paths or len(paths) > _MOST_FILES:
        raise UsageError(
            _("{path} holds no databases of Recog's: name its folder xml, with files such as ssh_banners.xml").format(
                path=shown_path(folder)
            )
        )
    return paths


def _fingerprint(read: Read, path: Path, raw: Raw) -> Fingerprint | None:
    """None for one that can't be used, which is noted."""
    flags = {flag.strip() for flag in re.split(r"[,|]", raw.flags) if flag.strip()}
    unknown = flags - _DOT_ALL - {_ICASE}
    try:
        if unknown:
            raise BadPattern(_("there is no flag {flag}").format(flag=shown(", ".join(sorted(unknown)))))
        pattern = Pattern(_from_ruby(raw.pattern), ignore_case=_ICASE in flags, dot_all=bool(flags & _DOT_ALL), multiline=True)
    except BadPattern as error:
        place = f"{path.name}:{raw.line}"
        read.unusable.append(f"{place}: {shown(raw.pattern)}: {error}")
        return None
    return Fingerprint(" ".join(raw.description.split())[:120], pattern, tuple(raw.parameters))


def _mismatched(path: Path, raw: Raw, one: Fingerprint) -> Iterator[str]:
    """Its examples that are not matched, or not as their attributes say."""
    for expected, example in raw.examples:
        said = _bytes(path, expected, example)
        told = None if said is None else one.told(said)
        if told is None or any(
            _comparable(name, told.get(name, "")) != _comparable(name, text(value.encode()))
            for name, value in _told_of(expected)
        ):
            yield f"{path.name}:{raw.line}: {shown(expected.get('_filename', example))}"


def _told_of(expected: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """What an example's attributes say. Those with an underscore say where it stands, and the protocol is the database's."""
    return ((name, value) for name, value in expected.items() if not name.startswith("_") and name != "service.protocol")


def _comparable(name: str, value: str) -> str:
    """Recog has a ``-`` in CPE names for a version that nobody told, and we leave it open."""
    return re.sub(r":-(?=:|$)", ":", value).rstrip(":") if name.endswith(".cpe23") else value


def _bytes(path: Path, attributes: Mapping[str, str], example: str) -> bytes | None:
    """An example's bytes, to the last blank; long ones stand in files of their own, in a folder called as the database is.
    None where there are none."""
    if "_filename" in attributes:
        return _from_file(path.with_suffix(""), attributes["_filename"])
    if attributes.get("_encoding") == "base64":
        try:
            return base64.b64decode("".join(example.split()), validate=True)
        except binascii.Error:
            return None
    return example.encode()


def _from_file(folder: Path, name: str) -> bytes | None:
    if not _FILE_NAME.fullmatch(name):
        return None
    try:
        with (folder / name).open("rb") as file:
            return file.read(_MOST_EXAMPLE_BYTES)
    except OSError:
        return None


def _from_ruby(pattern: str) -> str:
    """What Ruby writes otherwise than RE2: ``\\h`` is a hexadecimal digit, ``\\u`` a character, ``\\Z`` may stand before a last
    line feed, and the flag ``m`` makes a dot any character. ``^`` and ``$`` are the ends of lines in any case."""
    in_class = False

    def translated(found: re.Match[str]) -> str:
        nonlocal in_class
        in_braces, four, escape, opens, closes, on, off, end = found.groups()
        if code := in_braces or four:
            number = int(code, 16)
            if number < 0x80:
                return f"\\x{number:02x}"
            return chr(number) if number <= _HIGHEST and number not in _SURROGATES else found[0]
        if escape is not None:
            return (_INSIDE if in_class else _OUTSIDE).get(escape, found[0])
        if opens or closes:
            in_class = bool(opens) or not closes
            return found[0]
        if in_class:
            return found[0]
        flags = "".join(dict.fromkeys(f"{on}{off or ''}".replace("m", "s")))
        return f"(?{flags}{end}"

    return _RUBY.sub(translated, pattern)
