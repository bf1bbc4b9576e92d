"""`doublet convert`: spectra from one file format to another."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .border import Tally, note
from .inputs import read_file
from .options import ReadingCommand, reading_options, take_read_options
from .selecting import select_option, selected

if TYPE_CHECKING:
    from spectra_core.spectrum import Spectrum

EPILOG = """\b
Examples:
  doublet convert sample.vms sample.csv
  doublet convert sample.vms s2p.h5 --select "S 2p"
  doublet convert column.txt sample.vms --axis binding --photon-energy 1486.6

The suffix of OUT decides: .vms (VAMAS, ISO 14976), .csv (Doublet csv, every digit), .h5
(HDF5), .nxs (NeXus, NXxps). Several spectra go into one file. After writing, the file is read
back, and what the format did not hold is said. An existing OUT is replaced, IN never.
"""


@click.command("convert", cls=ReadingCommand, epilog=EPILOG)
@click.argument("source", metavar="IN")
@click.argument("target", metavar="OUT")
@select_option
@reading_options
def command(source: str, target: str, select: str | None, **values: Any) -> int:
    """Write the spectra of a file in another format."""
    from spectra_core.errors import WriteError
    from spectra_core.writers import WRITERS, write

    options = take_read_options(values)
    path = Path(target)
    if path.suffix.lower() not in WRITERS:
        raise WriteError(
            f'the suffix "{path.suffix}" names no format that can be written.',
            hint=f"Use one of: {', '.join(WRITERS)}.",
            where=target,
        )
    if path.exists() and Path(source).exists() and path.samefile(source):
        raise WriteError("OUT is the same file as IN.", hint="Name another OUT.", where=target)
    tally = Tally()
    spectra = read_file(Path(source), options, tally)
    if not spectra and tally.failed:
        return tally.exit_code
    chosen = selected(spectra, select, where=source)
    write(path, chosen)
    tally.succeed(len(chosen))
    note(f"{target}: {len(chosen)} {'spectrum' if len(chosen) == 1 else 'spectra'} written")
    for sentence in _lost(path, chosen):
        note(sentence)
    return tally.exit_code


def _lost(path: Path, written: list[Spectrum]) -> list[str]:
    """Return one sentence for each spectrum that the file does not give back in full."""
    from spectra_core.readers import read
    from spectra_core.readers.inspect import differences

    sentences = []
    for before, after in zip(written, read(path), strict=True):
        names = differences(before, after)
        if names:
            label = before.label or f"spectrum {before.source.index}"
            sentences.append(f"  {label}: {path.suffix} does not hold {', '.join(names)}")
    return sentences
