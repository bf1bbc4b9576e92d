"""A series in a report: its picture, trends, interfaces, and what the levels share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from math import isfinite

from ..results.series_figures import overview
from ..results.trends import Trend, interfaces_of, trends_of
from ..runs.records import Run
from ..runs.series import SeriesRecord
from .document import (
    Block,
    Cell,
    Column,
    Figure,
    Paragraph,
    ReportTable,
    Role,
    Section,
    as_chosen,
    clean_text,
    count,
    measured,
    number,
    plain,
    sentence,
    words,
)
from .typography import species

_PER_TABLE = 6
_ROLES: Mapping[str, Role] = {"alarm": "alarm", "warning": "warning", "note": "small"}
_KINDS = ("share", "ratio", "atoms", "shift")


def series_sections(run: Run) -> list[Section]:
    """Return a section for each series of a run."""
    return [_section(record, k) for k, record in enumerate(run.series, 1)]


def _section(record: SeriesRecord, place: int) -> Section:
    trends = trends_of(record)
    name = clean_text(record.series.sample, longest=70) or "(no name)"
    caption = (
        f"{name}: intensity over {record.series.axis_label} and binding energy; what changes, with"
        " bands of one standard error, limits as triangles, the first interface dashed; fractions."
        " Levels with an alarm are framed, crossed and hatched."
    )
    figure = Figure(
        f"series-{place}",
        plain(caption, longest=600),
        f"{len(record.series)} levels of {name}",
        partial(overview, record, trends),
    )
    blocks: list[Block] = [figure]
    shown = [trend for trend in trends if trend.kind in _KINDS]
    for first in range(0, len(shown), _PER_TABLE):
        blocks.append(_trend_table(record, shown[first : first + _PER_TABLE]))
    blocks += [*_interfaces(record, trends), _shared(record)]
    blocks += [
        Paragraph(sentence(f"Level {alarm.level + 1}: {alarm.message}"), "warning")
        for alarm in record.fit.alarms
    ]
    blocks += [
        Paragraph(sentence(finding.message), _ROLES[finding.severity])
        for finding in record.findings
    ]
    return Section(f"series-{place}", plain(f"Series: {name}"), tuple(blocks))


def _trend_table(record: SeriesRecord, trends: Sequence[Trend]) -> ReportTable:
    columns = [
        Column(plain("level"), 0.7, numeric=True),
        Column(plain(record.series.axis_label), 1.3, numeric=True),
    ]
    if record.depths is not None:
        columns.append(Column(plain("depth / nm"), 1.5, numeric=True, errors=True))
    for trend in trends:
        title = f"{trend.name} / {trend.unit}" if trend.unit else trend.name
        columns.append(Column(plain(title), 1.8, numeric=True, errors=True))
    rows = tuple(_trend_row(record, trends, k) for k in range(len(record.series)))
    return ReportTable(plain("What changes"), tuple(columns), rows, "trends")


def _trend_row(record: SeriesRecord, trends: Sequence[Trend], k: int) -> tuple[Cell, ...]:
    cells = [count(k + 1), as_chosen(float(record.series.positions[k]))]
    if record.depths is not None:
        cells.append(measured(float(record.depths[0][k]), float(record.depths[1][k]) or None))
    for trend in trends:
        limit = float(trend.limits[k])
        if isfinite(limit):
            cells.append(words(f"< {limit:.2g}"))
        else:
            cells.append(measured(_known(trend.values[k]), _known(trend.stderrs[k])))
    return tuple(cells)


def _known(value: float) -> float | None:
    return float(value) if isfinite(value) else None


def _interfaces(record: SeriesRecord, trends: Sequence[Trend]) -> list[Block]:
    found = interfaces_of(record, trends)
    if not found:
        return []
    unit = record.series.unit(record.series.axis)
    deep = any("depth_nm" in entry for entry in found)
    columns = [
        Column(plain("of"), 2.4),
        Column(plain(f"position / {unit}"), 1.6, numeric=True, errors=True),
        Column(plain(f"width, 16 to 84 % / {unit}"), 1.6, numeric=True, errors=True),
        *([Column(plain("depth / nm"), 1.6, numeric=True, errors=True)] if deep else []),
        Column(plain("reduced χ²"), 1.0, numeric=True),
    ]
    rows = tuple(
        (
            words(species(entry["of"])),
            measured(entry["position"], entry["position_sd"]),
            measured(entry["width"], entry["width_sd"]),
            *([measured(entry["depth_nm"], entry["depth_nm_sd"])] if deep else []),
            number(entry["reduced_chi_square"], 3),
        )
        for entry in found
    )
    return [
        ReportTable(plain("Interfaces, by error functions"), tuple(columns), rows, "interfaces")
    ]


def _shared(record: SeriesRecord) -> ReportTable:
    columns = (
        Column(plain("parameter"), 3.2),
        Column(plain("of"), 2.0),
        Column(plain("value"), 1.8, numeric=True, errors=True),
    )
    rows = []
    for path, mode in record.fit.modes.items():
        is_shared = path in record.fit.shared
        values, errors = record.fit.values(path), record.fit.stderrs(path)
        known = [k for k in range(len(values)) if isfinite(values[k])]
        cell = (
            measured(_known(values[known[0]]), _known(errors[known[0]]))
            if is_shared and known
            else words("-")
        )
        of = "all levels together" if is_shared else ("each level" if mode == "free" else str(mode))
        rows.append((words(species(path)), words(of), cell))
    return ReportTable(plain("What the levels share"), columns, tuple(rows), "shared")
