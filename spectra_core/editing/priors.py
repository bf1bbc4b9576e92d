"""What is known of one parameter beforehand: given, changed and taken away by hand."""

from __future__ import annotations

from dataclasses import replace

from ..errors import ModelError
from ..model import Model, Prior, Term, add_priors, canonical_path, has_lost, members_of


def own_prior(model: Model, path: str) -> Prior | None:
    """Return the prior that speaks of one parameter alone, in its own unit; None if none does."""
    return own_priors(model).get(members_of(model, path))


def own_priors(model: Model) -> dict[tuple[str, ...], Prior]:
    """Return the priors that speak of one parameter alone, by what `members_of` says of it."""
    return {
        members_of(model, prior.terms[0].source): prior
        for prior in model.priors
        if len(prior.terms) == 1
        and prior.terms[0].times == 1
        and prior.sd is not None
        and not has_lost(model, prior)
    }


def set_prior(model: Model, path: str, value: float, sd: float, *, source: str = "") -> Model:
    """Return `model` with ``path = value +/- sd`` as one more measurement of the fit.

    Parameters
    ----------
    model : Model
    path : str
        Of one parameter; a doublet's ``area`` is that of both lines.
    value, sd : float
        In the unit of the parameter.
    source : str
        Where it comes from; empty: as before, or ``by hand``.

    Raises
    ------
    ModelError
        If the width is not above zero, or the parameter is not there.
    """
    canonical_path(model, path)
    old = own_prior(model, path)
    if not sd > 0:
        raise ModelError(
            f"the standard deviation of what is known is {sd:g}.",
            hint="Give one above zero; what is known exactly is fixed.",
            where=path,
        )
    if old is None:
        return add_priors(model, Prior((Term(1.0, path),), value, sd, source=source or "by hand"))
    changed = (value, sd) != (old.value, old.sd)
    kept = f"{old.source}, changed by hand" if old.source and changed else old.source
    kept = old.source if "by hand" in old.source else kept
    return add_priors(model, replace(old, value=value, sd=sd, source=source or kept))


def remove_prior(model: Model, path: str) -> Model:
    """Return `model` without the prior of one parameter.

    Raises
    ------
    ModelError
        If none speaks of it alone.
    """
    old = own_prior(model, path)
    if old is None:
        raise ModelError("nothing is known of it alone.", where=path)
    return replace(model, priors=tuple(prior for prior in model.priors if prior is not old))


def free_of(model: Model, formula: str) -> Model:
    """Return `model` without the prior that reads so (`spectra_core.model.Prior.formula`).

    Raises
    ------
    ModelError
        If the model has no such prior.
    """
    kept = tuple(prior for prior in model.priors if prior.formula != formula)
    if len(kept) == len(model.priors):
        raise ModelError(f'no prior reads "{formula}": fit again, and look again.')
    return replace(model, priors=kept)
