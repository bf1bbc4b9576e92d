"""The methods in short, for the second page: what was done alike, with the works it rests on.

The methods section of the appendix says the same of each region, in full.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from ..curves.lineshapes import lineshape
from ..fitting import RegionFit
from ..referee.residuals import start_agreement
from ..results.document import program_versions
from ..results.scales import LEAST, scales_of
from ..runs.records import FitRecord, Run
from ..series.fits import SERIES
from .definitions import WEIGHTS
from .document import Text, clean_text, sentence
from .methods import replaced_ties
from .provenance import own_reference, sensitivity_tables, works_of_tables
from .references import GOODNESS, PRIORS, UNCERTAINTY, UPPER_LIMIT, Bibliography, published
from .typography import species, with_formulas
from .wording import constraint_words, listed, settings

Pairs = Sequence[tuple[FitRecord, RegionFit]]
_MOST = 3  # different answers that are told


def brief_methods(run: Run, bibliography: Bibliography) -> list[Text]:
    """Return the methods in sentences.

    Parameters
    ----------
    run : Run
    bibliography : Bibliography
        Takes up what is cited.
    """
    pairs = [(record, fit) for record in run.fits for fit in record.result.regions]
    if not pairs:
        return []
    return [
        *_fitted(run, pairs),
        *_scale(pairs),
        *_backgrounds(pairs, bibliography),
        *_lines(pairs, bibliography),
        *_known(run, bibliography),
        *_weights(pairs),
        *_search(run),
        *_errors(run, bibliography),
    ]


def _ways(pairs: Iterable[tuple[str, str]]) -> str:
    """Return different answers with the names they hold for; no names where there is one."""
    groups: dict[str, list[str]] = {}
    for name, answer in pairs:
        own = groups.setdefault(answer, [])
        if name not in own:
            own.append(name)
    if len(groups) == 1:
        return next(iter(groups))
    told = [f"{answer} ({listed(names[:4])})" for answer, names in list(groups.items())[:_MOST]]
    more = len(groups) - len(told)
    return "; ".join(told) + (f"; and {more} more" if more else "")


def _fitted(run: Run, pairs: Pairs) -> Iterator[Text]:
    ranges: dict[str, str] = {}
    for record, fit in pairs:
        low, high = record.result.model.region(fit.name).window
        unit = fit.spectrum.axis.unit
        ranges.setdefault(fit.name, f"{low:g} to {high:g} {unit}, {fit.x.size} points".strip())
    parts: list[str | Text] = []
    for i, (name, words) in enumerate(list(ranges.items())[:4]):
        parts += [" and " if i else "", species(name), f" ({words})"]
    together = any(len(record.regions) > 1 for record in run.fits)
    how = "of each sample together" if together and len(run.fits) > 1 else ""
    how = "together" if together and not how else how
    version = program_versions()["version"]
    text = f" {'were' if len(pairs) > 1 else 'was'} fitted {f'{how} ' if how else ''}"
    yield sentence(*parts, f"{text}with Doublet {version}.")


def _scale(pairs: Pairs) -> Iterator[Text]:
    yield with_formulas(f"{_ways((fit.name, _scale_of(record, fit)) for record, fit in pairs)}.")


def _scale_of(record: FitRecord, fit: RegionFit) -> str:
    axis, calibration = fit.spectrum.axis, fit.spectrum.calibration
    name = f"{axis.value[:1].upper()}{axis.value[1:]}"
    own = own_reference(record, fit)
    moved = calibration.shift or calibration.reference
    text = f"{name} is as recorded"
    if moved:
        text = f"{name} was calibrated"
        if calibration.reference and calibration.assigned is not None:
            text += (
                f" on {clean_text(calibration.reference)} at {calibration.assigned:g} {axis.unit}"
            )
    if own is not None:
        return f"{text}; one fitted shift refers it to {clean_text(own)}"
    if abs(scales_of(fit.spectrum, record.result, fit.name).shift) >= LEAST:
        return f"{text}; the model shifts all lines of a spectrum together"
    if not moved and axis.is_energy:
        return f"{text}: no charge reference is stated"
    return text


def _backgrounds(pairs: Pairs, bibliography: Bibliography) -> Iterator[Text]:
    words, works = [], []
    for record, fit in pairs:
        background = record.result.model.region(fit.name).background
        mode = "fitted with the lines" if background.mode == "active" else "computed before the fit"
        chosen = settings(background)
        title = f"{background.kind.title}, {mode}{f' ({chosen})' if chosen else ''}"
        words.append((fit.name, title))
        works += published(background.kind.reference, mode=background.mode or "")
    cited = bibliography.cite(*dict.fromkeys(works))
    yield sentence(f"Background: {_ways(words)}", cited, ".")


def _lines(pairs: Pairs, bibliography: Bibliography) -> Iterator[Text]:
    shapes, tied, works = [], [], []
    for record, fit in pairs:
        region = record.result.model.region(fit.name)
        enabled = [c for c in region.components if c.enabled]
        names = dict.fromkeys(c.lineshape for c in enabled)
        shapes.append((fit.name, listed([lineshape(name).title for name in names]) or "none"))
        works += [w for name in names for w in published(lineshape(name).reference)]
        for doublet in region.doublets:
            replaced = replaced_ties(record.result, region, doublet)
            tied.append((doublet.line, constraint_words(doublet, replaced)))
            works += published(doublet.source)
    text = f"Lines: {_ways(shapes)}"
    if tied:
        text += f"; each doublet is one object: {_ways(tied)}"
    yield sentence(clean_text(text, longest=700), bibliography.cite(*dict.fromkeys(works)), ".")


def _known(run: Run, bibliography: Bibliography) -> Iterator[Text]:
    every = {p.prior.formula for record in run.fits for p in record.result.priors}
    if every:
        yield sentence(
            f"{len(every)} quantities known from elsewhere were fitted as further measurements,"
            " with their standard deviations",
            bibliography.cite(PRIORS),
            "; the appendix lists each with its source.",
        )
    tables = list(
        dict.fromkeys(t for record in run.fits for t in sensitivity_tables(record.recipe))
    )
    if tables:
        yield sentence(
            "Levels are compared by cross sections alone",
            bibliography.cite(*works_of_tables(tables)),
            ".",
        )


def _weights(pairs: Pairs) -> Iterator[Text]:
    yield sentence(f"{_ways((fit.name, WEIGHTS[fit.weights]) for _, fit in pairs)}.")


def _search(run: Run) -> Iterator[Text]:
    methods = {record.result.method for record in run.fits}
    if methods == {"none"}:
        yield sentence("The models were drawn as given and not fitted.")
        return
    if methods == {SERIES}:
        yield sentence("The weighted squares of all levels were minimised as one problem.")
        return
    counts = sorted({start_agreement(record.result)[1] for record in run.fits})
    starts = f"{counts[0]}" if len(counts) == 1 else f"{counts[0]} to {counts[-1]}"
    how = "Levenberg-Marquardt" if methods == {"lm"} else f"the method {listed(sorted(methods))}"
    several = f" from {starts} starting points" if counts[-1] > 1 else ""
    yield sentence(f"The weighted squares were minimised by {how}{several}.")


def _errors(run: Run, bibliography: Bibliography) -> Iterator[Text]:
    yield sentence(
        "Uncertainties are standard uncertainties from the covariance, carried through all ties",
        bibliography.cite(UNCERTAINTY),
        "; goodness of fit as in",
        bibliography.cite(*GOODNESS),
        ".",
    )
    ratios = [ratio for _, ratio in run.ratios]
    if any(ratio.average is not None for ratio in ratios):
        yield sentence(
            "The interval of a ratio is that of all models that the data leave open, weighed by"
            " their evidence; its value is that of the model that is drawn."
        )
    if any(ratio.upper_limit is not None for ratio in ratios):
        cited = bibliography.cite(UPPER_LIMIT)
        yield sentence("Below detection a one-sided upper limit is given", cited, ".")
