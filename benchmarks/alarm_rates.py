"""How often the lint's rules are wrong on good data, and how often they see what is wrong.

Two tables. *False alarms*: spectra drawn from the fitted model itself, whose constants are
drawn from what is known of them; every finding is one too many, and each rule is counted by
itself. *Power*: the same with one stated departure, and how often the rule that is there for
it speaks. The forward model is Voigt lines by the Faddeeva function with an active Shirley
step, written here with numpy and scipy alone: it shares no code with the program.

Run it by itself: ``python benchmarks/alarm_rates.py [--spectra N] [--case NAME] [--markdown]``.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from pathlib import Path

import numpy as np
from scipy.optimize import brentq
from scipy.special import wofz

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import spectra_core as sc
from spectra_core.fitting.better import in_best_minimum
from spectra_core.referee.rules import RULES
from spectra_core.spectrum import Axis, Calibration, Meta, Spectrum

STEP_EV, DWELL_S, SCANS = 0.1, 0.1, 10.0
RATIOS = {"S 2p": (1.18, 0.5), "P 2p": (0.86, 0.5)}  # splitting in eV, area ratio
WINDOWS = {"S 2p": (157.0, 168.0), "P 2p": (126.0, 138.5)}
REFERENCE = Calibration(0.0, "C 1s", 284.8, 284.8, 0.1)
COUNTS = (300.0, 1e3, 1e4)


# ---------------------------------------------------------------------------------
# The forward model


@dataclass(frozen=True)
class State:
    """One chemical state as it truly is: position of the 2p3/2 line, area of both lines."""

    center: float
    area: float
    fwhm: float = 1.2
    mix: float = 0.3


@dataclass(frozen=True)
class Truth:
    """What one region's spectrum is drawn from.

    Attributes
    ----------
    level : str
    states : mapping of str to State
    background : float
        Counts at the low-energy end, as a part of the highest line.
    step : float
        Of the Shirley step, per unit of area below.
    slope : float
        Part of the background per eV.
    shift : float
        Of all lines, eV.
    """

    level: str
    states: dict[str, State]
    background: float = 0.3
    step: float = 0.02
    slope: float = 0.0
    shift: float = 0.0

    def without(self, *names: str) -> Truth:
        """Return the truth without some states."""
        return replace(self, states={k: s for k, s in self.states.items() if k not in names})

    def moved(self, by: float, *names: str) -> Truth:
        """Return the truth with some states (all if none is named) moved."""
        chosen = names or tuple(self.states)
        states = {
            k: replace(s, center=s.center + by) if k in chosen else s
            for k, s in self.states.items()
        }
        return replace(self, states=states)

    def times(self, factor: float, *names: str) -> Truth:
        """Return the truth with the areas of some states (all if none is named) multiplied."""
        chosen = names or tuple(self.states)
        states = {
            k: replace(s, area=s.area * factor) if k in chosen else s
            for k, s in self.states.items()
        }
        return replace(self, states=states)


@lru_cache(maxsize=64)
def voigt_widths(mix: float) -> tuple[float, float]:
    """Return Gaussian and Lorentzian FWHM of a Voigt line of unit FWHM."""
    if mix <= 0.0:
        return 1.0, 0.0

    def excess(total: float) -> float:
        gauss, lorentz = (1.0 - mix) * total, mix * total
        half, top = voigt(np.array([0.5, 0.0]), gauss, lorentz)
        return float(half / top)

    total = brentq(lambda t: excess(t) - 0.5, 0.5, 2.5)
    return (1.0 - mix) * total, mix * total


def voigt(x: np.ndarray, gauss: float, lorentz: float) -> np.ndarray:
    """Return a Voigt line of unit area, by the FWHM of its parts."""
    sigma = max(gauss, 1e-6) / (2.0 * np.sqrt(2.0 * np.log(2.0)))
    z = (x + 0.5j * lorentz) / (sigma * np.sqrt(2.0))
    return np.asarray(wofz(z).real / (sigma * np.sqrt(2.0 * np.pi)))


def lines(truth: Truth, x: np.ndarray) -> np.ndarray:
    """Return the sum of all lines on an axis."""
    splitting, ratio = RATIOS[truth.level]
    total = np.zeros(x.size)
    for state in truth.states.values():
        gauss, lorentz = (state.fwhm * w for w in voigt_widths(round(state.mix, 3)))
        for part, offset in ((1.0 / (1.0 + ratio), 0.0), (ratio / (1.0 + ratio), splitting)):
            place = x - (state.center + truth.shift + offset)
            total += state.area * part * voigt(place, gauss, lorentz)
    return total


def expected(truth: Truth, counts: float, x: np.ndarray) -> np.ndarray:
    """Return the expected counts, the highest line having `counts` of them."""
    fine = np.arange(x[0] - 30.0, x[-1] + 0.005, 0.01)
    signal = lines(truth, fine)
    height = signal[fine >= x[0]].max()
    below = np.concatenate([[0.0], np.cumsum(0.5 * (signal[1:] + signal[:-1]) * 0.01)])
    below -= np.interp(x[0], fine, below)
    level = truth.background * height * (1.0 + truth.slope * (fine - x[0]))
    curve = signal + level + truth.step * below
    return np.asarray(np.interp(x, fine, curve) * counts / height)


def draw(
    truths: list[Truth],
    counts: float,
    rng: np.random.Generator,
    *,
    spoiled: Callable[[np.ndarray, np.random.Generator], np.ndarray] | None = None,
    busy: float = 0.0,
) -> dict[str, Spectrum]:
    """Return Poisson draws of some regions, all on the scale of the first one's areas.

    Parameters
    ----------
    truths : list of Truth
    counts : float
        At the highest line of the first region.
    rng : Generator
    spoiled : callable or None
        Takes the drawn counts of the first region and returns other ones.
    busy : float
        Part of the counts that the highest channel loses to dead time.
    """
    found = {}
    tops = [lines(t, np.arange(*WINDOWS[t.level], 0.05)).max() for t in truths]
    for i, (truth, top) in enumerate(zip(truths, tops, strict=True)):
        low, high = WINDOWS[truth.level]
        x = np.round(np.arange(low, high + STEP_EV / 2, STEP_EV), 6)
        mean = expected(truth, counts * top / tops[0], x)
        if busy:
            rate = mean / mean.max() * busy / (1.0 - busy)
            mean = mean / (1.0 + rate)
        y = rng.poisson(mean).astype(float)
        if spoiled is not None and i == 0:
            y = spoiled(y, rng)
        meta = Meta(
            sample="synthetic",
            region=truth.level,
            dwell_s=DWELL_S,
            scans=SCANS,
            excitation_energy_ev=1486.6,
        )
        found[truth.level] = Spectrum(
            x, y, Axis.BINDING_ENERGY, "counts", meta=meta, calibration=REFERENCE
        )
    return found


# ---------------------------------------------------------------------------------
# Models that are fitted


def own_model(states: dict[str, tuple[float, str]], *, level: str = "S 2p") -> sc.Model:
    """Return doublets with one width, an active Shirley step, centres free within 0.6 eV."""
    region = sc.Region(level, WINDOWS[level], sc.Background("shirley", "active"))
    for name, (center, species) in states.items():
        region = sc.add_doublet(
            region,
            name,
            level,
            "voigt",
            species=species,
            area=sc.Parameter(None, 0.0),
            center=sc.Parameter(center, center - 0.6, center + 0.6),
            fwhm=sc.Parameter(1.2, 0.6, 2.2),
            mix=sc.Parameter(0.3, free=False),
        )
    paths = [f"{level}/{doublet.major}/fwhm" for doublet in region.doublets]
    return sc.add_links(sc.Model((region,)), sc.share(paths))


def joint_model(*, tie: float | None = None, prior: float | None = None) -> sc.Model:
    """Return S 2p and P 2p of an electrolyte; PS4 tied exactly, within 10 %, or not."""
    sulfur = own_model({"PS4": (161.4, "PS4(3-)"), "mid": (163.0, "bridging S")})
    phosphorus = own_model({"PS4": (131.9, "PS4(3-)"), "ox": (134.0, "PSxOy")}, level="P 2p")
    model = sc.Model((*sulfur.regions, *phosphorus.regions))
    model = sc.add_links(model, (*sulfur.links, *phosphorus.links))
    target, source = "P 2p/PS4/area", "S 2p/PS4/area"
    if tie is not None:
        return sc.add_links(model, [sc.Link(target, (sc.Term(tie, source),))])
    if prior is None:
        return model
    terms = (sc.Term(1.0, target), sc.Term(-prior, source))
    known = [sc.Prior(terms, 0.0, relative=0.1, source="synthetic")]
    for region, name, center in (("S 2p", "mid", 1.6), ("P 2p", "ox", 2.1)):
        parts = (sc.Term(1.0, f"{region}/{name}/center"), sc.Term(-1.0, f"{region}/PS4/center"))
        known.append(sc.Prior(parts, center, sd=0.2, source="synthetic"))
    return sc.add_priors(model, known)


PRESET = "lpscl-cathode"
PRESET_AREAS = {
    ("S 2p", "PS4"): 1000.0,
    ("S 2p", "Li2S or S2-"): 220.0,
    ("S 2p", "bridging S"): 170.0,
    ("S 2p", "S0 or S-S"): 140.0,
    ("P 2p", "PS4"): 177.0,
    ("P 2p", "P2Sx"): 45.0,
    ("P 2p", "PSxOy"): 40.0,
}
TIE = 0.25 * 1.19 / 1.67


@lru_cache(maxsize=4)
def preset_model(name: str) -> sc.Model:
    """Return the model of a joint preset."""
    return sc.model_from_recipe(sc.preset(name).recipe)


def preset_truth(name: str, rng: np.random.Generator) -> list[Truth]:
    """Return a truth of a preset: what its priors speak of is drawn from them, one by one."""
    model = preset_model(name)
    values: dict[tuple[str, str, str], float] = {}
    for region in model.regions:
        for doublet in region.doublets:
            line = region.component(doublet.major)
            for key in ("center", "fwhm", "mix"):
                value = line.parameters[key].value if key in line.parameters else None
                usual = {"fwhm": 1.2, "mix": 0.3}.get(key, 0.0)
                values[region.name, doublet.id, key] = usual if value is None else value
            values[region.name, doublet.id, "area"] = PRESET_AREAS.get(
                (region.name, doublet.id), 60.0
            )
    for prior in model.priors:
        _drawn_from(prior, values, rng)
    shift = rng.uniform(-1.0, 1.0)
    found = []
    for region in model.regions:
        states = {
            doublet.id: State(
                *(values[region.name, doublet.id, k] for k in ("center", "area", "fwhm", "mix"))
            )
            for doublet in region.doublets
        }
        found.append(Truth(region.name, states, shift=shift))
    return found


def _drawn_from(
    prior: sc.Prior, values: dict[tuple[str, str, str], float], rng: np.random.Generator
) -> None:
    keys = [
        (parts[0], parts[1], parts[2])
        for term in prior.terms
        if len(parts := term.source.split("/")) == 3
    ]
    if len(keys) < len(prior.terms) or any(key not in values for key in keys):
        return
    first, *others = zip(prior.terms, keys, strict=True)
    rest = float(sum(term.times * values[key] for term, key in others))
    sd = prior.sd if prior.sd is not None else (prior.relative or 0.0) * abs(prior.value - rest)
    value = (prior.value + sd * rng.standard_normal() - rest) / first[0].times
    if first[1][2] in ("mix",):
        value = float(np.clip(value, 0.02, 0.9))
    values[first[1]] = value


# ---------------------------------------------------------------------------------
# Cases


Drawn = tuple[dict[str, Spectrum], sc.Model]


@dataclass(frozen=True)
class Case:
    """What is drawn and fitted; `rule` is the one that should speak, empty for clean data."""

    name: str
    make: Callable[[np.random.Generator, float], Drawn]
    rule: str = ""
    starts: int = 1


TWO = {"PS4": State(161.4, 1000.0), "mid": State(163.0, 400.0)}
TWO_MODEL = {"PS4": (161.4, "PS4(3-)"), "mid": (163.0, "bridging S")}
P_TWO = {"PS4": State(131.9, 1000.0 * TIE), "ox": State(134.0, 60.0)}


def _jittered(truth: Truth, rng: np.random.Generator, sd: float = 0.1) -> Truth:
    states = {
        k: replace(s, center=s.center + sd * rng.standard_normal()) for k, s in truth.states.items()
    }
    return replace(truth, states=states)


def _two(rng: np.random.Generator, counts: float) -> Drawn:
    return draw([_jittered(Truth("S 2p", TWO), rng)], counts, rng), own_model(TWO_MODEL)


def _joint(rng: np.random.Generator, counts: float, **tied: float | None) -> Drawn:
    truths = [_jittered(Truth("S 2p", TWO), rng), _jittered(Truth("P 2p", P_TWO), rng)]
    return draw(truths, counts, rng), joint_model(**tied)


def _prior(rng: np.random.Generator, counts: float) -> Drawn:
    factor = 1.0 + 0.1 * rng.standard_normal()
    sulfur = Truth("S 2p", TWO).moved(0.2 * rng.standard_normal(), "mid")
    phosphorus = Truth("P 2p", P_TWO).moved(0.2 * rng.standard_normal(), "ox")
    truths = [sulfur, phosphorus.times(factor, "PS4")]
    return draw(truths, counts, rng), joint_model(prior=TIE)


def _preset(rng: np.random.Generator, counts: float) -> Drawn:
    return draw(preset_truth(PRESET, rng), counts, rng), preset_model(PRESET)


def _absent(rng: np.random.Generator, counts: float) -> Drawn:
    truths = [t.without("S0 or S-S", "P2Sx", "PSxOy") for t in preset_truth(PRESET, rng)]
    return draw(truths, counts, rng), preset_model(PRESET)


def _scattered_shift(rng: np.random.Generator, counts: float) -> Drawn:
    """Draw a rigid shift with the scatter that the library itself states; no priors."""
    library = sc.load_library()
    gap = {key: (row.value, row.tolerance) for key, row in library.separations.items()}

    def apart(key: str) -> float:
        value, sd = gap[key]
        return value + sd * rng.standard_normal()

    at = 161.4 + 0.2 * rng.standard_normal() + rng.uniform(-1.5, 1.5)
    phosphorus = at - apart("ps4-s-p")
    sulfur = {"PS4": TWO["PS4"], "mid": TWO["mid"]}
    truths = [
        Truth(
            "S 2p",
            {
                "PS4": replace(sulfur["PS4"], center=at),
                "mid": replace(sulfur["mid"], center=at + apart("bridging-ps4")),
            },
        ),
        Truth(
            "P 2p",
            {
                "PS4": replace(P_TWO["PS4"], center=phosphorus),
                "ox": replace(P_TWO["ox"], center=phosphorus + apart("psxoy-ps4-p")),
            },
        ),
    ]
    model = joint_model()
    for truth in truths:
        for name, state in truth.states.items():
            model = sc.set_parameter(
                model,
                f"{truth.level}/{name}/center",
                value=state.center,
                min=state.center - 0.6,
                max=state.center + 0.6,
            )
    return draw(truths, counts, rng), model


def _sparse(rng: np.random.Generator, counts: float) -> Drawn:
    truth = replace(Truth("S 2p", TWO), background=0.05)
    return draw([truth], 0.01 * counts, rng), own_model(TWO_MODEL)


def _not_rigid(rng: np.random.Generator, counts: float) -> Drawn:
    truths = [Truth("S 2p", TWO), Truth("P 2p", P_TWO).moved(1.2)]
    model = joint_model()
    for name, state in truths[1].states.items():
        path = f"P 2p/{name}/center"
        model = sc.set_parameter(
            model, path, value=state.center, min=state.center - 0.6, max=state.center + 0.6
        )
    return draw(truths, counts, rng), model


def _spike(rng: np.random.Generator, counts: float) -> Drawn:
    def hit(y: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        k = int(rng.integers(10, y.size - 10))
        y = y.copy()
        y[k] += 8.0 * np.sqrt(y[k] + 1.0)
        return y

    return draw([Truth("S 2p", TWO)], counts, rng, spoiled=hit), own_model(TWO_MODEL)


def _smoothed(rng: np.random.Generator, counts: float) -> Drawn:
    def smooth(y: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        return np.convolve(np.pad(y, 2, mode="edge"), np.full(5, 0.2), mode="valid")

    return draw([Truth("S 2p", TWO)], counts, rng, spoiled=smooth), own_model(TWO_MODEL)


def _busy(rng: np.random.Generator, counts: float) -> Drawn:
    return draw([Truth("S 2p", TWO)], counts, rng, busy=0.2), own_model(TWO_MODEL)


def _three_in_two(rng: np.random.Generator, counts: float) -> Drawn:
    states = {
        "PS4": State(161.4, 700.0),
        "bridging": State(162.7, 170.0),
        "S0": State(163.5, 130.0),
    }
    return draw([Truth("S 2p", states)], counts, rng), own_model(TWO_MODEL)


def _oxidised(rng: np.random.Generator, counts: float) -> Drawn:
    states = TWO | {"sulfite": State(166.2, 70.0)}
    return draw([Truth("S 2p", states)], counts, rng), own_model(TWO_MODEL)


def _tie_off(part: float, *, prior: bool) -> Callable[[np.random.Generator, float], Drawn]:
    def make(rng: np.random.Generator, counts: float) -> Drawn:
        truths = [Truth("S 2p", TWO), Truth("P 2p", P_TWO).times(part)]
        tied = joint_model(prior=TIE) if prior else joint_model(tie=TIE)
        return draw(truths, counts, rng), tied

    return make


def _separation_off(rng: np.random.Generator, counts: float) -> Drawn:
    truths = [Truth("S 2p", TWO).moved(0.9, "mid"), Truth("P 2p", P_TWO)]
    model = joint_model(prior=TIE)
    model = sc.set_parameter(model, "S 2p/mid/center", min=161.9, max=165.0)
    return draw(truths, counts, rng), model


CLEAN = (
    Case("two doublets", _two),
    Case("S 2p and P 2p, exact tie", lambda rng, n: _joint(rng, n, tie=TIE)),
    Case("S 2p and P 2p, priors", _prior),
    Case("rigid shift, library's scatter", _scattered_shift),
    Case(f"preset {PRESET}", _preset, starts=3),
    Case("sparse counts", _sparse),
)
ABSENT = Case(f"preset {PRESET}, three species absent", _absent, starts=3)
SPOILED = (
    Case("three states in two doublets", _three_in_two, "one_more_component"),
    Case("a third state, 5 % of the area, 3 eV away", _oxidised, "one_more_component"),
    Case("P 2p signal 30 % low, exact tie", _tie_off(0.7, prior=False), "tension"),
    Case("P 2p signal at half, prior of 10 %", _tie_off(0.5, prior=True), "tension"),
    Case("a separation 0.9 eV off, prior of 0.2 eV", _separation_off, "tension"),
    Case("P 2p lines 1.2 eV from where S 2p puts them", _not_rigid, "not_rigid"),
    Case("one channel 8 standard deviations high", _spike, "outlier"),
    Case("20 % of the highest channel lost to dead time", _busy, "dead_time"),
    Case("moving mean over 5 channels", _smoothed, "smoothed_data"),
)
NATURAL = frozenset(
    {"rigid_shift", "position_far"}  # said of a shifted sample: that is what they are for
)
OF_CLAIMS = ("below_detection", "zero_area", "not_needed", "too_many_components")


# ---------------------------------------------------------------------------------
# Counting


def findings(
    case: Case, counts: float, seed: int
) -> tuple[sc.FitResult, list[tuple[str, str, str]]]:
    """Return code, severity and place of each finding on one draw."""
    rng = np.random.default_rng([seed, int(counts), sum(map(ord, case.name))])
    spectra, model = case.make(rng, counts)
    result = sc.fit(spectra, model, starts=case.starts)
    library = sc.load_library()
    result, found = in_best_minimum(result, lambda r: sc.lint(r, library=library))
    return result, [(f.code, f.severity, f.where) for f in found]


@dataclass(frozen=True)
class Rate:
    """How often each rule spoke, and any alarm, in `n` spectra of a case."""

    case: str
    counts: float
    n: int
    codes: Counter[str]
    alarms: int


def rate_of(case: Case, counts: float, n: int) -> Rate:
    """Return how often each rule speaks of a case."""
    codes: Counter[str] = Counter()
    alarms = 0
    for seed in range(n):
        _, found = findings(case, counts, seed)
        codes.update({code for code, _, _ in found})
        alarms += any(severity == "alarm" for _, severity, _ in found)
    return Rate(case.name, counts, n, codes, alarms)


def claims(counts: float, n: int) -> tuple[int, int]:
    """Return in how many fits an absent species stands unquestioned, of how many."""
    claimed = 0
    for seed in range(n):
        result, found = findings(ABSENT, counts, seed)
        questioned = {where for code, _, where in found if code in OF_CLAIMS}
        absent = ("S 2p/S0 or S-S", "P 2p/P2Sx", "P 2p/PSxOy")
        claimed += any(
            result.value(f"{path}/area") > 0 and path not in questioned for path in absent
        )
    return claimed, n


def rows_of_clean(n: int, only: str) -> Iterator[Rate]:
    """Yield the rates of the clean cases."""
    for case in CLEAN:
        for counts in COUNTS:
            if only in case.name:
                yield rate_of(case, counts, n)


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__, add_help=True)
    parser.add_argument("--spectra", type=int, default=400)
    parser.add_argument("--case", default="")
    parser.add_argument("--markdown", action="store_true")
    chosen = parser.parse_args()
    began = time.perf_counter()
    for rate in rows_of_clean(chosen.spectra, chosen.case):
        listed = ", ".join(f"{c} {100 * k / rate.n:.1f}" for c, k in rate.codes.most_common())
        print(
            f"clean | {rate.case} | {rate.counts:g} | alarms {100 * rate.alarms / rate.n:.1f} |"
            f" {listed}",
            flush=True,
        )
    for case in SPOILED:
        for counts in COUNTS:
            if chosen.case in case.name:
                rate = rate_of(case, counts, max(chosen.spectra // 4, 1))
                power = 100 * rate.codes[case.rule] / rate.n
                print(
                    f"power | {case.name} | {counts:g} | {case.rule} {power:.0f} | any alarm"
                    f" {100 * rate.alarms / rate.n:.0f} |"
                    f" {dict(rate.codes.most_common(6))}",
                    flush=True,
                )
    if chosen.case in ABSENT.name:
        for counts in COUNTS:
            k, n = claims(counts, chosen.spectra)
            print(f"claimed | {ABSENT.name} | {counts:g} | {100 * k / n:.1f}", flush=True)
    print(f"{len(RULES)} rules, {date.today()}, {time.perf_counter() - began:.0f} s")


if __name__ == "__main__":
    main()
