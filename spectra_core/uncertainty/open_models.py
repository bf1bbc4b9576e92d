"""The models that a ratio is averaged over, fitted, so that they can be drawn and adopted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..errors import ShouldStop
from ..fitting import FitResult
from ..model import Model
from .areas import ratio_of_labels
from .averaging import Considered, considered
from .quantities import AreaRatio


@dataclass(frozen=True, eq=False)
class OpenModel:
    """One model that the data leave open beside a fit.

    Attributes
    ----------
    name : str
        As the variants of a ratio name it.
    region : str
        Where it differs.
    result : FitResult
    """

    name: str
    region: str
    result: FitResult
    considered: Considered

    @property
    def model(self) -> Model:
        """The model to go on with.

        Where a component is left out it is disabled, and the others begin from the fit; else the
        values are the fitted ones.
        """
        other = self.considered.trial.alternative
        return other.model if other is not None and other.kind == "fewer" else self.result.model


def open_models(
    result: FitResult,
    numerator: Sequence[str],
    denominator: Sequence[str],
    *,
    should_stop: ShouldStop | None = None,
) -> tuple[OpenModel, ...]:
    """Return the models beside a fit that a ratio is averaged over, as `ratio_budgets` fits them.

    Parameters
    ----------
    result : FitResult
    numerator, denominator : sequence of str
        Labels of areas, see `spectra_core.uncertainty.areas.area_path`.
    should_stop : callable or None

    Raises
    ------
    ModelError
        If a label means nothing in the model.
    BetterMinimumError
        If a simpler model fits better than `result`.
    Cancelled
        If `should_stop` returned True.
    """
    quantity: AreaRatio = ratio_of_labels(result.model, numerator, denominator)
    found = considered(result, [quantity], should_stop=should_stop)
    return tuple(
        OpenModel(one.trial.name, one.trial.region, one.result, one)
        for one in found
        if one.result is not None
    )
