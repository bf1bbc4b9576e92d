"""The priors of a model: added, renamed with what they speak of, gone with it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from ..errors import ModelError
from .paths import members_of
from .values import Model, Prior, Term


def add_priors(model: Model, priors: Prior | Iterable[Prior]) -> Model:
    """Return `model` with more priors; a second one on the same sum replaces the first.

    Parameters
    ----------
    model : Model
    priors : Prior or iterable of Prior

    Raises
    ------
    ModelError
        If a prior speaks of something that is not in the model.
    """
    new = {}
    for prior in (priors,) if isinstance(priors, Prior) else tuple(priors):
        new[sum_of_paths(model, prior)] = prior
    kept = tuple(p for p in model.priors if sum_of_paths(model, p) not in new)
    return replace(model, priors=kept + tuple(new.values()))


def sum_of_paths(model: Model, prior: Prior) -> frozenset[tuple[str, float]]:
    """Return the sum a prior is about, however its paths are spelled.

    Raises
    ------
    ModelError
        If a path names nothing in the model.
    """
    return frozenset((_key(model, term.source), term.times) for term in prior.terms)


def has_lost(model: Model, prior: Prior) -> bool:
    """Return whether a prior speaks of something that the model does not have (any more)."""
    try:
        sum_of_paths(model, prior)
        if prior.relative_to:
            members_of(model, prior.relative_to)
    except ModelError:
        return True
    return False


def without_lost_priors(model: Model) -> Model:
    """Return `model` without the priors on what it does not have (any more)."""
    kept = tuple(prior for prior in model.priors if not has_lost(model, prior))
    return model if len(kept) == len(model.priors) else replace(model, priors=kept)


def with_paths(prior: Prior, rename: Callable[[str], str]) -> Prior:
    """Return a prior with every path renamed."""
    terms = tuple(Term(t.times, rename(t.source)) for t in prior.terms)
    other = rename(prior.relative_to) if prior.relative_to else ""
    return replace(prior, terms=terms, relative_to=other)


def _key(model: Model, path: str) -> str:
    members = members_of(model, path)
    return members[0] if len(members) == 1 else " + ".join(members)
