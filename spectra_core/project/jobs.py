"""The fits of a project: from an analysis to a job of `spectra_core.runs`, and back.

A fit is made in three steps: a job is made of the analysis as it is, `analyse` does it (and
may run elsewhere, and be cancelled), `with_analysed` puts the outcome into the project as it
is by then, and what changed meanwhile is kept as stale.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from ..errors import FitError, ModelError, ShouldStop, SpectraError
from ..fitting import FitResult
from ..fitting.better import BetterMinimumError
from ..recipe.compile import recipe_from_model
from ..referee.context import Finding
from ..runs.execute import execute, outcomes, ratios_of
from ..runs.groups import Group
from ..runs.plan import Job
from ..runs.records import Failure, FitRecord
from ..runs.samples import Key, Sample, samples_of
from ..spectrum import on_binding_energy, sample_key
from ..uncertainty.ratios import Ratio
from .project import Analysis, Project, accept_fit, is_stale, set_result
from .recipes import is_of, recipe_ratio
from .stored import same_data


@dataclass(frozen=True, eq=False)
class Analysed:
    """What a fit of one analysis gave, and what it was a fit of.

    Attributes
    ----------
    analysis : str
        Its id.
    before : Analysis
        As it was when the fit was started.
    result : FitResult
    ratios : tuple of Ratio
    findings : tuple of Finding
    """

    analysis: str
    before: Analysis
    result: FitResult
    ratios: tuple[Ratio, ...]
    findings: tuple[Finding, ...]


def job_of(project: Project, analysis_id: str, samples: Mapping[Key, Sample] | None = None) -> Job:
    """Return the fit of one analysis, its ratios and charge references with it.

    Parameters
    ----------
    project : Project
    analysis_id : str
    samples : mapping of key to Sample or None
        Those of the whole project, if they are known.

    Raises
    ------
    ModelError
        If the model has no component to fit.
    """
    analysis = project.analysis(analysis_id)
    if not any(c.enabled for region in analysis.model.regions for c in region.components):
        raise ModelError(
            "the model has no component to fit.",
            hint="Add one from the library, or load a preset.",
            where=analysis.label,
        )
    spectra = project.spectra_of(analysis_id)
    known = samples_of(project.spectra.values()) if samples is None else samples
    own = tuple(known[key] for key in dict.fromkeys(map(sample_key, spectra.values())))
    group = Group(own, tuple(spectra.items()))
    return Job(
        list(project.analyses).index(analysis_id),
        group.file,
        group,
        analysis.model,
        recipe_from_model(analysis.model, fit_options=analysis.options),
        analysis.options,
        tuple(recipe_ratio(ratio) for ratio in project.ratios if is_of(analysis.model, ratio)),
        analysis.warnings,
        group.seen(spectra),
        analysis.references,
    )


def analyse(
    project: Project,
    analysis_id: str,
    *,
    should_stop: ShouldStop | None = None,
    samples: Mapping[Key, Sample] | None = None,
) -> Analysed:
    """Fit one analysis, compute the ratios that are defined for it, and check the fit.

    Parameters
    ----------
    project : Project
    analysis_id : str
    should_stop : callable or None
    samples : mapping of key to Sample or None
        As for `job_of`.

    Raises
    ------
    FitError, ModelError
        If it cannot be fitted.
    Cancelled
        If `should_stop` returned True.
    """
    outcome = execute(job_of(project, analysis_id, samples), should_stop)
    if isinstance(outcome, Failure):
        raise FitError(outcome.message)
    return _analysed(project, analysis_id, outcome)


def _analysed(project: Project, analysis_id: str, record: FitRecord) -> Analysed:
    findings = tuple(w for w in record.warnings if isinstance(w, Finding))
    before = project.analysis(analysis_id)
    return Analysed(analysis_id, before, record.result, record.ratios, findings)


@dataclass(frozen=True, eq=False)
class OnTheWay:
    """A fit that is not finished: its budget is being made, and the referee has not looked.

    Attributes
    ----------
    analysis : str
        Its id.
    result : FitResult
    ratios : tuple of Ratio
        As far as they are, without a total; empty at first.
    """

    analysis: str
    result: FitResult
    ratios: tuple[Ratio, ...]


Finished = tuple[list[Analysed], list[str]]
"""Fits that are done, and a sentence for each analysis that could not be fitted."""


def finished_fits(
    project: Project,
    analyses: Sequence[str],
    *,
    should_stop: ShouldStop | None = None,
    on_the_way: Callable[[OnTheWay], None] | None = None,
) -> Iterator[Finished]:
    """Fit several analyses beside each other; yield some at a time, as soon as they are done.

    `on_the_way` is called, in the threads that fit, with what there is of one before its end.

    They are done as the command line does them (`spectra_core.runs.execute.outcomes`). It ends
    early where `should_stop` returns True; what was yielded is finished all the same.
    """
    samples = samples_of(project.spectra.values())
    keys: dict[int, str] = {}
    jobs: list[Job] = []
    problems: list[str] = []
    for key in analyses:
        try:
            jobs.append(job_of(project, key, samples))
        except SpectraError as error:
            problems.append(f"{project.analysis(key).label}: {error}")
        else:
            keys[id(jobs[-1])] = key
    if problems:
        yield [], problems

    def tell(job: Job, result: FitResult, ratios: tuple[Ratio, ...]) -> None:
        if on_the_way is not None:
            on_the_way(OnTheWay(keys[id(job)], result, ratios))

    for done in outcomes(jobs, should_stop=should_stop, on_the_way=tell):
        found: Finished = [], []
        for job, outcome in done:
            key = keys[id(job)]
            if isinstance(outcome, Failure):
                found[1].append(f"{project.analysis(key).label}: {outcome.message}")
            else:
                found[0].append(_analysed(project, key, outcome.whole()))
        yield found


def with_analysed(project: Project, outcomes: Iterable[Analysed]) -> Project:
    """Return `project` with the outcome of fits.

    The fitted values become the model's. Where model, options or spectra were changed after
    the fit was started, they stay as they are and the outcome is kept as stale; an analysis that
    was removed stays removed.
    """
    for outcome in outcomes:
        if outcome.analysis not in project.analyses:
            continue
        unchanged = _is_as_before(project, outcome)
        project = set_result(
            project,
            outcome.analysis,
            outcome.result,
            options=outcome.before.options,
            ratios=outcome.ratios,
            findings=outcome.findings,
        )
        if unchanged:
            project = accept_fit(project, outcome.analysis)
    return project


def _is_as_before(project: Project, outcome: Analysed) -> bool:
    now, before = project.analysis(outcome.analysis), outcome.before
    if now.model != before.model or now.options != before.options:
        return False
    return all(
        same_data(on_binding_energy(project.spectrum(i)), outcome.result.region(name).spectrum)
        for name, i in now.spectra.items()
    )


def recomputed(
    project: Project,
    analysis_id: str,
    *,
    should_stop: ShouldStop | None = None,
    on_the_way: Callable[[OnTheWay], None] | None = None,
) -> tuple[Ratio, ...] | Analysed:
    """Return the ratios of a stored fit as the project defines them now.

    `on_the_way` is called with what there is of them before the end.

    Where a refit finds a better minimum than that of the stored fit, the analysis is fitted
    again, and what that gives is returned.

    Raises
    ------
    FitError, ModelError
        If there is no fit, or it cannot be repeated.
    Cancelled
        If `should_stop` returned True.
    """
    analysis = project.analysis(analysis_id)
    if analysis.result is None:
        raise FitError("there is no fit to compute ratios of.", where=analysis.label)
    result = analysis.result
    entries = [recipe_ratio(ratio) for ratio in project.ratios if is_of(analysis.model, ratio)]

    def tell(ratios: tuple[Ratio, ...]) -> None:
        if on_the_way is not None:
            on_the_way(OnTheWay(analysis_id, result, ratios))

    try:
        return ratios_of(result, entries, analysis.options.seed, should_stop, tell)
    except BetterMinimumError:
        return analyse(project, analysis_id, should_stop=should_stop)


def with_recomputed(project: Project, found: Mapping[str, tuple[Ratio, ...] | Analysed]) -> Project:
    """Return `project` with what `recomputed` gave; what is stale or gone is left out."""
    ratios = {key: one for key, one in found.items() if not isinstance(one, Analysed)}
    changed = {
        key: replace(project.analysis(key), ratios=own)
        for key, own in ratios.items()
        if key in project.analyses and not is_stale(project, key)
    }
    project = replace(project, analyses=project.analyses.put(changed))
    return with_analysed(project, [one for one in found.values() if isinstance(one, Analysed)])
