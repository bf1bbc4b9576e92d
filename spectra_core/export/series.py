"""The files of a series: trends, `series.json`, and the figures, for command line and window."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from .formats import FIGURES, Step

if TYPE_CHECKING:
    from ..results.trends import Trend
    from ..runs.series import SeriesRecord

SERIES_JSON = "series.json"
SERIES_FIGURES = "figures of the series"


def formats_of_levels(formats: Sequence[str], *, asked: bool) -> list[str]:
    """Return the formats in which every level is written by itself.

    A figure of each level is written only where the user `asked` for figures.
    """
    return [name for name in formats if asked or name not in ("png", "svg")]


def series_steps(
    series: Sequence[SeriesRecord],
    trends: Sequence[Sequence[Trend]],
    folder: Path,
    formats: Sequence[str],
) -> Iterator[Step]:
    """Yield the steps that write one file each of some series.

    Parameters
    ----------
    series : sequence of SeriesRecord
    trends : sequence of sequence of Trend
        Of each series.
    folder : Path
        An existing folder.
    formats : sequence of str
        Of `spectra_core.recipe.formats.FORMATS`.
    """
    from ..results.names import safe_name
    from ..results.series_figures import series_figures
    from ..results.trends import series_json, trends_csv
    from ..writers.atomic import write_text

    if "json" in formats:
        text = partial(series_json, series, trends)
        yield Step(SERIES_JSON, lambda: write_text(text(), folder / SERIES_JSON))
    suffixes = [suffix for kind, suffix in FIGURES.items() if kind in formats]
    for record, own in zip(series, trends, strict=True):
        stem = f"{safe_name(record.series.sample)}_" if len(series) > 1 else ""
        if "csv" in formats or "json" in formats:
            path = folder / f"{stem}trends.csv"
            csv = trends_csv(record, own)
            yield Step(path.name, partial(write_text, csv, path))
        for name, figure in series_figures(record, own) if suffixes else ():
            for suffix in suffixes:
                target = folder / f"{stem}{name}{suffix}"
                yield Step(SERIES_FIGURES, partial(_write_figure, figure, target))


def _write_figure(figure: object, path: Path) -> None:
    from ..results.figures import save_figure

    save_figure(figure, path)  # type: ignore[arg-type]
