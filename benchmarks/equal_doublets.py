"""Do the intervals cover the truth as often as they say? Synthetic spectra, known truth.

Two equal S 2p doublets (FWHM 1.2 eV, Gauss-Lorentz sum, one width for both, fitted) on a
flat background of 30 % of a doublet's height, step 0.1 eV: the setting in which ignoring
the covariance of the areas gives 0.035 for R where its true spread is 0.047 (separation
1.0 eV, 10^3 counts at a doublet's maximum). Each spectrum is drawn and fitted, and for the
ratio and both centres it is asked whether the truth, 1 and the true positions, lies in

- the interval of the covariance (of ln R for the ratio);
- the profile-likelihood interval: delta chi-square at the truth below 1 or 3.84;
- the Monte Carlo interval, for the first spectra only, since each needs many fits.

Run it by itself with ``python benchmarks/equal_doublets.py [--spectra N] [--case NAME]``,
or without Monte Carlo as ``python3 dev.py bench coverage``.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from math import log, sqrt
from pathlib import Path

import numpy as np

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from spectra_core.fitting import FitResult, evaluate, fit
from spectra_core.model import (
    Background,
    Model,
    Parameter,
    Region,
    add_doublet,
    add_links,
    set_parameter,
    share,
)
from spectra_core.spectrum import Axis, Meta, Spectrum
from spectra_core.uncertainty.monte_carlo import monte_carlo
from spectra_core.uncertainty.profile import delta_chi_square
from spectra_core.uncertainty.quantities import (
    LEVEL,
    ONE_SIGMA,
    AreaRatio,
    Quantity,
    normal_quantile,
)
from spectra_core.uncertainty.ratios import area_ratio

POSITION, FWHM, STEP, BACKGROUND = 161.5, 1.2, 0.1, 0.3
LEVELS = (ONE_SIGMA, LEVEL)
FIRST, SECOND = "S 2p/PS4/area", "S 2p/new/area"
RATIO = AreaRatio((SECOND,), (FIRST,))
_META = Meta(sample="synthetic", dwell_s=1.0, scans=1.0)


@dataclass(frozen=True)
class Case:
    """Separation of the doublets in eV, and the counts at the maximum of each."""

    name: str
    separation: float
    counts: float


CASES = (Case("2.2 eV, 1e4 counts", 2.2, 1e4), Case("1.0 eV, 1e3 counts", 1.0, 1e3))


@dataclass(frozen=True)
class Coverage:
    """What a case gave.

    Attributes
    ----------
    spectra, drawn : int
        How many were fitted; for how many Monte Carlo intervals were made.
    covered : dict of (method, quantity, level) to float
        Share of the intervals that hold the truth.
    bias : float
        Mean of R minus its truth, in standard deviations of R.
    true_spread, reported, without_covariance : float
        Standard deviation of R over the spectra; mean standard error reported; mean of
        what two areas taken as independent would give.
    """

    spectra: int
    drawn: int
    covered: dict[tuple[str, str, float], float]
    bias: float
    true_spread: float
    reported: float
    without_covariance: float


def true_model(case: Case) -> Model:
    """Return the model that the spectra are drawn from; fits start at its values."""
    background = Background(
        "constant", "active", parameters={"level": Parameter(BACKGROUND * case.counts)}
    )
    region = Region("S 2p", (157.0, 169.0), background)
    for name, center in (("PS4", POSITION), ("new", POSITION + case.separation)):
        region = add_doublet(
            region,
            name,
            "S 2p",
            "gl_sum",
            center=center,
            fwhm=FWHM,
            area=1.0,
            mix=Parameter(0.2, free=False),
        )
    model = add_links(Model((region,)), share(["S 2p/PS4/fwhm", "S 2p/new/fwhm"]))
    peaks = evaluate(blank(), model).regions[0].peaks
    height = float((peaks["PS4 2p3/2"] + peaks["PS4 2p1/2"]).max())
    for path in (FIRST, SECOND):
        model = set_parameter(model, path, value=case.counts / height)
    return model


def blank() -> Spectrum:
    """Return the axis of the spectra, with ones in place of counts."""
    x = np.arange(157.0, 169.0 + STEP / 2, STEP)
    return Spectrum(x, np.ones(x.size), Axis.BINDING_ENERGY, "counts", meta=_META)


def spectra_of(case: Case, n: int, seed: int) -> list[Spectrum]:
    """Return `n` synthetic spectra of a case."""
    expected = evaluate(blank(), true_model(case)).regions[0].envelope
    rng = np.random.default_rng(seed)
    counts = rng.poisson(expected, (n, expected.size)).astype(float)
    x = blank().x
    return [
        Spectrum(x, row, Axis.BINDING_ENERGY, "counts", counts=row, meta=_META) for row in counts
    ]


def measure(case: Case, n: int, *, drawn: int = 0, draws: int = 100, seed: int = 0) -> Coverage:
    """Fit `n` spectra of a case and count how often the intervals hold the truth.

    Parameters
    ----------
    case : Case
    n : int
        Spectra.
    drawn, draws : int
        For how many of them Monte Carlo intervals are made, and of how many draws each.
    seed : int
    """
    model = true_model(case)
    truth: dict[str, tuple[Quantity, float]] = {
        "ratio": (RATIO, 1.0),
        "centre 1": ("S 2p/PS4/center", POSITION),
        "centre 2": ("S 2p/new/center", POSITION + case.separation),
    }
    hits: dict[tuple[str, str, float], list[bool]] = {}
    results = [fit(spectrum, model) for spectrum in spectra_of(case, n, seed)]
    for i, result in enumerate(results):
        found = _covariance(result, truth) | _profile(result, truth)
        if i < drawn:
            found |= _monte_carlo(result, truth, draws, i)
        for key, hit in found.items():
            hits.setdefault(key, []).append(hit)
    ratios = np.array([area_ratio(r, ["new"], ["PS4"], name="R").value for r in results])
    reported = np.mean([area_ratio(r, ["new"], ["PS4"], name="R").stderr for r in results])
    covered = {key: float(np.mean(values)) for key, values in hits.items()}
    spread = float(ratios.std(ddof=1))
    return Coverage(
        n,
        drawn,
        covered,
        float(ratios.mean() - 1.0) / spread,
        spread,
        float(reported),
        float(np.mean([_naive(result) for result in results])),
    )


Hits = dict[tuple[str, str, float], bool]


def _covariance(result: FitResult, truth: dict[str, tuple[Quantity, float]]) -> Hits:
    hits: Hits = {}
    ratio = area_ratio(result, ["new"], ["PS4"], name="R")
    for name, (quantity, true) in truth.items():
        if isinstance(quantity, str):
            off, error = result.value(quantity) - true, result.stderr(quantity) or 0.0
        else:
            value, stderr = ratio.value or 0.0, ratio.stderr or 0.0
            off, error = log(value / true), stderr / value
        for level in LEVELS:
            hits["covariance", name, level] = abs(off) <= normal_quantile(level) * error
    return hits


def _profile(result: FitResult, truth: dict[str, tuple[Quantity, float]]) -> Hits:
    rises = {n: delta_chi_square(result, quantity, true) for n, (quantity, true) in truth.items()}
    return {
        ("profile", name, level): rise <= normal_quantile(level) ** 2
        for name, rise in rises.items()
        for level in LEVELS
    }


def _monte_carlo(
    result: FitResult, truth: dict[str, tuple[Quantity, float]], draws: int, seed: int
) -> Hits:
    run = monte_carlo(result, [quantity for quantity, _ in truth.values()], draws, seed=seed)
    hits: Hits = {}
    for name, (quantity, true) in truth.items():
        for level in LEVELS:
            low, high = run.interval(quantity, level=level)
            hits["monte carlo", name, level] = low <= true <= high
    return hits


def _naive(result: FitResult) -> float:
    """Return the standard error of R from two areas taken as independent."""
    parts = [(result.stderr(path) or 0.0) / result.value(path) for path in (FIRST, SECOND)]
    return result.value(SECOND) / result.value(FIRST) * sqrt(parts[0] ** 2 + parts[1] ** 2)


def coverage() -> dict[str, float]:
    """Measure both cases on 2000 spectra each, for the table of all benchmarks."""
    values: dict[str, float] = {}
    for case in CASES:
        found = measure(case, 2000)
        for (method, quantity, level), share_ in found.covered.items():
            values[f"{case.name} {method} {quantity} {level:.0%}"] = share_
        values[f"{case.name} bias"] = found.bias
        values[f"{case.name} true spread of R"] = found.true_spread
        values[f"{case.name} reported"] = found.reported
        values[f"{case.name} without covariance"] = found.without_covariance
    return values


def table(case: Case, found: Coverage) -> str:
    """Return what a case gave as text."""
    lines = [
        f"{case.name}: {found.spectra} spectra (Monte Carlo intervals of {found.drawn})",
        f"  {'interval':14}{'of':12}{'68 %':>8}{'95 %':>8}",
    ]
    for method, name in dict.fromkeys(key[:2] for key in found.covered):
        shares = [f"{100 * found.covered[method, name, level]:8.1f}" for level in LEVELS]
        lines.append(f"  {method:14}{name:12}{''.join(shares)}")
    lines += [
        f"  bias of R: {found.bias:+.3f} standard errors",
        f"  spread of R: true {found.true_spread:.4f}, reported {found.reported:.4f},"
        f" without covariance {found.without_covariance:.4f}",
    ]
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description="How often do the intervals hold the truth?")
    parser.add_argument("--spectra", type=int, default=2000, help="spectra of each case")
    parser.add_argument("--drawn", type=int, default=400, help="of these with Monte Carlo")
    parser.add_argument("--draws", type=int, default=200, help="draws of each Monte Carlo run")
    parser.add_argument("--case", default="", help="only cases whose name contains this")
    chosen = parser.parse_args(arguments)
    for case in CASES:
        if chosen.case in case.name:
            found = measure(case, chosen.spectra, drawn=chosen.drawn, draws=chosen.draws)
            print(table(case, found), flush=True)


if __name__ == "__main__":
    main()
