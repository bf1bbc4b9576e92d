"""`doublet fit` of 10,000 spectra, the whole command in a process of its own.

The unit is one lmfit fit of the same model, measured before, between and after the runs:
what else the machine does then hits both. All spectra are synthetic.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from benchmarks import peers
from benchmarks.s2p_map import RECIPE, spectra
from spectra_core.fitting.stack import fit_stack
from spectra_core.recipe.text import parse_recipe
from spectra_core.runs.plan import plan
from spectra_core.writers import write

ROOT = Path(__file__).resolve().parents[1]
GOALS = {"with_csv": 60.0, "without_csv": 20.0}
GOAL_MIB = 600.0
FIGURE_S = 1.5


def doublet_fit_of_a_map(n: int = 10_000) -> dict[str, float]:
    """Time `doublet fit` of a map with and without csv, in fits of lmfit, and its memory.

    Seconds and seconds of the processors are given: two threads of a busy machine wait longer
    than the one that lmfit needs. `fits_alone_cpu` is the part that any way of writing
    results would leave.
    """
    lmfit_fit = _lmfit_fit()
    with tempfile.TemporaryDirectory(prefix="doublet-map-") as name:
        folder = Path(name)
        write(folder / "map.h5", spectra(n))
        (folder / "s2p.toml").write_text(RECIPE)
        _command(folder, "warm-up", "json")  # machine code and file cache
        unit = _timed(lmfit_fit)
        used: dict[str, Used] = {}
        for kind, formats in (("without_csv", "json"), ("with_csv", "json,csv")):
            used[kind] = _command(folder, kind, formats)
            unit += _timed(lmfit_fit)
    seconds, processor = (statistics.median(each) for each in zip(*unit, strict=True))
    values = {"one_lmfit_fit_s": seconds}
    for kind, one in used.items():
        values |= {f"{kind}_s": one.seconds, f"{kind}_mib": one.mib}
        values[f"{kind}_in_lmfit_fits"] = one.seconds / seconds
        values[f"{kind}_cpu_in_lmfit_fits"] = one.processor / processor
    values["fits_alone_cpu_in_lmfit_fits"] = n * _processor_time_of_a_fit() / processor
    fast = all(values[f"{kind}_in_lmfit_fits"] <= goal for kind, goal in GOALS.items())
    small = all(values[f"{kind}_mib"] <= GOAL_MIB for kind in GOALS)
    return values | {"met": float(fast and small)}


def _processor_time_of_a_fit(n: int = 1024, at_a_time: int = 128) -> float:
    """Return the processor seconds of one of many fits of the map, and of nothing else."""
    jobs = plan(parse_recipe(RECIPE), spectra(n)).jobs
    model, options = jobs[0].model, jobs[0].options
    rows = [dict(job.group.spectra) for job in jobs]
    fit_stack(rows[:at_a_time], model, options)
    start = time.process_time()
    for first in range(0, n, at_a_time):
        fit_stack(rows[first : first + at_a_time], model, options)
    return (time.process_time() - start) / n


def _lmfit_fit() -> Callable[[], object]:
    spectrum = peers.s2p_spectrum(2)
    model, parameters = peers.lmfit_s2p(2)
    weights = 1.0 / spectrum.sigma  # type: ignore[operator]
    return lambda: model.fit(spectrum.y, parameters, x=peers.X, weights=weights, scale_covar=False)


def _timed(call: Callable[[], object], times: int = 7) -> list[tuple[float, float]]:
    """Return the seconds, and those of the processor, of some calls."""
    found = []
    for _ in range(times):
        start, processor = time.perf_counter(), time.process_time()
        call()
        found.append((time.perf_counter() - start, time.process_time() - processor))
    return found


class Used(NamedTuple):
    """Seconds, processor seconds and peak memory (MiB) of a command with its processes."""

    seconds: float
    processor: float
    mib: float


def _command(folder: Path, name: str, formats: str) -> Used:
    """Run the command in a process of its own."""
    files = (str(folder / "map.h5"), "--recipe", str(folder / "s2p.toml"))
    command = [sys.executable, "-m", "doublet", "fit", *files]
    start = time.perf_counter()
    process = subprocess.Popen(
        [*command, "--formats", formats, "-o", str(folder / name)],
        env=_environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    with ThreadPoolExecutor(1) as pool:
        peak = pool.submit(_peak_of_processes, process.pid)
        _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    mib = peak.result()
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise RuntimeError(f"doublet fit ended with {process.returncode}")
    per_mib = 2**20 if sys.platform == "darwin" else 2**10
    processor = usage.ru_utime + usage.ru_stime
    return Used(seconds, processor, mib or usage.ru_maxrss / per_mib)


def _environment() -> dict[str, str]:
    """Return the environment of a user, whose modules are compiled once and not each time."""
    own = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    return {**own, "PYTHONPATH": str(ROOT)}


def figure_of_a_fit() -> dict[str, float]:
    """Time `doublet fit` of one spectrum with results and a figure, warm."""
    with tempfile.TemporaryDirectory(prefix="doublet-figure-") as name:
        folder = Path(name)
        write(folder / "map.h5", spectra(1))
        (folder / "s2p.toml").write_text(RECIPE)
        used = [_command(folder, f"figure-{k}", "json,svg") for k in range(6)][1:]
    values = {
        "seconds": statistics.median(one.seconds for one in used),
        "processor_s": statistics.median(one.processor for one in used),
    }
    return values | {"goal_s": FIGURE_S, "met": float(values["seconds"] <= FIGURE_S)}


def _peak_of_processes(number: int, every: float = 0.2) -> float:
    """Return the most memory (MiB) of a process and all its own until it ends; 0 if unknown.

    What they share counts once (PSS), which only Linux tells.
    """
    most = 0.0
    while Path(f"/proc/{number}/task").exists():
        with suppress(OSError, StopIteration):  # one of them has just ended
            most = max(most, sum(map(_mib_of, _with_children(number))))
        time.sleep(every)
    return most


def _with_children(number: int) -> list[int]:
    lists = Path(f"/proc/{number}/task").glob("*/children")
    own = [int(child) for each in lists for child in each.read_text().split()]
    return [number, *(one for child in own for one in _with_children(child))]


def _mib_of(number: int) -> float:
    lines = Path(f"/proc/{number}/smaps_rollup").read_text().splitlines()
    return float(next(line for line in lines if line.startswith("Pss:")).split()[1]) / 2**10
