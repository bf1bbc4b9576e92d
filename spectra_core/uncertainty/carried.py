"""Choices that need not be tried, because the priors of a model carry them.

A slope beside a Shirley background, a Lorentz share, an asymmetry, a width within its class or a
splitting that is free within a prior moves continuously through what a list of other backgrounds,
line shapes, widths and splittings would try one by one; what it leaves open is in the rows of the
priors. Trying the list as well would count the same doubt twice.
"""

from __future__ import annotations

import numpy as np

from ..fitting import FitResult
from ..fitting.problem import Problem
from ..fitting.start import WIDTH_NAMES
from ..model import BACKGROUND, REGION, split_path

_NOT_SHAPE = (*WIDTH_NAMES, "center", "area", "height")


def carried(result: FitResult, region_name: str) -> frozenset[str]:
    """Return the choices of a region that the priors of a fit's model carry.

    Returns
    -------
    choices : frozenset of str
        Some of ``"window"``, ``"background"``, ``"splitting"``, ``"widths"`` and
        ``"line shape"``.
    """
    spoken = [
        (owner, name)
        for region, owner, name in spoken_of(result.problem)
        if region == region_name and owner != REGION
    ]
    found: set[str] = set()
    if any(owner == BACKGROUND for owner, _ in spoken):
        found |= {"window", "background"}
    lines = {name for owner, name in spoken if owner != BACKGROUND}
    if lines & set(WIDTH_NAMES):
        found.add("widths")
    if lines - set(_NOT_SHAPE):
        found.add("line shape")
    doublets = result.model.region(region_name).doublets
    if any(unlock.parameter == "center" for d in doublets for unlock in d.unlocked):
        found.add("splitting")
    return frozenset(found)


def spoken_of(problem: Problem) -> frozenset[tuple[str, str, str]]:
    """Return the parameters (region, owner, name) that some prior is about.

    What is linked to such a parameter counts, too.
    """
    found = set()
    for prior, row in zip(problem.priors.priors, problem.prior_matrix, strict=True):
        names = {split_path(term.source)[2] for term in prior.terms}
        moved = np.flatnonzero(problem.matrix[:, np.flatnonzero(row)].any(axis=1))
        parts = (split_path(problem.paths[place]) for place in moved.tolist())
        found |= {part for part in parts if part[2] in names}
    return frozenset(found)
