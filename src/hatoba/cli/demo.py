"""``hatoba demo``: build practice hosts on this machine, scan them, explain, and take them down."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from pathlib import Path

import click

from hatoba.cli.command import Command, Option
from hatoba.cli.demo_stage import Run, Stage
from hatoba.cli.shell import complain
from hatoba.errors import HatobaError, LabError
from hatoba.messages import _N, _, system_words, wanted_language
from hatoba.reports.colour import wants_colour


@click.command(
    "demo",
    cls=Command,
    help=_N(
        "Build three practice hosts on this machine, scan them by connect() and by SYN, explain what was found, and take them"
        " down again. Nothing leaves the machine, and nothing stays on it. Where the system does not allow practice hosts,"
        " small servers on the loopback interface take their place."
    ),
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.option("--loopback", is_flag=True, cls=Option, help=_N("Do without practice hosts, even where they can be had."))
def command(loopback: bool) -> int:
    """Play the demo, and return the exit status."""
    print(_("hatoba demo: hosts of your own, scanned and explained. No packet leaves this machine."), end="\n\n")
    refused = ""
    failures = 0
    try:
        if not loopback:
            try:
                failures = _in_lab()
            except LabError as error:
                refused = str(error)
        if loopback or refused:
            failures = _on_loopback(refused)
    except KeyboardInterrupt:
        complain(_("stopped; what the demo had started is gone"))
        raise
    if failures:
        complain(_("a scan of the demo failed; hatoba doctor tells what this machine allows"))
    return 1 if failures else 0


def _in_lab() -> int:
    """Play on practice hosts; return how many scans failed. Raises LabError where there can be none."""
    from hatoba.cli.demo_lab import play, run_on
    from hatoba.lab import Lab
    from hatoba.lab.topologies.practice import practice

    with Lab("demo") as lab:
        hosts = practice(lab)
        stage = _stage(run_on(hosts))
        play(hosts, stage)
    _close(stage, _("The practice hosts are gone again."))
    return stage.failures


def _on_loopback(refused: str) -> int:
    """Play on this machine's loopback interface; return how many scans failed. *refused*: why there is no lab."""
    from hatoba.cli.demo_loopback import play, run_here, servers

    stage = _stage(run_here)
    if refused:
        stage.say(_("Practice hosts can't be had here: {why}").format(why=refused))
    stage.say(_("In place of practice hosts, small servers on this machine's loopback interface are scanned."))
    try:
        with servers() as served:
            play(served, stage)
    except OSError as error:
        raise HatobaError(
            _("the demo's servers can't listen on the loopback interface: {reason}").format(reason=system_words(error))
        ) from error
    _close(stage, _("The servers are gone again."))
    return stage.failures


def _stage(run: Run) -> Stage:
    language = os.environ.get("LANGUAGE")
    extra = None if language == wanted_language() else language
    return Stage(sys.stdout, run, colour=wants_colour(sys.stdout, os.environ), language=extra)


def _close(stage: Stage, done: str) -> None:
    stage.scene(_("What to type next"))
    program = _as_typed()
    stage.type(
        [
            (f"{program} lab", _("practice hosts on this machine, and a shell to scan them from")),
            (f"{program} scan localhost", _("what is open on this machine")),
            (f"{program} ports 6379", _("what a port is for, and what to do about it")),
            (f"{program} doctor", _("what this machine lets hatoba do")),
            (f"{program} scan --help", _("all that a scan can be told")),
        ]
    )
    stage.say(done)


def _as_typed() -> str:
    """How hatoba is called from here: by its name, or, where a shell would not find that, by its path beside this Python, as
    after ``make demo``."""
    beside = Path(sys.executable).parent / "hatoba"
    if shutil.which("hatoba") or not beside.exists():
        return "hatoba"
    here = beside.relative_to(Path.cwd()) if beside.is_relative_to(Path.cwd()) else beside
    return shlex.quote(str(here))
