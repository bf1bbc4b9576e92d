"""Saving and loading a project of 1000 fits, beside one HDF5 group for each spectrum.

The rival is what one writes first: a group for each fit, a dataset for each of its
arrays, metadata and model as JSON attributes; it reads all of them back into plain
dictionaries. Ours writes the same numbers and more (temporary file, flush to the disk,
checksum) and gives back a checked `Project`, whose spectra and results are built when they are
first asked for; ``load_and_build`` asks for all of them. What does not change is made into text
once, so the first save after a fit (``first_save``) takes longer than those that follow. Both
sides run in turn, and the best round of each counts, since what else the machine does can only
make a round slower.
`kills` kills a saving process at random moments: run it as
``python -m benchmarks.project_io kills 200``.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from spectra_core.datafiles import data_path
from spectra_core.errors import ProjectFileError
from spectra_core.fitting import fit
from spectra_core.model import Model
from spectra_core.project.file import backup_path, load_project, save_project
from spectra_core.project.plain import numbers, parameters_of, spectrum_entry, structure, to_text
from spectra_core.project.project import (
    Project,
    accept_fit,
    add_analysis,
    add_spectra,
    set_result,
    set_settings,
)
from spectra_core.recipe.text import load_recipe, model_from_recipe
from spectra_core.runs.simulate import Acquisition, simulate

N_FITS = 1000
ROUNDS = 5
GOAL = 30.0
CASES = ("run", "by_hand")
EXAMPLE = "lpscl_cathode_s2p.toml"


def synthetic_model() -> Model:
    """Return the model of the bundled synthetic example."""
    return model_from_recipe(load_recipe(data_path("resources", "examples", EXAMPLE)))


def fitted_project(n_fits: int = N_FITS) -> Project:
    """Return a project of `n_fits` fits of synthetic spectra with one model."""
    model, rng = synthetic_model(), np.random.default_rng(0)
    conditions = Acquisition(0.05, 0.1, 40.0, 1486.6, sample="series")
    spectra = [s for _ in range(n_fits) for s in simulate(model, conditions, rng)]
    project = add_spectra(Project(), spectra)
    for spectrum_id, spectrum in list(project.spectra.items()):
        project = add_analysis(project, model, spectrum_id, label=spectrum_id)
        project = set_result(project, f"a{project.last_id}", fit(spectrum, model))
    return project


def with_own_models(project: Project) -> Project:
    """Return the project with a model of its own in every analysis, as after work by hand."""
    for analysis_id in project.analyses:
        project = accept_fit(project, analysis_id)
    return project


# ---------------------------------------------------------------------------------
# The rival


def save_groups(project: Project, path: Path) -> None:
    """Write a group for each fit."""
    h5py = import_module("h5py")
    with h5py.File(path, "w") as file:
        for key, analysis in project.analyses.items():
            stored = analysis.stored
            assert stored is not None
            group = file.create_group(key)
            for name, array in _arrays_of(stored):
                group.create_dataset(name, data=array)
            (spectrum,) = stored.spectra.values()
            group.attrs["spectrum"] = to_text(spectrum_entry(spectrum)).decode()
            group.attrs["model"] = to_text(structure(analysis.model)).decode()
            group.attrs["options"] = to_text(asdict(stored.options)).decode()
            group.attrs["fit"] = json.dumps(
                [stored.status.value, stored.message, stored.method, stored.engine]
            )


def _arrays_of(stored: Any) -> list[tuple[str, np.ndarray]]:
    (spectrum,) = stored.spectra.values()
    every = (stored.statistics, *stored.region_statistics)
    return [
        ("x", spectrum.x_recorded),
        ("y", spectrum.y),
        ("counts", spectrum.counts),
        ("parameters", numbers(parameters_of(stored.model))),
        ("values", stored.values),
        ("covariance", stored.free_covariance),
        ("at_bound", stored.at_bound),
        ("point_sigmas", stored.sigmas[0]),
        ("statistics", np.array([[v or 0.0 for v in vars(s).values()] for s in every])),
        ("trace", np.array([list(point) for point in stored.trace])),
        ("starts", np.array(stored.starts)),
    ]


def load_groups(path: Path) -> dict[str, dict[str, Any]]:
    """Read every group into a dictionary."""
    h5py = import_module("h5py")
    with h5py.File(path, "r") as file:
        return {
            key: {name: data[...] for name, data in group.items()}
            | {name: json.loads(text) for name, text in group.attrs.items()}
            for key, group in file.items()
        }


# ---------------------------------------------------------------------------------
# Measuring


def save_and_load() -> dict[str, float]:
    """Time saving and loading 1000 fits both ways."""
    values: dict[str, float] = {"goal_ratio": GOAL}
    run = fitted_project()
    for name, project in zip(CASES, (run, with_own_models(run)), strict=True):
        with tempfile.TemporaryDirectory() as folder:
            measured = _both(project, Path(folder))
        values |= {f"{name}_{key}": value for key, value in measured.items()}
    ratios = ("save_ratio", "load_ratio", "ratio")
    return values | {
        f"{name}_met": float(all(values[f"{name}_{ratio}"] >= GOAL for ratio in ratios))
        for name in CASES
    }


def _both(project: Project, folder: Path) -> dict[str, float]:
    ours, theirs = folder / "a.doublet", folder / "groups.h5"
    times: dict[str, list[float]] = {}

    def clock(name: str, act: Callable[[], object]) -> None:
        start = time.perf_counter()
        act()
        times.setdefault(name, []).append(time.perf_counter() - start)

    for _ in range(ROUNDS):
        ours.unlink(missing_ok=True)  # the rival's file is made anew too
        clock("save_s", lambda: save_project(project, ours))
        clock("load_s", lambda: load_project(ours))
        clock("load_and_build_s", lambda: _build(load_project(ours)))
        clock("groups_save_s", lambda: save_groups(project, theirs))
        clock("groups_load_s", lambda: load_groups(theirs))
    found = {name: min(values) for name, values in times.items()}
    rival = found["groups_save_s"] + found["groups_load_s"]
    return found | {
        "first_save_s": times["save_s"][0],
        "megabytes": ours.stat().st_size / 1e6,
        "groups_megabytes": theirs.stat().st_size / 1e6,
        "save_ratio": found["groups_save_s"] / found["save_s"],
        "load_ratio": found["groups_load_s"] / found["load_s"],
        "ratio": rival / (found["save_s"] + found["load_s"]),
        "ratio_all_built": rival / (found["save_s"] + found["load_and_build_s"]),
    }


def _build(project: Project) -> None:
    for analysis in project.analyses.values():
        assert analysis.stored is not None
    for spectrum in project.spectra.values():
        assert len(spectrum)


# ---------------------------------------------------------------------------------
# Killing a process that saves


def save_for_ever(path: Path, n_fits: int) -> None:
    """Save one version after the other, until this process is killed."""
    project = load_project(path) if path.exists() else fitted_project(n_fits)
    number = 0
    while True:
        number += 1
        save_project(set_settings(project, title=f"version {number}"), path)
        sys.stdout.write(f"{number}\n")
        sys.stdout.flush()


def kill_while_saving(path: Path, times: int, *, seed: int = 0) -> dict[str, int]:
    """Kill a saving process at random moments; count what was lost.

    Parameters
    ----------
    path : Path
        A project file that exists.
    times : int
    seed : int
        Of the moments.

    Returns
    -------
    counts : dict
        ``kills``; ``neither``: how often no version could be opened, ``lost``: how often
        the version that opened was older than the last one whose save had returned,
        ``newer``: how often it was one whose save had not returned yet.
    """
    rng, counts = random.Random(seed), {"kills": 0, "neither": 0, "lost": 0, "newer": 0}
    for _ in range(times):
        last = _killed_save(path, rng.uniform(0.0, 0.06))
        counts["kills"] += 1
        try:
            title = load_project(path).settings.title
        except ProjectFileError:
            counts["neither"] += 1
            continue
        version = int(title.removeprefix("version ") or 0)
        counts["lost"] += version < last
        counts["newer"] += version > last
    return counts


def _killed_save(path: Path, wait_s: float) -> int:
    """Start a saving process, kill it some time after its first save; return its last."""
    command = [sys.executable, "-m", "benchmarks.project_io", "save", str(path)]
    root = Path(__file__).resolve().parents[1]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=root, text=True) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        time.sleep(wait_s)
        process.kill()
        rest = process.stdout.read()
    output = [line for line in (first + rest).split("\n")[:-1] if line]
    return int(output[-1])


def main() -> None:
    """``save PATH``: the process to be killed; ``kills N``: kill it N times."""
    what, argument = sys.argv[1:]
    if what == "save":
        save_for_ever(Path(argument), 1)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "killed.doublet")
        save_project(fitted_project(20), path)
        start = time.perf_counter()
        counts = kill_while_saving(path, int(argument))
        left = [name for name in os.listdir(folder) if name != path.name]
        print(json.dumps(counts), f"{time.perf_counter() - start:.0f} s, beside it: {left}")
        print(f"backup opens: {len(load_project(backup_path(path)).analyses)} analyses")


if __name__ == "__main__":
    main()
