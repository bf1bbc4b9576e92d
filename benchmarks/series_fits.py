"""How good and how fast series fits are, on synthetic profiles with known truth.

``python -m benchmarks.series_fits --seeds 100 --levels 12 100 1000`` prints, for joint S 2p and
P 2p profiles of twelve levels: how many 95 % intervals hold the true area, with what is shared
and level by level; the errors of both; the interface; and what a series costs beside the
separate fits of its levels and beside one lmfit problem over all of them.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

import spectra_core as sc
from spectra_core.errors import FitError
from spectra_core.series.depth import interface
from spectra_core.series.fits import SeriesFit, fit_series

from .series_truth import P2P, S2P, made

AREAS = ("S 2p/PS4", "S 2p/P2S5", "S 2p/Li2S", "P 2p/PS4", "P 2p/P2S5")


def model() -> sc.Model:
    """Return three states of sulfur and two of phosphorus over active Shirley backgrounds."""
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
                mix=sc.Parameter(0.3, free=False),
            )
        regions.append(region)
    widths = [f"S 2p/{state} 2p3/2/fwhm" for state in S2P]
    return sc.add_links(sc.Model(tuple(regions)), sc.share(widths))


def coverage(seeds: Sequence[int]) -> dict[str, float]:
    """Return the parts of intervals that hold the truth, and what sharing gains."""
    held = dict.fromkeys(("series", "separate", "interface"), 0)
    total = dict.fromkeys(held, 0)
    gains: list[float] = []
    places: list[float] = []
    biases: list[float] = []
    own = model()
    for seed in seeds:
        levels, truth = made(seed)
        found = fit_series(levels, own)
        for name in AREAS:
            true = np.array([areas[name] for areas in truth])
            values, errors = found.values(f"{name}/area"), found.stderrs(f"{name}/area")
            there = np.isfinite(errors) & (true > 30.0)
            held["series"] += int((np.abs(values - true) < 1.96 * errors)[there].sum())
            total["series"] += int(there.sum())
            biases.append(float(values.sum() / true.sum() - 1.0))
            alone = [r for r in found.separate if r is not None]
            values = np.array([r.value(f"{name}/area") for r in alone])
            before = np.array([r.stderr(f"{name}/area") or np.nan for r in alone])
            there = np.isfinite(before) & (true > 30.0)
            held["separate"] += int((np.abs(values - true) < 1.96 * before)[there].sum())
            total["separate"] += int(there.sum())
            gains.append(float(np.nanmedian(before / errors)))
        step = _interface(found)
        if step is not None:
            held["interface"] += abs(step[0] - 6.0) < 1.96 * step[1]
            total["interface"] += 1
            places.append(step[0])
    parts = {f"held, {name}": held[name] / max(total[name], 1) for name in held}
    return parts | {
        "gain of errors, median": float(np.median(gains)),
        "interface, mean (truth 6)": float(np.mean(places)),
        "interface, worst": float(np.max(np.abs(np.array(places) - 6.0))),
        "total area, worst deviation": float(np.max(np.abs(biases))),
    }


def _interface(found: SeriesFit) -> tuple[float, float] | None:
    values, errors = found.values("S 2p/P2S5/area"), found.stderrs("S 2p/P2S5/area")
    try:
        step = interface(np.arange(12.0), values, errors)
    except FitError:
        return None
    return step.position, step.position_sd


def costs(count: int) -> dict[str, float]:
    """Return seconds of a series, and of its levels by themselves."""
    own = model()
    levels, _ = made(1, levels=count)
    fit_series(levels[: min(count, 3)], own)
    start = time.perf_counter()
    for level in levels:
        sc.fit(level, own)
    separate = time.perf_counter() - start
    start = time.perf_counter()
    fit_series(levels, own)
    series = time.perf_counter() - start
    return {"levels": count, "separate, s": separate, "series, s": series} | {
        "series / separate": series / separate
    }


def lmfit_seconds(counts: Sequence[int] = (2, 3, 4)) -> tuple[list[float], float]:
    """Return seconds of one lmfit problem over few levels, and the power of their number.

    lmfit minimises residuals that are compiled here, which favours it; positions, widths and
    the rest that a series shares are one parameter each.
    """
    found = []
    for count in counts:
        levels, _ = made(1, levels=count)
        whole, spectra = _all_levels(levels)
        start = time.perf_counter()
        sc.fit(spectra, whole, method="leastsq")
        found.append(time.perf_counter() - start)
    power, _ = np.polyfit(np.log(counts), np.log(found), 1)
    return found, float(power)


def _all_levels(
    levels: Sequence[Mapping[str, sc.Spectrum]],
) -> tuple[sc.Model, dict[str, sc.Spectrum]]:
    """Return one model of all levels, with what is shared tied to the first."""
    own = model()
    regions, spectra, links = [], {}, list(own.links)
    for k, level in enumerate(levels):
        for region in own.regions:
            name = region.name if k == 0 else f"{region.name} {k}"
            regions.append(replace(region, name=name))
            spectra[name] = level[region.name]
            for component in region.components if k else ():
                if any(d.minor == component.id for d in region.doublets):
                    continue
                for what in ("center", "fwhm"):
                    path = f"{region.name}/{component.id}/{what}"
                    links += sc.share([path, f"{name}/{component.id}/{what}"])
    return sc.Model(tuple(regions), tuple(links)), spectra


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=100)
    parser.add_argument("--levels", type=int, nargs="*", default=[12, 100])
    parser.add_argument("--lmfit", action="store_true", help="Time lmfit over few levels, too.")
    arguments = parser.parse_args()
    for name, value in coverage(range(1000, 1000 + arguments.seeds)).items():
        print(f"{name:32} {value:.4g}")
    for count in arguments.levels:
        print(", ".join(f"{k} {v:.4g}" for k, v in costs(count).items()))
    if arguments.lmfit:
        seconds, power = lmfit_seconds()
        shown = ", ".join(f"{s:.3g}" for s in seconds)
        print(f"lmfit over 2, 3 and 4 levels: {shown} s, as levels to the power {power:.2g}")


if __name__ == "__main__":
    main()
