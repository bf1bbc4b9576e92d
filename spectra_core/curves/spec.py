"""What a row of a table says of each of its parameters.

Line shapes and backgrounds are tables; both describe their parameters with
`ParameterSpec`, so that forms, recipes, reports and start values come from one
place. Units are symbolic because the same shape serves XPS and Raman:
``"x"`` is the axis unit (eV, cm-1), ``"y"`` the intensity unit, ``"y x"`` an
area, ``"1/x"`` a step per unit area, and ``"1"`` a pure number.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf


@dataclass(frozen=True)
class ParameterSpec:
    """Name, unit, start value and natural bounds of one parameter.

    Attributes
    ----------
    name : str
        The field's word, as tables and recipes show it (``"fwhm"``).
    unit : str
        Symbolic unit: ``"x"``, ``"y"``, ``"y x"``, ``"1/x"`` ... or ``"1"``.
    default : float or None
        Start value where it does not depend on the data; None where it must be given
        or estimated from the data.
    min, max : float
        Bounds outside which the formula has no meaning.
    free : bool
        Whether a fit varies it unless the user says otherwise.
    description : str
        One sentence for tool tips and the recipe schema.
    flat : float or None
        Where the curve has no slope in this parameter, only curvature (a Voigt whose
        Gaussian share goes to nothing): a fit that started there could not leave.
    usual_min : float
        Lower bound where the user gives none, if it is not `min`.
    """

    name: str
    unit: str
    default: float | None = None
    min: float = -inf
    max: float = inf
    free: bool = True
    description: str = ""
    flat: float | None = None
    usual_min: float = -inf

    @property
    def low(self) -> float:
        """Lower bound of a parameter that the user gives none."""
        return max(self.min, self.usual_min)


def unit_text(symbolic: str, x_unit: str, y_unit: str) -> str:
    """Return a symbolic unit written out, e.g. ``"y x"`` as ``"counts eV/s"``."""
    if symbolic == "1":
        return ""
    if symbolic == "x":
        return x_unit
    if symbolic == "y":
        return y_unit
    if symbolic == "y x":
        numerator, slash, denominator = y_unit.partition("/")
        return f"{numerator} {x_unit}{slash}{denominator}"
    return symbolic.replace("y", y_unit).replace("x", x_unit)
