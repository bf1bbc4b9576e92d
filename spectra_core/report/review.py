"""A reviewer's page: one HTML file in which components are switched and models are compared.

It needs no server and no network: data, style and script are inside, and the page allows the
browser no script but that one, by its hash. What comes from data is JSON that the script sets as
text. Switching a component off refits nothing: the residuals show what it carried.

The models that a ratio is averaged over are fitted once more to be drawn, as the window does.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from html import escape
from typing import Any

import numpy as np

from ..datafiles import data_path
from ..errors import SpectraError
from ..fitting import FitResult, FitWarning, RegionFit
from ..model import Region
from ..recipe.text import dump_recipe
from ..referee.residuals import start_agreement
from ..referee.rules import Finding
from ..results.colours import component_colours
from ..results.document import program_versions
from ..results.entries import doublet_label
from ..results.formula import formula_letters
from ..results.panels import Panel, axis_name
from ..results.scales import scales_of
from ..results.table import interval_text, ratio_text, with_error
from ..runs.records import FitRecord, Run
from ..spectrum import Array, Axis, is_synthetic
from ..uncertainty.open_models import open_models
from ..uncertainty.ratios import Ratio
from ..uncertainty.spread import Variant
from .build import remarks_of
from .document import SYNTHETIC, clean_text
from .front import verdict
from .front_tables import area_paths, owners
from .headline import headline
from .methods import DRAWN
from .reported import reported_ratio
from .samples import Sample, samples_of
from .wording import settings

MOST_MODELS = 12
"""Fits of a run up to which their other models are fitted once more, to be drawn."""
_DIGITS = 7


def render_review(
    run: Run,
    *,
    title: str = "",
    made: str = "",
    history: Sequence[str] = (),
    models: bool = True,
) -> str:
    """Return the reviewer's page of a run.

    Parameters
    ----------
    run : Run
    title : str
        Left out: the recipe's.
    made : str
        Date, as it is to be printed.
    history : sequence of str
        What the user did, step by step, where it is known.
    models : bool
        Fit the models that ratios are averaged over once more, so that they can be drawn.
    """
    remarks = {record.id: remarks_of(record) for record in run.fits}
    samples = samples_of(run, remarks)
    names = tuple(dict.fromkeys(ratio.name for _, ratio in run.ratios))
    reported = {
        (record.id, ratio.name): found
        for record, ratio in run.ratios
        if (found := reported_ratio(record, ratio)) is not None
    }
    shown = title or (run.recipe.title if run.recipe else "") or "Spectral deconvolution"
    drawn = models and len(run.fits) <= MOST_MODELS
    data = {
        "samples": [
            _sample(run, sample, names, remarks[sample.record.id], drawn) for sample in samples.each
        ],
        "history": [clean_text(step, longest=400) for step in history],
    }
    synthetic = any(is_synthetic(fit.spectrum) for r in run.fits for fit in r.regions)
    program = f"Doublet {program_versions()['version']}"
    about = " · ".join(filter(None, (SYNTHETIC if synthetic else "", program, made)))
    return _page(
        {
            "TITLE": clean_text(shown),
            "ABOUT": about,
            "LEAD": headline(samples, names, reported).plain,
            "FOOT": f"{program}, reviewer's page. {SYNTHETIC if synthetic else ''}".strip(),
        },
        data,
    )


def _page(texts: Mapping[str, str], data: Mapping[str, Any]) -> str:
    """Return the page with its texts escaped, and its script allowed by its hash alone."""
    page, css, script = (
        data_path("resources", "report", f"review.{kind}").read_text(encoding="utf-8")
        for kind in ("html", "css", "js")
    )
    # JSON within a page must not end its element, or begin a comment in it.
    plain = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for mark in "<>&\u2028\u2029":
        plain = plain.replace(mark, f"\\u{ord(mark):04x}")
    digest = base64.b64encode(sha256(script.encode()).digest()).decode()
    parts = {name: escape(text, quote=True) for name, text in texts.items()}
    parts |= {"CSS": css, "HASH": digest, "DATA": plain, "SCRIPT": script}
    pieces = page.split("@@")
    # Every second piece is a name: what is put in is never looked at again.
    return "".join(parts[piece] if i % 2 else piece for i, piece in enumerate(pieces))


# ---------------------------------------------------------------------------------
# One sample


def _sample(
    run: Run, sample: Sample, names: Sequence[str], remarks: Sequence[FitWarning], drawn: bool
) -> dict[str, Any]:
    record = sample.record
    models, why = _models(record) if drawn else ([], _why_not(run))
    return {
        "letter": sample.letter,
        "title": sample.title,
        "verdict": verdict(sample, names).text.plain,
        "refused": sample.verdict.word == "not yet",
        "regions": [_region(record, fit) for fit in record.regions],
        "ratios": [_ratio(ratio) for ratio in record.ratios],
        "models": models,
        "why": why,
        "remarks": [_remark(remark) for remark in remarks],
        "history": list(_history(run, record)),
        "recipe": clean_text(dump_recipe(record.recipe), longest=200_000, keep_lines=True),
    }


def _why_not(run: Run) -> str:
    if not any(ratio.variants for _, ratio in run.ratios):
        return ""
    return f"With more than {MOST_MODELS} fits the other models are listed and not drawn."


def _region(record: FitRecord, fit: RegionFit) -> dict[str, Any]:
    spectrum = fit.spectrum
    scales = scales_of(spectrum, record.result, fit.name)
    return {
        "name": clean_text(fit.name),
        "unit": spectrum.axis.unit,
        "axis": axis_name(Panel(fit, record.result)),
        "falls": spectrum.axis is Axis.BINDING_ENERGY,
        "x": _numbers(fit.x - scales.shift),
        "y": _numbers(fit.y),
        "sigma": None if fit.weights == "unit" else _numbers(fit.sigma),
        "model": _curves(record.result, fit),
    }


def _numbers(values: Array) -> list[float]:
    return [float(f"{value:.{_DIGITS}g}") for value in np.asarray(values, dtype=float).tolist()]


def _curves(result: FitResult, fit: RegionFit) -> dict[str, Any]:
    """Return background and components of a region, doublets as one."""
    region = result.model.region(fit.name)
    colours, paths = component_colours(region), area_paths(region)
    components: list[dict[str, Any]] = []
    for component, doublet in owners(region):
        label = doublet_label(region, doublet) if doublet else component.label
        curve = fit.peaks[component.id]
        if doublet is not None and doublet.minor in fit.peaks:
            curve = curve + fit.peaks[doublet.minor]
        place = f"{region.name}/{component.id}"
        area = paths.get(component.id)
        components.append(
            {
                "label": _unlike(clean_text(formula_letters(label)), components),
                "colour": colours[component.id],
                "y": _numbers(curve),
                "position": _estimate(result, f"{place}/center"),
                "fwhm": _estimate(result, f"{place}/fwhm"),
                "area": _estimate(result, area) if area else "not finite",
            }
        )
    return {"background": _numbers(fit.background), "components": components}


def _unlike(label: str, known: Sequence[Mapping[str, Any]]) -> str:
    """Return a label that no other component of the region has: the page switches by it."""
    taken, name, number = {one["label"] for one in known}, label, 1
    while name in taken:
        number += 1
        name = f"{label} ({number})"
    return name


def _estimate(result: FitResult, path: str) -> str:
    if path not in result.paths and not path.endswith("/area"):
        return ""
    estimate = result.estimate(path)
    if estimate.stderr is not None:
        return with_error(estimate.value, estimate.stderr)
    why = "on its bound" if estimate.at_bound else "fixed" if not estimate.free else "no error"
    return f"{estimate.value:.5g} ({why})"


def _ratio(ratio: Ratio) -> dict[str, Any]:
    level = f"{100 * ratio.level:g} %"
    interval = ratio.best_interval
    note = clean_text(ratio.note, longest=600)
    ends = "" if interval is None else f"{level}: {interval_text(interval)}"
    return {
        "name": clean_text(formula_letters(ratio.name)),
        "text": ratio_text(ratio),
        "interval": ". ".join(filter(None, (ends, note))),
        "variants": [_variant(variant) for variant in ratio.variants],
    }


def _variant(variant: Variant) -> dict[str, Any]:
    drawn = variant.choice == DRAWN
    value = variant.ratio
    text = "–" if value is None else f"{value:.4g}"
    if value is not None and variant.stderr:
        text = with_error(value, variant.stderr)
    return {
        "name": clean_text(variant.name),
        "drawn": drawn,
        "delta": "–" if variant.delta_bic is None else f"{variant.delta_bic:+.1f}",
        "weight": "–" if variant.weight is None else f"{100.0 * variant.weight:.0f} %",
        "ratio": text,
        "accepted": variant.accepted,
        "reason": clean_text(variant.reason, longest=200),
    }


def _models(record: FitRecord) -> tuple[list[dict[str, Any]], str]:
    """Return the models that ratios of a fit are averaged over, with their curves."""
    found: dict[str, dict[str, Any]] = {}
    for ratio in record.ratios:
        entry = next((e for e in record.recipe.ratio if e.name == ratio.name), None)
        averaged = [v for v in ratio.variants if v.accepted and v.choice != DRAWN and v.stderr]
        if entry is None or not averaged:
            continue
        try:
            others = open_models(record.result, entry.numerator, entry.denominator)
        except SpectraError as error:
            return list(found.values()), f"The other models could not be drawn: {error}"
        for one in others:
            regions = {fit.name: _curves(one.result, fit) for fit in one.result.regions}
            name = clean_text(one.name)
            found.setdefault(name, {"name": name, "regions": regions})
    return list(found.values()), ""


def _remark(remark: FitWarning) -> dict[str, str]:
    kind = remark.severity if isinstance(remark, Finding) else "preset, data"
    advice = remark.advice if isinstance(remark, Finding) else ""
    return {
        "kind": kind,
        "where": clean_text(remark.where),
        "text": clean_text(remark.message, longest=1500),
        "advice": clean_text(advice, longest=400),
    }


# ---------------------------------------------------------------------------------
# How it was made


def _history(run: Run, record: FitRecord) -> Iterator[str]:
    """Yield the steps from the file to the ratios, each as it happened."""
    files = record.files or (record.file,)
    sums = {item.file: item for item in run.inputs}
    for file in files:
        item = sums.get(file)
        name = clean_text(file.replace("\\", "/").rpartition("/")[2], longest=120)
        told = f" ({item.format}, SHA-256 {item.sha256})" if item is not None else ""
        yield f"Read {name}{told}."
    for fit in record.regions:
        yield _prepared(record, fit)
    for fit in record.regions:
        yield _modelled(record.result.model.region(fit.name))
    result = record.result
    if result.problem.model.links:
        yield f"{len(result.problem.model.links)} exact ties between parameters were set."
    if result.priors:
        yield f"{len(result.priors)} quantities known beforehand were given as priors."
    part, starts = start_agreement(result)
    several = (
        f" from {starts} starts, {round(part * starts)} of which ended at it" if starts else ""
    )
    s = result.statistics
    yield (
        f"Fitted{several}: {result.status.value.replace('_', ' ')}, chi-square {s.chi_square:.4g}"
        f" with {s.n_points} points and {s.n_free} free parameters."
    )
    for ratio in record.ratios:
        tried = [v for v in ratio.variants if v.choice != DRAWN]
        counted = sum(v.accepted for v in tried)
        others = f"; {len(tried)} other choices were tried, {counted} count" if tried else ""
        yield f"{clean_text(ratio.name)} = {ratio_text(ratio)}{others}."


def _prepared(record: FitRecord, fit: RegionFit) -> str:
    calibration, unit = fit.spectrum.calibration, fit.spectrum.axis.unit
    low, high = record.result.model.region(fit.name).window
    moved = f", shifted by {calibration.shift:+.6g} {unit}" if calibration.shift else ""
    to = f" ({clean_text(calibration.reference)})" if calibration.reference else ""
    return (
        f"{clean_text(fit.name)}: {fit.x.size} points from {low:g} to {high:g} {unit}{moved}{to},"
        f" {fit.weights} weights."
    )


def _modelled(region: Region) -> str:
    background = region.background
    chosen = settings(background)
    labels = [
        doublet_label(region, doublet) if doublet else component.label
        for component, doublet in owners(region)
    ]
    mode = "fitted with the lines" if background.mode == "active" else "computed before"
    told = f" ({chosen})" if chosen else ""
    names = clean_text(", ".join(labels) or "no component", longest=300)
    return f"{clean_text(region.name)}: {names} on a {background.kind.title}, {mode}{told}."
