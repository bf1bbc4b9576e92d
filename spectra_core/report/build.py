"""From a run to a report: what is said, in which order, in which table.

Nothing is computed here but the layout of what fits, ratios and the lint say. Every number
becomes a `Cell` by the program's one rounding rule, so that all formats print the same digits.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial

import numpy as np

from ..curves.lineshapes import lineshape
from ..fitting import FitResult, FitWarning, RegionFit
from ..model import BACKGROUND, REGION, Component, Region, split_path
from ..recipe.text import dump_recipe
from ..referee.rules import looked_at
from ..results.document import program_versions
from ..results.entries import coordinates_of_record, doublet_label, position
from ..results.figures import fit_figure
from ..results.scales import scales_of
from ..results.table import interval_ends, level_text, rough
from ..runs.collect import as_run
from ..runs.records import Failure, FitRecord, Run
from ..spectrum import Axis, is_synthetic, points_in_window
from ..uncertainty.ratios import BUDGET_ROWS, Ratio
from ..uncertainty.spread import Variant
from .checklist import checklist
from .document import (
    EMPTY,
    Block,
    Cell,
    Column,
    Curves,
    Figure,
    Paragraph,
    Report,
    ReportTable,
    Section,
    Text,
    Verbatim,
    as_chosen,
    clean_text,
    count,
    joined,
    measured,
    number,
    plain,
    sentence,
    words,
)
from .front import front_pages
from .impacts import impact_sections
from .methods import methods, replaced_ties
from .quantification import quantification_sections
from .references import REPORTING, Bibliography
from .remarks import of_region, remark_sections
from .series import series_sections
from .typography import column_heading, printed_unit, species
from .wording import (
    WEIGHTS_WORDS,
    constraint_words,
    prior_in_words,
    settings,
    treatment,
    why_no_error,
)

RECIPE_LENGTH = 200_000
MOST_CORRELATIONS = 8


def build_report(
    run: Run | FitResult | Sequence[FitResult],
    *,
    ratios: Sequence[Ratio] = (),
    title: str = "",
    made: str = "",
    notes: Sequence[str] = (),
    entries: Mapping[str, str] | None = None,
) -> Report:
    """Return the report of a run, or of fits made one by one.

    Parameters
    ----------
    run : Run, FitResult or sequence of FitResult
    ratios : sequence of Ratio
        Of the fit, where it is one that no run made.
    title : str
        Left out: the recipe's.
    made : str
        Date of the report, as it is to be printed; left out: none.
    notes : sequence of str
        The user's own paragraphs.
    entries : mapping of str to str or None
        Answers to items of the checklist (`spectra_core.report.checklist.ITEMS`) by id.

    Returns
    -------
    report : Report
    """
    run, bibliography = as_run(run, ratios), Bibliography()
    pairs = [(record, fit) for record in run.fits for fit in record.result.regions]
    keys = {(r.id, f.name): f"region-{i}" for i, (r, f) in enumerate(pairs, 1)}
    remarks = {record.id: remarks_of(record) for record in run.fits}
    version = program_versions()["version"]
    shown = plain(title or (run.recipe.title if run.recipe else "") or "Spectral deconvolution")
    front = front_pages(
        run,
        remarks,
        bibliography,
        title=shown,
        notes=notes,
        entries=entries or {},
        made=made,
        version=version,
    )
    sections = [
        _summary(run, pairs, keys, remarks, notes),
        *remark_sections(run, remarks),
        *series_sections(run),
        *_ratio_section(run),
        *quantification_sections(run, _sample),
        *impact_sections(run),
        Section("methods", plain("Methods"), methods(run, bibliography)),
        Section("regions", plain("Regions"), ()),
        *(_region_section(r, f, keys[r.id, f.name]) for r, f in pairs),
        _checklist_section(run, entries or {}, bibliography),
        *_choices_section(run),
        _origin(run),
        *_recipes(run),
    ]
    return Report(
        shown,
        tuple(_facts(run, version, made)),
        any(is_synthetic(fit.spectrum) for _, fit in pairs),
        tuple(section for section in sections if section.blocks or section.key == "regions"),
        bibliography.works,
        tuple(_curves(record, fit) for record, fit in pairs),
        _all_digits(pairs),
        f"Doublet {version}",
        front=front,
    )


def _facts(run: Run, version: str, made: str) -> Iterator[tuple[str, Text]]:
    samples = list(dict.fromkeys(clean_text(record.sample, longest=80) for record in run.fits))
    shown = ", ".join(sample or "(no name)" for sample in samples[:8])
    more = f" and {len(samples) - 8} more" if len(samples) > 8 else ""
    yield ("sample" if len(samples) == 1 else "samples"), plain(f"{shown}{more}", longest=800)
    yield "program", plain(f"Doublet {version}")
    if made:
        yield "report made", plain(made)


def remarks_of(record: FitRecord) -> tuple[FitWarning, ...]:
    """Return the lint's findings, and the warnings of reading and selecting before them.

    A run brings its findings; a fit by itself is looked at here.
    """
    return looked_at(record.result, record.warnings)


# ---------------------------------------------------------------------------------
# Summary and ratios


def _summary(
    run: Run,
    pairs: Sequence[tuple[FitRecord, RegionFit]],
    keys: Mapping[tuple[str, str], str],
    remarks: Mapping[str, Sequence[FitWarning]],
    notes: Sequence[str],
) -> Section:
    blocks: list[Block] = [Paragraph(sentence(note)) for note in notes]
    if run.interrupted:
        text = "The run was stopped before its end: what is missing was not fitted."
        blocks.append(Paragraph(sentence(text), "alarm"))
    rows = tuple(
        _summary_row(record, fit, keys[record.id, fit.name], remarks[record.id])
        for record, fit in pairs
    )
    columns = (
        Column(plain("sample"), 3.2),
        Column(plain("region"), 1.4),
        Column(plain("fit"), 1.5),
        Column(plain("points"), 0.9, numeric=True),
        Column(plain("free"), 0.7, numeric=True),
        Column(plain("reduced χ²"), 1.2, numeric=True),
        Column(plain("residual STD"), 1.2, numeric=True),
        Column(plain("Abbe"), 0.9, numeric=True),
        Column(plain("weights"), 1.1),
        Column(plain("remarks"), 0.9, numeric=True),
    )
    blocks.append(ReportTable(plain("Fits"), columns, rows, "fits"))
    blocks += _left_out(run.failures, "Could not be done", "failures")
    blocks += _left_out(run.skipped, "Left out on purpose", "left out")
    return Section("summary", plain("Summary"), tuple(blocks))


def _summary_row(
    record: FitRecord, fit: RegionFit, key: str, remarks: Sequence[FitWarning]
) -> tuple[Cell, ...]:
    s = fit.statistics
    status = record.result.status.value.replace("_", " ")
    return (
        words(plain(_sample(record), longest=80)),
        words(species(fit.name), link=key),
        words(status),
        count(s.n_points),
        count(s.n_free),
        number(s.reduced_chi_square, 3),
        number(s.residual_std, 3),
        number(s.abbe, 3),
        words(WEIGHTS_WORDS[fit.weights]),
        count(len(of_region(record, fit.name, remarks))),
    )


def _sample(record: FitRecord) -> str:
    level = level_text(record.level, record.levels, coordinates_of_record(record))
    level = f" [{level.strip()}]" if level else ""
    return f"{clean_text(record.sample, longest=70) or '(no name)'}{level}"


def _left_out(failures: Sequence[Failure], title: str, sheet: str) -> list[Block]:
    if not failures:
        return []
    columns = (Column(plain("file"), 2), Column(plain("where"), 4), Column(plain("reason"), 4))
    places: dict[tuple[str, str], list[str]] = {}
    for failure in failures:
        alike = places.setdefault((_name(failure.file), failure.message), [])
        alike.append(clean_text(failure.where, longest=60))
    rows = tuple(
        (
            words(file),
            words(plain("; ".join(where), longest=500)),
            words(plain(reason, longest=600)),
        )
        for (file, reason), where in places.items()
    )
    return [ReportTable(plain(title), columns, rows, sheet)]


def _name(file: str) -> str:
    """Return a file's name without its folder, whatever the system it comes from."""
    return file.replace("\\", "/").rpartition("/")[2]


def _ratio_section(run: Run) -> list[Section]:
    if not run.ratios:
        return []
    level = f"{100 * run.ratios[0][1].level:g} %"
    table = ReportTable(
        plain("Area ratios"),
        (
            Column(plain("ratio"), 2.2),
            Column(plain("sample"), 2.6),
            Column(plain("value"), 2.0, numeric=True, errors=True),
            Column(plain(f"low {level}"), 1.0, numeric=True),
            Column(plain(f"high {level}"), 1.0, numeric=True),
            Column(plain("of"), 1.2),
            Column(plain("below"), 0.9, numeric=True),
        ),
        tuple(_ratio_row(record, ratio) for record, ratio in run.ratios),
        "ratios",
    )
    blocks: list[Block] = [table]
    if any(_known_rows(ratio) - {"counting"} for _, ratio in run.ratios):
        blocks.append(_budget_table(run, level))
    formulas = dict.fromkeys(f"{ratio.name} = {ratio.formula}" for _, ratio in run.ratios)
    blocks += [
        Paragraph(sentence(clean_text(formula, longest=400)), "small") for formula in formulas
    ]
    for record, ratio in run.ratios:
        if ratio.note:
            where = f"{clean_text(ratio.name)}, {_sample(record)}: "
            blocks.append(Paragraph(sentence(where, ratio.note), "small"))
    return [Section("ratios", plain("Ratios"), tuple(blocks))]


def _known_rows(ratio: Ratio) -> set[str]:
    return {name for name in BUDGET_ROWS if getattr(ratio.budget, name) is not None}


def _ratio_row(record: FitRecord, ratio: Ratio) -> tuple[Cell, ...]:
    remark = "below detection" if ratio.upper_limit is not None else "none"
    return (
        words(species(ratio.name)),
        words(plain(_sample(record), longest=80)),
        _value_cell(ratio, remark),
        *_ends(ratio.best_interval),
        words(plain(ratio.scope or "-")),
        number(ratio.upper_limit, 2),
    )


def _value_cell(ratio: Ratio, remark: str) -> Cell:
    if ratio.value is not None and ratio.error is None and ratio.best_interval is None:
        return Cell(plain(rough(ratio.value)), ratio.value)
    return measured(ratio.value, ratio.error, remark="" if ratio.value is not None else remark)


def _ends(interval: tuple[float, float] | None) -> tuple[Cell, Cell]:
    """Return cells of both ends of an interval, rounded by the program's rule."""
    if interval is None:
        return number(None), number(None)
    low, high = interval_ends(interval)
    return Cell(plain(low), interval[0]), Cell(plain(high), interval[1])


def _budget_table(run: Run, level: str) -> ReportTable:
    known = set().union(*(_known_rows(ratio) for _, ratio in run.ratios))
    names = (*(name for name in BUDGET_ROWS if name in known), "total")
    columns = (
        Column(plain("ratio"), 2.2),
        Column(plain("sample"), 2.6),
        *(Column(plain(name), 1.1, numeric=True) for name in names),
        Column(plain(f"low {level}, fit"), 1.2, numeric=True),
        Column(plain(f"high {level}, fit"), 1.2, numeric=True),
    )
    rows = []
    for record, ratio in run.ratios:
        cells = [number(getattr(ratio.budget, name), 2) for name in names]
        first = (words(species(ratio.name)), words(plain(_sample(record), longest=80)))
        rows.append((*first, *cells, *_ends(ratio.interval)))
    title = (
        "Error budget of the ratios: standard errors of R, a row of the budget in each column;"
        " last the interval of the fit alone, from counts and priors"
    )
    return ReportTable(plain(title), columns, tuple(rows), "error budget")


def _choice_cell(variant: Variant) -> Cell:
    """Return the ratio of a variant with its error; two digits where it has none."""
    if variant.ratio is None or variant.stderr is not None:
        return measured(variant.ratio, variant.stderr)
    return Cell(plain(rough(variant.ratio)), variant.ratio)


def _choices_section(run: Run) -> list[Section]:
    """Return the models and other choices of each ratio, with their weights."""
    columns = (
        Column(plain("ratio"), 2),
        Column(plain("sample"), 2.2),
        Column(plain("row"), 1.2),
        Column(plain("choice"), 3.4),
        Column(plain("R"), 1.6, numeric=True, errors=True),
        Column(plain("reduced χ²"), 1, numeric=True),
        Column(plain("ΔBIC"), 1, numeric=True),
        Column(plain("weight, %"), 1, numeric=True),
        Column(plain("counted"), 2.6),
    )
    rows = tuple(
        (
            words(species(ratio.name)),
            words(plain(_sample(record), longest=60)),
            words(variant.kind),
            words(variant.name),
            _choice_cell(variant),
            number(variant.reduced_chi_square, 3),
            number(variant.delta_bic, 3),
            number(None if variant.weight is None else 100.0 * variant.weight, 2),
            words("yes" if variant.accepted else f"no: {variant.reason}"),
        )
        for record, ratio in run.ratios
        for variant in ratio.variants
    )
    if not rows:
        return []
    table = ReportTable(plain("Models and other choices"), columns, rows, "choices")
    text = (
        "Weights of the model that is drawn, of other backgrounds and of other sets of components"
        " are shares of their evidence, and the interval of a ratio is that of all of them"
        " together; those of other choices are shares within the choice, by BIC."
    )
    title = plain("Models and other choices, with their weights")
    return [Section("choices", title, (Paragraph(sentence(text), "small"), table))]


# ---------------------------------------------------------------------------------
# One region


def _region_section(record: FitRecord, fit: RegionFit, key: str) -> Section:
    region = record.result.model.region(fit.name)
    context = (("fit", record.id), ("sample", _sample(record)), ("region", clean_text(fit.name)))
    title = sentence(f"{_sample(record)}: ", species(fit.name))
    blocks: tuple[Block, ...] = (
        Figure(
            f"figure-{key}",
            _caption(record, fit),
            _description(record, fit),
            partial(fit_figure, fit, record.result, title=""),
        ),
        _component_table(record, fit, region, context),
        _parameter_table(record, fit, region, context),
        *_doublet_paragraphs(record.result, region),
        *_prior_blocks(record, fit, context),
        _statistics_table(record, fit, context),
        *_stored_blocks(record, fit, context),
        *_correlation_paragraph(record, fit),
    )
    return Section(key, title, blocks, level=2)


def _caption(record: FitRecord, fit: RegionFit) -> Text:
    synthetic = " Synthetic data." if is_synthetic(fit.spectrum) else ""
    text = (
        f" of {_sample(record)}: data (circles), fit, background and components; below, the"
        " residuals over their standard deviation, with a band of two standard"
        f" deviations.{synthetic}"
    )
    return sentence(species(fit.name), text)


def _description(record: FitRecord, fit: RegionFit) -> str:
    labels = [c.label for c in record.result.model.region(fit.name).components if c.enabled]
    text = f"Fit of {fit.name}, {_sample(record)}, with {', '.join(labels) or 'no component'}"
    return clean_text(text, longest=400)


def _component_table(
    record: FitRecord, fit: RegionFit, region: Region, context: tuple[tuple[str, str], ...]
) -> ReportTable:
    unit, y_unit = fit.spectrum.axis.unit, _y_unit(fit)
    area_unit = _area_unit(record, fit)
    apart = scales_of(fit.spectrum, record.result, fit.name).are_apart
    place = "center, referenced" if apart else "position"
    top = "maximum at, recorded" if apart else "maximum at"
    columns = (
        Column(plain("component"), 2.2),
        Column(plain("assigned to"), 1.9),
        Column(column_heading(place, unit), 1.8, numeric=True, errors=True),
        Column(column_heading("FWHM", unit), 1.7, numeric=True, errors=True),
        Column(column_heading("area", area_unit), 2.1, numeric=True, errors=True),
        Column(column_heading("height", y_unit), 1.3, numeric=True),
        Column(column_heading(top, unit), 1.4, numeric=True),
        Column(plain("line shape"), 1.8),
    )
    rows: list[tuple[Cell, ...]] = []
    for component in region.components:
        rows.append(_component_row(record, fit, region, component))
        doublet = region.doublet_of(component.id)
        if doublet is not None and component.id == doublet.minor and component.enabled:
            rows += _total_row(record, region, doublet_label(region, doublet), doublet.id)
    return ReportTable(plain("Components"), columns, tuple(rows), "components", context)


def _y_unit(fit: RegionFit) -> str:
    return "" if fit.spectrum.y_unit == "arbitrary" else fit.spectrum.y_unit


def _area_unit(record: FitRecord, fit: RegionFit) -> str:
    units = [
        record.result.unit(path)
        for path in record.result.paths
        if path.startswith(f"{fit.name}/") and path.endswith("/area")
    ]
    return units[0] if units else ""


def _component_row(
    record: FitRecord, fit: RegionFit, region: Region, component: Component
) -> tuple[Cell, ...]:
    shape = lineshape(component.lineshape)
    names = (words(species(component.label)), words(species(component.species)))
    if not component.enabled:
        return (*names, words("off"), EMPTY, EMPTY, EMPTY, EMPTY, words(shape.title))
    result = record.result
    summary = result.summary(region.name, component.id)
    scales = scales_of(fit.spectrum, result, fit.name)
    value, stderr = position(result, region.name, component.id)
    center = result.estimate(f"{region.name}/{component.id}/center")
    specs = [spec.name for spec in shape.parameters]
    width = (
        _estimate(record, f"{region.name}/{component.id}/fwhm")
        if "fwhm" in specs
        else number(summary.fwhm)
    )
    area = (
        _estimate(record, f"{region.name}/{component.id}/area")
        if "area" in specs
        else words("not finite")
    )
    if scales.are_apart:
        value, stderr = center.value, center.stderr
    remark = "" if stderr is not None else why_no_error(center)
    return (
        *names,
        measured(value, stderr, remark=remark),
        width,
        area,
        number(summary.height),
        number(scales.recorded(summary.maximum_at), 6),
        words(shape.title),
    )


def _total_row(
    record: FitRecord, region: Region, label: str, doublet: str
) -> list[tuple[Cell, ...]]:
    major = region.component(region.doublet(doublet).major)
    if "area" not in [spec.name for spec in lineshape(major.lineshape).parameters]:
        return []
    total = _estimate(record, f"{region.name}/{doublet}/area")
    name = words(joined([species(label), plain(", both lines")]))
    return [(name, EMPTY, EMPTY, EMPTY, total, EMPTY, EMPTY, EMPTY)]


def _estimate(record: FitRecord, path: str) -> Cell:
    estimate = record.result.estimate(path)
    return measured(estimate.value, estimate.stderr, remark=why_no_error(estimate))


def _parameter_table(
    record: FitRecord, fit: RegionFit, region: Region, context: tuple[tuple[str, str], ...]
) -> ReportTable:
    columns = (
        Column(plain("component"), 2),
        Column(plain("parameter"), 1.3),
        Column(plain("value"), 2.2, numeric=True, errors=True),
        Column(plain("unit"), 2),
        Column(plain("start"), 1.1, numeric=True),
        Column(plain("how it was treated"), 5),
    )
    rows = tuple(
        _parameter_row(record, owner, name, path) for owner, name, path in _parameters_of(region)
    )
    return ReportTable(plain("Parameters and constraints"), columns, rows, "parameters", context)


def _parameters_of(region: Region) -> Iterator[tuple[Text, str, str]]:
    """Yield owner, name and path of every parameter of what is evaluated."""
    for component in region.components:
        if component.enabled:
            for spec in region.specs_of(component):
                path = f"{region.name}/{component.id}/{spec.name}"
                yield species(component.label), spec.name, path
    for spec in region.background.specs:
        yield plain("background"), spec.name, f"{region.name}/{BACKGROUND}/{spec.name}"
    yield plain("whole region"), "shift", f"{region.name}/{REGION}/shift"


def _parameter_row(record: FitRecord, owner: Text, name: str, path: str) -> tuple[Cell, ...]:
    result = record.result
    estimate = result.estimate(path)
    problem = result.problem
    place = problem.paths.index(path) if path in problem.paths else None
    start = None if place is None else problem.parameters[place].value
    text = treatment(result, path, estimate)
    tied = estimate.link is not None
    return (
        words(owner),
        words(name),
        measured(estimate.value, estimate.stderr),
        words(printed_unit(estimate.unit)),
        EMPTY if tied else (words("estimated") if start is None else as_chosen(start)),
        words(plain(text, longest=400)),
    )


def _doublet_paragraphs(result: FitResult, region: Region) -> list[Block]:
    blocks: list[Block] = []
    for doublet in region.doublets:
        label = species(doublet_label(region, doublet))
        tied = constraint_words(doublet, replaced_ties(result, region, doublet))
        text = f", {doublet.line} doublet: {tied}."
        blocks.append(Paragraph(sentence(label, clean_text(text, longest=1200)), "small"))
    chosen = settings(region.background)
    mode = "fitted with the lines" if region.background.mode == "active" else "computed before"
    text = f"Background: {region.background.kind.title}, {mode}{f' ({chosen})' if chosen else ''}."
    blocks.append(Paragraph(sentence(text), "small"))
    return blocks


def _prior_blocks(
    record: FitRecord, fit: RegionFit, context: tuple[tuple[str, str], ...]
) -> list[Block]:
    """Return what became of the priors whose first term is of this region, if there are any."""
    rows = tuple(
        (
            Cell(plain(clean_text(prior_in_words(known.prior), longest=300))),
            measured(known.fitted, known.stderr, remark=""),
            number(known.pull, 3),
            number(known.narrowing, 3),
            Cell(plain(known.prior.group)),
            Cell(plain(clean_text(known.prior.source or "no source was given", longest=300))),
        )
        for known in record.result.priors
        if split_path(known.prior.terms[0].source)[0] == fit.name
    )
    if not rows:
        return []
    columns = (
        Column(plain("known before the fit"), 4),
        Column(plain("fitted"), 2, numeric=True, errors=True),
        Column(plain("pull"), 1, numeric=True),
        Column(plain("narrowing"), 1, numeric=True),
        Column(plain("group"), 1.4),
        Column(plain("source"), 4),
    )
    s = record.result.statistics
    text = f"Chi-square of the {s.n_priors} priors of this fit: {s.prior_chi_square:.4g}."
    table = ReportTable(plain("Priors"), columns, rows, "priors", context)
    return [table, Paragraph(sentence(text), "small")]


def _statistics_table(
    record: FitRecord, fit: RegionFit, context: tuple[tuple[str, str], ...]
) -> ReportTable:
    s = fit.statistics
    titles = ("N", "k free", "χ²", "reduced χ²", "residual STD", "Abbe", "runs p", "AIC", "BIC")
    columns = tuple(Column(plain(title), 1.0, numeric=True) for title in titles)
    row = (
        count(s.n_points),
        count(s.n_free),
        number(s.chi_square),
        number(s.reduced_chi_square, 3),
        number(s.residual_std, 3),
        number(s.abbe, 3),
        number(s.runs_p, 2),
        number(s.aic, 5),
        number(s.bic, 5),
    )
    status = record.result.status.value.replace("_", " ")
    title = f"Statistics ({status}; {WEIGHTS_WORDS[fit.weights]} weights)"
    return ReportTable(plain(title), columns, (row,), "statistics", context)


def _correlation_paragraph(record: FitRecord, fit: RegionFit) -> list[Block]:
    prefix = f"{fit.name}/"
    pairs = [
        (abs(value), f"{a} with {b} ({value:.3f})")
        for a, b, value in record.result.correlations()
        if a.startswith(prefix) or b.startswith(prefix)
    ]
    if not pairs:
        return []
    strongest = [words for _, words in sorted(pairs, key=lambda pair: -pair[0])[:MOST_CORRELATIONS]]
    more = len(pairs) - len(strongest)
    rest = f"; and {more} more, weaker ones" if more else ""
    text = f"Correlations of 0.9 or more: {'; '.join(map(clean_text, strongest))}{rest}."
    return [Paragraph(sentence(text), "small")]


def _stored_blocks(
    record: FitRecord, fit: RegionFit, context: tuple[tuple[str, str], ...]
) -> list[Block]:
    """Return another program's stored numbers beside the refit's, where the fit began there."""
    compared = record.stored.get(fit.name)
    if compared is None:
        return []
    columns = (
        Column(plain("component"), 2.0),
        Column(plain("number"), 1.0),
        *(
            Column(plain(title), 1.4, numeric=True)
            for title in ("stored", "refitted", "error", "difference", "in σ")
        ),
    )
    old, new = compared.stored_squares, compared.refitted_squares
    squares = [("all", "sum of squares", (old, new, None, new - old, None))]
    numbers = [
        (n.component, n.parameter, (n.stored, n.refitted, n.stderr, n.difference, n.sigmas))
        for n in compared.numbers
    ]
    rows = tuple(
        (
            words(species(name)),
            words(what),
            *(number(v, 6) for v in values[:2]),
            *(number(v, 3) for v in values[2:]),
        )
        for name, what, values in (*numbers, *squares)
    )
    table = ReportTable(plain("The stored fit and its refit"), columns, rows, "stored fit", context)
    if compared.is_minimum:
        return [table]
    text = compared.sentence[:1].upper() + compared.sentence[1:]
    return [table, Paragraph(sentence(text), "small")]


# ---------------------------------------------------------------------------------
# Checklist, origin, curves


def _checklist_section(run: Run, entries: Mapping[str, str], bibliography: Bibliography) -> Section:
    lead = sentence(
        "What a report of a peak fit has to state",
        bibliography.cite(REPORTING),
        ", as far as the files and the fits know it.",
    )
    blocks = (Paragraph(lead), checklist(run, entries))
    return Section("checklist", plain("Checklist (ISO 19830 type)"), blocks)


def _origin(run: Run) -> Section:
    columns = (
        Column(plain("file"), 2.4),
        Column(plain("format"), 1.2),
        Column(plain("spectra"), 0.8, numeric=True),
        Column(plain("SHA-256"), 5),
    )
    rows = tuple(
        (words(_name(i.file)), words(i.format), count(i.spectra), words(i.sha256))
        for i in run.inputs
    )
    versions = ", ".join(f"{name} {value}" for name, value in _versions().items())
    blocks: tuple[Block, ...] = (
        ReportTable(plain("Files that were read"), columns, rows, "inputs"),
        Paragraph(sentence(f"Versions: {versions}."), "small"),
    )
    return Section("origin", plain("Origin"), blocks)


def _versions() -> dict[str, str]:
    versions = program_versions()
    return {versions.pop("name"): versions.pop("version"), **versions}


def _recipes(run: Run) -> list[Section]:
    """Return the recipes, in full: with them the numbers can be had again."""
    recipes: dict[str, list[str]] = {}
    for record in run.fits:
        recipes.setdefault(dump_recipe(run.recipe or record.recipe), []).append(record.id)
    blocks: list[Block] = []
    for text, fits in recipes.items():
        if len(recipes) > 1:
            blocks.append(Paragraph(plain(f"Recipe of {', '.join(fits)}", longest=200), "small"))
        blocks.append(Verbatim(clean_text(text, longest=RECIPE_LENGTH, keep_lines=True)))
    return [Section("recipe", plain("Recipe"), tuple(blocks))]


def _curves(record: FitRecord, fit: RegionFit) -> Curves:
    spectrum = fit.spectrum
    region = record.result.model.region(fit.name)
    inside = points_in_window(spectrum, region.window)
    unit = f" / {_y_unit(fit)}" if _y_unit(fit) else ""
    counts = None if spectrum.counts is None else spectrum.counts[inside]
    columns = [
        (f"{spectrum.axis.value} / {spectrum.axis.unit}", fit.x),
        ("counts", counts),
        (f"intensity{unit}", fit.y),
        (f"envelope{unit}", fit.envelope),
        (f"background{unit}", fit.background),
        *(
            (f"{clean_text(c.label)}{unit}", fit.peaks[c.id])
            for c in region.components
            if c.enabled
        ),
        ("residual / standard deviation", fit.residual),
    ]
    none = (None,) * fit.x.size
    return Curves(
        f"{clean_text(fit.name)} {record.id}",
        tuple((n, none if v is None else tuple(np.asarray(v).tolist())) for n, v in columns),
        spectrum.axis is Axis.BINDING_ENERGY,
    )


def _all_digits(pairs: Sequence[tuple[FitRecord, RegionFit]]) -> ReportTable:
    columns = (
        Column(plain("fit")),
        Column(plain("sample")),
        Column(plain("path")),
        Column(plain("value"), numeric=True),
        Column(plain("standard error"), numeric=True),
        Column(plain("unit")),
        Column(plain("treatment")),
    )
    rows = []
    for record, fit in pairs:
        for _, _, path in _parameters_of(record.result.model.region(fit.name)):
            estimate = record.result.estimate(path)
            text = treatment(record.result, path, estimate)
            rows.append(
                (
                    words(record.id),
                    words(_sample(record)),
                    words(plain(path)),
                    _exact(estimate.value),
                    _exact(estimate.stderr),
                    words(estimate.unit),
                    words(plain(text, longest=400)),
                )
            )
    return ReportTable(plain("Every parameter, not rounded"), columns, tuple(rows), "all digits")


def _exact(value: float | None) -> Cell:
    return EMPTY if value is None else Cell(plain(repr(value)), value)
