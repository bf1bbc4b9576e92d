"""`doublet quantify`: atomic fractions of results files, or of spectra without a fit."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import click

from .border import Tally, note
from .inputs import find_files, read_file
from .options import POSITIVE, ReadingCommand, reading_options, take_read_options
from .output import json_text, print_table, write_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from spectra_core.quantify import QuantifyEntry
    from spectra_core.readers import ReadOptions

EPILOG = """\b
Examples:
  doublet quantify cathode.vms
  doublet fit cathode.vms --preset lpscl-cathode --quick -o cathode
  doublet quantify cathode --length tpp2m:Li6PS5Cl --csv fractions.csv
  doublet quantify cathode.vms --table xraylib@1486.6 --level "S 2p" --level "P 2p"

PATH is a results.json of `doublet fit` (or its folder), whose fitted areas and covariance are
used, or files of spectra: then areas are what stands above an iterated Shirley background, in
windows found on the sum of all levels and printed. The table goes to standard output, at% with
standard errors; the sentences below it say what was done. `docs/quantification.md` explains it.
"""


def _number_or_word(
    ctx: click.Context, parameter: click.Parameter, text: str | None
) -> str | float | None:
    try:
        return None if text is None else float(text)
    except ValueError:
        return text


def _windows(
    ctx: click.Context, parameter: click.Parameter, texts: tuple[str, ...]
) -> dict[str, tuple[float, float]]:
    found = {}
    for text in texts:
        match = re.fullmatch(r"\s*(.+?)\s*=\s*([\d.]+)\s*:\s*([\d.]+)\s*", text)
        if match is None:
            raise click.BadParameter(f'"{text}" is not LEVEL=LOW:HIGH, such as "S 2p=158:168".')
        low, high = sorted((float(match[2]), float(match[3])))
        found[match[1]] = (low, high)
    return found


@click.command("quantify", cls=ReadingCommand, epilog=EPILOG)
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.option(
    "--table",
    metavar="NAME|FILE",
    help="Sensitivity factors. Left out: as the recipe of the results says, else scofield-al-ka.",
)
@click.option("--column", metavar="NAME", help="Column of a csv, e.g. RSF or CorrectedRSF.")
@click.option(
    "--transmission",
    callback=_number_or_word,
    metavar="WORD|POWER",
    help="recorded, none, or an exponent of the kinetic energy.",
)
@click.option(
    "--length",
    callback=_number_or_word,
    metavar="WORD|POWER",
    help="tpp2m:MATERIAL, none, or an exponent of the kinetic energy.",
)
@click.option(
    "--angle",
    type=POSITIVE,
    metavar="DEGREES",
    help="Between X-rays and analyser, for the angular term.",
)
@click.option(
    "--relative",
    type=POSITIVE,
    metavar="PART",
    help="Relative standard uncertainty of each factor, e.g. 0.1.",
)
@click.option(
    "--level",
    "levels",
    multiple=True,
    metavar="LEVEL",
    help="Count this core level, or line; repeat it. Left out: all in the table.",
)
@click.option(
    "--window",
    "windows",
    multiple=True,
    callback=_windows,
    metavar="LEVEL=LOW:HIGH",
    help="Integrate here (eV); repeat it. Left out: found on the sum of all levels.",
)
@click.option("--csv", "csv_file", metavar="FILE|-", help="The table as csv, every digit.")
@click.option("--json", "json_file", metavar="FILE|-", help="As JSON; '-': only JSON.")
@reading_options
def command(paths: tuple[str, ...], **values: Any) -> int:
    """Turn areas into atomic fractions, with an error budget."""
    if values["csv_file"] == "-" and values["json_file"] == "-":
        raise click.UsageError(
            "Standard output can hold either csv or JSON, not both.", click.get_current_context()
        )
    from spectra_core.results.quantification import SCHEMA, fractions_csv

    options = take_read_options(values)
    tally = Tally()
    entries = _entries(paths, values, options, tally)
    if not entries:
        return tally.exit_code
    csv_file, json_file = values["csv_file"], values["json_file"]
    if "-" not in (csv_file, json_file):
        _print(entries)
    if csv_file is not None:
        write_text(csv_file, fractions_csv(entries))
    if json_file is not None:
        write_text(json_file, json_text({"schema": SCHEMA, "quantification": entries}))
    return tally.exit_code


def _entries(
    paths: Sequence[str], values: Mapping[str, Any], options: ReadOptions, tally: Tally
) -> list[dict[str, Any]]:
    from spectra_core.errors import SpectraError

    found: list[dict[str, Any]] = []
    spectra: list[Any] = []
    for path in dict.fromkeys(paths):
        results = _results_file(path)
        if results is None:
            for file in find_files([path]):
                spectra += read_file(file.path, options, tally)
            continue
        try:
            found += _of_results(results, values)
            tally.succeed()
        except SpectraError as error:
            tally.fail(error)
    if spectra:
        try:
            found += _of_spectra(spectra, values)
            tally.succeed()
        except SpectraError as error:
            tally.fail(error)
    return found


def _results_file(path: str) -> Path | None:
    from pathlib import Path

    from spectra_core.results.ratio_table import results_file

    place = results_file(Path(path))
    return place if place.is_file() and place.suffix == ".json" else None


def _entry(values: Mapping[str, Any], recipe: QuantifyEntry | None) -> QuantifyEntry:
    """Return what the options say, on top of what the recipe says."""
    from dataclasses import replace

    from spectra_core.quantify import QuantifyEntry

    entry = recipe or QuantifyEntry()
    if values["table"] is not None:
        entry = replace(entry, table=values["table"], column=None, factors={}, holds=())
    named = {"angle": "angle_deg"}
    given = {
        named.get(name, name): values[name]
        for name in ("column", "transmission", "length", "angle", "relative")
        if values[name] is not None
    }
    return replace(entry, **given)


def _of_results(path: Path, values: Mapping[str, Any]) -> list[dict[str, Any]]:
    from spectra_core.results.quantification import quantify_results

    return quantify_results(path, lambda own: _entry(values, own))


def _of_spectra(spectra: Sequence[Any], values: Mapping[str, Any]) -> list[dict[str, Any]]:
    from spectra_core.results.quantification import quantification_entry
    from spectra_core.runs.quantify import quantify_spectra

    done = quantify_spectra(
        spectra, _entry(values, None), windows=values["windows"], levels=values["levels"]
    )
    return [quantification_entry(one) for one in done]


def _print(entries: Sequence[Mapping[str, Any]]) -> None:
    from spectra_core.results.table import with_error

    elements = list(dict.fromkeys(f["element"] for e in entries for f in e["fractions"]))
    units = {n: c["unit"] for e in entries for n, c in e["coordinates"].items()}
    heads = ["sample", *(f">{n} / {u}" if u else f">{n}" for n, u in units.items())]
    rows = []
    for entry in entries:
        own = {f["element"]: f for f in entry["fractions"]}
        cells = [entry["sample"]]
        for name in units:
            value = entry["coordinates"].get(name, {}).get("value")
            cells.append("-" if value is None else f"{value:g}")
        for element in elements:
            fraction = own.get(element)
            if fraction is None:
                cells.append("-")
            elif fraction["upper_limit"] is not None:
                cells.append(f"< {fraction['upper_limit']:.2g}")
            else:
                cells.append(with_error(fraction["atomic_percent"], fraction["stderr"]))
        rows.append(cells)
    print_table([*heads, *(f">{element} / at%" for element in elements)], rows)
    said = (text for entry in entries for text in (*entry["statement"], *entry["notes"]))
    for text in dict.fromkeys(said):
        note(text)
