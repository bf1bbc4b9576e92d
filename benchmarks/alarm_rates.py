"""How often the lint's rules are wrong on good data, and how often they see what is wrong.

Two tables. *False alarms*: spectra whose truth is drawn from the fitted model itself, its
constants from what is known of them; every alarm is one too many, and each rule is counted by
itself. *Power*: the same with one stated departure, and how often the rule that is there for
it speaks. Then how often a species that is not there stands in the results unquestioned. The
spectra are those of `forward`, which shares no code with the program.

Run it as ``python -m benchmarks.alarm_rates [--spectra N] [--case NAME] [--table clean|power]``.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import numpy as np

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import spectra_core as sc
from benchmarks.forward import SCOFIELD, State, Truth, expected
from benchmarks.interval_coverage import TRUTHS, drawn_from_priors
from spectra_core.fitting.better import in_best_minimum
from spectra_core.model import Model
from spectra_core.runs.execute import refit
from spectra_core.spectrum import Axis, Calibration, Meta, Spectrum, make_spectrum

COUNTS = (300.0, 1e3, 1e4)
DWELL_S, SCANS = 0.1, 10.0
WINDOWS = {"S 2p": (154.0, 173.0), "P 2p": (123.0, 142.0)}
FITTED = {"S 2p": (157.0, 168.0), "P 2p": (126.0, 138.5)}
REFERENCE = Calibration(0.0, "C 1s", 284.8, 284.8, 0.1)
TIE = 0.25 * SCOFIELD["P 2p"] / SCOFIELD["S 2p"]
TWO = {"PS4": State(161.4, 1.0), "mid": State(163.0, 0.4)}
P_TWO = {"PS4": State(131.9, 0.25), "ox": State(134.0, 0.09)}
TWO_MODEL = {"PS4": (161.4, "PS4(3-)"), "mid": (163.0, "bridging S")}
P_MODEL = {"PS4": (131.9, "PS4(3-)"), "ox": (134.0, "PSxOy")}


# ---------------------------------------------------------------------------------
# Spectra


Spoil = Callable[[np.ndarray, np.random.Generator], np.ndarray]


def sample(
    truth: Truth, rng: np.random.Generator, *, spoil: Spoil | None = None, busy: float = 0.0
) -> list[Spectrum]:
    """Return synthetic spectra of a truth, one of each level.

    Parameters
    ----------
    truth : Truth
    rng : Generator
    spoil : callable or None
        Takes the drawn counts of the first level and returns other ones.
    busy : float
        Part of the counts that the highest channel of the first level loses to dead time.
    """
    curves = {level: expected(truth, level) for level in truth.levels}
    top = max(next(iter(curves.values()))[1])
    found = []
    for number, (level, (x, mean)) in enumerate(curves.items()):
        lost = mean / (1.0 + mean / top * busy / (1.0 - busy))
        y = rng.poisson(lost).astype(float)
        if spoil is not None and number == 0:
            y = spoil(y, rng)
        meta = Meta(
            sample="synthetic",
            region=level,
            dwell_s=DWELL_S,
            scans=SCANS,
            excitation_energy_ev=1486.6,
        )
        spectrum = make_spectrum(x, y, Axis.BINDING_ENERGY, y_unit="counts", counts=y, meta=meta)
        found.append(sc.calibrate(spectrum, REFERENCE))
    return found


def truth_of(*levels: str, counts: float, **states: dict[str, State]) -> Truth:
    """Return the plain truth of S 2p, or of S 2p and P 2p, with other states where given."""
    own = {"S 2p": states.get("sulfur", TWO), "P 2p": states.get("phosphorus", P_TWO)}
    chosen = {level: own[level] for level in levels}
    return Truth(chosen, {level: WINDOWS[level] for level in levels}, SCOFIELD, counts=counts)


def moved(states: dict[str, State], by: float, *names: str) -> dict[str, State]:
    """Return states of which some (all if none is named) stand elsewhere."""
    chosen = names or tuple(states)
    return {
        name: replace(state, center=state.center + by) if name in chosen else state
        for name, state in states.items()
    }


def scattered(
    states: dict[str, State], rng: np.random.Generator, sd: float = 0.1
) -> dict[str, State]:
    """Return states each of which stands a little elsewhere."""
    return {
        name: replace(state, center=state.center + sd * rng.standard_normal())
        for name, state in states.items()
    }


# ---------------------------------------------------------------------------------
# Models that are fitted


def own_model(states: dict[str, tuple[float, str]], *, level: str = "S 2p") -> Model:
    """Return doublets with one width, an active Shirley step, centres free within 0.6 eV."""
    region = sc.Region(level, FITTED[level], sc.Background("shirley", "active"))
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
    return sc.add_links(Model((region,)), sc.share(paths))


def joint_model(
    *, tie: float | None = None, prior: float | None = None, at: Truth | None = None
) -> Model:
    """Return S 2p and P 2p of an electrolyte; PS4 tied exactly, within 10 %, or not.

    `at`: with windows and centres where the lines of a truth stand.
    """
    sulfur, phosphorus = own_model(TWO_MODEL), own_model(P_MODEL, level="P 2p")
    model = Model((*sulfur.regions, *phosphorus.regions), (*sulfur.links, *phosphorus.links))
    if at is not None:
        model = _placed(model, at)
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


def _placed(model: Model, truth: Truth) -> Model:
    for level, states in truth.levels.items():
        for name, state in states.items():
            here = state.center + truth.shift
            path = f"{level}/{name}/center"
            model = sc.set_parameter(model, path, value=here, min=here - 0.6, max=here + 0.6)
        low, high = FITTED[level]
        by = next(iter(states.values())).center + truth.shift - _USUAL[level]
        region = replace(model.region(level), window=(low + by, high + by))
        model = sc.replace_region(model, region)
    return model


_USUAL = {"S 2p": 161.4, "P 2p": 131.9}


# ---------------------------------------------------------------------------------
# Cases


@dataclass(frozen=True)
class Case:
    """What is drawn and fitted; `rule` is the one that should speak, empty for clean data."""

    name: str
    make: Callable[[np.random.Generator, float], sc.FitResult]
    rule: str = ""


def _fit(spectra: list[Spectrum], model: Model) -> sc.FitResult:
    return sc.fit({s.meta.region: s for s in spectra}, model)


def _two(rng: np.random.Generator, counts: float) -> sc.FitResult:
    truth = truth_of("S 2p", counts=counts, sulfur=scattered(TWO, rng))
    return _fit(sample(truth, rng), own_model(TWO_MODEL))


def _exact_tie(rng: np.random.Generator, counts: float) -> sc.FitResult:
    truth = truth_of(
        "S 2p",
        "P 2p",
        counts=counts,
        sulfur=scattered(TWO, rng),
        phosphorus=scattered(P_TWO, rng),
    )
    return _fit(sample(truth, rng), joint_model(tie=TIE))


def _priors(rng: np.random.Generator, counts: float) -> sc.FitResult:
    truth = truth_of(
        "S 2p",
        "P 2p",
        counts=counts,
        sulfur=moved(TWO, 0.2 * rng.standard_normal(), "mid"),
        phosphorus=moved(P_TWO, 0.2 * rng.standard_normal() - 0.0, "ox"),
    )
    truth = _with_phosphorus(truth, 1.0 + 0.1 * rng.standard_normal(), "PS4")
    return _fit(sample(truth, rng), joint_model(prior=TIE))


def _with_phosphorus(truth: Truth, factor: float, *names: str) -> Truth:
    for name in names or tuple(truth.levels["P 2p"]):
        area = truth.levels["P 2p"][name].area * factor
        truth = truth.with_state("P 2p", name, area=area)
    return truth


def _of_preset(name: str, *, drawn: bool) -> Callable[[np.random.Generator, float], sc.FitResult]:
    def make(rng: np.random.Generator, counts: float) -> sc.FitResult:
        truth = replace(TRUTHS[name], counts=counts)
        return _planned(name, _one_width(name, truth, rng) if drawn else truth, rng)

    return make


def _one_width(name: str, truth: Truth, rng: np.random.Generator) -> Truth:
    """Return a drawn truth in which a class that shares a width in the model has one."""
    drawn = drawn_from_priors(truth, rng)
    for level, states in TRUTHS[name].levels.items():
        broad = [species for species, state in states.items() if state.width > 1.2]
        for species in broad[1:]:
            drawn = drawn.with_state(level, species, width=drawn.levels[level][broad[0]].width)
    return drawn


def _planned(name: str, truth: Truth, rng: np.random.Generator) -> sc.FitResult:
    # no background falls below nothing within the window
    truth = replace(truth, windows=WINDOWS, slope=max(truth.slope, -0.045))
    # a window that ends on a line is remarked on, and rightly so
    truth = replace(truth, shift=float(np.clip(truth.shift, -0.7, 0.7)))
    (job,) = sc.plan(sc.preset(name), sample(truth, rng)).jobs
    return refit(job)


ABSENT = ("S 2p/S0 or S-S", "P 2p/P2Sx", "P 2p/PSxOy")


def _absent(rng: np.random.Generator, counts: float) -> sc.FitResult:
    truth = replace(TRUTHS["lpscl-cathode"], counts=counts)
    for path in ABSENT:
        truth = truth.with_state(*path.split("/"), area=0.0)
    return _planned("lpscl-cathode", truth, rng)


def _scattered_shift(rng: np.random.Generator, counts: float) -> sc.FitResult:
    """Fit a rigid shift with the scatter that the library itself states, without priors."""
    library = sc.load_library()

    def apart(key: str) -> float:
        row = library.separations[key]
        return row.value + row.tolerance * rng.standard_normal()

    sulfur = 161.4 + 0.2 * rng.standard_normal()
    phosphorus = sulfur - apart("ps4-s-p")
    truth = truth_of(
        "S 2p",
        "P 2p",
        counts=counts,
        sulfur={
            "PS4": replace(TWO["PS4"], center=sulfur),
            "mid": replace(TWO["mid"], center=sulfur + apart("bridging-ps4")),
        },
        phosphorus={
            "PS4": replace(P_TWO["PS4"], center=phosphorus),
            "ox": replace(P_TWO["ox"], center=phosphorus + apart("psxoy-ps4-p")),
        },
    )
    truth = replace(truth, shift=float(rng.uniform(-3.0, 3.0)))
    return _fit(sample(truth, rng), joint_model(at=truth))


def _sparse(rng: np.random.Generator, counts: float) -> sc.FitResult:
    truth = replace(truth_of("S 2p", counts=0.01 * counts), level=0.05)
    return _fit(sample(truth, rng), own_model(TWO_MODEL))


def _spoiled(spoil: Spoil) -> Callable[[np.random.Generator, float], sc.FitResult]:
    def make(rng: np.random.Generator, counts: float) -> sc.FitResult:
        truth = truth_of("S 2p", counts=counts)
        return _fit(sample(truth, rng, spoil=spoil), own_model(TWO_MODEL))

    return make


def _hit(y: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    y, place = y.copy(), int(rng.integers(y.size // 4, 3 * y.size // 4))
    y[place] += 8.0 * np.sqrt(y[place] + 1.0)
    return y


def _smooth(y: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return np.convolve(np.pad(y, 2, mode="edge"), np.full(5, 0.2), mode="valid")


def _busy(rng: np.random.Generator, counts: float) -> sc.FitResult:
    """Fit what a counter with a recorded dead time left of the counts."""
    (spectrum,) = sample(truth_of("S 2p", counts=counts), rng, busy=0.2)
    dead_time = 0.2 / (spectrum.y.max() / (DWELL_S * SCANS))
    meta = replace(spectrum.meta, extra={"dead_time_s": dead_time})
    return _fit([replace(spectrum, meta=meta)], own_model(TWO_MODEL))


def _with_sulfur(states: dict[str, State]) -> Callable[[np.random.Generator, float], sc.FitResult]:
    def make(rng: np.random.Generator, counts: float) -> sc.FitResult:
        truth = truth_of("S 2p", counts=counts, sulfur=states)
        return _fit(sample(truth, rng), own_model(TWO_MODEL))

    return make


def _tie_off(factor: float, *, prior: bool) -> Callable[[np.random.Generator, float], sc.FitResult]:
    def make(rng: np.random.Generator, counts: float) -> sc.FitResult:
        truth = _with_phosphorus(truth_of("S 2p", "P 2p", counts=counts), factor)
        model = joint_model(prior=TIE) if prior else joint_model(tie=TIE)
        return _fit(sample(truth, rng), model)

    return make


def _separation_off(rng: np.random.Generator, counts: float) -> sc.FitResult:
    truth = truth_of("S 2p", "P 2p", counts=counts, sulfur=moved(TWO, 0.9, "mid"))
    model = sc.set_parameter(joint_model(prior=TIE), "S 2p/mid/center", min=161.9, max=165.0)
    return _fit(sample(truth, rng), model)


def _not_rigid(rng: np.random.Generator, counts: float) -> sc.FitResult:
    truth = truth_of("S 2p", "P 2p", counts=counts, phosphorus=moved(P_TWO, 1.2))
    return _fit(sample(truth, rng), joint_model(at=truth))


def _charged(rng: np.random.Generator, counts: float) -> sc.FitResult:
    truth = replace(truth_of("S 2p", "P 2p", counts=counts), shift=1.2)
    return _fit(sample(truth, rng), joint_model(at=truth))


JOINT = ("lpscl-cathode", "lps-film", "lpscl-li-metal")
CLEAN = (
    Case("two doublets", _two),
    Case("S 2p and P 2p, exact tie", _exact_tie),
    Case("S 2p and P 2p, priors", _priors),
    Case("rigid shift, scatter of the library", _scattered_shift),
    Case("sparse counts (a hundredth)", _sparse),
    *(Case(f"{name}, its middle", _of_preset(name, drawn=False)) for name in JOINT),
    *(Case(f"{name}, from its priors", _of_preset(name, drawn=True)) for name in JOINT),
)
THREE = {"PS4": State(161.4, 0.7), "bridging": State(162.7, 0.17), "S0": State(163.5, 0.13)}
SPOILED = (
    Case("three states in two doublets", _with_sulfur(THREE), "one_more_component"),
    Case(
        "a third state, 5 % of the area, 3 eV away",
        _with_sulfur(TWO | {"sulfite": State(166.2, 0.07)}),
        "one_more_component",
    ),
    Case("P 2p signal 30 % low, exact tie", _tie_off(0.7, prior=False), "tension"),
    Case("P 2p signal at half, prior of 10 %", _tie_off(0.5, prior=True), "tension"),
    Case("a separation 0.9 eV off, prior of 0.2 eV", _separation_off, "tension"),
    Case("P 2p 1.2 eV from where S 2p puts it", _not_rigid, "not_rigid"),
    Case("all lines charged by 1.2 eV", _charged, "rigid_shift"),
    Case("one channel 8 standard deviations high", _spoiled(_hit), "outlier"),
    Case("20 % of the highest channel lost, dead time recorded", _busy, "dead_time"),
    Case("moving mean over 5 channels", _spoiled(_smooth), "smoothed_data"),
)
CLAIMED = Case("three species of lpscl-cathode absent", _absent)
QUESTIONS = ("below_detection", "zero_area", "not_needed")


# ---------------------------------------------------------------------------------
# Counting


@dataclass(frozen=True)
class Found:
    """What the lint says of one draw: codes, those of alarms, absent species unquestioned."""

    codes: frozenset[str]
    alarms: frozenset[str]
    claimed: bool


def found_in(name: str, counts: float, seed: int) -> Found:
    """Return what the lint says of one draw of a case."""
    (case,) = (c for c in (*CLEAN, *SPOILED, CLAIMED) if c.name == name)
    rng = np.random.default_rng([seed, int(counts), *name.encode()])
    library = sc.load_library()
    result, findings = in_best_minimum(
        case.make(rng, counts), lambda r: sc.lint(r, library=library)
    )
    questioned = {f.where for f in findings if f.code in QUESTIONS}
    claimed = case is CLAIMED and any(
        result.value(f"{path}/area") > 0 and path not in questioned for path in ABSENT
    )
    return Found(
        frozenset(f.code for f in findings),
        frozenset(f.code for f in findings if f.severity == "alarm"),
        claimed,
    )


@dataclass(frozen=True)
class Rates:
    """Shares of `n` draws of a case, in per cent."""

    case: Case
    counts: float
    n: int
    codes: dict[str, float]
    alarms: dict[str, float]
    any_alarm: float
    claimed: float


def rates_of(case: Case, counts: float, n: int, pool: ProcessPoolExecutor) -> Rates:
    """Return how often each rule speaks of a case."""
    work = [pool.submit(found_in, case.name, counts, seed) for seed in range(n)]
    found = [one.result() for one in work]
    codes = Counter(code for one in found for code in one.codes)
    alarms = Counter(code for one in found for code in one.alarms)
    return Rates(
        case,
        counts,
        n,
        {code: 100.0 * k / n for code, k in codes.most_common()},
        {code: 100.0 * k / n for code, k in alarms.most_common()},
        100.0 * sum(bool(one.alarms) for one in found) / n,
        100.0 * sum(one.claimed for one in found) / n,
    )


def tables(
    n: int, only: str, counts: Sequence[float], table: str, jobs: int
) -> Iterator[tuple[str, Rates]]:
    """Yield the rates of clean, spoiled and absent cases as they are done."""
    chosen = (
        *(("clean", case, n) for case in CLEAN),
        *(("power", case, max(n // 4, 1)) for case in SPOILED),
        ("claim", CLAIMED, n),
    )
    with ProcessPoolExecutor(jobs) as pool:
        for kind, case, size in chosen:
            if only in case.name and table in ("", kind):
                for number in counts:
                    yield kind, rates_of(case, number, size, pool)


def _shares(shares: dict[str, float]) -> str:
    return ", ".join(f"{code} {share:.1f}" for code, share in shares.items()) or "none"


def row(kind: str, rates: Rates) -> str:
    """Return the rates of a case as a line of text."""
    lead = f"{kind:5} {rates.counts:6.0f} {rates.case.name:46}"
    if kind == "claim":
        return f"{lead} claimed {rates.claimed:.1f} %"
    if kind == "power":
        spoke = rates.codes.get(rates.case.rule, 0.0)
        others = {c: s for c, s in rates.alarms.items() if c != rates.case.rule}
        return (
            f"{lead} {rates.case.rule} {spoke:.0f} %, any alarm {rates.any_alarm:.0f} %"
            f" ({_shares(others)})"
        )
    others = {c: s for c, s in rates.codes.items() if c not in rates.alarms}
    return f"{lead} any alarm {rates.any_alarm:.1f} %: {_shares(rates.alarms)} | {_shares(others)}"


def pooled(rates: Sequence[Rates]) -> str:
    """Return how often each rule was an alarm in all clean spectra together."""
    n = sum(one.n for one in rates)
    codes = Counter[str]()
    for one in rates:
        codes.update({code: share * one.n / 100.0 for code, share in one.alarms.items()})
    any_alarm = sum(one.any_alarm * one.n for one in rates) / n
    shares = {code: 100.0 * k / n for code, k in codes.most_common()}
    listed = ", ".join(f"{code} {share:.2f}" for code, share in shares.items())
    return f"clean, all {n} spectra: any alarm {any_alarm:.2f} %: {listed or 'none'}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the tables."""
    parser = argparse.ArgumentParser(description="How often the lint's rules are wrong, and right.")
    parser.add_argument("--spectra", type=int, default=400, help="of each clean case")
    parser.add_argument("--case", default="", help="part of a case's name")
    parser.add_argument("--counts", type=float, nargs="*", default=COUNTS)
    parser.add_argument("--table", choices=("clean", "power", "claim"), default="")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    chosen = parser.parse_args(arguments)
    began = time.perf_counter()
    clean = []
    for kind, rates in tables(
        chosen.spectra, chosen.case, chosen.counts, chosen.table, chosen.jobs
    ):
        print(row(kind, rates), flush=True)
        clean += [rates] if kind == "clean" else []
    if clean:
        print(pooled(clean))
    print(f"{date.today()}, {time.perf_counter() - began:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
