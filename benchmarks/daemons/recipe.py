"""How more daemons are set up, each by a recipe: files, what is to be done before, and a command line.

In all texts ``@PORT@`` stands for the daemon's port, ``@FOLDER@`` for its host's folder in memory, ``@DATA@`` for one with more
room.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass, field

from benchmarks.daemons.settings import data_folder, folder_of, make_keys
from hatoba.lab import Host, LabError


@dataclass(frozen=True)
class Recipe:
    command: str
    """Split as a shell would, but not run by one."""
    files: dict[str, str] = field(default_factory=dict)
    """By name, under the folder."""
    before: str = ""
    """For a shell, in the folder; it has to succeed."""
    env: str = ""
    """``NAME=value`` and so on."""

    def __call__(self, host: Host, port: int) -> Sequence[str]:
        make_keys(host)
        places = {"PORT": str(port), "FOLDER": folder_of(host), "DATA": data_folder(host)}

        def placed(said: str) -> str:
            return re.sub(r"@(PORT|FOLDER|DATA)@", lambda found: places[found[1]], said)

        for name, content in self.files.items():
            host.write(name, placed(content), 0o755)
        if self.before:
            done = host.run(["sh", "-ec", placed(f"cd @FOLDER@; {self.before}")], timeout_s=200)
            if done.returncode:
                raise LabError(done.stdout[-200:] + done.stderr[-300:])
        return ["env", *shlex.split(placed(self.env)), *shlex.split(placed(self.command))]
