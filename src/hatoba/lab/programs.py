"""Programs to start on a lab's hosts, and where they are: daemons and nft live in folders that an ordinary user's PATH often
leaves out."""

from __future__ import annotations

import os
import shutil
from collections.abc import Container, Mapping, Sequence

from hatoba.errors import LabError
from hatoba.lab.channel import Message
from hatoba.messages import _

_SYSTEM_FOLDERS = ("/usr/local/sbin", "/usr/sbin", "/sbin")


def search_path() -> str:
    """PATH with the system's own folders at its end."""
    folders = os.environ.get("PATH", os.defpath).split(os.pathsep)
    return os.pathsep.join([*folders, *(folder for folder in _SYSTEM_FOLDERS if folder not in folders)])


def find_program(name: str) -> str | None:
    """The full path of a program, None where it is not installed."""
    return shutil.which(name, path=search_path())


def to_start(
    argv: Sequence[str],
    *,
    env: Mapping[str, str] | None = None,
    cwd: str | os.PathLike[str] | None = None,
    privileged: bool = True,
    installed: Container[str] = (),
) -> Message:
    """What a keeper is asked to start. *env* is added to this process's environment; the folder is this process's own unless
    *cwd* names another. *installed*: commands that the lab itself has (:meth:`Lab.install_command`). Raise :class:`LabError`
    for a program that is not there."""
    environment = {**os.environ, "PATH": search_path(), **(env or {})}
    folder = os.fspath(cwd) if cwd is not None else os.getcwd()
    if "/" not in argv[0] and argv[0] not in installed and shutil.which(argv[0], path=environment["PATH"]) is None:
        raise LabError(_("The program {program} is not installed.").format(program=argv[0]))
    return {"argv": list(argv), "env": environment, "cwd": folder, "privileged": privileged}
