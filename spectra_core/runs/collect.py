"""Fits made one by one, gathered to a run: what reports, tables and files are made of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from ..errors import FitError
from ..fitting import FitOptions, FitResult, FitWarning, Weights
from ..fitting.single import LEAST_SQUARES, starts_of
from ..recipe.compile import model_from_recipe, recipe_from_model
from ..recipe.schema import Recipe
from ..spectrum import Spectrum
from ..uncertainty.ratios import Ratio
from .execute import findings_of
from .records import FitRecord, InputFile, Run

Group = tuple[str, str, tuple[str, ...]]


def as_run(source: Run | FitResult | Sequence[FitResult], ratios: Sequence[Ratio] = ()) -> Run:
    """Return a run: itself, or one made of finished fits.

    Parameters
    ----------
    source : Run, FitResult or sequence of FitResult
        Each fit gets the recipe that repeats it, and what the lint finds.
    ratios : sequence of Ratio
        Of the fit, where it is one.

    Raises
    ------
    FitError
        If it is something else, or ratios are given with anything but one fit.
    """
    if isinstance(source, Run) and not ratios:
        return source
    results = [source] if isinstance(source, FitResult) else source
    if isinstance(results, Run) or (ratios and len(results) != 1):
        raise FitError(
            "ratios are given beside several fits, so it is not known whose they are.",
            hint="Give one fit with its ratios, or name the ratios in a recipe.",
        )
    if not results or not all(isinstance(result, FitResult) for result in results):
        raise FitError(
            f"fits were expected, found {source!r}.", hint="Give a Run, a FitResult or a list."
        )
    recipes = [_recipe(result) for result in results]
    groups = [_group(result) for result in results]
    total, seen = Counter(groups), Counter[Group]()
    fits: list[FitRecord] = []
    for result, recipe, group in zip(results, recipes, groups, strict=True):
        file, sample, _ = group
        place = (f"fit-{len(fits) + 1}", file, sample, seen[group], total[group])
        findings = (*findings_of(result, _spectra([result])), *_lost(result, recipe))
        fits.append(FitRecord(*place, recipe, result, tuple(ratios), findings))
        seen[group] += 1
    shared = recipes[0] if all(recipe == recipes[0] for recipe in recipes) else None
    return Run(tuple(fits), (), (), _inputs(results), "recipe", shared, False)


def _recipe(result: FitResult) -> Recipe:
    """Return the recipe that repeats a fit from where it began."""
    kinds = {region.weights for region in result.regions}
    options = FitOptions(
        weights=Weights(kinds.pop()) if len(kinds) == 1 else None,
        method=LEAST_SQUARES if result.method == "none" else result.method,
        starts=starts_of(result),
    )
    return recipe_from_model(result.problem.model, fit_options=options)


def _lost(result: FitResult, recipe: Recipe) -> Iterator[FitWarning]:
    """Yield what the recipe cannot say of the fit."""
    if len(model_from_recipe(recipe).priors) != len(result.model.priors):
        yield FitWarning(
            "not_in_recipe",
            "the recipe does not hold what was known beforehand (priors), so that it does not"
            " repeat this fit.",
        )


def _group(result: FitResult) -> Group:
    first = result.regions[0].spectrum
    return first.source.location, first.meta.sample, tuple(region.name for region in result.regions)


def _spectra(results: Iterable[FitResult]) -> tuple[Spectrum, ...]:
    found = (region.spectrum for result in results for region in result.regions)
    return tuple({id(spectrum): spectrum for spectrum in found}.values())


def _inputs(results: Sequence[FitResult]) -> tuple[InputFile, ...]:
    sources = [spectrum.source for spectrum in _spectra(results) if spectrum.source.file]
    count = Counter((source.location, source.sha256, source.format) for source in sources)
    return tuple(InputFile(*key, number) for key, number in count.items())
