"""Nothing blocked, no wrong state: what a user met in the window. All spectra are synthetic."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from doublet.app.program import Program

Settle = Callable[[Program], None]


def band(x: np.ndarray, center: float, fwhm: float, area: float) -> np.ndarray:
    """Return a Gaussian of an area."""
    sigma = fwhm / 2.3548200450309493
    return area / (sigma * np.sqrt(2 * np.pi)) * np.exp(-(((x - center) / sigma) ** 2) / 2)


def write_columns(path: Path, head: str, x: np.ndarray, y: np.ndarray) -> Path:
    counts = np.random.default_rng(5).poisson(y)
    rows = "\n".join(f"{a:.3f}\t{b}" for a, b in zip(x, counts, strict=True))
    path.write_text(f"{head}\n{rows}\n")
    return path


def opened(program: Program, settle: Settle, path: Path) -> None:
    program.crew.files.open_paths([path])
    settle(program)
    assert len(program.desk.document.project.spectra) == 1


# ---------------------------------------------------------------------------------
# A component can be added to any spectrum


def raman_file(folder: Path) -> Path:
    x = np.arange(350.0, 500.0, 0.5)
    return write_columns(
        folder / "pellet.txt",
        "Raman shift (cm-1)\tcounts",
        x,
        200 + band(x, 425.0, 9.0, 20_000.0),
    )


def nameless_file(folder: Path) -> Path:
    x = np.arange(157.0, 168.0, 0.05)
    y = 300 + band(x, 161.6, 1.2, 3000.0) + band(x, 162.78, 1.2, 1500.0)
    return write_columns(folder / "export.txt", "binding energy (eV)\tcounts", x, y)


@pytest.mark.parametrize(
    ("write", "entry", "center"),
    [(raman_file, "raman/ps4/a1", 425.0), (nameless_file, "xps/ps4/s2p", 161.6)],
    ids=["raman", "nameless"],
)
def test_a_species_can_be_added_to_a_spectrum_without_a_name(
    program: Program,
    settle: Settle,
    tmp_path: Path,
    write: Callable[[Path], Path],
    entry: str,
    center: float,
) -> None:
    opened(program, settle, write(tmp_path))
    program.crew.editing.add_entry(entry)
    assert program.window.banner.text == ""
    program.crew.acting.run("fit")
    settle(program)
    fit, region = program.desk.scene.fit, program.desk.scene.region
    assert fit is not None and region is not None and program.desk.scene.fitted
    first = region.components[0].id
    assert fit.value(f"{region.name}/{first}/center") == pytest.approx(center, abs=0.2)


@pytest.mark.parametrize("write", [raman_file, nameless_file])
def test_an_unassigned_component_can_be_added_to_a_spectrum_without_a_name(
    program: Program, settle: Settle, tmp_path: Path, write: Callable[[Path], Path]
) -> None:
    opened(program, settle, write(tmp_path))
    program.crew.acting.run("add_unassigned")
    assert program.window.banner.text == ""
    assert program.desk.scene.selection.owner == "unassigned"


@pytest.mark.parametrize("name", ["background", "region", " S 2p / 3 ", ""])
def test_no_name_of_a_spectrum_keeps_components_out(
    program: Program, settle: Settle, tmp_path: Path, name: str
) -> None:
    opened(program, settle, nameless_file(tmp_path))
    program.crew.spectra.rename_region("s1", name)
    program.crew.acting.run("add_unassigned")
    assert program.window.banner.text == ""
    assert program.desk.scene.selection.owner == "unassigned"
