"""How values show themselves: text for a console, HTML for a notebook, data frames, axes.

`_ROOMS` says which module of this room shows which kind of value; each of them has a table
`VIEWS`. A view makes plain rows and columns; `spectra_core.views.screens` sets them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

from ..errors import SpectraError
from .screens import Screen, as_html, as_text

if TYPE_CHECKING:
    import pandas
    import xarray
    from matplotlib.axes import Axes

__all__ = ["View", "brief", "dataset", "draw", "frame", "html", "report", "screen", "view_of"]

_ROOMS = {
    "Spectrum": "spectra",
    "Region": "models",
    "Model": "models",
    "Preset": "models",
    "Recipe": "recipes",
    "Plan": "recipes",
    "RegionFit": "fits",
    "FitResult": "fits",
    "BatchResult": "batches",
    "Ratio": "ratios",
    "Run": "runs",
    "FitRecord": "runs",
    "RowRecord": "runs",
    "Pulls": "pulls",
    "MonteCarlo": "draws",
    "ProfileInterval": "draws",
    "UniquenessCurve": "draws",
    "PeakLibrary": "library",
    "Project": "projects",
}

Columns = Mapping[str, Any]


@dataclass(frozen=True)
class View:
    """How one kind of value shows itself; the value is each function's first argument.

    Attributes
    ----------
    screen : callable
        What `print` shows.
    line : callable or None
        One line in place of the screen, for values that stand in lists.
    whole : callable or None
        What ``.report()`` says beyond the screen.
    frames : mapping of str to callable
        Columns of each table, the first one as a rule.
    dataset : callable or None
        ``dataset(value, part)``.
    draw : callable or None
        ``draw(value, axes, part)`` returns the axes; without axes it makes them.
    """

    screen: Callable[[Any], Screen]
    line: Callable[[Any], str] | None = None
    whole: Callable[[Any], Screen] | None = None
    frames: Mapping[str, Callable[[Any], Columns]] | None = None
    dataset: Callable[[Any, Any], xarray.Dataset] | None = None
    draw: Callable[[Any, Axes | None, Any], Axes] | None = None


def view_of(value: object) -> View:
    """Return the view of a value, by the name of its class or of one that it extends."""
    name = next(kind.__name__ for kind in type(value).__mro__ if kind.__name__ in _ROOMS)
    found: View = import_module(f".{_ROOMS[name]}", __name__).VIEWS[name]
    return found


def brief(value: object) -> str:
    """Return what a console shows of a value: one line of it in a list, else the screen."""
    view = view_of(value)
    return screen(value) if view.line is None else f"<{view.line(value)}>"


def screen(value: object) -> str:
    """Return a value on one screen of text."""
    return as_text(view_of(value).screen(value))


def html(value: object) -> str:
    """Return the screen of a value as HTML."""
    return as_html(view_of(value).screen(value))


def report(value: object) -> str:
    """Return everything there is to say about a value."""
    view = view_of(value)
    return as_text((view.whole or view.screen)(value), width=None, height=None)


def frame(value: object, part: object = None) -> pandas.DataFrame:
    """Return one of the tables of a value as a data frame."""
    frames = view_of(value).frames or {}
    name = next(iter(frames)) if part is None else part
    if name not in frames:
        raise SpectraError(
            f"a {type(value).__name__} has no table {part!r}.",
            hint=f"There are: {', '.join(frames)}.",
        )
    try:
        import pandas
    except ImportError as error:
        raise SpectraError(
            "a data frame needs pandas, which is not installed.",
            hint="Install pandas, or write a csv file: write_results and `doublet fit` do.",
        ) from error
    return pandas.DataFrame(dict(frames[str(name)](value)))


def dataset(value: object, part: object = None) -> xarray.Dataset:
    """Return the arrays of a value."""
    make = view_of(value).dataset
    assert make is not None
    return make(value, part)


def draw(value: object, axes: Axes | None = None, part: object = None) -> Axes:
    """Draw a value and return the axes."""
    make = view_of(value).draw
    assert make is not None
    return make(value, axes, part)
