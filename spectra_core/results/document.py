"""What a run gave, for other programs: ``results.json``.

The file (schema ``doublet-results/1``) has one entry for each region of each fit. Numbers
are written with every digit and never rounded; what is not known is null. It is written
piece by piece, so that a run of any length needs no more memory than a short one.
"""

from __future__ import annotations

import json
import platform
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import __version__
from ..fitting import FitResult
from ..recipe.text import recipe_to_dict
from ..runs.collect import as_run
from ..runs.records import Finished, Run
from ..writers.atomic import write_pieces
from .entries import formed, ratio_entry
from .rows import json_bytes

if TYPE_CHECKING:
    from ..runs.series import SeriesRecord

SCHEMA = "doublet-results/1"
_LIBRARIES = ("numpy", "scipy", "lmfit")
_AT_A_TIME = 256


def results_document(run: Run) -> dict[str, Any]:
    """Return everything a run gave as plain values, ready for JSON.

    Parameters
    ----------
    run : Run

    Returns
    -------
    document : dict
        Schema ``doublet-results/1``; without NaN and infinity.
    """
    plain: dict[str, Any] = json.loads(b"".join(results_pieces(run)))
    return plain


def program_versions() -> dict[str, str]:
    """Return name and version of the program and of what its numbers depend on."""
    versions = {"name": "doublet", "version": __version__, "python": platform.python_version()}
    return versions | {name: metadata.version(name) for name in _LIBRARIES}


def write_results(run: Run | FitResult | Sequence[FitResult], path: str | Path) -> None:
    """Write ``results.json`` of a run, or of fits made one by one; it is whole or not there.

    Raises
    ------
    WriteError
        If it cannot be written.
    """
    write_pieces(results_pieces(as_run(run)), path)


def results_json(run: Run) -> str:
    """Return the text of ``results.json``."""
    return b"".join(results_pieces(run)).decode()


def results_pieces(run: Run) -> Iterator[bytes]:
    """Yield the text of ``results.json`` piece by piece."""
    texts = (fits_text(part, run) for part in _parts(run.fits))
    ratios = (ratio_entries_text(part) for part in _parts(run.fits))
    return document_pieces(run, filter(None, texts), filter(None, ratios))


def _parts(records: Sequence[Finished]) -> Iterator[Sequence[Finished]]:
    return (records[i : i + _AT_A_TIME] for i in range(0, len(records), _AT_A_TIME))


def document_pieces(run: Run, fits: Iterable[bytes], ratios: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the text of ``results.json`` around the texts of its entries.

    Parameters
    ----------
    run : Run
        Everything but the fits is taken from it.
    fits, ratios : iterable of bytes
        Entries as `fits_text` and `ratio_entries_text` write them; none is empty.
    """
    head = {
        "schema": SCHEMA,
        "program": program_versions(),
        "model": run.model,
        "inputs": [asdict(item) for item in run.inputs],
        "recipe": recipe_to_dict(run.recipe) if run.recipe else None,
    }
    tail = {
        "failures": [asdict(failure) for failure in run.failures],
        "skipped": [asdict(failure) for failure in run.skipped],
        "interrupted": run.interrupted,
        **({"series": [_series_entry(record) for record in run.series]} if run.series else {}),
    }
    yield json_bytes(head)[:-2] + b',\n  "fits": '
    yield from _listed(fits)
    yield b',\n  "ratios": '
    yield from _listed(ratios)
    yield b"," + json_bytes(tail)[1:] + b"\n"


def _series_entry(record: SeriesRecord) -> dict[str, Any]:
    """Return which fits are levels of a series, and what must be known of it as a whole."""
    return {
        "sample": record.series.sample,
        "axis": record.series.axis,
        "fits": [one.id for one in record.records],
        "findings": [asdict(finding) for finding in record.findings],
    }


def _listed(texts: Iterable[bytes]) -> Iterator[bytes]:
    """Yield entries as a list one level deep."""
    before = b"[\n"
    for text in texts:
        yield before + text
        before = b",\n"
    yield b"[]" if before == b"[\n" else b"\n  ]"


def fits_text(records: Sequence[Finished], run: Run) -> bytes:
    """Return the entries of some fits as they stand in ``results.json``, without brackets."""
    return b",\n".join(formed(records, with_recipe=run.recipe is None).texts())


def ratio_entries_text(records: Sequence[Finished]) -> bytes:
    """Return the entries of the ratios of some fits, as `fits_text`."""
    return entries_text([ratio_entry(record, r) for record in records for r in record.ratios])


def entries_text(entries: Sequence[Mapping[str, Any]]) -> bytes:
    """Return entries as they stand in a list of ``results.json``, without its brackets."""
    if not entries:
        return b""
    return b"  " + json_bytes(entries)[2:-2].replace(b"\n", b"\n  ")
