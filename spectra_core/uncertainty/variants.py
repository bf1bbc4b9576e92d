"""What one variant of a fitted model is before it is fitted."""

from __future__ import annotations

from dataclasses import dataclass

from ..fitting import FitResult
from ..model import Model, Parameter, set_parameter
from .quantities import AreaRatio


@dataclass(frozen=True)
class Trial:
    """A changed model that is to be fitted, and the areas of the ratio in it.

    Attributes
    ----------
    choice, name : str
        See `spectra_core.uncertainty.spread.Variant`.
    model : Model
    quantity : AreaRatio
    same_data : bool
        Whether it is fitted to the same points, so that BIC can be compared.
    starts : int
        Starting points of its fit.
    obstacle : str
        Why it cannot be fitted; empty if it can.
    """

    choice: str
    name: str
    model: Model
    quantity: AreaRatio
    same_data: bool = True
    starts: int = 1
    obstacle: str = ""


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
