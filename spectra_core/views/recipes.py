"""A recipe and a plan: which regions, which ratios, which spectra go together."""

from __future__ import annotations

from ..recipe.schema import Recipe, RegionEntry
from ..runs.plan import Job, Plan
from . import View
from .screens import Grid, Screen


def recipe_line(recipe: Recipe) -> str:
    """Return a recipe in one line."""
    regions = ", ".join(region.name for region in recipe.region)
    return f"Recipe {recipe.title or 'without a title'}: {regions}"


def recipe_screen(recipe: Recipe) -> Screen:
    """Return the regions and ratios of a recipe."""
    grids = [Grid([_region_row(region) for region in recipe.region], caption="regions")]
    ratios = [
        (ratio.name, f"{' + '.join(ratio.numerator)} over {' + '.join(ratio.denominator)}")
        for ratio in recipe.ratio
    ]
    grids += [Grid(ratios, caption="ratios")] if ratios else []
    return Screen(recipe_line(recipe), tuple(grids), more="dump_recipe(recipe)")


def _region_row(region: RegionEntry) -> tuple[str, str]:
    low, high = region.window
    components = ", ".join(component.name for component in region.component)
    return region.name, f"{low:g} to {high:g}, {region.background.type} background, {components}"


def plan_screen(plan: Plan) -> Screen:
    """Return which spectra are fitted together, and what is not fitted."""
    rows = [_job_row(job) for job in plan.jobs]
    notes = [*map(str, plan.failures), *(f"left out: {skipped}" for skipped in plan.skipped)]
    title = f"Plan: {len(plan.jobs)} fits"
    return Screen(title, (Grid(rows, ("sample", "file", "regions", "starts")),), tuple(notes))


def _job_row(job: Job) -> tuple[str, str, str, str]:
    regions = ", ".join(name for name, _ in job.group.spectra)
    return job.label, job.file, regions, str(job.options.starts)


VIEWS = {
    "Recipe": View(recipe_screen, recipe_line),
    "Plan": View(plan_screen),
}
