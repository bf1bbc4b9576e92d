"""How often the intervals of the presets hold the truth, also where it is not their model.

For every preset, at 300, 1,000 and 10,000 counts: synthetic spectra of `forward`, which
shares no code with the program, of a truth in the middle of what the preset knows, of truths
with everything drawn that is uncertain, and of truths outside it by a usual amount. Each is
planned and fitted as ``doublet fit --preset`` does it, and its ratios are asked for:

- how often the 68 and the 95 % interval hold the truth. A ratio that is said to be below
  detection holds it where the truth is below its upper limit; one without either does not;
- the bias, as the median of value / truth - 1 where there is a value;
- the width of the 95 % interval over the truth, and over that of the same fit with stoichiometry,
  shapes, widths, splittings and slopes exact;
- how often an alarm is raised.

Run it as ``python -m benchmarks.interval_coverage [--spectra N] [--preset ID] [--case NAME]
[--counts N] [--json FILE]``.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, replace
from math import exp
from pathlib import Path

import numpy as np

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.forward import SCOFIELD, State, Truth, draw
from spectra_core.errors import ModelError
from spectra_core.model import Link, Model, Prior, Term, add_links, set_parameter
from spectra_core.recipe.presets import Preset, preset
from spectra_core.recipe.schema import UncertaintyEntry
from spectra_core.runs.execute import execute
from spectra_core.runs.plan import Job, plan
from spectra_core.runs.records import FitRecord
from spectra_core.spectrum import Axis, Meta, Spectrum, make_spectrum
from spectra_core.uncertainty.ratios import Ratio

COUNTS = (300.0, 1e3, 1e4)
SPECTRA = 20
EXACT_SPECTRA = 6  # of a case, also fitted with everything exact
_FURTHEST_SLOPE = 0.04  # of the level, per eV: further down a background would be negative

_P = {"PS4": State(131.9, 0.25), "P2Sx": State(132.7, 0.09), "PSxOy": State(133.8, 0.05, 1.32)}
_SULFIDES = {"PS4": State(161.4, 1.0), "Li2S or S2-": State(159.95, 0.3)}
_WINDOWS = {"S 2p": (154.0, 175.5), "P 2p": (119.0, 141.6)}
TRUTHS: Mapping[str, Truth] = {
    "lpscl-cathode": Truth(
        {
            "S 2p": {
                **_SULFIDES,
                "bridging S": State(163.0, 0.35),
                "S0 or S-S": State(163.5, 0.2),
            },
            "P 2p": _P,
        },
        _WINDOWS,
        SCOFIELD,
    ),
    "lps-film": Truth(
        {
            "S 2p": {
                **_SULFIDES,
                "bridging S": State(163.0, 0.35),
                "sulfite": State(166.8, 0.15, 1.32),
                "sulfate": State(169.1, 0.2, 1.32),
            },
            "P 2p": _P,
        },
        _WINDOWS,
        SCOFIELD,
    ),
    "lpscl-li-metal": Truth(
        {
            "S 2p": {"PS4": State(161.4, 1.0), "Li2S or S2-": State(159.95, 0.6)},
            "P 2p": {
                "PS4": State(131.9, 0.25),
                "Li3P": State(126.0, 0.08, 1.32),
                "LixP": State(128.4, 0.06, 1.32),
                "P0": State(130.0, 0.04, 1.32),
            },
        },
        _WINDOWS,
        SCOFIELD,
    ),
    "su2025/fig1e-f": Truth(
        {
            "S 2p": {"PS4": State(161.3, 1.0), "Li2S": State(160.0, 0.4)},
            "P 2p": {"PS4": State(131.6, 0.25)},
        },
        _WINDOWS,
        SCOFIELD,
    ),
    "su2025/fig5f-i": Truth(
        {"S 2p": {"PS4": State(160.7, 1.0), "intermediate": State(162.9, 0.6)}},
        _WINDOWS,
        SCOFIELD,
    ),
}
"""The middle of what each preset knows, with its own labels."""

SEPARATIONS = {
    "Li2S or S2-": 0.2,
    "Li2S": 0.2,
    "bridging S": 0.4,
    "intermediate": 0.4,
    "S0 or S-S": 0.15,
    "sulfite": 0.4,
    "sulfate": 0.4,
    "P2Sx": 0.25,
    "PSxOy": 0.4,
    "Li3P": 0.6,
    "LixP": 0.6,
    "P0": 0.3,
}
"""How far a species may lie from where it is expected, one standard deviation, eV."""
CLASSES = {
    "Li2S": "Li2S or S2-",
    "S0 or S-S": "bridging S",
    "intermediate": "bridging S",
    "sulfate": "sulfite",
    "LixP": "Li3P",
    "P0": "Li3P",
}
WIDTHS = {
    "Li2S or S2-": 0.03,
    "bridging S": 0.03,
    "sulfite": 0.25,
    "P2Sx": 0.03,
    "PSxOy": 0.25,
    "Li3P": 0.25,
}
"""How much wider than usual beside PS4 the lines of a class may be, one standard deviation."""


# ---------------------------------------------------------------------------------
# Truths


def drawn_from_priors(truth: Truth, rng: np.random.Generator) -> Truth:
    """Return a truth with everything drawn at once that is uncertain, but for the areas."""
    widths = {"P 2p": exp(0.1 * rng.standard_normal())}  # over those of S 2p
    classes = {name: exp(sd * rng.standard_normal()) for name, sd in WIDTHS.items()}
    apart = 0.2 * rng.standard_normal()
    levels = {
        level: {
            name: replace(
                state,
                center=state.center
                + SEPARATIONS.get(name, 0.0) * rng.standard_normal()
                + (apart if level == "P 2p" else 0.0),
                width=state.width
                * widths.get(level, 1.0)
                * classes.get(CLASSES.get(name, name), 1.0),
            )
            for name, state in states.items()
        }
        for level, states in truth.levels.items()
    }
    signal = dict(truth.signal)
    signal["P 2p"] *= 1.0 + 0.1 * rng.standard_normal()
    return replace(
        truth,
        levels=levels,
        signal=signal,
        share=float(np.clip(0.3 + 0.15 * rng.standard_normal(), 0.02, 0.75)),
        skew=float(np.clip(0.3 * rng.standard_normal(), -0.7, 0.7)),
        minor=exp(0.05 * rng.standard_normal()),
        splitting={level: 0.01 * rng.standard_normal() for level in truth.levels},
        shift=float(np.clip(1.5 * rng.standard_normal(), -3.0, 3.0)),
        slope=float(np.clip(0.05 * rng.standard_normal(), -_FURTHEST_SLOPE, 0.15)),
    )


def _signal(truth: Truth, factor: float) -> Truth:
    return replace(truth, signal={**truth.signal, "P 2p": factor * truth.signal["P 2p"]})


def _further(truth: Truth, apart: float) -> Truth:
    moved = {
        name: replace(state, center=state.center + apart)
        for name, state in truth.levels.get("P 2p", {}).items()
    }
    return replace(truth, levels={**truth.levels, "P 2p": moved}) if moved else truth


def _phosphate(truth: Truth) -> Truth:
    if "PSxOy" not in truth.levels.get("P 2p", {}):
        return truth
    return truth.with_state("P 2p", "PSxOy", center=133.4)


def _one_more(truth: Truth) -> Truth:
    """Put a state beside PS4 that no preset has: sulfur of a metal sulfide."""
    anchor = truth.levels["S 2p"]["PS4"].center
    return truth.with_state("S 2p", "metal sulfide", center=anchor + 0.9, area=0.2, width=1.2)


MODEL, PRIORS = "model", "priors"
OUTSIDE: Mapping[str, Callable[[Truth], Truth]] = {
    "P signal -15 %": lambda t: _signal(t, 0.85),
    "P signal +15 %": lambda t: _signal(t, 1.15),
    "P 0.3 eV off": lambda t: _further(t, 0.3),
    "Lorentz share 0.1": lambda t: replace(t, share=0.1),
    "Lorentz share 0.5": lambda t: replace(t, share=0.5),
    "2p1/2 8 % wider": lambda t: replace(t, minor=1.08),
    "asymmetric": lambda t: replace(t, skew=0.25),
    "sloping background": lambda t: replace(t, slope=0.04),
    "Li3PO4": _phosphate,
    "one state more": _one_more,
    "charged by 1.5 eV": lambda t: replace(t, shift=1.5),
}
CASES = (MODEL, PRIORS, *OUTSIDE)


def truth_of(preset_id: str, case: str, counts: float, rng: np.random.Generator) -> Truth:
    """Return the truth of one spectrum of a case."""
    truth = replace(TRUTHS[preset_id], counts=counts)
    if case == PRIORS:
        return drawn_from_priors(truth, rng)
    return truth if case == MODEL else OUTSIDE[case](truth)


def cases_of(preset_id: str) -> tuple[str, ...]:
    """Return the cases in which a preset's truth differs from that in its middle."""
    middle = TRUTHS[preset_id]
    return tuple(c for c in CASES if c in (MODEL, PRIORS) or OUTSIDE[c](middle) != middle)


def spectra_of(truth: Truth, rng: np.random.Generator) -> list[Spectrum]:
    """Return synthetic spectra of a truth, one of each level."""
    return [
        make_spectrum(
            x,
            y,
            Axis.BINDING_ENERGY,
            y_unit="counts",
            counts=y,
            meta=Meta(sample="synthetic", region=level, dwell_s=1.0, scans=1.0),
        )
        for level, (x, y) in draw(truth, rng).items()
    ]


# ---------------------------------------------------------------------------------
# What one spectrum gives


@dataclass(frozen=True)
class Seen:
    """What a fit said of one ratio; `width` is that of the 95 % interval over the truth."""

    ratio: str
    held_68: bool
    held_95: bool
    off: float | None
    width: float | None


@dataclass(frozen=True)
class Fitted:
    """One spectrum: its ratios, its alarms, and the widths with everything exact."""

    seen: tuple[Seen, ...]
    alarms: tuple[str, ...]
    exact: Mapping[str, float]


def fitted(preset_id: str, case: str, counts: float, seed: int, *, exact: bool) -> Fitted:
    """Return what the program says of one synthetic sample."""
    rng = np.random.default_rng([seed, CASES.index(case), int(counts), *preset_id.encode()])
    truth, known = truth_of(preset_id, case, counts, rng), preset(preset_id)
    (job,) = plan(known, spectra_of(truth, rng)).jobs
    record = execute(job)
    if not isinstance(record, FitRecord):
        return Fitted((), (f"failed: {record.message}",), {})
    seen = [_seen(ratio, _true_ratio(known, ratio.name, truth)) for ratio in record.ratios]
    alarms = {w.code for w in record.warnings if getattr(w, "severity", "") == "alarm"}
    return Fitted(
        tuple(seen), tuple(sorted(alarms)), _exact_widths(job, known, truth) if exact else {}
    )


def _true_ratio(known: Preset, name: str, truth: Truth) -> float:
    (entry,) = (e for e in known.recipe.ratio if e.name == name)
    return truth.ratio(
        *(
            tuple(_state(truth, label) for label in side)
            for side in (entry.numerator, entry.denominator)
        )
    )


def _state(truth: Truth, label: str) -> str:
    """Return "level/species" of a label, which may name its level itself."""
    if label.partition("/")[0] in truth.levels:
        return label
    (level,) = (level for level, states in truth.levels.items() if label in states)
    return f"{level}/{label}"


def _seen(ratio: Ratio, true: float) -> Seen:
    if ratio.value is None:
        below = ratio.upper_limit is not None and true <= ratio.upper_limit
        return Seen(ratio.name, below, below, None, None)
    interval, error = ratio.best_interval, ratio.error
    if interval is None or error is None:
        return Seen(ratio.name, False, False, ratio.value / true - 1.0, None)
    near = abs(np.log(ratio.value / true)) <= error / ratio.value
    held = interval[0] <= true <= interval[1]
    width = (interval[1] - interval[0]) / true
    return Seen(ratio.name, bool(near), held, ratio.value / true - 1.0, width)


def _exact_widths(job: Job, known: Preset, truth: Truth) -> dict[str, float]:
    """Return the widths where all that is not an energy is exact, by ratio."""
    rows = UncertaintyEntry(monte_carlo=500, background=False, model=False)
    ratios = tuple(entry.model_copy(update={"uncertainty": rows}) for entry in job.ratios)
    record = execute(replace(job, model=exact_model(job.model), ratios=ratios))
    if not isinstance(record, FitRecord):
        return {}
    seen = (_seen(ratio, _true_ratio(known, ratio.name, truth)) for ratio in record.ratios)
    return {one.ratio: one.width for one in seen if one.width is not None}


def exact_model(model: Model) -> Model:
    """Return a model whose priors on stoichiometry, shape and background are exact ties.

    Widths that are known to a tenth only, those of other levels and classes, have none.
    """
    known = [p for p in model.priors if p.group in ("ties", "shape", "background")]
    model = replace(model, priors=tuple(p for p in model.priors if p not in known))
    for prior in known:
        loose = prior.terms[0].source.endswith("/fwhm") and (prior.relative or 0.0) >= 0.1
        model = model if loose else _tied(model, prior)
    return model


def _tied(model: Model, prior: Prior) -> Model:
    first, *others = prior.terms
    terms = tuple(Term(-t.times / first.times, t.source) for t in others)
    if not terms:
        return set_parameter(model, first.source, value=prior.value, free=False)
    if any(link.target == first.source for link in model.links):
        raise ModelError(f"{first.source} is tied twice.")
    return add_links(model, [Link(first.source, terms, prior.value / first.times)])


# ---------------------------------------------------------------------------------
# Many spectra


@dataclass(frozen=True)
class Cell:
    """What many spectra of one case gave for one ratio; shares are of all spectra."""

    preset: str
    case: str
    counts: float
    ratio: str
    spectra: int
    held_68: float
    held_95: float
    detected: float
    bias: float | None
    width: float | None
    over_exact: float | None
    alarms: float
    alarm_codes: tuple[str, ...]


def cells(preset_id: str, case: str, counts: float, found: Sequence[Fitted]) -> Iterator[Cell]:
    """Yield what the spectra of one case gave, ratio by ratio."""
    codes = sorted({code for one in found for code in one.alarms})
    alarms = float(np.mean([bool(one.alarms) for one in found]))
    names = list(dict.fromkeys(seen.ratio for one in found for seen in one.seen))
    for name in names:
        seen = [s for one in found for s in one.seen if s.ratio == name]
        both = [(_width(one, name), one.exact[name]) for one in found if name in one.exact]
        over = [wide / narrow for wide, narrow in both if wide is not None]
        yield Cell(
            preset_id,
            case,
            counts,
            name,
            len(found),
            float(np.mean([s.held_68 for s in seen])),
            float(np.mean([s.held_95 for s in seen])),
            float(np.mean([s.off is not None for s in seen])),
            _median([s.off for s in seen if s.off is not None]),
            _median([s.width for s in seen if s.width is not None]),
            float(np.mean(over)) if over else None,
            alarms,
            tuple(codes),
        )


def _width(one: Fitted, name: str) -> float | None:
    return next(s.width for s in one.seen if s.ratio == name)


def _median(values: Sequence[float]) -> float | None:
    return float(np.median(values)) if values else None


def matrix(
    presets: Sequence[str],
    cases: Sequence[str],
    counts: Sequence[float],
    n: int,
    seed: int = 0,
    jobs: int | None = None,
) -> Iterator[Cell]:
    """Yield the cells of some presets and cases, as they are done, on some processors or all."""
    with ProcessPoolExecutor(jobs or os.cpu_count()) as pool:
        for preset_id in presets:
            for number in counts:
                for case in (c for c in cases_of(preset_id) if c in cases):
                    work = [
                        pool.submit(
                            fitted, preset_id, case, number, seed + i, exact=i < EXACT_SPECTRA
                        )
                        for i in range(n)
                    ]
                    yield from cells(preset_id, case, number, [one.result() for one in work])


def row(cell: Cell) -> str:
    """Return a cell as a line of text."""

    def number(value: float | None, form: str) -> str:
        return "-" if value is None else format(value, form)

    return (
        f"{cell.preset:15} {cell.counts:6.0f} {cell.case:20} {cell.ratio:24}"
        f"{100 * cell.held_68:5.0f}{100 * cell.held_95:5.0f}{100 * cell.detected:5.0f}"
        f"{number(cell.bias, '+8.2f')}{number(cell.width, '7.2f')}{number(cell.over_exact, '7.2f')}"
        f"{100 * cell.alarms:6.0f}  {', '.join(cell.alarm_codes)}"
    )


def summary(found: Sequence[Cell]) -> str:
    """Return Markdown tables, one of each preset: lowest and mean share of its ratios, %.

    In brackets the share of spectra with an alarm, where there are any.
    """
    lines = []
    for preset_id in dict.fromkeys(cell.preset for cell in found):
        own = [cell for cell in found if cell.preset == preset_id]
        counts = sorted({cell.counts for cell in own})
        lines += [
            f"\n`{preset_id}`\n",
            f"| truth | {' | '.join(f'{n:,.0f} counts' for n in counts)} | width over exact |",
            f"| --- |{' --- |' * (len(counts) + 1)}",
        ]
        for case in dict.fromkeys(cell.case for cell in own):
            rows = [[c for c in own if c.case == case and c.counts == n] for n in counts]
            wide = [c.over_exact for row in rows for c in row if c.over_exact is not None]
            price = f"{np.mean(wide):.1f}" if wide else "-"
            lines.append(f"| {case} | {' | '.join(map(_in_brief, rows))} | {price} |")
    return "\n".join(lines)


def _in_brief(row: Sequence[Cell]) -> str:
    if not row:
        return "-"
    held = [100 * cell.held_95 for cell in row]
    alarms = f" ({100 * row[0].alarms:.0f})" if row[0].alarms else ""
    return f"{min(held):.0f} / {np.mean(held):.0f}{alarms}"


HEAD = (
    f"{'preset':15} {'counts':>6} {'truth':20} {'ratio':24}"
    f"{'68':>5}{'95':>5}{'seen':>5}{'bias':>8}{'width':>7}{'/exact':>7}{'alarm':>6}"
)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print the matrix."""
    parser = argparse.ArgumentParser(description="How often do the intervals hold the truth?")
    parser.add_argument("--spectra", type=int, default=SPECTRA, help="of each case")
    parser.add_argument("--preset", action="append", choices=list(TRUTHS), help="only these")
    parser.add_argument("--case", action="append", choices=CASES, help="only these")
    parser.add_argument("--counts", action="append", type=float, help="only these")
    parser.add_argument("--seed", type=int, default=0, help="of the first spectrum")
    parser.add_argument("--jobs", type=int, help="processes; all processors without it")
    parser.add_argument("--json", type=Path, help="file to write the cells to")
    chosen = parser.parse_args(arguments)
    print(f"synthetic spectra, {chosen.spectra} of each case\n{HEAD}")
    found = []
    for cell in matrix(
        chosen.preset or list(TRUTHS),
        chosen.case or CASES,
        chosen.counts or COUNTS,
        chosen.spectra,
        chosen.seed,
        chosen.jobs,
    ):
        found.append(cell)
        print(row(cell), flush=True)
    print(summary(found))
    if chosen.json:
        chosen.json.write_text(json.dumps([asdict(cell) for cell in found], indent=1))


if __name__ == "__main__":
    main()
