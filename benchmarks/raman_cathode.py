"""Whether a band at 470 is claimed rightly, and how often the intervals of its ratios hold.

SYNTHETIC Raman spectra of a composite cathode, by formulas that stand here and share nothing with
the program: PS4 of the electrolyte, Eg and A1g of the oxide, D, G and D3 of carbon and S-S with 0,
2, 5 or 10 % of the area of the oxide, all with places and widths drawn anew, on a fluorescence of
two decays (no polynomial), with up to three cosmic rays, through a camera with a gain and the noise
of reading, some as a mean of accumulations. Each spectrum is despiked, planned and fitted as
``doublet fit --preset raman/lpscl-cathode --despike`` does it.

Told for each ratio: how often it is claimed, how often 95 % intervals hold the truth where it is
(with all rows of the budget, and with those of the counts and priors alone, without the rows of
other baselines and models), how often an upper limit is above the truth, and what the weights were.

Run it as ``python -m benchmarks.raman_cathode [--seeds N] [--share PERCENT] [--baseline NAME]
[--json FILE]``.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from itertools import groupby
from pathlib import Path

import numpy as np

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from spectra_core.model import Background
from spectra_core.raman import despike
from spectra_core.recipe.presets import preset
from spectra_core.runs.execute import execute
from spectra_core.runs.plan import Job, plan
from spectra_core.runs.records import FitRecord
from spectra_core.spectrum import Array, Axis, Meta, Spectrum, make_spectrum
from spectra_core.uncertainty.ratios import Ratio

SHARES = (0.0, 0.02, 0.05, 0.1)
SEEDS = 100
X = np.arange(150.0, 1900.0, 1.3)
OXIDE = 1.15e5  # counts cm-1, Eg and A1g together


@dataclass(frozen=True)
class Made:
    """A synthetic spectrum and its true ratios."""

    spectrum: Spectrum
    ratios: Mapping[str, float]


def made(share: float, seed: int) -> Made:
    """Return a SYNTHETIC spectrum whose S-S band has a share of the area of the oxide."""
    rng = np.random.default_rng([seed, round(1000 * share)])
    ps4 = rng.uniform(0.8e4, 2.5e4)
    split, d_over_g = rng.uniform(0.42, 0.58), rng.uniform(1.2, 2.4)
    lorentz = rng.uniform(0.3, 0.7)
    broad = rng.normal(58.0, 4.0)
    bands = (
        _band(rng.normal(426.0, 2.0), rng.uniform(9.0, 16.0), 1.0, ps4),
        _band(rng.normal(475.0, 4.0), broad * rng.normal(1.0, 0.08), lorentz, split * OXIDE),
        _band(rng.normal(595.0, 4.0), broad, lorentz, (1.0 - split) * OXIDE),
        _band(rng.normal(470.0, 3.0), rng.normal(20.0, 3.0), 1.0, share * OXIDE),
        _band(rng.normal(1347.0, 6.0), rng.uniform(130.0, 180.0), 1.0, 9e4 * d_over_g),
        _band(rng.normal(1590.0, 5.0), rng.uniform(60.0, 85.0), 1.0, 9e4),
        _band(rng.normal(1508.0, 7.0), rng.normal(120.0, 20.0), 0.0, rng.uniform(1e4, 4e4)),
    )
    glow = rng.uniform(100.0, 400.0) + rng.uniform(200.0, 1500.0) * np.exp(
        -X / rng.uniform(500.0, 1500.0)
    )
    glow += rng.uniform(0.0, 600.0) * np.exp(-(((X - rng.uniform(900.0, 2500.0)) / 1500.0) ** 2))
    y, words = _camera(glow + np.sum(bands, axis=0), rng)
    meta = Meta(sample=f"synthetic {100 * share:g} % {seed}", comment=words, laser_nm=532.0)
    spectrum = make_spectrum(X, y, Axis.RAMAN_SHIFT, y_unit="counts", meta=meta)
    true = {"470 / NCM": share, "470 / PS4": share * OXIDE / ps4, "D / G": d_over_g}
    return Made(spectrum, true)


def _band(center: float, fwhm: float, lorentz: float, area: float) -> Array:
    half, s = 0.5 * fwhm, fwhm / np.sqrt(8.0 * np.log(2.0))
    lorentzian = half / np.pi / ((X - center) ** 2 + half**2)
    gaussian = np.exp(-0.5 * ((X - center) / s) ** 2) / s / np.sqrt(2.0 * np.pi)
    return np.asarray(area * (lorentz * lorentzian + (1.0 - lorentz) * gaussian))


def _camera(expected: Array, rng: np.random.Generator) -> tuple[Array, str]:
    """Return what a camera tells of expected electrons, with rays, and how it was set."""
    gain, read, scans = 10 ** rng.uniform(-0.6, 0.5), rng.uniform(2.0, 8.0), rng.choice([1, 1, 4])
    electrons = rng.poisson(scans * expected) + rng.normal(0.0, read * np.sqrt(scans), X.size)
    y = gain * electrons / scans
    for at in rng.integers(5, X.size - 5, rng.integers(0, 4)):
        width = rng.choice([1, 2])
        y[at : at + width] += 10 ** rng.uniform(1.2, 2.5) * gain * np.sqrt(expected[at])
    return np.round(y, 2), f"gain {gain:.2f}, mean of {scans}"


# ---------------------------------------------------------------------------------
# One spectrum, fitted


@dataclass(frozen=True)
class Seen:
    """What one fit said of one ratio; `held` is None where it is not claimed, `above` where it is.

    `alone`: whether the interval of counts and priors holds, without other baselines and models.
    """

    share: float
    ratio: str
    claimed: bool
    held: bool | None
    alone: bool | None
    above: bool | None
    off: float | None
    width: float | None
    weights: str
    told: str


def fitted(case: tuple[float, int], baseline: str = "") -> list[Seen]:
    """Return what the preset says of a synthetic spectrum, with a baseline computed before."""
    share, seed = case
    truth = made(share, seed)
    (job,) = plan(preset("raman/lpscl-cathode"), [despike(truth.spectrum)]).jobs
    record = execute(_with_baseline(job, baseline) if baseline else job)
    if not isinstance(record, FitRecord):
        raise RuntimeError(f"{truth.spectrum.label} was not fitted: {record}")
    weights = record.result.regions[0].weights
    return [_seen(share, ratio, truth.ratios[ratio.name], weights) for ratio in record.ratios]


def _with_baseline(job: Job, name: str) -> Job:
    static = Background(name, "static")
    regions = tuple(replace(region, background=static) for region in job.model.regions)
    kept = [p for p in job.model.priors if "background" not in p.formula]
    return replace(job, model=replace(job.model, regions=regions, priors=tuple(kept)))


def _seen(share: float, ratio: Ratio, true: float, weights: str) -> Seen:
    told = f"{ratio.value} {ratio.best_interval} < {ratio.upper_limit}; true {true:.4g}"
    one = partial(Seen, share, ratio.name, weights=weights, told=told)
    if ratio.value is None:
        limit = ratio.upper_limit
        above = limit is not None and bool(true <= limit)
        return one(claimed=False, held=None, alone=None, above=above, off=None, width=None)
    return one(
        claimed=True,
        held=_holds(ratio.best_interval, true),
        alone=_holds(ratio.interval, true),
        above=None,
        off=ratio.value - true,
        width=_width(ratio.best_interval),
    )


def _holds(interval: tuple[float, float] | None, true: float) -> bool:
    return interval is not None and bool(interval[0] <= true <= interval[1])


def _width(interval: tuple[float, float] | None) -> float | None:
    return None if interval is None else interval[1] - interval[0]


def cases(shares: Sequence[float], seeds: int) -> Iterator[tuple[float, int]]:
    """Yield share and seed of each spectrum."""
    yield from ((share, seed) for share in shares for seed in range(seeds))


# ---------------------------------------------------------------------------------
# The table


@dataclass(frozen=True)
class Cell:
    """What many spectra of one share gave for one ratio; parts of 1."""

    share: float
    ratio: str
    spectra: int
    claimed: float
    held: float | None
    alone: float | None
    limits_above: float | None
    bias: float | None
    width: float | None
    weights: Mapping[str, int]


def cells(found: Sequence[Seen]) -> Iterator[Cell]:
    """Yield the table of what was seen."""

    def key(one: Seen) -> tuple[float, str]:
        return one.share, one.ratio

    for (share, name), group in groupby(sorted(found, key=key), key):
        seen = list(group)
        yield Cell(
            share,
            name,
            len(seen),
            float(np.mean([one.claimed for one in seen])),
            _mean([one.held for one in seen]),
            _mean([one.alone for one in seen]),
            _mean([one.above for one in seen]),
            _median([one.off for one in seen]),
            _median([one.width for one in seen]),
            Counter(one.weights for one in seen),
        )


def _mean(values: Sequence[bool | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None


def _median(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.median(known)) if known else None


def _percent(value: float | None) -> str:
    return "" if value is None else f"{100 * value:.0f} %"


def main(arguments: Sequence[str] | None = None) -> int:
    """Fit all spectra and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--share", type=float, action="append", help="percent of the oxide")
    parser.add_argument("--baseline", default="", help="computed before, in place of the preset's")
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    parser.add_argument("--json", type=Path)
    given = parser.parse_args(arguments)
    shares = SHARES if given.share is None else tuple(one / 100.0 for one in given.share)
    with ProcessPoolExecutor(given.workers) as pool:
        one_fit = partial(fitted, baseline=given.baseline)
        found = [s for one in pool.map(one_fit, cases(shares, given.seeds)) for s in one]
    print("S-S     ratio      claimed  held   alone  limit above  bias     width")
    for cell in cells(found):
        bias = "" if cell.bias is None else f"{cell.bias:+.3f}"
        width = "" if cell.width is None else f"{cell.width:.3f}"
        print(
            f"{100 * cell.share:4g} %  {cell.ratio:10} {_percent(cell.claimed):>7}"
            f"  {_percent(cell.held):>5}  {_percent(cell.alone):>5}"
            f"  {_percent(cell.limits_above):>11}  {bias:>7}  {width:>6}  {dict(cell.weights)}"
        )
    if given.json:
        given.json.write_text(json.dumps([vars(one) for one in found], indent=1) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
