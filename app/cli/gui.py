"""`doublet gui`: the desktop program."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import click

from .border import CallState, guarded, note

EPILOG = """\b
Examples:
  doublet gui                        start the desktop program
  doublet gui sample.vms             with a file open
  doublet gui work.doublet           with a project open
  doublet gui --desktop-entry        put Doublet into the menus of a Linux desktop

`doublet-gui` is the same without a terminal.
"""


@click.command("gui", epilog=EPILOG)
@click.argument("files", nargs=-1, metavar="[FILE]...")
@click.option(
    "--desktop-entry", is_flag=True, help="Write menu entry, icon, file type (Linux), and stop."
)
def command(files: tuple[str, ...], desktop_entry: bool) -> int:
    """Open the desktop program."""
    if desktop_entry:
        from ..desktop_entry import install_desktop_entry

        for path in install_desktop_entry():
            note(f"written: {path}")
        return 0
    return _start(files)


def run() -> None:
    """Start the desktop program; for the command `doublet-gui`."""
    sys.exit(guarded(lambda: _start(sys.argv[1:]), CallState()))


def _start(files: Sequence[str]) -> int:
    from ..system_libraries import check_desktop

    check_desktop()
    from ..main import main

    return main(files)
