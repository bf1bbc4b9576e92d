"""Measure Doublet's speed beside what people use today, in one run on one machine.

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


BENCHMARKS = (
    Benchmark("import", "importing the whole core is faster than importing lmfit", import_time),
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


def main() -> None:
    """Run the selected benchmarks, print the table, write JSON if asked."""
    parser = argparse.ArgumentParser(description="Measure Doublet side by side with others.")
    parser.add_argument("names", nargs="*", help="words that the names contain; default all")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the values here too")
    arguments = parser.parse_args()
    results = []
    for one in selected(arguments.names):
        values = one.measure()
        print(f"{one.name}: {one.goal}")
        print("".join(f"  {key:28} {value:12.4g}\n" for key, value in values.items()), end="")
        results.append({"name": one.name, "goal": one.goal, "values": values})
    if arguments.json:
        report = {"environment": environment(), "benchmarks": results}
        arguments.json.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
