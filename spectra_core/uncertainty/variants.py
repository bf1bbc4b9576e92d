"""What one variant of a fitted model is, and the pieces that variants are made of.

A user counts a doublet as one component and a single line as one: a `Head` is either.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..fitting import FitResult
from ..model import Doublet, Link, Model, Parameter, Region, set_parameter
from .quantities import AreaRatio


@dataclass(frozen=True)
class Candidate:
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


@dataclass(frozen=True)
class Head:
    """A single line, or a whole doublet.

    Attributes
    ----------
    name : str
        Id of the component or doublet.
    line : str
        Core level or line; the region's name where none is stated.
    major : str
        Id of the line that the parameters belong to.
    doublet : Doublet or None
    """

    name: str
    line: str
    major: str
    doublet: Doublet | None

    @property
    def parts(self) -> tuple[str, ...]:
        """Ids of its lines."""
        return (self.doublet.major, self.doublet.minor) if self.doublet else (self.major,)


def heads(region: Region) -> list[Head]:
    """Return the enabled components of a region, doublets as one."""
    heads = []
    for component in region.components:
        doublet = region.doublet_of(component.id)
        if not component.enabled or (doublet and doublet.minor == component.id):
            continue
        if doublet:
            heads.append(Head(doublet.id, doublet.line, component.id, doublet))
        else:
            line = component.line or region.name
            heads.append(Head(component.id, line, component.id, None))
    return heads


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


def paths_of(link: Link) -> list[str]:
    """Return every path that a link names."""
    return [link.target, *(term.source for term in link.terms)]
