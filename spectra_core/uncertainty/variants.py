"""What one variant of a fitted model is before it is fitted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..fitting import FitResult
from ..model import Model, Parameter, members, owners, set_parameter, split_path
from .alternatives import Alternative
from .quantities import AreaRatio


@dataclass(frozen=True)
class Trial:
    """A changed model that is to be fitted.

    Attributes
    ----------
    choice, name : str
        See `spectra_core.uncertainty.spread.Variant`.
    model : Model
    region : str
        Where it differs.
    same_data : bool
        Whether it is fitted to the same points, so that BIC can be compared.
    alternative : Alternative or None
        What it is, where it has another number of owners.
    nested : bool
        Whether it is the fitted model with something held or tied, so that it cannot describe
        the same data better.
    obstacle : str
        Why it cannot be fitted; empty if it can.
    """

    choice: str
    name: str
    model: Model
    region: str
    same_data: bool = True
    alternative: Alternative | None = None
    nested: bool = False
    obstacle: str = ""

    @property
    def starts(self) -> int:
        """Starting points that its fit needs."""
        return 1 if self.alternative is None else self.alternative.starts

    def ratio_in(self, quantity: AreaRatio) -> AreaRatio | None:
        """Return a ratio in this model; None where it is no variant of that ratio.

        Another window, background or splitting is one where the ratio has areas in the
        region; an owner in two is one where the ratio has its area.
        """
        paths = (*quantity.numerator, *quantity.denominator)
        own = {split_path(path)[1] for path in paths if split_path(path)[0] == self.region}
        if not own:
            return None
        if self.alternative is None:
            return quantity
        if self.alternative.kind == "split" and not own & set(self.alternative.changed):
            return None
        return self.alternative.translated(quantity)


def owners_in(result: FitResult, region_name: str, quantities: Sequence[AreaRatio]) -> list[str]:
    """Return the owners in a region whose areas stand in some ratio."""
    region = result.model.region(region_name)
    paths = [path for q in quantities for path in (*q.numerator, *q.denominator)]
    own = {split_path(path)[1] for path in paths if split_path(path)[0] == region_name}
    return [
        owner
        for owner in owners(region, enabled=True)
        if own & {owner, *(line.id for line in members(region, owner))}
    ]


def named_in(result: FitResult, region: str, text: str) -> str:
    """Return a variant's name, with its region where there are several."""
    return f"{region}: {text}" if len(result.regions) > 1 else text


def put(model: Model, path: str, parameter: Parameter) -> Model:
    """Return the model with one parameter replaced."""
    return set_parameter(
        model,
        path,
        value=parameter.value,
        min=parameter.min,
        max=parameter.max,
        free=parameter.free,
    )
