"""``hatoba signatures``: are they as they should be?"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from hatoba.cli.command import Option
from hatoba.cli.shell import complain
from hatoba.cli.signature_files import own_file
from hatoba.cli.subcommands import CommandGroup, SubCommand
from hatoba.errors import UsageError
from hatoba.messages import _N, _, ngettext
from hatoba.targets.quoting import shown_path


@click.group(
    "signatures",
    cls=CommandGroup,
    invoke_without_command=True,
    help=_N(
        "Your own signatures of services, in TOML files, and the databases of Recog. hatoba scan -sV takes those that"
        " --signatures and --recog name, and ~/.config/hatoba/signatures.toml where there is one."
    ),
)
@click.pass_context
def command(ctx: click.Context) -> None:
    """``hatoba signatures``."""
    if ctx.invoked_subcommand is None:
        print(ctx.get_help())


@command.command(
    "check",
    cls=SubCommand,
    short_help=_N("find every mistake in files of signatures"),
    help=_N(
        "Find every mistake in each FILE of signatures, by default in your own, and try their examples. Exit status: 0 all is"
        " well; 2 there are mistakes."
    ),
)
@click.argument("files", nargs=-1, metavar="FILE...")
@click.option("--recog", "folders", cls=Option, metavar="FOLDER", multiple=True, help=_N("Check Recog's databases in FOLDER."))
def check(files: Sequence[str], folders: Sequence[str]) -> int:
    own = own_file(os.environ)
    paths = list(map(Path, files)) or ([own] if own.is_file() else [])
    if not paths and not folders:
        raise UsageError(_("there is nothing to check: name a file, or write {path}").format(path=shown_path(own)))
    mistakes = sum([_check_file(path) for path in paths])
    for folder in folders:
        for line in _recog_lines(Path(folder)):
            print(line)
    return UsageError.exit_status if mistakes else 0


def _check_file(path: Path) -> int:
    """Tell what is in a file of signatures; how many mistakes that is."""
    from hatoba.identify.signatures.toml_reading import read_signatures

    try:
        read = read_signatures(path)
    except UsageError as error:
        complain(str(error))
        return 1
    for mistake in read.mistakes:
        complain(mistake)
    good = ngettext("{path}: {count} signature", "{path}: {count} signatures", len(read.signatures))
    print(good.format(path=shown_path(path), count=len(read.signatures)))
    return len(read.mistakes)


def _recog_lines(folder: Path) -> Iterator[str]:
    from hatoba.identify.signatures.recog_reading import read_recog

    read = read_recog(folder, examples=True)
    yield _("{path}: {used} fingerprints are used, of {files} files").format(
        path=shown_path(folder), used=read.used, files=read.files
    )
    if read.unheard:
        yield _("Not used, as a scan hears nothing for them: {files}").format(files=", ".join(read.unheard))
    for heading, places in (
        (_("Can't be used: {count}"), read.unusable),
        (_("Examples that are matched otherwise than they say: {count}"), read.mismatched),
    ):
        if places:
            yield heading.format(count=len(places))
            yield from (f"  {place}" for place in places)
