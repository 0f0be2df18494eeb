"""A lab with a web server of ours on one host and clients on another, and the folder that is served."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from hatoba.lab import Host, Lab, Link, Process
from tests import needs

SECRET = "nobody may ever read this"
SMALL = "small and public\n"
BIG_BYTES = 20_000_000
ADDRESS = "198.18.0.2"
NC = (sys.executable, "-P", "-m", "hatoba", "nc")


@dataclass(frozen=True)
class WebLab:
    """*root* is served (``small``, ``big``, ``deep/note.txt``, links); ``secret`` beside it is not."""

    client: Host
    server: Host
    link: Link
    root: Path

    @contextmanager
    def serving(self, *options: str, port: int = 8080) -> Iterator[Process]:
        """The server with ``--serve`` and these options."""
        argv = [*NC, "-v", "-l", str(port), "--serve", str(self.root), *options]
        with self.server.serve(argv, ready=rf"0\.0\.0\.0:{port}$", env={"LC_ALL": "C.UTF-8"}) as process:
            yield process

    def curl(self, *arguments: str) -> str:
        """What curl prints."""
        done = self.client.run(["curl", "--silent", "--show-error", "--max-time", "50", *arguments])
        assert done.returncode == 0, done.stderr
        return done.stdout


@contextmanager
def web_lab(folder: Path) -> Iterator[WebLab]:
    needs.require_lab()
    root = folder / "root"
    (root / "deep").mkdir(parents=True)
    (root / "small").write_text(SMALL)
    (root / "big").write_bytes(os.urandom(BIG_BYTES))
    (root / "deep" / "note.txt").write_text("note\n")
    (folder / "secret").write_text(SECRET)
    (root / "out").symlink_to("../secret")
    (root / "out-folder").symlink_to("..")
    (root / "absolute").symlink_to(folder / "secret")
    (root / ".hidden").write_text(SECRET)
    (root / "raced").write_text("public\n")
    (root / "bad").symlink_to("../secret")
    with Lab("web") as lab:
        client = lab.add_host("client", ["198.18.0.1/24", "fd00:18::1/64"])
        server = lab.add_host("server", [f"{ADDRESS}/24", "fd00:18::2/64"])
        yield WebLab(client, server, lab.link(client, server), root)
