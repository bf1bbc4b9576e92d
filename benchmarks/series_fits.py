"""How good and how fast series fits are, on synthetic profiles with known truth.

``python -m benchmarks.series_fits --seeds 100 --levels 12 100 1000`` prints, for joint S 2p and
P 2p profiles of twelve levels: how many 95 % intervals hold the true area, with what is shared
and level by level; the errors of both; the interface; and what a series costs beside the separate
fits of its levels. ``--lmfit 4 6 8 12`` times one lmfit problem over so many levels, and what it
would be over those of ``--levels``.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

import spectra_core as sc
from spectra_core.errors import FitError
from spectra_core.fitting.lmfit_bridge import lmfit_name, lmfit_residual
from spectra_core.model import Link
from spectra_core.series.depth import interface
from spectra_core.series.fits import SeriesFit, fit_series
from spectra_core.spectrum import Array

from .series_truth import P2P, S2P, doublet, made

AREAS = ("S 2p/PS4", "S 2p/P2S5", "S 2p/Li2S", "P 2p/PS4", "P 2p/P2S5")


def model(*, shapes: bool = False) -> sc.Model:
    """Return three states of sulfur and two of phosphorus over active Shirley backgrounds.

    `shapes`: the Lorentzian share is one for all lines, known to 0.3 +/- 0.15.
    """
    regions = []
    for name, window, states, width in (
        ("S 2p", (157.0, 169.0), S2P, 1.2),
        ("P 2p", (128.0, 138.0), P2P, 1.25),
    ):
        region = sc.Region(name, window, sc.Background("shirley"))
        for state, centre in states.items():
            region = sc.add_doublet(
                region,
                state,
                name,
                "pseudo_voigt",
                center=sc.Parameter(centre, centre - 0.6, centre + 0.6),
                fwhm=sc.Parameter(width, 0.7, 2.2),
                mix=sc.Parameter(0.3, 0.0, 1.0, free=shapes),
            )
        regions.append(region)
    widths = [f"S 2p/{state} 2p3/2/fwhm" for state in S2P]
    own = sc.add_links(sc.Model(tuple(regions)), sc.share(widths))
    if not shapes:
        return own
    mixes = [f"S 2p/{state} 2p3/2/mix" for state in S2P]
    mixes += [f"P 2p/{state} 2p3/2/mix" for state in P2P]
    own = sc.add_links(own, sc.share(mixes))
    return sc.add_priors(own, sc.Prior((sc.Term(1.0, mixes[0]),), 0.3, sd=0.15))


@dataclass
class Tally:
    """What is counted over some seeds for the areas of one species at all levels."""

    held: int = 0
    separate: int = 0
    total: int = 0
    squares: float = 0.0
    bounds: float = 0.0
    sums: list[float] = field(default_factory=list)
    smaller: list[float] = field(default_factory=list)


def coverage(
    seeds: Sequence[int], *, shapes: bool = False, share: float = 0.3, wider: float = 1.0
) -> Mapping[str, str]:
    """Return for each species what its intervals hold and how far its areas are off.

    Levels whose true area is below three standard errors (limits are given there) are left
    out of the intervals, not of the sums.
    """
    own, lowest = model(shapes=shapes), cramer_rao()
    tallies = {name: Tally() for name in AREAS}
    steps: list[tuple[float, float]] = []
    flagged = 0
    for seed in seeds:
        levels, truth = made(seed, share=share, wider=wider)
        found = fit_series(levels, own)
        flagged += bool(found.flagged("unlike"))
        for name, tally in tallies.items():
            _add(tally, found, name, np.array([areas[name] for areas in truth]), lowest[name])
        step = _interface(found)
        if step is not None:
            steps.append(step)
    table = {name: _row(tally) for name, tally in tallies.items()}
    total = sum(t.total for t in tallies.values())
    held = sum(t.held for t in tallies.values())
    alone = sum(t.separate for t in tallies.values())
    places, errors = np.array(steps).T
    off = np.abs(places - 6.0)
    return table | {
        "all": f"95 % intervals hold {held / total:.3f} of {total} (level by level"
        f" {alone / total:.3f})",
        "interface": f"mean {places.mean():.3f} (truth 6), largest deviation {off.max():.3f},"
        f" intervals hold {np.mean(off < 1.96 * errors):.2f} of {len(steps)}",
        "alarm unlike": f"{flagged} of {len(seeds)} profiles",
    }


def _add(tally: Tally, found: SeriesFit, name: str, true: Array, lowest: Array) -> None:
    values, errors = found.values(f"{name}/area"), found.stderrs(f"{name}/area")
    alone = [r for r in found.separate if r is not None]
    before = np.array([r.stderr(f"{name}/area") or np.nan for r in alone])
    there = np.isfinite(errors) & (true > 3.0 * lowest)
    tally.total += int(there.sum())
    tally.held += int((np.abs(values - true) < 1.96 * errors)[there].sum())
    own = np.array([r.value(f"{name}/area") for r in alone])
    tally.separate += int((np.abs(own - true) < 1.96 * before)[there].sum())
    tally.squares += float(np.sum((values - true)[there] ** 2))
    tally.bounds += float(np.sum(lowest[there] ** 2))
    tally.sums.append(float(values.sum() / true.sum() - 1.0))
    tally.smaller.append(float(np.nanmedian(before / errors)))


def _row(tally: Tally) -> str:
    sums = np.array(tally.sums)
    return (
        f"held {tally.held / tally.total:.3f} of {tally.total}, rms deviation"
        f" {np.sqrt(tally.squares / tally.bounds):.2f} times the Cramer-Rao bound; sum over the"
        f" levels: mean {100 * sums.mean():+.2f} %, rms {100 * sums.std():.2f} %, largest"
        f" {100 * np.abs(sums).max():.1f} %; errors {np.median(tally.smaller):.2f} times smaller"
        " than level by level"
    )


def cramer_rao() -> dict[str, Array]:
    """Return the smallest standard errors (12,) of areas that the counts allow.

    From the Fisher information of the generator's own curves: areas, charge shift, base and
    step of each level (the shift of the last is zero); positions and widths of all.
    """
    _, truth = made(0)
    peak, shared = 10**3.5, np.array([*S2P.values(), *P2P.values(), 1.2, 1.25, 1.25])
    rows: list[Array] = []
    n, m = 10, shared.size
    for k, areas in enumerate(truth):
        own = np.array([*(areas[a] for a in AREAS), areas["shift"], *(0.1 * peak, 0.02) * 2])
        curve = _counts(own, shared)
        block = np.zeros((curve.size, n * len(truth) + m))
        for i in range(n + m):
            both = np.concatenate([own, shared])
            step = 1e-4 * max(abs(both[i]), 1.0)
            both[i] += step
            place = n * k + i if i < n else n * len(truth) + i - n
            block[:, place] = (_counts(both[:n], both[n:]) - curve) / step / np.sqrt(curve)
        rows.append(block)
    whole = np.concatenate(rows)
    kept = np.delete(np.arange(whole.shape[1]), n * (len(truth) - 1) + 5)
    errors = np.full(whole.shape[1], np.nan)
    errors[kept] = np.sqrt(np.diag(np.linalg.inv(whole[:, kept].T @ whole[:, kept])))
    return {name: errors[i : n * len(truth) : n] for i, name in enumerate(AREAS)}


def _counts(own: Array, shared: Array) -> Array:
    """Return the expected counts of one level, both regions."""
    xs, xp = np.arange(157.0, 169.0, 0.1), np.arange(128.0, 138.0, 0.1)
    s, p = np.zeros(xs.size), np.zeros(xp.size)
    for area, centre in zip(own[:3], shared[:3], strict=True):
        s = s + doublet(xs, centre + own[5], shared[5], 1.18, area)
    for area, centre, width in zip(own[3:5], shared[3:5], shared[6:], strict=True):
        p = p + doublet(xp, centre + own[5], width, 0.87, area)
    return np.concatenate(
        [
            base + signal + step * np.cumsum(signal) * 0.1
            for base, step, signal in ((own[6], own[7], s), (own[8], own[9], p))
        ]
    )


def _interface(found: SeriesFit) -> tuple[float, float] | None:
    values, errors = found.values("S 2p/P2S5/area"), found.stderrs("S 2p/P2S5/area")
    try:
        step = interface(np.arange(12.0), values, errors)
    except FitError:
        return None
    return step.position, step.position_sd


def costs(count: int) -> dict[str, float]:
    """Return seconds of a series, and of its levels by themselves; the fits of both are kept.

    Both are repeated in turn, few levels more often, and the medians taken.
    """
    own = model()
    levels, _ = made(1, levels=count)
    fit_series(levels[: min(count, 3)], own)
    separate, series = [], []
    for _ in range(max(3, 120 // count)):
        start = time.perf_counter()
        kept = [sc.fit(level, own) for level in levels]
        separate.append(time.perf_counter() - start)
        start = time.perf_counter()
        fit_series(levels, own)
        series.append(time.perf_counter() - start)
        kept.clear()
    alone, whole = float(np.median(separate)), float(np.median(series))
    return {"levels": count, "separate, s": alone, "series, s": whole} | {
        "series / separate": whole / alone
    }


_LEAST = 20.0  # counts eV


@dataclass(frozen=True)
class Lmfit:
    """One lmfit problem over all levels of a series, beside the series fit of the same levels.

    Attributes
    ----------
    levels, parameters : int
    seconds, series : float
        Of one ``lmfit.minimize``, and of `fit_series` with its separate fits.
    off : float
        Largest difference of an area, in standard errors of the series.
    """

    levels: int
    parameters: int
    seconds: float
    series: float
    off: float


def lmfit_beside(count: int) -> Lmfit:
    """Return what one lmfit problem over some levels costs.

    lmfit gets every advantage: it begins at the separate fits of the levels, which cost it
    nothing, at weights that do not change, and minimises residuals that are compiled here.
    """
    import lmfit

    own = model()
    levels, _ = made(1, levels=count)
    start = time.perf_counter()
    found = fit_series(levels, own)
    series = time.perf_counter() - start
    whole, spectra = _all_levels(levels, found)
    parameters, residual = lmfit_residual(spectra, whole)
    start = time.perf_counter()
    reached = lmfit.minimize(residual, parameters, calc_covar=False)
    seconds = time.perf_counter() - start
    off = 0.0
    for path in (f"{name}/area" for name in AREAS):
        values, errors = found.values(path), found.stderrs(path)
        for k in np.flatnonzero(np.isfinite(errors)):
            region, _, what = path.partition("/")
            first = reached.params[_lmfit_name(f"{_at(region, int(k))}/{what}", " 2p3/2")].value
            off = max(off, abs(1.5 * first - values[k]) / errors[k])
    return Lmfit(count, int(reached.nvarys), seconds, series, off)


def _lmfit_name(path: str, line: str) -> str:
    owner, _, name = path.rpartition("/")
    return lmfit_name(f"{owner}{line}/{name}")


def _at(region: str, level: int) -> str:
    return region if level == 0 else f"{region} {level}"


def _all_levels(
    levels: Sequence[Mapping[str, sc.Spectrum]], found: SeriesFit
) -> tuple[sc.Model, dict[str, sc.Spectrum]]:
    """Return one model of all levels with the values of their separate fits.

    Positions and widths are tied to those of the first level; each level has one charge shift,
    that of the level where the series has none stays at nothing.
    """
    regions, spectra, links = [], {}, []
    anchor = int(np.argmin(np.abs(found.values("S 2p/region/shift"))))
    for k, level in enumerate(levels):
        alone = found.separate[k]
        assert alone is not None
        shift = sc.Parameter(float(found.values("S 2p/region/shift")[k]), -3.0, 3.0, k != anchor)
        for region in map(_off_bounds, alone.model.regions):
            name = _at(region.name, k)
            spectra[name] = level[region.name]
            regions.append(replace(region, name=name, shift=shift))
            links += _tied(alone.model, region, name) if k else []
        links += [link for link in alone.model.links if not k]
        links += sc.share([f"{_at(r.name, k)}/region/shift" for r in alone.model.regions])
    return sc.Model(tuple(regions), tuple(links)), spectra


def _off_bounds(region: sc.Region) -> sc.Region:
    """Return a region whose areas are more than nothing: from a bound lmfit does not move."""
    components = tuple(
        replace(c, parameters={**c.parameters, "area": _at_least(c.parameters["area"], _LEAST)})
        for c in region.components
    )
    return replace(region, components=components)


def _at_least(parameter: sc.Parameter, value: float) -> sc.Parameter:
    return replace(parameter, value=max(parameter.value or 0.0, value))


def _tied(own: sc.Model, region: sc.Region, name: str) -> list[Link]:
    """Return what ties positions and widths of one region to those of the first level."""
    minors = {doublet.minor for doublet in region.doublets}
    found: list[Link] = []
    for component in region.components:
        for what in ("center", "fwhm") if component.id not in minors else ():
            path = f"{component.id}/{what}"
            found += sc.share([f"{region.name}/{path}", f"{name}/{path}"])
    return found


def lmfit_growth(counts: Sequence[int], wanted: Sequence[int]) -> Iterator[str]:
    """Yield what lmfit costs over some levels, and would cost over more.

    The power of the number of levels is taken from the upper half of those that were fitted,
    where it is steepest; `wanted` levels are fitted as a series, and lmfit's time is
    extrapolated to them by that power, and by the square, which is less than any problem
    with a dense matrix of derivatives can do.
    """
    found = [lmfit_beside(count) for count in counts]
    for one in found:
        yield (
            f"{one.levels} levels, {one.parameters} parameters: lmfit {one.seconds:.3g} s, series"
            f" {one.series:.3g} s, ratio {one.seconds / one.series:.0f}; areas differ by up to"
            f" {one.off:.2f} standard errors"
        )
    upper = found[len(found) // 2 - 1 :]
    power, _ = np.polyfit(
        np.log([one.levels for one in upper]), np.log([one.seconds for one in upper]), 1
    )
    last = found[-1]
    yield f"lmfit grows as levels to the power {power:.2f}"
    for count in wanted:
        series = costs(count)["series, s"]
        times = [last.seconds * (count / last.levels) ** p for p in (power, 2.0)]
        yield (
            f"{count} levels: series {series:.3g} s; lmfit extrapolated {times[0]:.3g} s"
            f" ({times[0] / series:.0f} times), by the square {times[1]:.3g} s"
            f" ({times[1] / series:.0f} times)"
        )


def main() -> None:
    """Print what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=100, help="0: no intervals.")
    parser.add_argument("--levels", type=int, nargs="*", default=[12, 100])
    parser.add_argument(
        "--lmfit", type=int, nargs="*", default=[], help="Levels of lmfit problems, e.g. 4 6 8 12."
    )
    arguments = parser.parse_args()
    seeds = range(1000, 1000 + arguments.seeds)
    for share, wider, shapes in _TRUTHS if seeds else ():
        known = "0.3 +/- 0.15" if shapes else "0.3"
        print(f"true Lorentzian share {share:g}, the model says {known}; 2p1/2 wider by {wider:g}:")
        for name, said in coverage(seeds, shapes=shapes, share=share, wider=wider).items():
            print(f"  {name:14} {said}")
    for count in arguments.levels:
        print(", ".join(f"{k} {v:.4g}" for k, v in costs(count).items()))
    if arguments.lmfit:
        lmfit_beside(2)
        for line in lmfit_growth(arguments.lmfit, arguments.levels):
            print(line, flush=True)


_TRUTHS = ((0.3, 1.0, False), (0.15, 1.0, False), (0.15, 1.0, True), (0.3, 1.08, False))

if __name__ == "__main__":
    main()
