"""What a scan takes of signatures and databases: all of it read, and checked, before anything is asked."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from hatoba.errors import UsageError
from hatoba.identify.signatures.library import Library
from hatoba.identify.signatures.recog import Recog
from hatoba.identify.signatures.recog_reading import read_recog
from hatoba.identify.signatures.signature import Signature
from hatoba.identify.signatures.toml_reading import read_signatures
from hatoba.messages import _, ngettext
from hatoba.targets.quoting import shown_path


class Loaded(NamedTuple):
    library: Library
    remarks: tuple[str, ...]
    """Sentences about what is not used."""


def load(files: Sequence[Path], folders: Sequence[Path]) -> Loaded:
    """The signatures in *files* and the databases in *folders*. Raises UsageError, with the first mistake, where one can't be
    used as it is."""
    signatures: list[Signature] = []
    recogs: list[Recog] = []
    remarks: list[str] = []
    for path in files:
        found, mistakes = read_signatures(path)
        if len(mistakes) > 1:
            more = _("{mistake}; hatoba signatures check tells {count} mistakes in all")
            raise UsageError(more.format(mistake=mistakes[0], count=len(mistakes)))
        if mistakes:
            raise UsageError(mistakes[0])
        signatures += found
    for folder in folders:
        read = read_recog(folder)
        recogs.append(read.recog)
        if read.unusable:
            remarks.append(
                ngettext(
                    "{path}: {count} fingerprint can't be used; hatoba signatures check --recog {path} names it",
                    "{path}: {count} fingerprints can't be used; hatoba signatures check --recog {path} names them",
                    len(read.unusable),
                ).format(path=shown_path(folder), count=len(read.unusable))
            )
    return Loaded(Library(tuple(signatures), tuple(recogs)), tuple(remarks))
