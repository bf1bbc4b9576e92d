"""The same spectra through Doublet and other programs: what is missed, bias, coverage, time.

Every program gets the same counts, window, start values and model (states of one width and one
Lorentzian share) and is used as its manual says: ``python -m benchmarks.contest``. All spectra are
synthetic, of known truth, by a generator that shares no code with any of them (`forward`).
Programs that are not installed are left out and named. ``pip install lmfitxps`` and Debian's
``fityk`` bring the optional ones.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from math import exp, log, sqrt
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from scipy.optimize import curve_fit

import spectra_core as sc
from benchmarks import forward
from benchmarks.peers import fityk_numbers

Array = np.ndarray
Z95 = 1.959964
SPLITTING = 1.18
WIDTH, SHARE = (1.0, 0.4, 2.5), (0.3, 0.0, 1.0)  # start and bounds, eV and 1


@dataclass(frozen=True)
class Task:
    """A spectrum and the model that all programs fit to it.

    Attributes
    ----------
    x, counts : ndarray, shape (N,)
        Ascending binding energy, eV; Poisson counts.
    centers : tuple of float
        Where each state starts, eV.
    doublets : bool
        Whether a state is an S 2p doublet: a second line 1.18 eV higher, half as large.
    """

    x: Array
    counts: Array
    centers: tuple[float, ...]
    doublets: bool

    @property
    def sigma(self) -> Array:
        """Standard deviations from the counts."""
        return np.asarray(np.sqrt(np.maximum(self.counts, 1.0)))

    @property
    def area(self) -> float:
        """Where the area of each state starts, counts eV."""
        step = float(self.x[1] - self.x[0])
        above = self.counts - np.linspace(self.counts[0], self.counts[-1], self.x.size)
        return max(float(above.sum()) * step / len(self.centers), 1.0)


@dataclass(frozen=True)
class Answer:
    """What a program says: centres, areas, their covariance (None: it gives none), and its fit."""

    centers: Array
    areas: Array
    covariance: Array | None
    chi_square: float
    n_free: int
    seconds: float
    interval: tuple[float, float] | None = None  # of the ratio, where the program makes one

    def bic(self, n: int) -> float:
        """Return the Bayesian information criterion."""
        return self.chi_square + self.n_free * log(n)


Program = Callable[[Task], Answer]


# ---------------------------------------------------------------- Doublet


def doublet_model(task: Task) -> sc.Model:
    """Return the model in Doublet's words, on an active Shirley background."""
    region = sc.Region("S 2p", (float(task.x[0]), float(task.x[-1])), sc.Background("shirley"))
    for number, center in enumerate(task.centers):
        settings: dict[str, Any] = {
            "center": (center, center - 1.0, center + 1.0),
            "fwhm": WIDTH,
            "mix": SHARE,
            "area": (task.area, 0.0, np.inf),
        }
        name = f"state{number}"
        if task.doublets:
            region = sc.add_doublet(
                region, name, "S 2p", "pseudo_voigt", splitting=SPLITTING, **settings
            )
        else:
            region = sc.add_component(region, name, "pseudo_voigt", **settings)
    model = sc.Model((region,))
    names = [f"S 2p/state{number}" for number in range(len(task.centers))]
    for word in ("fwhm", "mix"):
        if len(names) > 1:
            model = sc.add_links(model, sc.share([f"{name}/{word}" for name in names]))
    return model


def run_doublet(task: Task, *, budget: bool = False) -> Answer:
    """Fit with Doublet from the same start; with the budget, the ratio's whole interval."""
    spectrum = sc.make_spectrum(
        task.x, task.counts, sc.Axis.BINDING_ENERGY, y_unit="counts", counts=task.counts
    )
    model = doublet_model(task)
    begun = time.perf_counter()
    result = sc.fit(spectrum, model, starts=1)
    names = [f"state{number}" for number in range(len(task.centers))]
    interval = None
    if len(names) > 1:
        if budget:
            ratio = sc.ratio_budget(result, names[1:], names[:1], name="R", monte_carlo=0)
            interval = ratio.total_interval
        else:
            interval = sc.area_ratio(result, names[1:], names[:1], name="R").interval
    seconds = time.perf_counter() - begun
    paths = [f"S 2p/{name}/area" for name in names]
    values = np.array([result.value(path) for path in paths])
    known = [path for path in paths if result.stderr(path) is not None]
    covariance = result.covariance_of(paths) if len(known) == len(paths) else None
    centers = np.array([result.value(f"S 2p/{name}/center") for name in names])
    statistics = result.regions[0].statistics
    free = 2 * len(names) + 4
    return Answer(centers, values, covariance, statistics.chi_square, free, seconds, interval)


# ---------------------------------------------------------------- by hand: a static Shirley


def static_shirley(x: Array, y: Array) -> Array:
    """Return the iterated Shirley background between the means of five channels at the ends."""
    low, high = y[:5].mean(), y[-5:].mean()
    background = np.full(y.size, low)
    for _ in range(50):
        passed = np.concatenate(
            [[0.0], np.cumsum(0.5 * ((y - background)[1:] + (y - background)[:-1]))]
        )
        new = low + (high - low) * passed / passed[-1]
        if np.abs(new - background).max() < 1e-6 * max(abs(high - low), 1.0):
            return np.asarray(new)
        background = new
    return background


def pseudo_voigt(x: Array, area: float, center: float, fwhm: float, share: float) -> Array:
    """Return a sum of Gaussian and Lorentzian with the areas 1 - share and share."""
    u = (x - center) / fwhm
    gauss = np.exp(-4.0 * log(2.0) * u * u) * 2.0 * sqrt(log(2.0) / np.pi) / fwhm
    return area * ((1.0 - share) * gauss + share * 2.0 / (np.pi * fwhm * (1.0 + 4.0 * u * u)))


def states_curve(task: Task, p: Sequence[float]) -> Array:
    """Return the curve of all states: areas, centres, then width and share."""
    k = len(task.centers)
    total = np.zeros(task.x.size)
    for area, center in zip(p[:k], p[k : 2 * k], strict=True):
        lines = ((2.0 / 3.0, 0.0), (1.0 / 3.0, SPLITTING)) if task.doublets else ((1.0, 0.0),)
        for part, apart in lines:
            total = total + pseudo_voigt(
                task.x, part * area, center + apart, p[2 * k], p[2 * k + 1]
            )
    return total


def run_scipy(task: Task, background: Callable[[Task], Array]) -> Answer:
    """Fit with scipy's curve_fit what a background leaves."""
    k = len(task.centers)
    begun = time.perf_counter()
    net = task.counts - background(task)
    start = [task.area] * k + list(task.centers) + [WIDTH[0], SHARE[0], 0.0]
    low = [0.0] * k + [c - 1.0 for c in task.centers] + [WIDTH[1], SHARE[1], -np.inf]
    high = [np.inf] * k + [c + 1.0 for c in task.centers] + [WIDTH[2], SHARE[2], np.inf]

    def curve(x: Array, *p: float) -> Array:
        return states_curve(task, p) + p[-1]

    found, covariance = curve_fit(
        curve,
        task.x,
        net,
        start,
        task.sigma,
        absolute_sigma=True,
        bounds=(low, high),
        max_nfev=2000,
    )
    seconds = time.perf_counter() - begun
    chi_square = float((((net - curve(task.x, *found)) / task.sigma) ** 2).sum())
    covered = covariance[:k, :k] if np.isfinite(covariance[:k, :k]).all() else None
    return Answer(found[k : 2 * k], found[:k], covered, chi_square, 2 * k + 3, seconds)


def arpls(task: Task) -> Array:
    """Return pybaselines' arPLS baseline at its usual stiffness."""
    from pybaselines import Baseline

    return np.asarray(Baseline(task.x).arpls(task.counts, lam=1e6)[0])


# ---------------------------------------------------------------- lmfit, lmfitxps


def lmfit_peaks(task: Task) -> tuple[Any, Any]:
    """Return lmfit's model of all lines and its parameters, tied by expressions."""
    from lmfit.models import PseudoVoigtModel

    lines = ("a", "b") if task.doublets else ("a",)
    names = [(number, line) for number in range(len(task.centers)) for line in lines]
    model = None
    for number, line in names:
        peak = PseudoVoigtModel(prefix=f"s{number}{line}_")
        model = peak if model is None else model + peak
    parameters = model.make_params()  # type: ignore[union-attr]
    part = 2.0 / 3.0 if task.doublets else 1.0
    for number, center in enumerate(task.centers):
        own = f"s{number}a_"
        parameters[own + "amplitude"].set(part * task.area, min=0.0)
        parameters[own + "center"].set(center, min=center - 1.0, max=center + 1.0)
        if number == 0:
            parameters["s0a_sigma"].set(WIDTH[0] / 2.0, min=WIDTH[1] / 2.0, max=WIDTH[2] / 2.0)
            parameters["s0a_fraction"].set(*SHARE[:1], min=SHARE[1], max=SHARE[2])
        else:
            parameters[own + "sigma"].set(expr="s0a_sigma")
            parameters[own + "fraction"].set(expr="s0a_fraction")
        if task.doublets:
            other = f"s{number}b_"
            parameters[other + "amplitude"].set(expr=f"0.5 * {own}amplitude")
            parameters[other + "center"].set(expr=f"{own}center + {SPLITTING}")
            parameters[other + "sigma"].set(expr="s0a_sigma")
            parameters[other + "fraction"].set(expr="s0a_fraction")
    return model, parameters


def lmfit_answer(task: Task, result: Any, seconds: float) -> Answer:
    """Return what lmfit found, with the covariance of the areas if it made one."""
    k, part = len(task.centers), 2.0 / 3.0 if task.doublets else 1.0
    names = [f"s{number}a_amplitude" for number in range(k)]
    areas = np.array([result.params[name].value for name in names]) / part
    centers = np.array([result.params[f"s{number}a_center"].value for number in range(k)])
    covariance = None
    if result.covar is not None and np.isfinite(result.covar).all():
        places = [result.var_names.index(name) for name in names]
        covariance = result.covar[np.ix_(places, places)] / part**2
    return Answer(centers, areas, covariance, result.chisqr, result.nvarys, seconds)


def run_lmfit(task: Task) -> Answer:
    """Fit with lmfit by hand: a static Shirley is taken off first."""
    from lmfit.models import ConstantModel

    begun = time.perf_counter()
    net = task.counts - static_shirley(task.x, task.counts)
    peaks, parameters = lmfit_peaks(task)
    parameters.add("c", 0.0)
    model = peaks + ConstantModel()
    result = model.fit(net, parameters, x=task.x, weights=1.0 / task.sigma, scale_covar=False)
    return lmfit_answer(task, result, time.perf_counter() - begun)


def run_lmfitxps(task: Task) -> Answer:
    """Fit with lmfitxps: its Shirley is fitted with the peaks, from the data."""
    from lmfitxps.models import ShirleyBG

    begun = time.perf_counter()
    x, y, sigma = task.x[::-1], task.counts[::-1], task.sigma[::-1]  # low binding energy right
    peaks, parameters = lmfit_peaks(task)
    model = peaks + ShirleyBG(independent_vars=["y"], prefix="bg_")
    level = float(task.counts[:5].mean())
    parameters.add("bg_k", 1e-4, min=0.0)
    parameters.add("bg_const", level)
    result = model.fit(y, parameters, x=x, y=y, weights=1.0 / sigma, scale_covar=False)
    return lmfit_answer(task, result, time.perf_counter() - begun)


# ---------------------------------------------------------------- Fityk

_FITYK = """
F:execute("@0 < '{data}:1:2:3:'")
F:execute("set verbosity = -1")
{commands}
local t = os.clock()
F:execute("fit")
print("seconds", os.clock() - t)
print("wssr", string.format("%.15g", F:get_wssr(0)))
for _, name in ipairs({{{names}}}) do
  print(name, string.format("%.15g", F:calculate_expr("$" .. name)))
  print("e" .. name, string.format("%.15g", F:calculate_expr("$" .. name .. ".error")))
end
"""


def run_fityk(task: Task) -> Answer:
    """Fit with Fityk what the same static Shirley leaves; errors of areas as if independent."""
    k = len(task.centers)
    net = task.counts - static_shirley(task.x, task.counts)
    commands = [f"$w = ~{WIDTH[0] / 2.0} [0.2:1.25]", f"$m = ~{SHARE[0]} [0:1]", "$k = ~0"]
    terms = ["%k"]
    for number, center in enumerate(task.centers):
        height = task.area / WIDTH[0] * (0.7 if not task.doublets else 0.45)
        commands += [f"$h{number} = ~{height}", f"$c{number} = ~{center}"]
        for line, part, apart in (("a", 1.0, 0.0), ("b", 0.5, SPLITTING))[: 1 + task.doublets]:
            name = f"%s{number}{line}"
            commands.append(f"{name} = PseudoVoigt({part}*$h{number}, $c{number}+{apart}, $w, $m)")
            terms.append(name)
    commands += ["%k = Constant($k)", f"F = {' + '.join(terms)}"]
    names = [f"{word}{number}" for number in range(k) for word in "hc"] + ["w", "m"]
    found = fityk(task.x, net, task.sigma, commands, names)
    # height to area: of a Gaussian and a Lorentzian share of the height
    w, m = found["w"], found["m"]
    unit = w * ((1.0 - m) * sqrt(np.pi / log(2.0)) + m * np.pi) * (1.5 if task.doublets else 1.0)
    areas = np.array([found[f"h{number}"] for number in range(k)]) * unit
    errors = np.array([found[f"eh{number}"] for number in range(k)]) * unit
    centers = np.array([found[f"c{number}"] for number in range(k)])
    return Answer(centers, areas, np.diag(errors**2), found["wssr"], 2 * k + 3, found["seconds"])


def fityk(
    x: Array, y: Array, sigma: Array, commands: Sequence[str], names: Sequence[str]
) -> dict[str, float]:
    """Run commands in Fityk and return the numbers that it prints."""
    return fityk_numbers(
        (x, y, sigma),
        _FITYK,
        commands="\n".join(f'F:execute("{line}")' for line in commands),
        names=", ".join(f'"{name}"' for name in names),
    )


# ---------------------------------------------------------------- the sets


@dataclass(frozen=True)
class Case:
    """One cell of a set: spectra of one truth.

    Attributes
    ----------
    name : str
    centers, areas : tuple of float
        True, of each state.
    draw : callable
        Returns axis and counts.
    doublets : bool
    """

    name: str
    centers: tuple[float, ...]
    areas: tuple[float, ...]
    draw: Callable[[np.random.Generator], tuple[Array, Array]]
    doublets: bool


def nist_like(separation: float, ratio: float, peak: float) -> Case:
    """Return two C 1s states of one asymmetric shape, as the NIST test data were made."""
    centers = (285.0, 285.0 + separation)
    x = np.arange(280.0, 291.0, 0.1)

    def shape(center: float) -> Array:
        main = pseudo_voigt(x, 1.0, center, 0.9, 0.1)
        return np.asarray(main + pseudo_voigt(x, 0.2, center + 0.6, 0.9, 0.1))

    def draw(rng: np.random.Generator) -> tuple[Array, Array]:
        curve = shape(centers[0]) + ratio * shape(centers[1])
        curve = curve / curve.max()
        step = np.cumsum(curve) / curve.sum()
        return x, rng.poisson(peak * (curve + 0.1 + 0.05 * step)).astype(float)

    return Case(f"{separation} eV, {ratio}, {peak:g}", centers, (1.0, ratio), draw, False)


def sulfide(name: str, states: Sequence[tuple[float, float]], peak: float) -> Case:
    """Return S 2p doublets on a Shirley step, drawn by the forward model."""
    levels = {"S 2p": {str(n): forward.State(c, a, 1.1) for n, (c, a) in enumerate(states)}}
    truth = forward.Truth(
        levels, {"S 2p": (157.0, 168.0)}, {"S 2p": 1.0}, level=0.2, step=0.02, counts=peak
    )
    return Case(
        f"{name}, {peak:g}",
        tuple(center for center, _ in states),
        tuple(area for _, area in states),
        lambda rng: forward.draw(truth, rng)["S 2p"],
        True,
    )


def nist_set() -> list[Case]:
    """Return the factorial design: separation, intensity ratio, counts in the peak."""
    return [
        nist_like(separation, ratio, peak)
        for separation in (0.3, 0.5, 0.7, 1.0, 1.5)
        for ratio in (1.0, 0.5, 0.2, 0.1)
        for peak in (1e3, 1e4, 1e5)
    ]


def sulfide_set() -> list[Case]:
    """Return charged argyrodite (two mixtures of three states) and pristine (two states)."""
    cases = []
    for peak in (1e3, 1e4):
        cases += [
            sulfide("pristine 80/20", ((161.5, 0.80), (160.2, 0.20)), peak),
            sulfide("charged 70/17/13", ((161.4, 0.70), (162.7, 0.17), (163.5, 0.13)), peak),
            sulfide("charged 42/32/26", ((161.4, 0.42), (162.7, 0.32), (163.5, 0.26)), peak),
        ]
    return cases


def table_set() -> list[Case]:
    """Return the four ratios intermediate / PS4 that the founding paper prints."""
    return [
        sulfide(f"R = {ratio}", ((161.4, 1.0), (163.0, ratio)), 3e3)
        for ratio in (1.11, 0.97, 1.56, 0.56)
    ]


# name -> its cases, and how many spectra of each
SETS: dict[str, tuple[Callable[[], list[Case]], int]] = {
    "Table 1 replicas": (table_set, 20),
    "sulfide S 2p": (sulfide_set, 6),
    "NIST-like C 1s": (nist_set, 1),
}


def programs() -> dict[str, Program]:
    """Return the programs that are installed."""
    found: dict[str, Program] = {
        "Doublet": run_doublet,
        "Doublet, whole budget": lambda task: run_doublet(task, budget=True),
        "lmfit by hand, static Shirley": run_lmfit,
        "scipy curve_fit, static Shirley": lambda task: run_scipy(
            task, lambda t: static_shirley(t.x, t.counts)
        ),
        "scipy curve_fit, pybaselines arPLS": lambda task: run_scipy(task, arpls),
    }
    if find_spec("lmfitxps"):
        found["lmfitxps, active Shirley"] = run_lmfitxps
    if shutil.which("cfityk"):
        found["Fityk, static Shirley"] = run_fityk
    return found


# ---------------------------------------------------------------- scoring


@dataclass(frozen=True)
class Score:
    """What one spectrum tells of a program.

    Attributes
    ----------
    found : bool
        Whether BIC prefers the true number of states to one fewer.
    position : float
        Error of the second state's centre, eV.
    ratio : float
        Ratio of all other states to the first, over the true one.
    covered : bool or None
        Whether its 95 % interval holds the truth; None: the program gave none.
    seconds : float
    """

    found: bool
    position: float
    ratio: float
    covered: bool | None
    seconds: float


def ratio_interval(answer: Answer) -> tuple[float, float] | None:
    """Return the 95 % interval of the ratio of the other areas to the first, by its logarithm."""
    if answer.interval is not None:
        return answer.interval
    if answer.covariance is None or len(answer.areas) < 2:
        return None
    first, others = answer.areas[0], answer.areas[1:].sum()
    if first <= 0.0 or others <= 0.0:
        return None
    gradient = np.concatenate([[-1.0 / first], np.full(answer.areas.size - 1, 1.0 / others)])
    variance = float(gradient @ answer.covariance @ gradient)
    if not np.isfinite(variance) or variance < 0.0:
        return None
    spread = exp(min(Z95 * sqrt(variance), 50.0))
    return others / first / spread, others / first * spread


def score(case: Case, program: Program, rng: np.random.Generator) -> Score | None:
    """Return how a program does on one spectrum; None: it gave no answer."""
    x, counts = case.draw(rng)
    task = Task(x, counts, tuple(center + 0.1 for center in case.centers), case.doublets)
    try:
        full = program(task)
        fewer = program(replace(task, centers=task.centers[:-1]))
    except (RuntimeError, ValueError, sc.SpectraError) as problem:
        print(f"  {case.name}: {str(problem)[:100]}", file=sys.stderr)
        return None
    truth = sum(case.areas[1:]) / case.areas[0]
    ratio = float(full.areas[1:].sum() / full.areas[0]) if full.areas[0] > 0.0 else np.inf
    interval = ratio_interval(full)
    covered = None if interval is None else bool(interval[0] <= truth <= interval[1])
    return Score(
        full.bic(x.size) < fewer.bic(x.size),
        float(full.centers[1] - case.centers[1]),
        ratio / truth,
        covered,
        full.seconds,
    )


def measure(cases: Sequence[Case], program: Program, repeats: int) -> dict[str, float]:
    """Return the scores of a program over a set."""
    scores, failed = [], 0
    for number, case in enumerate(cases):
        for repeat in range(repeats):
            one = score(case, program, np.random.default_rng([number, repeat]))
            failed += one is None
            scores += [one] if one is not None else []
    found = [one for one in scores if one.found]
    judged = [one for one in scores if one.covered is not None]
    return {
        "spectra": len(cases) * repeats,
        "failed": failed,
        "missed": 1.0 - len(found) / max(len(scores), 1),
        "position_bias_ev": median(one.position for one in found),
        "position_spread_ev": spread([one.position for one in found]),
        "ratio_bias": median(one.ratio for one in found) - 1.0,
        "ratio_spread": spread([one.ratio for one in found]),
        "no_interval": 1.0 - len(judged) / max(len(scores), 1),
        "coverage": sum(bool(one.covered) for one in judged) / max(len(judged), 1),
        "ms": 1e3 * median(one.seconds for one in scores),
    }


def spread(values: Sequence[float]) -> float:
    """Return half the range that holds the middle 68 %."""
    low, high = np.percentile(values, [16.0, 84.0])
    return float(0.5 * (high - low))


def table(rows: dict[str, dict[str, float]]) -> str:
    """Return the scores of a set as a table in Markdown."""
    lines = [
        "| program | missed | centre, bias ± spread / eV | ratio, bias ± spread | "
        "95 % interval holds the truth | no interval | ms |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for name, row in rows.items():
        lines.append(
            f"| {name} | {row['missed']:.0%} "
            f"| {row['position_bias_ev']:+.3f} ± {row['position_spread_ev']:.3f} "
            f"| {row['ratio_bias']:+.1%} ± {row['ratio_spread']:.1%} "
            f"| {row['coverage']:.0%} | {row['no_interval']:.0%} | {row['ms']:.1f} |"
        )
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the contest and print its tables."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--repeats", type=int, help="spectra of each case, in place of a set's")
    parser.add_argument("--json", type=Path, help="write the scores to a file")
    parser.add_argument("--sets", nargs="*", default=list(SETS), help="which sets")
    chosen = parser.parse_args(arguments)
    everything = {}
    known = programs()
    for name in chosen.sets:
        make, repeats = SETS[name]
        cases, repeats, rows = make(), chosen.repeats or repeats, {}
        for program, run in known.items():
            begun = time.perf_counter()
            rows[program] = measure(cases, run, repeats)
            print(f"{name}: {program}: {time.perf_counter() - begun:.0f} s", file=sys.stderr)
        everything[name] = rows
        print(f"\n{name}: {len(cases) * repeats} spectra\n\n{table(rows)}", flush=True)
    if chosen.json:
        chosen.json.write_text(json.dumps(everything, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
