"""A progress bar on standard error, where that is a terminal; elsewhere nothing at all.

Nothing runs in the background: the bar is drawn when :meth:`ProgressBar.update` is called, and :meth:`ProgressBar.hide` takes
it away before a report writes to the same terminal (pass it to ``open_reports`` as *before_write*).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Self, TextIO

from hatoba.messages import _N, _, translated
from hatoba.model import Doing, Progress
from hatoba.reports.quantities import number, time_left

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress
    from rich.progress import TaskID


_ECHO_COLUMNS = 3
"""What a terminal shows of Ctrl-C takes two; the cursor stands in the third."""

_AT_FIRST_S = 0.3
"""So long a scan runs without a bar: most scans of one host are done by then, and the bar would only flash."""


class ProgressBar:
    """A context manager: however it is left, the bar is gone and the cursor is back. Where the terminal has gone, it is as
    though there had been none."""

    def __init__(self, stream: TextIO, environ: Mapping[str, str]) -> None:
        self._bar: RichProgress | None = None
        self._shown = False
        if stream.isatty() and environ.get("TERM", "") != "dumb":
            self._bar, self._task = _bar(stream, colour=not environ.get("NO_COLOR"))

    def update(self, progress: Progress) -> None:
        """Draw the bar, or draw it anew; not for a scan that is over before anybody has read it."""
        if self._bar is None:
            return
        if progress.settled >= progress.total and progress.doing is Doing.ASKING:
            self.hide()
            return
        if not self._shown and progress.elapsed_s < _AT_FIRST_S:
            return
        try:
            self._bar.update(self._task, completed=progress.settled, total=progress.total or None, facts=facts(progress))
            if not self._shown:
                self._bar.start()
                self._shown = True
            self._bar.refresh()
        except OSError:
            self._bar = None  # the terminal is gone, which ends no scan

    def hide(self) -> None:
        """Take the bar off the screen until the next :meth:`update`."""
        if self._bar is not None and self._shown:
            try:
                self._bar.stop()
            except OSError:
                self._bar = None
            self._shown = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self.hide()


_DOING = {
    Doing.NEIGHBOURS: _N("looking for hosts on the link"),
    Doing.DISCOVERY: _N("looking for hosts"),
    Doing.RATIONED: _N("asking silent ports once more, slowly"),
    Doing.PROVING: _N("proving ports closed, as fast as the host tells"),
    Doing.DOUBTING: _N("asking open ports again"),
    Doing.TRACING: _N("finding the ways to the hosts"),
    Doing.OBSERVING: _N("asking hosts how their systems answer"),
    Doing.IDENTIFYING: _N("asking open ports what they are"),
}
"""What a scan may be at besides asking for ports."""


def facts(progress: Progress) -> str:
    """What stands beside the bar: the rate, or what else than asking is done; open ports; time left."""
    parts = [
        translated(_DOING[progress.doing])
        if progress.doing in _DOING
        else _("{rate} probes/s").format(rate=number(progress.rate_pps)),
        _("{count} open").format(count=number(progress.open_found)),
    ]
    if progress.left_s is not None:
        parts.append(_("{time} left").format(time=time_left(progress.left_s)))
    return _(", ").join(parts)


def _bar(stream: TextIO, *, colour: bool) -> tuple[RichProgress, TaskID]:
    from rich.console import Console, RenderableType
    from rich.constrain import Constrain
    from rich.progress import BarColumn, TaskProgressColumn, TextColumn
    from rich.progress import Progress as RichProgress

    console = Console(file=stream, no_color=not colour, highlight=False)

    class Bar(RichProgress):
        """Leaves room for the ``^C`` of a terminal. In the last column the cursor waits to wrap, the echo would push it to the
        next line, and what takes the bar away would clear that line and leave the bar."""

        def get_renderable(self) -> RenderableType:
            return Constrain(super().get_renderable(), max(console.width - _ECHO_COLUMNS, 1))

    columns = (BarColumn(), TaskProgressColumn(), TextColumn("{task.fields[facts]}", markup=False))
    bar = Bar(*columns, console=console, transient=True, auto_refresh=False, redirect_stdout=False, redirect_stderr=False)
    return bar, bar.add_task("", total=None, facts="")
