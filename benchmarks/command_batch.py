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
from pathlib import Path

from benchmarks import peers
from benchmarks.s2p_map import RECIPE, spectra
from spectra_core.writers import write

ROOT = Path(__file__).resolve().parents[1]
GOALS = {"with_csv": 60.0, "without_csv": 20.0}
GOAL_MIB = 600.0


def doublet_fit_of_a_map(n: int = 10_000) -> dict[str, float]:
    """Time `doublet fit` of a map with and without csv, in fits of lmfit, and its memory."""
    lmfit_fit = _lmfit_fit()
    with tempfile.TemporaryDirectory(prefix="doublet-map-") as name:
        folder = Path(name)
        write(folder / "map.h5", spectra(n))
        (folder / "s2p.toml").write_text(RECIPE)
        _command(folder, "warm-up", "json")  # machine code and file cache
        unit = _timed(lmfit_fit)
        values: dict[str, float] = {}
        for kind, formats in (("without_csv", "json"), ("with_csv", "json,csv")):
            seconds, mib = _command(folder, kind, formats)
            unit += _timed(lmfit_fit)
            values |= {f"{kind}_s": seconds, f"{kind}_mib": mib}
    one = statistics.median(unit)
    values["one_lmfit_fit_s"] = one
    for kind in GOALS:
        values[f"{kind}_in_lmfit_fits"] = values[f"{kind}_s"] / one
    fast = all(values[f"{kind}_in_lmfit_fits"] <= goal for kind, goal in GOALS.items())
    small = all(values[f"{kind}_mib"] <= GOAL_MIB for kind in GOALS)
    return values | {"met": float(fast and small)}


def _lmfit_fit() -> Callable[[], object]:
    spectrum = peers.s2p_spectrum(2)
    model, parameters = peers.lmfit_s2p(2)
    weights = 1.0 / spectrum.sigma  # type: ignore[operator]
    return lambda: model.fit(spectrum.y, parameters, x=peers.X, weights=weights, scale_covar=False)


def _timed(call: Callable[[], object], times: int = 7) -> list[float]:
    found = []
    for _ in range(times):
        start = time.perf_counter()
        call()
        found.append(time.perf_counter() - start)
    return found


def _command(folder: Path, name: str, formats: str) -> tuple[float, float]:
    """Return the seconds and the peak memory (MiB) of the command in a process of its own."""
    files = (str(folder / "map.h5"), "--recipe", str(folder / "s2p.toml"))
    command = [sys.executable, "-m", "doublet", "fit", *files]
    start = time.perf_counter()
    process = subprocess.Popen(
        [*command, "--formats", formats, "-o", str(folder / name)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise RuntimeError(f"doublet fit ended with {process.returncode}")
    per_mib = 2**20 if sys.platform == "darwin" else 2**10
    return seconds, usage.ru_maxrss / per_mib
