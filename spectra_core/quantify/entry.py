"""What a recipe, or a command line, says of quantification."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

DEFAULT_TABLE = "scofield-al-ka"
DEFAULT_EXPONENT = 0.75


@dataclass(frozen=True)
class QuantifyEntry:
    """How areas become atoms.

    Attributes
    ----------
    table : str
        Name of a table of the library, or a csv or TOML file.
    column : str or None
        Column of factors of a csv.
    transmission : str or float
        ``"recorded"``, ``"none"``, or an exponent of the kinetic energy.
    length : str or float
        ``"tpp2m:MATERIAL"``, ``"none"``, or an exponent of the kinetic energy.
    angle_deg : float or None
        Between X-rays and analyser, for the angular term; None: not applied.
    factors : mapping of str to float
        Factors by level or line in place of a table.
    holds : tuple of str
        What these hold beside the cross section, of ``length``, ``transmission``, ``angle``.
    relative : float or None
        Relative standard uncertainty of each factor, in place of what the table says.
    """

    table: str = DEFAULT_TABLE
    column: str | None = None
    transmission: str | float = "recorded"
    length: str | float = DEFAULT_EXPONENT
    angle_deg: float | None = None
    factors: Mapping[str, float] = field(default_factory=dict)
    holds: tuple[str, ...] = ()
    relative: float | None = None
