"""The tables of the second page: components with marks, quality, priors, alternatives."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import sqrt

import numpy as np

from ..core_levels import core_level
from ..errors import ModelError
from ..fitting import RegionFit
from ..model import Component, Doublet, Region
from ..referee.residuals import start_agreement
from ..results.colours import component_colours
from ..results.entries import doublet_label
from ..results.impacts import disagrees, impact_row
from ..results.panels import darker
from ..results.scales import scales_of
from ..results.table import rounded, with_error
from ..runs.records import FitRecord
from ..uncertainty.pulls import Impact
from ..uncertainty.ratios import Ratio
from ..uncertainty.spread import Variant
from .document import (
    EMPTY,
    Block,
    Cell,
    Column,
    Paragraph,
    ReportTable,
    Style,
    Text,
    TextRun,
    clean_text,
    measured,
    plain,
    sentence,
    styled,
    unbroken,
    words,
)
from .methods import DRAWN
from .pictures import (
    Dot,
    Scale,
    dot_picture,
    impact_picture,
    pull_picture,
    scale_of,
    scale_picture,
)
from .samples import Sample
from .typography import species

FIXED, PRIOR, LINKED, BELOW, BOUND = "▪", "≈", "=", "<", "|"
MARKS = (
    f"No mark: free. {FIXED} fixed. {PRIOR} free with a prior. {LINKED} linked to another."
    f" {BELOW} below detection (area under 2 u). {BOUND} on a bound."
)
MOST_IMPACTS, MOST_MODELS = 10, 9
_DOTS_MM, _PULL_MM, _IMPACT_MM, _ROW_MM, _SCALE_MM = 21.0, 21.0, 15.0, 4.0, 3.4
_RUNS_P = 0.05


# ---------------------------------------------------------------------------------
# Components


def component_table(record: FitRecord) -> ReportTable:
    """Return the components of all regions of a fit, doublets as one row."""
    unit = record.regions[0].spectrum.axis.unit
    columns = (
        Column(plain("Species"), 2.4),
        Column(plain("Line"), 1.2),
        Column(plain(f"Position, {unit}" if unit else "Position"), 2.0, numeric=True),
        Column(plain(f"FWHM, {unit}" if unit else "FWHM"), 1.8, numeric=True),
        Column(plain("Area"), 1.9, numeric=True),
        Column(plain("Share, %"), 1.5, numeric=True),
    )
    rows: list[tuple[Cell, ...]] = []
    rules = []
    for fit in record.regions:
        rules += [len(rows)] if rows else []
        rows += _component_rows(record, fit)
    return ReportTable(plain(""), columns, tuple(rows), "front", look="dense", rules=tuple(rules))


def owners(region: Region) -> Iterator[tuple[Component, Doublet | None]]:
    """Yield every line that stands alone, and of a doublet its major line."""
    for component in region.components:
        doublet = region.doublet_of(component.id)
        if component.enabled and (doublet is None or component.id == doublet.major):
            yield component, doublet


def area_paths(region: Region) -> dict[str, str]:
    """Return the path of the area of each owner whose area is finite, by its main line."""
    from ..curves.lineshapes import lineshape

    return {
        component.id: f"{region.name}/{doublet.id if doublet else component.id}/area"
        for component, doublet in owners(region)
        if lineshape(component.lineshape).finite_area
    }


def shares(record: FitRecord, region: Region) -> dict[str, tuple[float, float | None]]:
    """Return the share of each owner in the area of a region, with its standard error."""
    paths = area_paths(region)
    areas = np.array([record.result.value(path) for path in paths.values()])
    total = float(areas.sum())
    if total <= 0.0:
        return {}
    parts = areas / total
    slopes = (np.eye(parts.size) - parts[:, None]) / total
    covariance = record.result.covariance_of(list(paths.values()))
    with np.errstate(invalid="ignore"):
        variances = np.einsum("ij,jk,ik->i", slopes, covariance, slopes)
    errors = [sqrt(v) if np.isfinite(v) and v > 0 else None for v in variances.tolist()]
    return dict(zip(paths, zip(parts.tolist(), errors, strict=True), strict=True))


def _component_rows(record: FitRecord, fit: RegionFit) -> Iterator[tuple[Cell, ...]]:
    region = record.result.model.region(fit.name)
    colours, parts = component_colours(region), shares(record, region)
    paths = area_paths(region)
    for component, doublet in owners(region):
        label = doublet_label(region, doublet) if doublet else component.label
        share = parts.get(component.id)
        place = f"{region.name}/{component.id}"
        area = paths.get(component.id)
        yield (
            words(styled(species(label), "bold", darker(colours[component.id]))),
            words(_one_word(species(_line(fit.name, component, doublet)))),
            _number(record, f"{place}/center"),
            _number(record, f"{place}/fwhm"),
            _number(record, area) if area else EMPTY,
            EMPTY
            if share is None
            else measured(100.0 * share[0], None if share[1] is None else 100.0 * share[1])
            if share[1] is not None
            else words(f"{100.0 * share[0]:.3g}"),
        )


def _one_word(text: Text) -> Text:
    """Return a text that is not broken at its blanks."""
    runs = (TextRun(run.text.replace(" ", "\u00a0"), run.style) for run in text.runs)
    return Text(tuple(runs), text.plain.replace(" ", "\u00a0"))


def _line(region: str, component: Component, doublet: Doublet | None) -> str:
    """Return the line that a position is of, e.g. ``S 2p3/2``."""
    text = component.line or (doublet.line if doublet else "") or region
    try:
        level = core_level(text)
    except ModelError:
        return clean_text(text, longest=20)
    line = level.line or (level.lines[0] if level.is_doublet else level.level)
    return f"{level.element} {line}"


def _number(record: FitRecord, path: str) -> Cell:
    """Return a parameter with its error, and the mark of how it was treated."""
    if path not in record.result.paths and not path.endswith("/area"):
        return EMPTY
    estimate = record.result.estimate(path)
    mark = _mark(record, path)
    text, error = rounded(estimate.value, estimate.stderr)
    if error is None:
        text = f"{estimate.value:.5g}"
    return Cell(plain(text), estimate.value, error, mark)


def _mark(record: FitRecord, path: str) -> str:
    estimate = record.result.estimate(path)
    known = {term.source for p in record.result.priors for term in p.prior.terms}
    if estimate.at_bound:
        return BOUND
    if path.endswith("/area") and estimate.stderr and estimate.value < 2.0 * estimate.stderr:
        return BELOW
    if estimate.link is not None:
        return LINKED
    if not estimate.free:
        return FIXED
    return PRIOR if known & set(_members(record, path)) else ""


def _members(record: FitRecord, path: str) -> list[str]:
    return [path, *(record.result.paths[i] for i in record.result.places_of(path))]


# ---------------------------------------------------------------------------------
# Areas of many samples


def area_table(samples: Sequence[Sample]) -> ReportTable:
    """Return the shares of all species in their level: a row for each sample."""
    found: dict[tuple[str, str], str] = {}
    for sample in samples:
        for fit in sample.record.regions:
            region = sample.record.result.model.region(fit.name)
            colours = component_colours(region)
            for component, doublet in owners(region):
                label = doublet_label(region, doublet) if doublet else component.label
                found.setdefault((fit.name, label), colours[component.id])
    chosen = list(found.items())[:10]
    columns = [Column(plain(""), 0.4), Column(plain("Sample"), 3.4)]
    for (name, label), colour in chosen:
        title = styled(species(label), "bold", darker(colour)) + plain(f" {name}", style="quiet")
        columns.append(Column(title, 1.4, numeric=True))
    rows = tuple(_share_row(sample, [key for key, _ in chosen]) for sample in samples)
    return ReportTable(plain(""), tuple(columns), rows, "front", look="dense")


def _share_row(sample: Sample, keys: Sequence[tuple[str, str]]) -> tuple[Cell, ...]:
    found: dict[tuple[str, str], Cell] = {}
    for fit in sample.record.regions:
        region = sample.record.result.model.region(fit.name)
        parts = shares(sample.record, region)
        for component, doublet in owners(region):
            label = doublet_label(region, doublet) if doublet else component.label
            share = parts.get(component.id)
            if share is not None:
                value, error = 100.0 * share[0], share[1]
                text = with_error(value, 100.0 * error) if error else f"{value:.3g}"
                found[fit.name, label] = Cell(plain(text), value)
    first = (words(plain(sample.letter, style="bold")), words(plain(sample.title)))
    return (*first, *(found.get(key, words("–")) for key in keys))


# ---------------------------------------------------------------------------------
# Quality


def quality_table(samples: Sequence[Sample]) -> ReportTable:
    """Return how well each fit describes its data, beside what is expected of a right model."""
    names = list(dict.fromkeys(fit.name for s in samples for fit in s.record.regions))
    names = names if len(names) <= 3 else []
    priors = any(sample.record.result.statistics.n_priors for sample in samples)
    columns = [
        Column(plain(""), 0.4),
        Column(plain("Sample"), 4.4),
        Column(plain("Points"), 1.4, numeric=True),
        Column(plain("Free" + (" + priors" if priors else "")), 1.3, numeric=True),
        Column(plain("χ² / freedom"), 1.2, numeric=True),
        *(
            Column(sentence("χ² ", _one_word(species(n))), 1.0, numeric=True)
            for n in _several(names)
        ),
        *([Column(plain("Priors, χ² / n"), 1.3, numeric=True)] if priors else []),
        *(Column(sentence("Abbe ", _one_word(species(n))), 1.0, numeric=True) for n in names),
        *(Column(sentence("Runs p ", _one_word(species(n))), 1.0, numeric=True) for n in names),
        Column(plain("Starts agreed"), 1.3, numeric=True),
        Column(plain("Shift, eV"), 1.2, numeric=True),
    ]
    rows = [_quality_row(sample, names, priors) for sample in samples]
    rows.append(_expected(samples, names, priors))
    rules = (len(rows) - 1,)
    return ReportTable(plain(""), tuple(columns), tuple(rows), "front", look="dense", rules=rules)


def _several(names: Sequence[str]) -> Sequence[str]:
    return names if len(names) > 1 else ()


def _quality_row(sample: Sample, names: Sequence[str], priors: bool) -> tuple[Cell, ...]:
    result, s = sample.record.result, sample.record.result.statistics
    own = {fit.name: fit for fit in sample.record.regions}
    part, starts = start_agreement(result)
    shifts = {name: scales_of(fit.spectrum, result, name) for name, fit in own.items()}
    shift = next(iter(shifts.values()))
    moved = shift.shift - shift.calibrated
    free = f"{s.n_free} + {s.n_priors}" if s.n_priors else f"{s.n_free}"
    tests = [own[n].statistics if n in own else None for n in names]
    return (
        words(plain(sample.letter, style="bold")),
        words(plain(sample.title)),
        words(" + ".join(str(fit.x.size) for fit in own.values())),
        words(free),
        _size(sample.record),
        *(
            _told(None if t is None or own[n].weights == "unit" else t.reduced_chi_square)
            for n, t in zip(names, tests, strict=True)
            if len(names) > 1
        ),
        *([words(f"{s.prior_chi_square:.1f} / {s.n_priors}")] if priors else []),
        *(
            _told(
                None if t is None else t.abbe, odd=t is not None and _odd_abbe(t.abbe, t.n_points)
            )
            for t in tests
        ),
        *(
            _told(None if t is None else t.runs_p, odd=t is not None and t.runs_p < _RUNS_P)
            for t in tests
        ),
        words(f"{round(part * starts)} of {starts}" if starts else "–"),
        words(f"{moved:+.3f}".replace("-", "−") if shift.are_apart else "0"),
    )


def _size(record: FitRecord) -> Cell:
    """Return chi-square per degree of freedom; of unit weights the residuals over the noise."""
    s = record.result.statistics
    if all(fit.weights != "unit" for fit in record.regions):
        odd = _odd_chi(s.reduced_chi_square, s.n_points - s.n_free)
        return _told(s.reduced_chi_square, odd=odd)
    noise = [fit.statistics.residual_std for fit in record.regions]
    known = [value for value in noise if value is not None]
    if not known:
        return words("no noise known")
    text = f"{max(known):.2f} × noise"
    return words(plain(text, style="bold" if max(known) > _LOUD else ""))


_LOUD = 1.3  # residuals over the noise: about three errors of chi-square with a hundred points


def _odd_chi(value: float, freedom: int) -> bool:
    return freedom > 0 and abs(value - 1.0) > 3.0 * sqrt(2.0 / freedom)


def _odd_abbe(value: float, points: int) -> bool:
    return points > 2 and abs(value - 1.0) > 3.0 / sqrt(points)


def _told(value: float | None, *, odd: bool = False) -> Cell:
    if value is None or not np.isfinite(value):
        return words("–")
    text = f"{value:.2f}" if not 0.0 < value < 0.005 else f"{value:.0e}".replace("e-0", "e-")
    return Cell(plain(text, style="bold" if odd else ""), value)


def _expected(samples: Sequence[Sample], names: Sequence[str], priors: bool) -> tuple[Cell, ...]:
    freedom = [
        s.n_points - s.n_free for s in (sample.record.result.statistics for sample in samples)
    ]
    points = [fit.x.size for sample in samples for fit in sample.record.regions]
    chi = f"1 ± {sqrt(2.0 / max(min(freedom), 1)):.2f}"
    texts = [
        "",
        "expected of a right model",
        "",
        "",
        chi,
        *("near 1" for _ in _several(names)),
        *(["about n"] if priors else []),
        *(f"1 ± {1.0 / sqrt(min(points)):.2f}" for _ in names),
        *(f"> {_RUNS_P:g}" for _ in names),
        "all",
        "",
    ]
    return tuple(words(plain(text, style="italic")) for text in texts)


# ---------------------------------------------------------------------------------
# Priors and alternatives


def prior_table(ratio: Ratio, key: str) -> ReportTable:
    """Return the priors that move a ratio most: what each wanted, and what it moves."""
    shown = ratio.impacts[:MOST_IMPACTS]
    reach = max(2.6, *(abs(i.pull.pull) + 0.6 for i in shown))
    largest = max((impact.size for impact in shown), default=0.0) or 1.0
    columns = (
        Column(plain("Assumption"), 3.0),
        Column(plain("Prior"), 2.2, numeric=True),
        Column(plain("Pull, σ of the prior"), 2.0),
        Column(plain("Impact on the ratio"), 1.6),
    )
    rows = [
        _prior_row(impact, f"{key}-{i}", reach, 1.15 * largest) for i, impact in enumerate(shown)
    ]
    pulls = scale_of([-reach, reach], width_mm=1.4 * _PULL_MM, around=0.0)
    moves = scale_of([-1.15 * largest, 1.15 * largest], width_mm=_IMPACT_MM, around=0.0)
    rows.append(
        (
            words(""),
            words(""),
            Cell(plain(""), picture=scale_picture(f"{key}-pulls", (_PULL_MM, _SCALE_MM), pulls)),
            Cell(
                plain(f"± {largest:.2g}"),
                picture=scale_picture(
                    f"{key}-impacts",
                    (_IMPACT_MM, _SCALE_MM),
                    Scale(moves.low, moves.high, _outer(moves.ticks)),
                ),
            ),
        )
    )
    return ReportTable(plain(""), columns, tuple(rows), "front", look="dense")


def _outer(ticks: Sequence[float]) -> tuple[float, ...]:
    """Return the outer ticks and zero: more do not fit below a narrow picture."""
    inside = [tick for tick in ticks if tick]
    return tuple(sorted({0.0, inside[0], inside[-1]})) if inside else (0.0,)


def _prior_row(impact: Impact, key: str, reach: float, largest: float) -> tuple[Cell, ...]:
    row, pull = impact_row(impact), impact.pull
    red = disagrees(pull)
    ends = None
    if pull.narrowing is not None:
        ends = ((pull.low - pull.value) / pull.sd, (pull.high - pull.value) / pull.sd)
    colour = "#B2182B" if red else ""
    name = clean_text(row.name, longest=40)
    drawn = pull_picture(
        f"{key}-pull",
        (_PULL_MM, _ROW_MM),
        reach,
        (pull.pull, ends),
        red=red,
        open_dot=pull.at_bound,
    )
    moved = impact_picture(
        f"{key}-impact", (_IMPACT_MM, _ROW_MM), largest, (impact.up, impact.down), red=red
    )
    return (
        words(styled(species(name), "bold" if red else "", colour)),
        words(plain(clean_text(row.prior, longest=40))),
        Cell(plain(row.pull), picture=drawn),
        Cell(plain(f"{row.up}, {row.down}"), picture=moved),
    )


def alternative_blocks(ratio: Ratio, key: str) -> list[Block]:
    """Return the models that were tried beside the one that is drawn, and what was refused."""
    shown, refused = _models(ratio)
    low = [v.ratio - (v.stderr or 0.0) for v in shown if v.ratio is not None]
    high = [v.ratio + (v.stderr or 0.0) for v in shown if v.ratio is not None]
    every = [*low, *high, *(ratio.best_interval or ())]
    scale = scale_of(every or [0.0, 1.0], width_mm=_DOTS_MM)
    columns = (
        Column(plain("Model"), 3.4),
        Column(plain("ΔBIC"), 0.9, numeric=True),
        Column(plain("Weight"), 1.0, numeric=True),
        Column(plain(""), 2.0),
        Column(plain("Ratio ± u"), 1.7, numeric=True),
    )
    rows = [_model_row(v, f"{key}-{i}", scale) for i, v in enumerate(shown)]
    rules: tuple[int, ...] = ()
    total = ratio.budget.total
    if ratio.value is not None and ratio.best_interval is not None:
        rules = (len(rows),)
        middle = ratio.value if ratio.average is None else ratio.average
        ends = ratio.best_interval
        drawn = dot_picture(f"{key}-all", (_DOTS_MM, _ROW_MM), scale, Dot(middle, ends))
        title = "All, by weight" if ratio.average is not None else "With all rows of the budget"
        rows.append(
            (
                words(plain(title, style="bold")),
                words(""),
                words(""),
                Cell(plain(""), picture=drawn),
                _ratio_cell(middle, total or ratio.error, style="bold"),
            )
        )
    at = scale_picture(f"{key}-scale", (_DOTS_MM, _SCALE_MM), scale)
    rows.append((words(""), words(""), words(""), Cell(plain(""), picture=at), words("")))
    table = ReportTable(plain(""), columns, tuple(rows), "front", look="dense", rules=rules)
    if not refused:
        return [table]
    told = "; ".join(f"{clean_text(v.name, longest=40)} ({_why(v)})" for v in refused[:4])
    more = f"; and {len(refused) - 4} more" if len(refused) > 4 else ""
    return [table, Paragraph(sentence(f"Refused: {told}{more}."), "small")]


def _models(ratio: Ratio) -> tuple[list[Variant], list[Variant]]:
    """Return what counts, the drawn model first and then by weight; and what does not."""
    drawn = [v for v in ratio.variants if v.choice == DRAWN]
    others = [v for v in ratio.variants if v.choice != DRAWN]
    counted = [v for v in others if v.accepted and v.ratio is not None]
    averaged = [v for v in counted if v.stderr is not None]
    rest = [v for v in counted if v.stderr is None]
    averaged.sort(key=lambda v: -(v.weight or 0.0))
    rest.sort(key=lambda v: -abs((v.ratio or 0.0) - (ratio.value or 0.0)))
    shown = [*drawn, *averaged, *rest][:MOST_MODELS]
    return shown, [v for v in others if not v.accepted]


def _why(variant: Variant) -> str:
    return clean_text(variant.reason or "not fitted", longest=60)


def _model_row(variant: Variant, key: str, scale: Scale) -> tuple[Cell, ...]:
    value, error = variant.ratio, variant.stderr
    ends = None if value is None or error is None else (value - error, value + error)
    drawn = variant.choice == DRAWN
    dot = dot_picture(f"{key}-dot", (_DOTS_MM, _ROW_MM), scale, Dot(value, ends))
    delta = "–" if variant.delta_bic is None else f"{variant.delta_bic:+.1f}".replace("-", "−")
    averaged = variant.weight is not None and error is not None
    weight = f"{100.0 * (variant.weight or 0.0):.0f} %" if averaged else "–"
    name = "As drawn" if drawn else clean_text(variant.name, longest=44)
    return (
        words(plain(name, style="bold" if drawn else "")),
        words("0" if drawn else delta),
        words(weight),
        Cell(plain(""), picture=dot),
        words("–") if value is None else _ratio_cell(value, error),
    )


def _ratio_cell(value: float, error: float | None, *, style: Style = "") -> Cell:
    """Return a ratio with its error, in one piece; four digits of one that has none."""
    text = with_error(value, error) if error else f"{value:.4g}"
    return Cell(unbroken(text, style), value)
