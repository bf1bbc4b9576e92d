"""`doublet gui`: the desktop program."""

from __future__ import annotations

import sys

import click

EPILOG = """\b
Examples:
  doublet gui                        start the desktop program
  doublet gui sample.vms             with a file open
  doublet gui work.doublet           with a project open

`doublet-gui` is the same without a terminal.
"""


@click.command("gui", epilog=EPILOG)
@click.argument("files", nargs=-1, metavar="[FILE]...")
def command(files: tuple[str, ...]) -> int:
    """Open the desktop program."""
    from ..main import main

    return main(files)


def run() -> None:
    """Start the desktop program; for the command `doublet-gui`."""
    from ..main import main

    sys.exit(main())
