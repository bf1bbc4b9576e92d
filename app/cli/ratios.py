"""`doublet ratios`: the ratio tables of many results files as one table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from .border import Tally, note
from .output import json_text, print_table, write_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from spectra_core.results.ratio_table import RatioRow

HEADINGS = ("ratio", "sample", ">value", ">95 % interval", "of")

EPILOG = """\b
Examples:
  doublet fit s2p.vms --recipe s2p.toml -o bare
  doublet fit sample.vms --recipe s2p.toml -o coated
  doublet ratios bare coated --csv ratios.csv
  doublet ratios bare/results.json --json - | jq .ratios

PATH is a results.json of `doublet fit`, or the folder it lies in. Nothing is computed again.
Below the table stands how much each ratio differs from that of the first sample, in its errors.
Interval and error hold what the column "of" says; the columns counting to total are standard
errors of the ratio. `docs/ratios.md` explains them.
A file that cannot be used is said; the others make the table, and the exit code is 1.
"""


@click.command("ratios", epilog=EPILOG)
@click.argument("paths", nargs=-1, required=True, metavar="RESULTS...")
@click.option("--csv", "csv_file", metavar="FILE|-", help="The table as csv, every digit.")
@click.option("--json", "json_file", metavar="FILE|-", help="The table as JSON; '-': only JSON.")
def command(paths: tuple[str, ...], csv_file: str | None, json_file: str | None) -> int:
    """Merge the ratios of results files into one table."""
    if csv_file == "-" and json_file == "-":
        raise click.UsageError(
            "Standard output can hold either csv or JSON, not both.", click.get_current_context()
        )
    from spectra_core.results.ratio_changes import changes_document
    from spectra_core.results.ratio_table import ratios_csv, ratios_document

    tally = Tally()
    rows = _rows(paths, tally)
    if not rows:
        return tally.exit_code
    if "-" not in (csv_file, json_file):
        _print(rows)
    if csv_file is not None:
        write_text(csv_file, ratios_csv(rows))
    if json_file is not None:
        write_text(json_file, json_text(ratios_document(rows) | changes_document(rows)))
    return tally.exit_code


def _rows(paths: tuple[str, ...], tally: Tally) -> list[RatioRow]:
    from spectra_core.errors import SpectraError
    from spectra_core.results.ratio_table import read_ratios, results_file

    rows: list[RatioRow] = []
    for path in dict.fromkeys(results_file(path) for path in paths):
        try:
            found = read_ratios(path)
        except SpectraError as error:
            tally.fail(error)
            continue
        rows += found
        tally.succeed()
    return rows


def _print(rows: list[RatioRow]) -> None:
    from spectra_core.results.ratio_changes import ratio_changes
    from spectra_core.results.ratio_table import BUDGET_ROWS

    several = len({row.results for row in rows}) > 1
    known = [n for n in BUDGET_ROWS if any(row.entry["budget"][n] is not None for row in rows)]
    headings = (*HEADINGS, *(f">{name}" for name in known), *(("results",) if several else ()))
    print_table(headings, [_cells(row, known, several=several) for row in rows])
    for row in rows:
        if row.entry["note"]:
            note(f"{row.entry['name']}, {row.sample}: {row.entry['note']}")
    for change in ratio_changes(rows):
        click.echo(f"{change.name}: {change.sentence}")


def _cells(row: RatioRow, known: list[str], *, several: bool) -> list[str]:
    entry = row.entry
    return [
        entry["name"],
        row.sample,
        _value(entry),
        _interval(entry["total_interval"] or entry["interval"]),
        entry["scope"] or "-",
        *(_short(entry["budget"][name]) for name in known),
        *([row.results] if several else []),
    ]


def _value(entry: Mapping[str, Any]) -> str:
    from spectra_core.results.table import rough, with_error

    if entry["upper_limit"] is not None:
        return f"< {entry['upper_limit']:.2g}"
    if entry["value"] is None:
        return "-"
    error = entry["budget"]["total"] or entry["stderr"]
    if error is None and not (entry["total_interval"] or entry["interval"]):
        return rough(entry["value"])
    return with_error(entry["value"], error)


def _short(value: float | None) -> str:
    return "-" if value is None else f"{value:.2g}"


def _interval(pair: list[float] | None) -> str:
    from spectra_core.results.table import interval_ends

    return "-" if pair is None else " to ".join(interval_ends(pair))
