"""`doublet inspect`: what is in the files, one row per spectrum."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from spectra_core.errors import PartialRead, SpectraError

from .border import Tally, note
from .inputs import InputPath, find_files, read_file
from .options import ReadingCommand, reading_options, take_read_options
from .output import json_text, print_grouped, write_text

if TYPE_CHECKING:
    from spectra_core.readers import ReadOptions

ASK = "ask (--axis)"
HEADINGS = (
    ">#",
    "sample",
    "region",
    "axis",
    ">from",
    ">to",
    ">step",
    ">points",
    "intensity",
    ">dwell s",
    ">scans",
    ">hv eV",
    ">pass eV",
    ">etch s",
    "CasaXPS fit",
)

EPILOG = """\b
Examples:
  doublet inspect sample.vms
  doublet inspect data/ --json > inventory.json
  doublet inspect sample.vms --metadata
  doublet inspect column.txt --axis binding --photon-energy 1486.6

The table has a line with the name of each file and below it a row for each spectrum; long
sample names are cut at the left (--json has them whole). Folders are walked. A file in a folder
that Doublet cannot read is listed below the table; it counts as a failure only when you name it.
Where a text file does not say what its first column is, the axis is shown as "ask (--axis)".
"""


@click.command("inspect", cls=ReadingCommand, epilog=EPILOG)
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.option("--json", "as_json", is_flag=True, help="All metadata as JSON on standard output.")
@click.option(
    "--metadata",
    is_flag=True,
    help="Also all that the file says of how it was measured, as a tree.",
)
@reading_options
def command(paths: tuple[str, ...], as_json: bool, metadata: bool, **values: Any) -> int:
    """List the spectra in files and folders, one row per spectrum.

    Shown are the axis as recorded, the number of points, the unit of the intensity, dwell time,
    scans, photon and pass energy, etch time, and whether a CasaXPS fit is inside.
    """
    from spectra_core.readers import expect

    options = take_read_options(values, allow_unknown_axis=True)
    tally = Tally()
    records: list[dict[str, Any]] = []
    unread: list[dict[str, str]] = []
    inputs = list(find_files(paths))
    expect(file.path for file in inputs)
    for file in inputs:
        records += _records(file, options, tally, unread, metadata=metadata)
    tally.succeed(len(records))
    if not records and not tally.failed:
        tally.fail(f"{', '.join(paths)}: there is no file that Doublet can read.")
    if as_json:
        document = {"schema": "doublet-inspect/1", "spectra": records, "unread": unread}
        write_text("-", json_text(document))
        return tally.exit_code
    if records:
        files = groupby(records, key=lambda record: record["file"])
        print_grouped(HEADINGS, [(file, [_row(r) for r in rows]) for file, rows in files])
    if metadata:
        for line in _trees(records):
            click.echo(line)
    for text in _notes(records):
        note(text)
    for problem in unread:
        note(f"not read: {problem['file']}: {problem['reason']}")
    return tally.exit_code


def _trees(records: list[dict[str, Any]]) -> Iterator[str]:
    """Yield the lines of the metadata, once for each tree that differs from the one before."""
    from spectra_core.readers.inspect import metadata_lines, tree_of_record

    before: Any = None
    for record in records:
        tree = tree_of_record(record)
        if tree == before:
            continue
        before = tree
        label = " / ".join(filter(None, (record["sample"], record["region"])))
        yield f"\n{record['file']} #{record['index']} {label}".rstrip()
        yield from metadata_lines(tree, "  ")


def _notes(records: list[dict[str, Any]], most: int = 20) -> list[str]:
    """Return what was decided in reading, once for each file."""
    texts = dict.fromkeys(f"{r['file']}: {text}" for r in records for text in r["notes"])
    shown = list(texts)[:most]
    if len(texts) > most:
        shown.append(f"and {len(texts) - most} more such notes (--json has them all)")
    return shown


def _records(
    file: InputPath,
    options: ReadOptions,
    tally: Tally,
    unread: list[dict[str, str]],
    *,
    metadata: bool,
) -> list[dict[str, Any]]:
    from spectra_core.foreign.presence import stored_fit_in_words
    from spectra_core.readers.inspect import describe

    if file.named:
        spectra = read_file(file.path, options, tally)
    else:
        spectra = _read_quietly(file.path, options, unread)
    return [
        {"file": str(file.path)}
        | describe(spectrum, metadata=metadata)
        | {"stored_fit": stored_fit_in_words(spectrum)}
        for spectrum in spectra
    ]


def _read_quietly(path: Path, options: ReadOptions, unread: list[dict[str, str]]) -> list[Any]:
    from spectra_core.readers import read

    try:
        return read(path, options=options)
    except SpectraError as error:
        reason = " ".join(f"{error.message} {error.hint}".split())
        unread.append({"file": str(path), "reason": reason})
        return list(error.spectra) if isinstance(error, PartialRead) else []


def _row(record: dict[str, Any]) -> list[str]:
    axis = record["axis"]
    names = ("dwell_s", "scans", "excitation_energy_ev", "pass_energy_ev", "etch_time_s")
    kind = f"{axis['kind']} {axis['unit']}".strip() if axis["kind"] else ASK
    return [
        str(record["index"]),
        _short(record["sample"]),
        _short(record["region"]),
        kind,
        *(_number(axis[name]) for name in ("from", "to", "step")),
        str(axis["points"]),
        record["intensity"]["unit"],
        *(_number(record[name]) for name in names),
        record["stored_fit"],
    ]


def _short(text: str, longest: int = 36) -> str:
    """Return a label that leaves room for the numbers; the end tells most labels apart."""
    return text if len(text) <= longest else f"…{text[1 - longest :]}"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.7g}"
