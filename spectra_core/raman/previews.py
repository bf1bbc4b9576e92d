"""Several baselines on one spectrum, each with the fit that it gives, to be chosen among."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import numpy as np

from ..curves.backgrounds import BACKGROUNDS
from ..curves.baselines import BASELINES
from ..errors import SpectraError
from ..fitting import FitOptions, FitResult, evaluate, fit
from ..model import BACKGROUND, Background, Model, Region
from ..noise import noise_of
from ..spectrum import Array, Spectrum

USUAL = ("arpls", "polynomial", "morphological")
"""Baselines that are shown where nobody asks for others."""
EVERY = (*sorted(BASELINES), "linear", "polynomial")
_SEEN = 3.0  # standard errors
_QUIET = 0.2  # of the channels: those where the bands are least


@dataclass(frozen=True, eq=False)
class BaselineTry:
    """A baseline on a spectrum, and the fit that it gives.

    Attributes
    ----------
    kind : str
        Row of the table of backgrounds.
    background : Background
    x, curve : ndarray, shape (N,)
        The baseline in the window; empty where there is a problem.
    result : FitResult or None
    quiet : float or None
        Root mean square of what is left in the fifth of the channels where bands are least, over
        the noise of the spectrum: 1 is as it should be.
    problem : str
        Why there is none, in a sentence.
    """

    kind: str
    background: Background
    x: Array
    curve: Array
    result: FitResult | None
    quiet: float | None
    problem: str = ""

    @property
    def title(self) -> str:
        """What it is called."""
        return BACKGROUNDS[self.kind].title

    def ratio(self, above: str, below: str) -> float | None:
        """Return the ratio of the areas of two components, by id.

        None where there is no fit, or the second one is not seen: no more than three standard
        errors.
        """
        if self.result is None:
            return None
        region = self.result.regions[0].name
        paths = [f"{region}/{name}/area" for name in (above, below)]
        areas, error = [self.result.value(path) for path in paths], self.result.stderr(paths[1])
        return areas[0] / areas[1] if error and areas[1] > _SEEN * error else None


def try_baselines(
    spectrum: Spectrum,
    model: Model | Region,
    kinds: Iterable[str] = USUAL,
    *,
    region: str = "",
    options: FitOptions | None = None,
) -> tuple[BaselineTry, ...]:
    """Fit a region with several baselines in turn, each with the links and priors of its model.

    Parameters
    ----------
    spectrum : Spectrum
    model : Model or Region
        Its own background is the first one; without components the baselines alone are drawn.
    kinds : iterable of str
        Rows of the table of backgrounds.
    region : str
        Name of the region of the model; empty: its first.
    options : FitOptions or None

    Returns
    -------
    tried : tuple of BaselineTry
        The region's own first, then the others in their order.
    """
    whole = model if isinstance(model, Model) else Model((model,))
    alone = _alone(whole, whole.region(region) if region else whole.regions[0])
    own = alone.regions[0].background
    others = [Background(kind) for kind in dict.fromkeys(kinds) if kind != own.type]
    every = [alone, *(_with_background(alone, one) for one in others)]
    return tuple(_tried(spectrum, one, options or FitOptions()) for one in every)


def _alone(model: Model, region: Region) -> Model:
    """Return the model of one region, with the links and priors that stay inside it."""
    return _with_ties(model, region, lambda path: path.startswith(f"{region.name}/"))


def _with_background(model: Model, background: Background) -> Model:
    """Return a model of one region with another background, without what is known of its own."""
    region = replace(model.regions[0], background=background)
    foot = f"{region.name}/{BACKGROUND}/"
    return _with_ties(model, region, lambda path: not path.startswith(foot))


def _with_ties(model: Model, region: Region, stays: Callable[[str], bool]) -> Model:
    links = tuple(
        k for k in model.links if stays(k.target) and all(stays(t.source) for t in k.terms)
    )
    priors = tuple(p for p in model.priors if all(stays(t.source) for t in p.terms))
    return replace(model, regions=(region,), links=links, priors=priors)


def _tried(spectrum: Spectrum, model: Model, options: FitOptions) -> BaselineTry:
    region, background = model.regions[0], model.regions[0].background
    try:
        bare = not region.components and not background.specs
        result = evaluate(spectrum, model) if bare else fit(spectrum, model, options=options)
    except SpectraError as error:
        nothing = np.empty(0)
        return BaselineTry(background.type, background, nothing, nothing, None, None, str(error))
    shown = result.regions[0]
    return BaselineTry(
        background.type, background, shown.x, shown.background, result, _quiet(spectrum, result)
    )


def _quiet(spectrum: Spectrum, result: FitResult) -> float | None:
    shown = result.regions[0]
    bands = np.sum(list(shown.peaks.values()), axis=0) if shown.peaks else np.zeros(shown.x.size)
    still = bands <= np.quantile(bands, _QUIET)
    if still.sum() < 10:
        return None
    noise = np.interp(shown.x, spectrum.x, noise_of(spectrum.y))
    left = (shown.y - shown.envelope)[still] / noise[still]
    return float(np.sqrt(np.mean(left**2)))
