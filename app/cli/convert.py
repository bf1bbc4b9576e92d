"""`doublet convert`: spectra from one file format to another, several files into one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .border import Tally, note
from .inputs import read_file, readable_files
from .joining import join_options, take_join_options
from .options import ReadingCommand, reading_options, take_read_options
from .selecting import select_option, selected

if TYPE_CHECKING:
    from spectra_core.errors import WriteError
    from spectra_core.spectrum import Spectrum

EPILOG = """\b
Examples:
  doublet convert sample.vms sample.csv
  doublet convert sample.vms s2p.h5 --select "S 2p"
  doublet convert column.txt sample.vms --axis binding --photon-energy 1486.6
  doublet convert cellA_S2p.txt cellA_P2p.txt cellA.vms

The suffix of OUT decides: .vms (VAMAS, ISO 14976), .csv (Doublet csv, every digit), .h5
(HDF5), .nxs (NeXus, NXxps). All spectra of all IN, files or folders, go into one file; files of
one sample are joined, and samples of one name in several files are told apart. After writing, the
file is read back, and what the format did not hold is said. An existing OUT is replaced, IN never.
"""


@click.command("convert", cls=ReadingCommand, epilog=EPILOG)
@click.argument("sources", nargs=-1, required=True, metavar="IN...")
@click.argument("target", metavar="OUT")
@select_option
@join_options
@reading_options
def command(sources: tuple[str, ...], target: str, select: str | None, **values: Any) -> int:
    """Write the spectra of one or several files in another format."""
    from spectra_core.writers import write

    options = take_read_options(values)
    join, names = take_join_options(values)
    files, left_out = readable_files(sources)
    path = Path(target)
    _check_target(path, files)
    for reason in left_out:
        note(f"not read: {reason}")
    tally = Tally()
    read = [spectrum for file in files for spectrum in read_file(file, options, tally)]
    if not read and tally.failed:
        return tally.exit_code
    wanted = selected(_as_one_file(read, join, names), select, where=", ".join(sources))
    chosen = _holdable(path, wanted, tally)
    if not chosen:
        return tally.exit_code
    write(path, chosen)
    tally.succeed(len(chosen))
    note(f"{target}: {len(chosen)} {'spectrum' if len(chosen) == 1 else 'spectra'} written")
    for sentence in _lost(path, chosen):
        note(sentence)
    return tally.exit_code


def _check_target(path: Path, files: Sequence[Path]) -> None:
    from spectra_core.errors import ReadError, WriteError
    from spectra_core.writers import WRITERS, all_writers

    if path.suffix.lower() not in WRITERS and path.suffix.lower() not in all_writers():
        raise WriteError(
            f'the suffix "{path.suffix}" names no format that can be written.',
            hint=f"Use one of: {', '.join(all_writers())}.",
            where=str(path),
        )
    if not files:
        raise ReadError("there is no file that Doublet can read.", where=str(path))
    if any(path.exists() and file.exists() and path.samefile(file) for file in files):
        raise WriteError("OUT is the same file as IN.", hint="Name another OUT.", where=str(path))


def _holdable(path: Path, spectra: list[Spectrum], tally: Tally) -> list[Spectrum]:
    """Return the spectra that the format can hold; of the others it is said and counted."""
    from spectra_core.writers.vamas import why_not

    if path.suffix.lower() != ".vms":
        return spectra
    problems: dict[str, list[WriteError]] = {}
    held = []
    for spectrum in spectra:
        if (problem := why_not(spectrum)) is None:
            held.append(spectrum)
        else:
            problems.setdefault(spectrum.source.location, []).append(problem)
    for place, found in problems.items():
        more = f" ({len(found)} such spectra)" if len(found) > 1 else ""
        tally.fail(f"{place}: {found[0].message}{more} {found[0].hint}")
    return held


def _as_one_file(spectra: Sequence[Spectrum], join: Any, names: dict[str, str]) -> list[Spectrum]:
    """Return spectra with the sample names that they need in one file; what changes is said."""
    from dataclasses import replace

    from spectra_core.runs.samples import join_samples, samples_of
    from spectra_core.spectrum import sample_key

    joined = join_samples(spectra, by=join, names=names)
    samples = samples_of(joined)
    for sample in samples.values():
        for warning in sample.warnings:
            note(f"{sample.name}: {warning.message}")
        if sample.name != sample.key[1]:
            note(f"{sample.files[0]}: the sample {sample.key[1]} is called {sample.name}")
    return [replace(s, meta=replace(s.meta, sample=samples[sample_key(s)].name)) for s in joined]


def _lost(path: Path, written: list[Spectrum]) -> list[str]:
    """Return one sentence for each spectrum that the file does not give back in full."""
    from spectra_core.readers import read
    from spectra_core.readers.inspect import differences
    from spectra_core.writers import WRITERS

    if path.suffix.lower() not in WRITERS:  # a plug-in's format: there may be no reader of it
        return []
    sentences = []
    for before, after in zip(written, read(path), strict=True):
        names = differences(before, after)
        if names:
            label = before.label or f"spectrum {before.source.index}"
            sentences.append(f"  {label}: {path.suffix} does not hold {', '.join(names)}")
    return sentences
