"""The signatures and databases that a call brings, to recognise services by."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from hatoba.errors import UsageError
from hatoba.messages import _

if TYPE_CHECKING:
    from hatoba.identify.signatures.library import Library

OnePath = str | os.PathLike[str]
Paths = OnePath | Iterable[OnePath]


def library_of(
    signatures: Paths, recog: Paths, intensity: int | None, remark: Callable[[str], None], resumed: bool = False
) -> Library | None:
    """All of it, read and checked; None where there is nothing. *intensity* is the scan's, *remark* takes sentences about what
    is not used. Raises UsageError for what is not as it should be, and where no service is asked for: in a *resumed* scan that
    can't be had any more."""
    files, folders = _paths(signatures), _paths(recog)
    for name in [name for name, paths in (("signatures", files), ("recog", folders)) if paths and intensity is None]:
        raise UsageError(
            _("{name} is about services, which that scan did not ask for: leave it out").format(name=name)
            if resumed
            else _("{name} is about services: give version_intensity as well").format(name=name)
        )
    if not files and not folders:
        return None
    from hatoba.identify.signatures.loading import load  # others need not wait for it

    loaded = load(files, folders)
    for sentence in loaded.remarks:
        remark(sentence)
    return loaded.library


def _paths(given: Paths) -> list[Path]:
    return [Path(path) for path in ((given,) if isinstance(given, str | os.PathLike) else given)]
