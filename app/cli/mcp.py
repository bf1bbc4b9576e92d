"""`doublet mcp`: the program as tools of an assistant, by the Model Context Protocol."""

from __future__ import annotations

from pathlib import Path

import click

from spectra_core.errors import SpectraError

EPILOG = """\b
Examples:
  doublet mcp data/                  tools that read and write in data/ and nowhere else
  doublet mcp --help

The server talks on standard input and output with the program that started it. Its tools are
inspect, fit, review and report; every answer of a fit carries the referee's notes. Files outside
of FOLDER are refused, links that lead out of it too. Needs doublet[mcp].
"""


@click.command("mcp", epilog=EPILOG)
@click.argument("folder", default=".", metavar="[FOLDER]")
def command(folder: str) -> int:
    """Serve inspect, fit, review and report to an assistant (Model Context Protocol)."""
    root = Path(folder)
    if not root.is_dir():
        raise SpectraError(f"{folder} is no folder.", hint="Name the folder with the spectra.")
    try:
        from .mcp_tools import server
    except ImportError as error:
        raise SpectraError(
            f"the library of the protocol is not installed ({error}).",
            hint='pip install "doublet[mcp]"',
        ) from error
    server(root).run("stdio")
    return 0
