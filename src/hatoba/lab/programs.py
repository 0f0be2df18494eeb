"""Where programs are: daemons and nft live in folders that an ordinary user's PATH often leaves out."""

from __future__ import annotations

import os
import shutil

_SYSTEM_FOLDERS = ("/usr/local/sbin", "/usr/sbin", "/sbin")


def search_path() -> str:
    """PATH with the system's own folders at its end."""
    folders = os.environ.get("PATH", os.defpath).split(os.pathsep)
    return os.pathsep.join([*folders, *(folder for folder in _SYSTEM_FOLDERS if folder not in folders)])


def find_program(name: str) -> str | None:
    """The full path of a program, None where it is not installed."""
    return shutil.which(name, path=search_path())
