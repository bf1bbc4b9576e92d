"""Values that show themselves: in a console, in a notebook, as a table, in a figure.

What they show is made in the room `views`, which stands at the roof and knows every kind of
value; a value below knows nothing of text, tables and pictures. `views` is fetched by its name
when something is shown for the first time: the one way up from a lower room.
"""

from __future__ import annotations

from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas
    import xarray
    from matplotlib.axes import Axes


def _views() -> ModuleType:
    return import_module(".views", __package__)


class Shown:
    """A value that fits a screen: ``repr`` where it is listed, ``print`` where it is looked at."""

    def __repr__(self) -> str:
        return str(_views().brief(self))

    def __str__(self) -> str:
        return str(_views().screen(self))

    def _repr_html_(self) -> str:
        return str(_views().html(self))


class Reported(Shown):
    """A value of which there is more to say than fits a screen."""

    def report(self) -> str:
        """Return everything there is to say about it, as plain text of any length."""
        return str(_views().report(self))


class Tabular(Reported):
    """A value that is a table, too."""

    def to_dataframe(self, part: object = None) -> pandas.DataFrame:
        """Return its numbers, every digit, as a pandas data frame.

        Parameters
        ----------
        part : str or None
            Which of its tables, where it has several; None: the first.

        Raises
        ------
        SpectraError
            If pandas is not installed, or there is no such table.
        """
        return _views().frame(self, part)


class Gridded(Reported):
    """A value that is arrays over axes, too."""

    def to_xarray(self, part: object = None) -> xarray.Dataset:
        """Return its arrays with their axes and units.

        Parameters
        ----------
        part : str or None
            Which part, e.g. the region of a fit; None: the first.
        """
        return _views().dataset(self, part)


class Drawn(Reported):
    """A value with a picture."""

    def plot(self, ax: Axes | None = None, *, part: object = None) -> Axes:
        """Draw it, as reports do, and return the axes.

        Parameters
        ----------
        ax : matplotlib Axes or None
            None: of a new figure, ``.figure`` of what is returned; no window is opened.
        part : object
            Which part: the region of a fit, the parameter of a batch, the quantity of draws;
            None: the first.
        """
        return _views().draw(self, ax, part)
