"""`doublet setup-cache`: the fit kernels compiled ahead, for an installer or a new machine."""

from __future__ import annotations

from time import monotonic

import click

from .border import note

EPILOG = """\b
Examples:
  doublet setup-cache                compile now what the first fit would compile

The machine code lies in the user's cache folder; NUMBA_CACHE_DIR names another one. It is of
this version of Doublet, of numba and of this processor.
"""


@click.command("setup-cache", epilog=EPILOG)
def command() -> int:
    """Compile the fit kernels ahead, so that the first fit does not wait."""
    from spectra_core.fitting.engine import are_compiled, compile_kernels

    if not are_compiled():
        note("compiling the fit kernels; this takes about a minute")
    began = monotonic()
    folder = compile_kernels()
    note(f"ready after {monotonic() - began:.0f} s: {folder}")
    return 0
