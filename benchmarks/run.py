"""Measure Doublet's speed beside today's usual programs, in one run on one machine.

A number of milliseconds says little without the machine and the rival. Every benchmark
therefore measures both sides, interleaved, and returns named values; the table shows them
with the goal. Adding one is a function that returns a dict and a row in `BENCHMARKS`.
Run it with ``python3 dev.py bench [NAME...] [--json FILE]``.
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
MEASURED_WITH = ("doublet", "numpy", "scipy", "lmfit", "numba")


@dataclass(frozen=True)
class Benchmark:
    """One row of the table.

    Attributes
    ----------
    name : str
        What the command line filters by.
    goal : str
        What should hold, in words.
    measure : callable
        Returns the measured values by name; units stand in the names (``_s``, ``_ms``).
    """

    name: str
    goal: str
    measure: Callable[[], dict[str, float]]


def import_time() -> dict[str, float]:
    """Time a fresh interpreter importing every core module, and one importing lmfit."""
    core = sorted(
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        for path in (ROOT / "spectra_core").rglob("*.py")
    )
    sides = {"bare": "pass", "core": f"import {', '.join(core)}", "lmfit": "import lmfit"}
    times: dict[str, list[float]] = {side: [] for side in sides}
    for _ in range(6):
        for side, code in sides.items():
            times[side].append(_seconds_of_python(code))
    bare, ours, theirs = (statistics.median(values[1:]) for values in times.values())
    return {
        "spectra_core_s": ours - bare,
        "lmfit_s": theirs - bare,
        "lmfit_over_spectra_core": (theirs - bare) / (ours - bare),
    }


def _seconds_of_python(code: str) -> float:
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)
    return time.perf_counter() - start


def coverage() -> dict[str, float]:
    """Measure how often intervals hold the truth; see `equal_doublets.py`."""
    sys.path.insert(0, str(ROOT))
    from benchmarks.equal_doublets import coverage as measure

    return measure()


def project_io() -> dict[str, float]:
    """Time saving and loading 1000 fits, ours and a group for each; see `project_io.py`."""
    sys.path.insert(0, str(ROOT))
    from benchmarks.project_io import save_and_load

    return save_and_load()


def engine(name: str) -> Callable[[], dict[str, float]]:
    """Return a measurement of `engine_speed.py`, which imports rivals only when it runs."""

    def measure() -> dict[str, float]:
        sys.path.insert(0, str(ROOT))
        from benchmarks import engine_speed

        measured: dict[str, float] = getattr(engine_speed, name)()
        return measured

    return measure


def search(name: str) -> Callable[[], dict[str, float]]:
    """Return a measurement of `search_speed.py`."""

    def measure() -> dict[str, float]:
        sys.path.insert(0, str(ROOT))
        from benchmarks import search_speed

        measured: dict[str, float] = getattr(search_speed, name)()
        return measured

    return measure


def command_batch() -> dict[str, float]:
    """Time the command on a map; see `command_batch.py`."""
    sys.path.insert(0, str(ROOT))
    from benchmarks.command_batch import doublet_fit_of_a_map

    return doublet_fit_of_a_map()


def figure() -> dict[str, float]:
    """Time the command on one spectrum with a figure; see `command_batch.py`."""
    sys.path.insert(0, str(ROOT))
    from benchmarks.command_batch import figure_of_a_fit

    return figure_of_a_fit()


def plot(name: str) -> Callable[[], dict[str, float]]:
    """Return a measurement of `gui_drag.py`, which starts Qt only when it runs."""

    def measure() -> dict[str, float]:
        sys.path.insert(0, str(ROOT))
        from benchmarks import gui_drag

        measured: dict[str, float] = getattr(gui_drag, name)()
        return measured

    return measure


def window(name: str) -> Callable[[], dict[str, float]]:
    """Return a measurement of `gui_jobs.py`, which starts the program only when it runs."""

    def measure() -> dict[str, float]:
        sys.path.insert(0, str(ROOT))
        from benchmarks import gui_jobs

        measured: dict[str, float] = getattr(gui_jobs, name)()
        return measured

    return measure


BENCHMARKS = (
    Benchmark(
        "single",
        "one S 2p fit, 3 doublets and active Shirley: core >= 1000x lmfit, fit() >= 300x"
        " [chi-square <= lmfit's, parameters to 1e-6, standard errors to 1e-3]",
        engine("single_fit"),
    ),
    Benchmark(
        "fityk",
        ">= 5x Fityk on the same Voigt fit (processor time) [parameter error >= 10x smaller]",
        engine("against_fityk"),
    ),
    Benchmark(
        "map",
        "10,000 spectra of 12 parameters with covariances <= 4 lmfit fits; 10^6 streamed"
        " <= 110x that in < 2 GiB [>= 99.5 % at MINPACK's chi-square]",
        engine("map_fit"),
    ),
    Benchmark(
        "command-map",
        "`doublet fit` of 10,000 S 2p spectra, one ratio: results and csv <= 60 lmfit fits,"
        " results alone <= 20, <= 600 MiB",
        command_batch,
    ),
    Benchmark(
        "command-figure", "one `doublet fit` with results and a figure, warm: <= 1.5 s", figure
    ),
    Benchmark(
        "search",
        "the fit of a joint preset with its search for the best minimum: in the median <= 30 fits"
        " of the bare engine from one start",
        search("searched_fit"),
    ),
    Benchmark(
        "many-doublets",
        "default fits of 6 and 11 doublets to one real doublet <= 20x that of 4",
        search("many_doublets"),
    ),
    Benchmark(
        "joint-example",
        "each of the four joint fits of Fig. 1e-f (synthetic) with ratios, full budgets and"
        " findings <= 200 ms (draws on two threads; processor time beside it)",
        search("joint_example"),
    ),
    Benchmark(
        "robust",
        "2,000 pseudo-Voigt spectra from a poor start: >= 97 % within 1e-6 of the best known"
        " chi-square, >= 99 % within 1e-3",
        engine("robust_map"),
    ),
    Benchmark(
        "intervals",
        "by the public functions: all profile intervals of 9 parameters, 200 Monte Carlo draws,"
        " and a ratio's full budget (500 draws, background and model), each <= 1/10 of one lmfit"
        " fit; the first two <= 2x the engine's bare refits",
        engine("intervals"),
    ),
    Benchmark(
        "live",
        "a full refit at each mouse move: p95 < 2 ms [chi-square of the converged fit to 1e-3]",
        engine("live"),
    ),
    Benchmark(
        "backgrounds",
        "Shirley >= 1000x the point loop, Tougaard >= 30x (281) and 100x (1000 points) the row"
        " loop [1e-10]; arPLS on a map >= 4x pybaselines [1e-8]",
        engine("backgrounds"),
    ),
    Benchmark(
        "start",
        "--version and inspect <= 0.25x, one headless fit <= 0.6x of importing lmfit, xarray"
        " and pyqtgraph",
        engine("start_up"),
    ),
    Benchmark("import", "importing the whole core is faster than importing lmfit", import_time),
    Benchmark(
        "coverage",
        "68 % and 95 % intervals hold the truth in 64 to 72 % and 93 to 97 % of the spectra,"
        " bias of R below 0.2 standard errors",
        coverage,
    ),
    Benchmark(
        "project-io",
        "saving and loading 1000 fits is at least 30 times faster than an HDF5 group for each",
        project_io,
    ),
    Benchmark("plot-redraw", "nine curves redrawn in a drag: p95 < 6 ms", plot("redraw")),
    Benchmark(
        "plot-drag",
        "a move of the mouse with nine curves, refit and redraw: p95 < 8 ms, worst of 600 < 50 ms",
        plot("frame"),
    ),
    Benchmark(
        "plot-points",
        "10,000 points painted at a turn of the wheel: p95 < 16 ms",
        plot("many_points"),
    ),
    Benchmark(
        "window-start",
        "the first paint of the window < 1 s after the start of its process",
        window("first_paint"),
    ),
    Benchmark(
        "window-many",
        "500 spectra in the window: opened in < 0.5 s, a preset blocks it <= 100 ms, the first"
        " fit within 1 s, idle <= 10 s after Cancel",
        window("many_spectra"),
    ),
    Benchmark(
        "window-job",
        "the four joint fits of the example in the window <= 1.3x the same call from Python",
        window("job_beside_python"),
    ),
)


def environment() -> dict[str, str]:
    """Return the machine and the versions that the numbers belong to."""
    libraries = {name: version(name) for name in MEASURED_WITH}
    return {"python": platform.python_version(), "machine": platform.platform(), **libraries}


def selected(names: list[str]) -> list[Benchmark]:
    """Return the benchmarks whose name contains one of the words; all without words."""
    found = [one for one in BENCHMARKS if not names or any(word in one.name for word in names)]
    if not found:
        sys.exit(f"no benchmark matches; there are: {', '.join(one.name for one in BENCHMARKS)}")
    return found


def _line(key: str, value: float) -> str:
    shown = ("no", "yes")[value > 0] if key == "met" else f"{value:.4g}"
    return f"  {key:28} {shown:>12}\n"


def install_peers() -> None:
    """Install Fityk's command line program where this may be done, else name the command."""
    import dev

    dev.apt_install(["fityk"], "Fityk, a rival to measure against")


def main() -> None:
    """Run the selected benchmarks, print the table, write JSON if asked."""
    parser = argparse.ArgumentParser(description="Measure Doublet side by side with others.")
    parser.add_argument("names", nargs="*", help="words that the names contain; default all")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the values here too")
    parser.add_argument("--install-peers", action="store_true", help="install Fityk first")
    arguments = parser.parse_args()
    if arguments.install_peers:
        sys.path.insert(0, str(ROOT))
        install_peers()
    results = []
    for one in selected(arguments.names):
        values = one.measure()
        print(f"{one.name}: {one.goal}")
        print("".join(_line(key, value) for key, value in values.items()), end="")
        results.append({"name": one.name, "goal": one.goal, "values": values})
    if arguments.json:
        report = {"environment": environment(), "benchmarks": results}
        arguments.json.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
