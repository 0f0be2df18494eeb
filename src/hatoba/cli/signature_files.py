"""Which signatures and databases a scan takes: those that are named, and the user's own file where there is one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from hatoba.cli.shell import complain
from hatoba.targets.scope_file import default_path

if TYPE_CHECKING:
    from hatoba.identify.signatures.library import Library

OWN_FILE = "signatures.toml"


def own_file(environ: Mapping[str, str]) -> Path:
    """The user's own signatures, beside the scope: ``~/.config/hatoba/signatures.toml``."""
    return default_path(environ).parent / OWN_FILE


def library(files: Iterable[str], folders: Iterable[str], environ: Mapping[str, str]) -> Library | None:
    """What a scan is given; None where there is nothing. Raises UsageError for what is not as it should be."""
    paths = list(map(Path, files))
    own = own_file(environ)
    if own.is_file() and not any(path.exists() and path.samefile(own) for path in paths):
        paths.append(own)
    databases = list(map(Path, folders))
    if not paths and not databases:
        return None
    from hatoba.identify.signatures.loading import load

    loaded = load(paths, databases)
    for remark in loaded.remarks:
        complain(remark)
    return loaded.library
