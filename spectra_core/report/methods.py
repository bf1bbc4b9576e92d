"""The methods paragraph, in sentences that can go into a paper.

Every sentence is made from what the fit knows; what is not recorded is named as missing, so
that the user fills it in before anything is printed. Fits that were done alike share their
sentences.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from math import isfinite

from ..curves.lineshapes import lineshape
from ..fitting import FitResult, RegionFit
from ..model import REGION, Component, Doublet, Link, Region, split_path
from ..referee.residuals import start_agreement
from ..results.document import program_versions
from ..results.entries import doublet_label
from ..results.scales import LEAST, Scales, scales_of
from ..runs.records import FitRecord, Run
from ..series.fits import SERIES
from ..spectrum import is_synthetic
from ..uncertainty.ratios import COUNTING_ALONE, Ratio
from .definitions import BACKGROUND_WORDS, WEIGHTS, shape_words
from .document import Paragraph, Text, clean_text, plain, sentence
from .provenance import (
    library_positions,
    own_reference,
    sensitivity_tables,
    shift_words,
    works_in,
    works_of_entry,
    works_of_tables,
)
from .references import GOODNESS, PRIORS, UNCERTAINTY, UPPER_LIMIT, Bibliography, published
from .typography import species, with_formulas
from .wording import constraint_words, listed, prior_in_words, settings

MOST_PRIORS = 40  # sentences on what was known before the fit
MOST_ALIKE = 12  # sentences of one kind before the text points to the tables instead


def methods(run: Run, bibliography: Bibliography) -> tuple[Paragraph, ...]:
    """Return the methods text of a run: measurement, model, fit, software.

    Parameters
    ----------
    run : Run
    bibliography : Bibliography
        Takes up what is cited.
    """
    pairs = [(record, fit) for record in run.fits for fit in record.result.regions]
    if not pairs:
        return ()
    groups: Sequence[Iterable[Text]] = (
        chain(_synthetic(pairs), _measured(pairs), _referenced(pairs)),
        _regions(pairs, bibliography),
        chain(_shapes(pairs, bibliography), _constraints(run.fits, bibliography)),
        chain(_fitted(pairs), _errors(pairs, run, bibliography), _software()),
    )
    return tuple(Paragraph(_text(group)) for group in groups)


def _text(sentences: Iterable[Text]) -> Text:
    parts: list[str | Text] = []
    for item in sentences:
        parts += [" ", item] if parts else [item]
    return sentence(*parts)


Pairs = Sequence[tuple[FitRecord, RegionFit]]


def _by_words(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """Return, for each text, the names it holds for, in order."""
    groups: dict[str, list[str]] = {}
    for name, words in pairs:
        names = groups.setdefault(words, [])
        if name not in names:
            names.append(name)
    return groups


def _each(pairs: Iterable[tuple[str, str]], lead: str = "") -> Iterator[Text]:
    """Yield each text, with the names it holds for where it does not hold for all."""
    groups = _by_words(pairs)
    for number, (words, names) in enumerate(groups.items()):
        if number == MOST_ALIKE:
            yield sentence(f"The other {len(groups) - number} are given with their regions.")
            return
        of = "" if len(groups) == 1 else f" ({_some(names)})"
        yield sentence(f"{lead}{words}{of}.")


def _some(names: list[str]) -> str:
    shown = [clean_text(name, longest=60) for name in names[:4]]
    more = len(names) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")


# ---------------------------------------------------------------------------------
# Measurement


def _synthetic(pairs: Pairs) -> Iterator[Text]:
    made = {fit.name for _, fit in pairs if is_synthetic(fit.spectrum)}
    if made:
        all_of_them = len(made) == len({fit.name for _, fit in pairs})
        what = "The spectra are" if all_of_them else f"The spectra of {listed(sorted(made))} are"
        yield sentence(f"{clean_text(what)} SYNTHETIC: simulated, not measured.")


def _measured(pairs: Pairs) -> Iterator[Text]:
    yield from _each((fit.name, _measurement(fit)) for _, fit in pairs)


def _measurement(fit: RegionFit) -> str:
    spectrum, meta = fit.spectrum, fit.spectrum.meta
    unit = spectrum.axis.unit
    source = meta.extra.get("source_label")
    raman = not spectrum.axis.is_energy
    known = [f"on {clean_text(meta.instrument)}" if meta.instrument else ""]
    missing = [] if meta.instrument else ["instrument"]
    if raman:
        known.append(f"with a laser of {meta.laser_nm:g} nm" if meta.laser_nm else "")
        missing += [] if meta.laser_nm else ["laser wavelength"]
    else:
        energy = meta.excitation_energy_ev
        of = f"photons of {energy:g} eV" if energy else "X-rays"
        known.append(f"with {of}{f' ({clean_text(str(source))})' if source else ''}")
        missing += [] if energy else ["photon energy"]
        if meta.pass_energy_ev:
            known.append(f"at a pass energy of {meta.pass_energy_ev:g} eV")
        else:
            missing.append("pass energy")
    known.append(f"in steps of {spectrum.step:.3g} {unit}".rstrip())
    if meta.acquisition_time_s:
        scans = "in one scan" if meta.scans == 1 else f"in each of {meta.scans:g} scans"
        known.append(f"for {meta.dwell_s:g} s per channel {scans}")
    else:
        missing.append("dwell time and scans")
    kind = "Raman spectra" if raman else "Spectra"
    verb = "simulated" if is_synthetic(spectrum) else "recorded"
    text = f"{kind} were {verb} {' '.join(filter(None, known))}"
    return f"{text} [not recorded: {', '.join(missing)}]" if missing else text


def _referenced(pairs: Pairs) -> Iterator[Text]:
    yield from _each((fit.name, _reference(record, fit)) for record, fit in pairs)


_REFERENCES = {"": "the reference", "CasaXPS": "the reference chosen in CasaXPS"}


def _reference(record: FitRecord, fit: RegionFit) -> str:
    """Say what the energies are referenced to: a calibration, a line of the model, or nothing."""
    calibration, axis = fit.spectrum.calibration, fit.spectrum.axis
    own, scales = own_reference(record, fit), scales_of(fit.spectrum, record.result, fit.name)
    text = _calibrated(fit) if calibration.is_applied else ""
    if own is not None:
        lead = f"{text}. Within the fit the" if text else f"The {axis.value} scale is that of the"
        what = "reference is" if text else "model: the charge reference is"
        text = (
            f"{lead} {what} {clean_text(own)}, and one shift of {shift_words(scales)} was fitted"
            f" ({scales.formula})"
        )
    elif abs(scales.shift) >= LEAST:
        lead = f"{text}. The" if text else "The"
        text = (
            f"{lead} model shifts all lines by {shift_words(scales)} ({scales.formula})"
            f"{'' if text else ' [charge reference not stated]'}"
        )
    if text:
        return f"{text}{_centers(scales)}"
    return (
        f"No shift was applied to the recorded {axis.value} scale [charge reference not stated]"
        if axis.is_energy
        else f"The recorded {axis.value} scale was used as it is"
    )


def _centers(scales: Scales) -> str:
    return "; centers are given on the referenced scale" if scales.are_apart else ""


def _calibrated(fit: RegionFit) -> str:
    calibration, axis = fit.spectrum.calibration, fit.spectrum.axis
    unit = axis.unit
    done = "corrected" if calibration.is_stretched else "shifted"
    text = f"The {axis.value} scale was {done} by {calibration.formula(unit)}"
    if calibration.assigned is not None and calibration.measured is not None:
        name = _REFERENCES.get(calibration.reference) or clean_text(calibration.reference)
        text += (
            f", so that {name}, found at {calibration.measured:g} {unit},"
            f" lies at {calibration.assigned:g} {unit}"
        )
    elif calibration.reference:
        text += f" (reference: {clean_text(calibration.reference)})"
    if calibration.uncertainty is not None:
        text += f"; the standard uncertainty of the shift is {calibration.uncertainty:g} {unit}"
    return text


# ---------------------------------------------------------------------------------
# Model


def _regions(pairs: Pairs, bibliography: Bibliography) -> Iterator[Text]:
    seen: set[str] = set()
    for record, fit in pairs:
        region = record.result.model.region(fit.name)
        text = _region(record.result, fit, region, bibliography)
        if text.plain in seen:
            continue
        seen.add(text.plain)
        if len(seen) > MOST_ALIKE:
            yield sentence("The models of the other regions stand with their results below.")
            break
        yield text


def _shapes(pairs: Pairs, bibliography: Bibliography) -> Iterator[Text]:
    shapes = dict.fromkeys(
        component.lineshape for record, fit in pairs for component in _enabled(record, fit)
    )
    for name in shapes:
        cited = bibliography.cite(*published(lineshape(name).reference))
        yield sentence(f"Line shape: {shape_words(name)}", cited, ".")
    if any(lineshape(name).finite_area for name in shapes):
        yield sentence(
            "Here u = (E - center)/F, with F scaled so that fwhm is the true full width at half"
            " maximum; areas are integrals over all energies, not over the window."
        )


def _enabled(record: FitRecord, fit: RegionFit) -> list[Component]:
    region = record.result.model.region(fit.name)
    return [component for component in region.components if component.enabled]


def _region(result: FitResult, fit: RegionFit, region: Region, bibliography: Bibliography) -> Text:
    background = region.background
    mode = background.mode or ""
    words = BACKGROUND_WORDS[background.type, mode]
    chosen = settings(background)
    cited = bibliography.cite(*published(background.kind.reference, mode=mode))
    low, high = region.window
    unit = fit.spectrum.axis.unit
    lead = (
        f" was fitted from {low:g} to {high:g} {unit} ({fit.x.size} points) {words}"
        f"{f' ({chosen})' if chosen else ''}"
    )
    parts: list[str | Text] = [species(region.name), lead, cited, ", by "]
    owners = list(_owners(region))
    for i, (label, shape) in enumerate(owners):
        before = "" if i == 0 else (" and " if i == len(owners) - 1 else ", ")
        parts += [before, species(label), f" ({shape})"]
    return sentence(*parts, "." if owners else "no component.")


def _owners(region: Region) -> Iterator[tuple[str, str]]:
    """Yield label and kind of every component, a doublet once."""
    for component in region.components:
        doublet = region.doublet_of(component.id)
        if not component.enabled or (doublet is not None and component.id == doublet.minor):
            continue
        title = lineshape(component.lineshape).title
        if doublet is None:
            yield component.label, title
        else:
            yield doublet_label(region, doublet), f"{doublet.line} doublet, {title}"


def _constraints(fits: Sequence[FitRecord], bibliography: Bibliography) -> Iterator[Text]:
    regions = [region for record in fits for region in record.result.model.regions]
    pairs = [
        (f"{doublet_label(region, doublet)} in {region.name}", f"{doublet.line}: {words}")
        for record in fits
        for region in record.result.model.regions
        for doublet in region.doublets
        for words in [constraint_words(doublet, replaced_ties(record.result, region, doublet))]
    ]
    if pairs:
        groups = list(_by_words(pairs).items())
        shown = "; ".join(
            clean_text(words, longest=600) + (f" ({_some(names)})" if len(groups) > 1 else "")
            for words, names in groups[:MOST_ALIKE]
        )
        sources = [
            source
            for region in regions
            for doublet in region.doublets
            for source in published(doublet.source)
        ]
        yield sentence(
            "Each doublet was fitted as one object (",
            with_formulas(shown),
            ")",
            bibliography.cite(*sources),
            ".",
        )
    links = dict.fromkeys(
        (link.target, link.formula.replace(" * ", " × "), link.note)
        for record in fits
        for link in record.result.model.links
        if not _is_departure(record.result, link)
    )
    noted = _by_words((target, note) for target, _, note in links if note)
    alike = {note for note, targets in noted.items() if len(targets) > 1}
    ties = [f"{note} ({_some(targets)})" for note, targets in noted.items() if note in alike]
    ties += [f"{target} = {formula}" for target, formula, note in links if note not in alike]
    if ties:
        more = len(ties) - MOST_ALIKE
        rest = f"; and {more} more, listed with their parameters" if more > 0 else ""
        text = "; ".join(clean_text(words, longest=400) for words in ties[:MOST_ALIKE])
        yield sentence(f"Exact ties between parameters: {text}{rest}.")
    yield from _factors(fits, bibliography)
    yield from _known_before(fits, bibliography)
    yield from _positions(fits, bibliography)
    yield sentence(
        "Fixed values and bounds are listed with each parameter; no other constraint was used."
    )


def replaced_ties(result: FitResult, region: Region, doublet: Doublet) -> dict[str, str]:
    """Return what links of a model say of a doublet's minor line in place of its own ties."""
    found = {}
    for link in result.model.links:
        own, line, name = split_path(link.target)
        if own == region.name and line == doublet.minor and name in ("center", "area", "fwhm"):
            found[name] = link.note or f"= {link.formula}"
    return found


def _is_departure(result: FitResult, link: Link) -> bool:
    """Return whether a link stands in place of a doublet's own tie."""
    region, line, _ = split_path(link.target)
    return any(d.minor == line for d in result.model.region(region).doublets)


def _factors(fits: Sequence[FitRecord], bibliography: Bibliography) -> Iterator[Text]:
    """Say which sensitivity factors ties and priors between levels hold."""
    tables = list(dict.fromkeys(t for record in fits for t in sensitivity_tables(record.recipe)))
    if tables:
        yield sentence(
            "Areas of different levels are compared by relative sensitivity factors, cross sections"
            f" alone, from the table {listed([clean_text(t) for t in tables])}",
            bibliography.cite(*works_of_tables(tables)),
            "; transmission, escape depth and asymmetry are not in them.",
        )


def _positions(fits: Sequence[FitRecord], bibliography: Bibliography) -> Iterator[Text]:
    """Cite the reference positions of what the recipe took from the peak library."""
    found = [(name, e) for name, e in library_positions(fits) if e.center is not None]
    if not found:
        return
    parts: list[str | Text] = ["Reference positions of the peak library (C 1s at 284.8 eV): "]
    for number, (name, entry) in enumerate(found[:MOST_ALIKE]):
        parts += [
            "; " if number else "",
            with_formulas(clean_text(f"{name} {entry.position}", longest=120)),
            bibliography.cite(*works_of_entry(entry)),
        ]
    more = len(found) - MOST_ALIKE
    yield sentence(*parts, f"; and {more} more." if more > 0 else ".")


def _known_before(fits: Sequence[FitRecord], bibliography: Bibliography) -> Iterator[Text]:
    """Say what was known before the fit, each in a sentence with its source."""
    every = {p.prior.formula: p.prior for record in fits for p in record.result.priors}
    if not every:
        return
    yield sentence(
        "What was known before the fit was fitted as further measurements, with the standard"
        " deviations given here; their chi-square is stated apart",
        bibliography.cite(PRIORS),
        ".",
    )
    for number, prior in enumerate(every.values()):
        if number == MOST_PRIORS:
            yield sentence(f"The other {len(every) - number} are listed with each fit.")
            return
        source = prior.source or "no source was given"
        yield sentence(
            clean_text(prior_in_words(prior), longest=400),
            f" ({clean_text(source, longest=400)})",
            bibliography.cite(*works_in(prior.source)),
            ".",
        )


# ---------------------------------------------------------------------------------
# Fit


def _fitted(pairs: Pairs) -> Iterator[Text]:
    yield from _each((fit.name, WEIGHTS[fit.weights]) for _, fit in pairs)
    yield from _each((fit.name, _search(record)) for record, fit in pairs)


def _search(record: FitRecord) -> str:
    result = record.result
    method = (
        "the bounded Levenberg-Marquardt method with analytic derivatives"
        if result.method == "lm"
        else f"the method {result.method!r} of lmfit"
    )
    if result.method == "none":
        return "The model was drawn as given and not fitted"
    if result.method == SERIES:
        return (
            "The sum of squared weighted residuals of all levels was minimised as one problem by"
            " the bounded Levenberg-Marquardt method, each step by the Schur complement of what"
            " the levels share, from the fits of each level by itself and from its neighbours"
        )
    part, starts = start_agreement(result)
    several = (
        f", from {starts} starting points{_scanned(result)}, of which {round(part * starts)} ended"
        " at the lowest chi-square"
        if starts > 1
        else ", from one starting point"
    )
    together = (
        f"; the regions {listed([clean_text(r.name) for r in result.regions])} were fitted together"
        if len(result.regions) > 1
        else ""
    )
    return f"The sum of squared weighted residuals was minimised by {method}{several}{together}"


def _scanned(result: FitResult) -> str:
    """Say that the places of a shift were scanned, where the model has one that is free."""
    free = [f"{region.name}/{REGION}/shift" for region in result.regions]
    shifts = [e for e in map(result.estimate, free) if e.free]
    if result.method != "lm" or not shifts:
        return ""
    first = shifts[0]
    reach = f" from {first.min:g} to {first.max:g} {first.unit}" if isfinite(first.min) else ""
    return f" after a scan of the shift{reach}"


def _errors(pairs: Pairs, run: Run, bibliography: Bibliography) -> Iterator[Text]:
    scaled = sorted({fit.name for _, fit in pairs if fit.weights == "unit"})
    yield sentence(
        "Standard errors (one standard deviation) are those of the covariance matrix, carried"
        " through all ties",
        bibliography.cite(UNCERTAINTY),
        f"; for {clean_text(listed(scaled), longest=300)} they were scaled by the scatter of the"
        " residuals"
        if scaled
        else "",
        ". Values that were fixed, lie on a bound or are not determined by the data have no"
        " error. Goodness of fit is given by the reduced chi-square, the standard deviation of"
        " the residuals in units of the counting noise, Abbe's criterion and the runs test",
        bibliography.cite(*GOODNESS),
        ".",
    )
    ratios = [ratio for _, ratio in run.ratios]
    if ratios:
        yield _ratio_errors(ratios, bibliography)


def _ratio_errors(ratios: Sequence[Ratio], bibliography: Bibliography) -> Text:
    methods_used = listed(sorted({ratio.interval_method for ratio in ratios}))
    text = (
        f"Intervals of area ratios ({100 * ratios[0].level:g} %) are those of ln R, from"
        f" {clean_text(methods_used)}"
    )
    alone = [ratio.name for ratio in ratios if ratio.scope == COUNTING_ALONE]
    if alone:
        text += f"; those of {listed(sorted(set(alone)))} hold counting statistics alone"
    text += _variants_words(ratios)
    limits = any(ratio.upper_limit is not None for ratio in ratios)
    cited = bibliography.cite(UPPER_LIMIT) if limits else plain("")
    tail = "; below detection an upper limit is given" if limits else ""
    return sentence(text, tail, cited, ".")


DRAWN = "drawn"
"""Choice of the row of alternatives that is the fitted model itself."""
_KINDS = {"background": "backgrounds", "model": "models"}


def _variants_words(ratios: Sequence[Ratio]) -> str:
    """Name the other backgrounds and models that were tried, and how many of them count."""
    words = []
    for kind, plural in _KINDS.items():
        tried = [
            v for ratio in ratios for v in ratio.variants if v.kind == kind and v.choice != DRAWN
        ]
        names = list(dict.fromkeys(v.name for v in tried))
        counted = {v.name for v in tried if v.accepted}
        if not names:
            continue
        shown = ", ".join(clean_text(name, longest=60) for name in names[:MOST_ALIKE])
        more = f" and {len(names) - MOST_ALIKE} more" if len(names) > MOST_ALIKE else ""
        words.append(
            f"{len(names)} other {plural} were fitted, of which {len(counted) or 'none'}"
            f" count{'s' if len(counted) == 1 else ''}"
            f" ({shown}{more})"
        )
    if not words:
        return ""
    return (
        f"; {'; '.join(words)}; what they change stands in separate rows of the error budget and"
        " is in the total"
    )


def _software() -> Iterator[Text]:
    versions = program_versions()
    others = ", ".join(f"{k} {v}" for k, v in versions.items() if k not in ("name", "version"))
    yield sentence(f"All fits were made with Doublet {versions['version']} ({others}).")
