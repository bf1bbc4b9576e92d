"""The window and the command line are one driver: the same files give the same results.

Every preset of the library and every recipe among the examples is run both ways, each as a user
runs it: `doublet fit` with files and a folder, and the window's own controllers with files, a
preset or a recipe, "Fit all" and "Export". Then the files that both have written are compared.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from scipy.special import voigt_profile

from doublet.app.cli.main import main
from doublet.app.preferences import Preferences
from doublet.app.program import Program
from spectra_core.core_levels import core_level
from spectra_core.datafiles import data_path
from spectra_core.fitting import DEFAULT_STARTS
from spectra_core.recipe.presets import preset, preset_ids
from spectra_core.recipe.schema import FitEntry, RegionEntry
from spectra_core.recipe.text import load_recipe
from spectra_core.spectrum import Axis, Meta, Spectrum
from spectra_core.writers import write

EXAMPLES = data_path("resources", "examples")
FORMATS = ("json", "csv", "svg")
# What numbers each analysis is called by, and how a whole run was asked for.
_OWN = {"id", "joint", "fit", "recipe", "program", "inputs"}

Settle = Callable[[Program], None]


# ---------------------------------------------------------------------------------
# Synthetic spectra, by scipy's Voigt function


def _lines(region: RegionEntry) -> Iterator[tuple[float, float]]:
    """Yield centre and area of every line that a region of a recipe is for."""
    for place, entry in enumerate(region.component):
        given = entry.parameters["center"]
        center = given.value if given.value is not None else 0.5 * (given.min + given.max)
        area = 9000.0 / (1.0 + place)
        if not entry.is_doublet:
            yield center, area
            continue
        level = core_level(entry.line)
        ratio = entry.ratio or level.area_ratio
        splitting = level.splitting_ev if entry.splitting is None else entry.splitting
        yield center, area / (1.0 + ratio)
        yield center + splitting, area * ratio / (1.0 + ratio)


def drawn(region: RegionEntry, sample: str, seed: int, charge: float = 0.0) -> Spectrum:
    """Return SYNTHETIC Poisson counts of a region's own components on a step."""
    low, high = min(region.window), max(region.window)
    x = np.arange(low - 2.0, high + 2.0, 0.1)
    lines = [(center + charge, area) for center, area in _lines(region)]
    peaks = sum(area * voigt_profile(x - center, 0.45, 0.1) for center, area in lines)
    step = 0.02 * np.cumsum(peaks) * 0.1
    counts = np.random.default_rng(seed).poisson(peaks + step + 400.0).astype(float)
    meta = Meta(
        sample=sample,
        region=region.name,
        technique="XPS",
        excitation_energy_ev=1486.6,
        comment="SYNTHETIC, made by a test",
    )
    return Spectrum(x, counts, Axis.BINDING_ENERGY, "counts", counts=counts, meta=meta)


def carbon(sample: str, charge: float, seed: int) -> Spectrum:
    """Return a SYNTHETIC C 1s spectrum of adventitious carbon."""
    x = np.arange(278.0, 292.0, 0.1)
    y = 20_000.0 * voigt_profile(x - 284.8 - charge, 0.5, 0.1) + 300.0
    counts = np.random.default_rng(seed).poisson(y).astype(float)
    meta = Meta(sample=sample, region="C 1s", technique="XPS", excitation_energy_ev=1486.6)
    return Spectrum(x, counts, Axis.BINDING_ENERGY, "counts", counts=counts, meta=meta)


def text_file(path: Path, spectrum: Spectrum) -> Path:
    """Write a spectrum as two columns, the export that every instrument has."""
    rows = np.column_stack([spectrum.x, spectrum.y])
    np.savetxt(path, rows, "%.2f", "\t", header="Binding Energy (eV)\tCounts", comments="")
    return path


# ---------------------------------------------------------------------------------
# Both ways


def by_command(files: list[Path], folder: Path, *what: str) -> Path:
    """Return the folder that `doublet fit` writes."""
    arguments = [*map(str, files), *what, "-o", str(folder), "--formats", ",".join(FORMATS)]
    outcome = CliRunner().invoke(main, ["fit", *arguments])
    assert outcome.exit_code == 0, outcome.stderr
    return folder


def by_window(
    program: Program, settle: Settle, files: list[Path], folder: Path, *what: str
) -> Path:
    """Return the folder that the window writes, driven by its controllers."""
    folder.mkdir()
    crew = program.crew
    crew.files.open_paths(files)
    settle(program)
    every = list(program.desk.document.project.spectra)
    if what[0] == "--preset":
        crew.spectra.add_preset(what[1], every)
    else:
        crew.spectra.add_recipe(what[1], every)
    crew.fitting.fit_all()
    settle(program)
    crew.reporting.export(FORMATS, folder)
    settle(program)
    return folder


def results(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "results.json").read_text(encoding="utf-8"))


def without_own(value: Any) -> Any:
    """Return a value of results.json without what each way names by itself."""
    if isinstance(value, dict):
        return {k: without_own(v) for k, v in value.items() if k not in _OWN}
    return [without_own(item) for item in value] if isinstance(value, list) else value


def assert_alike(one: Any, two: Any, where: str = "") -> None:
    """Assert that two values are equal, numbers to nine digits."""
    if isinstance(one, dict):
        assert list(one) == list(two), where
        for key in one:
            assert_alike(one[key], two[key], f"{where}/{key}")
    elif isinstance(one, list):
        assert len(one) == len(two), (where, one, two)
        for place, (a, b) in enumerate(zip(one, two, strict=True)):
            assert_alike(a, b, f"{where}/{place}")
    elif isinstance(one, float) and isinstance(two, float):
        assert one == pytest.approx(two, rel=1e-9, abs=1e-9), where
    else:
        assert one == two, where


def assert_one_driver(
    program: Program, settle: Settle, tmp_path: Path, files: list[Path], *what: str
) -> dict[str, Any]:
    """Assert that both ways write the same results, curves and figures; return the results."""
    command = by_command(files, tmp_path / "command", *what)
    window = by_window(program, settle, files, tmp_path / "window", *what)
    found = results(command)
    assert found["fits"]
    assert_alike(without_own(found), without_own(results(window)))
    names = sorted(path.name for path in command.iterdir() if path.suffix != ".journal")
    assert names == sorted(path.name for path in window.iterdir())
    for name in (n for n in names if n.endswith(".csv")):
        one, two = (_table(folder / name) for folder in (command, window))
        assert one[0] == two[0]
        np.testing.assert_allclose(one[1], two[1], rtol=1e-9, atol=1e-9)
    for name in (n for n in names if n.endswith(".svg")):
        assert (command / name).read_text() == (window / name).read_text(), name
    return found


def _table(path: Path) -> tuple[list[str], np.ndarray]:
    """Return the comments and headings of a csv of curves, and its numbers."""
    lines = path.read_text(encoding="utf-8").splitlines()
    comments = [line for line in lines if line.startswith("#")]
    heading, *rows = csv.reader(line for line in lines if not line.startswith("#"))
    return comments + heading, np.array(rows, dtype=float)


# ---------------------------------------------------------------------------------
# The comparisons


def codes(fit: dict[str, Any]) -> set[str]:
    return {warning["code"] for warning in fit["warnings"]}


def test_there_is_one_number_of_starts_where_nobody_says_one() -> None:
    assert Preferences().starts == FitEntry().starts == DEFAULT_STARTS == 3


def of_levels(preset_id: str) -> bool:
    """Return whether each region of a preset is a spectrum of its own, not a window of one."""
    regions = preset(preset_id).recipe.region
    return len({entry.match or entry.name for entry in regions}) == len(regions)


@pytest.mark.parametrize("preset_id", preset_ids())
def test_every_preset_on_one_file_for_each_region(
    program: Program, settle: Settle, tmp_path: Path, preset_id: str
) -> None:
    regions = preset(preset_id).recipe.region
    files = [
        text_file(tmp_path / f"cellA_{entry.name.replace(' ', '')}.txt", drawn(entry, "", seed))
        for seed, entry in enumerate(regions)
    ]
    if len(regions) > 1:  # a sample that lacks a region, beside one that has both
        files.append(text_file(tmp_path / "cellB_S2p.txt", drawn(regions[0], "", 7)))
    found = assert_one_driver(program, settle, tmp_path, files, "--preset", preset_id)
    samples = [fit["sample"] for fit in found["fits"]]
    if len(regions) > 1:
        assert samples[2] == "cellB_S2p"
        assert "regions_lacking" in codes(found["fits"][2])
    if len(regions) > 1 and of_levels(preset_id):
        assert samples[:2] == ["cellA", "cellA"]
        assert "samples_joined" in codes(found["fits"][0])


@pytest.mark.parametrize("name", sorted(path.stem for path in EXAMPLES.glob("*.vms")))
def test_every_example_with_its_own_recipe(
    program: Program, settle: Settle, tmp_path: Path, name: str
) -> None:
    recipe = EXAMPLES / f"{name}.toml"
    assert_one_driver(
        program, settle, tmp_path, [EXAMPLES / f"{name}.vms"], "--recipe", str(recipe)
    )


def test_the_recipe_of_the_demo_on_its_spectra(
    program: Program, settle: Settle, tmp_path: Path
) -> None:
    files = [EXAMPLES / f"su2025_fig5_{name}.vms" for name in ("bare_charged", "coated_charged")]
    text = (EXAMPLES / "su2025_fig5_fit.toml").read_text(encoding="utf-8")
    recipe = tmp_path / "fit.toml"
    recipe.write_text(text.replace("monte_carlo = 500", "monte_carlo = 40"), encoding="utf-8")
    found = assert_one_driver(program, settle, tmp_path, files, "--recipe", str(recipe))
    assert len(found["ratios"]) == 2


def test_samples_of_one_name_in_two_files_have_each_their_charge_reference(
    program: Program, settle: Settle, tmp_path: Path
) -> None:
    text = (EXAMPLES / "lpscl_cathode_s2p.toml").read_text(encoding="utf-8")
    referenced = tmp_path / "referenced.toml"
    referenced.write_text(text + '\n[calibration]\nreference = "C 1s"\n', encoding="utf-8")
    (region,) = load_recipe(referenced).region
    files = []
    for seed, charge in enumerate((0.5, 2.0)):
        files.append(tmp_path / f"day{seed}.vms")
        write(files[-1], [drawn(region, "cell", seed, charge), carbon("cell", charge, seed)])
    found = assert_one_driver(program, settle, tmp_path, files, "--recipe", str(referenced))
    shifts = [fit["calibration"]["shift"] for fit in found["fits"]]
    assert shifts == pytest.approx([-0.5, -2.0], abs=0.03)
    assert [fit["sample"] for fit in found["fits"]] == ["cell (day0)", "cell (day1)"]
