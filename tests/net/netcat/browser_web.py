"""Chromium without a screen, steered through a pair of pipes by its DevTools protocol: one JSON object after another, a zero
byte behind each (``--remote-debugging-pipe``)."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from hatoba.lab import PIPE, Host
from tests import needs

_OPTIONS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--remote-debugging-pipe",
)


class Browser:
    """One page. What a page's loading waits for is waited for, and nothing else."""

    def __init__(self, commands: BinaryIO, events: BinaryIO) -> None:
        self._commands, self._events = commands, events
        self._number = 0
        self._session = ""
        self._heard = b""
        target = self._ask("Target.createTarget", url="about:blank")["targetId"]
        self._session = self._ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self._ask("Page.enable")

    def open(self, url: str) -> None:
        self._ask("Page.navigate", url=url)
        self._wait_for("Page.loadEventFired")

    def value(self, expression: str) -> Any:
        """What a JavaScript expression is on the page."""
        found = self._ask("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def links(self) -> list[str]:
        found = self.value("[...document.links].map(link => link.textContent)")
        assert isinstance(found, list)
        return found

    def send_files(self, *paths: Path) -> None:
        """Choose files in the page's form and press its button; wait for the page that follows."""
        root = self._ask("DOM.getDocument")["root"]["nodeId"]
        node = self._ask("DOM.querySelector", nodeId=root, selector="input[type=file]")["nodeId"]
        self._ask("DOM.setFileInputFiles", nodeId=node, files=[str(path) for path in paths])
        self.value("document.querySelector('button').click()")
        self._wait_for("Page.loadEventFired")

    def picture(self) -> bytes:
        return base64.b64decode(self._ask("Page.captureScreenshot")["data"])

    def _ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._number += 1
        command = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            command["sessionId"] = self._session
        self._commands.write(json.dumps(command).encode() + b"\0")
        self._commands.flush()
        while (message := self._next()).get("id") != self._number:
            continue
        assert "error" not in message, message
        result = message["result"]
        assert isinstance(result, dict)
        return result

    def _wait_for(self, event: str) -> None:
        while self._next().get("method") != event:
            continue

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._heard:
            data = self._events.read1(65536)  # type: ignore[attr-defined]
            assert data, "the browser ended"
            self._heard += data
        message, _zero, self._heard = self._heard.partition(b"\0")
        found = json.loads(message)
        assert isinstance(found, dict)
        return found


@contextmanager
def browser(host: Host, folder: Path) -> Iterator[Browser]:
    """A browser on *host* with its profile in *folder*."""
    program = needs.require_program("chromium")
    script = f'exec {program} {" ".join(_OPTIONS)} --user-data-dir="{folder}" 3<&0 4>&1 </dev/null >/dev/null 2>&1'
    with host.popen(["sh", "-c", script], stdin=PIPE, stdout=PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield Browser(process.stdin, process.stdout)
        process.kill()
