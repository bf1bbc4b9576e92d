"""The command line as a user calls it: arguments in; exit code, output and messages out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from doublet.app.cli.main import main
from spectra_core.datafiles import data_path
from spectra_core.readers import read


@dataclass(frozen=True)
class Outcome:
    """Exit code, standard output, standard error."""

    code: int
    out: str
    err: str


@pytest.fixture(autouse=True)
def work_folder(tmp_path, monkeypatch) -> None:
    """Run every test in a folder of its own: results go to the current folder by default."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def doublet() -> Callable[..., Outcome]:
    """Return the program as a function of its arguments."""

    def call(*arguments: object) -> Outcome:
        result = CliRunner().invoke(main, [str(argument) for argument in arguments])
        return Outcome(result.exit_code, result.stdout, result.stderr)

    return call


@pytest.fixture
def recipe_file() -> Path:
    """Return the bundled example recipe."""
    return data_path("resources", "examples", "lpscl_cathode_s2p.toml")


@pytest.fixture
def vamas_file(tmp_path, doublet, recipe_file) -> Path:
    """Return a synthetic VAMAS file made by the program itself."""
    path = tmp_path / "made.vms"
    assert doublet("simulate", recipe_file, "-o", path).code == 0
    return path


@pytest.fixture
def column_file(tmp_path) -> Path:
    """Return a text file of two columns whose heading does not say what the first one is."""
    x = np.arange(157.0, 169.01, 0.05)
    y = 500.0 + 4000.0 * np.exp(-(((x - 161.5) / 0.6) ** 2))
    path = tmp_path / "column.txt"
    path.write_text("".join(f"{a:.2f}\t{b:.1f}\n" for a, b in zip(x, y, strict=True)))
    return path


def assert_clear(outcome: Outcome, *, code: int = 2, words: str = "") -> None:
    """Assert one message of a few sentences, without a traceback, with this exit code."""
    assert outcome.code == code, outcome
    assert "Traceback" not in outcome.err
    assert "defect in Doublet" not in outcome.err
    messages = [line for line in outcome.err.splitlines() if line.startswith("doublet: ")]
    assert messages, outcome
    assert all(len(message) < 450 for message in messages)
    assert words.lower() in outcome.err.lower(), outcome.err


@pytest.fixture
def clear() -> Callable[..., None]:
    """Return the check of a clear error message."""
    return assert_clear


@pytest.fixture
def region_files(tmp_path) -> list[Path]:
    """Return one text file for each region of a sample, as most instruments export it."""
    files = []
    for spectrum in read(data_path("resources", "examples", "su2025_fig1_bare_0s.vms")):
        files.append(tmp_path / f"cellA_{spectrum.meta.region.replace(' ', '')}.txt")
        rows = np.column_stack([spectrum.x_recorded, spectrum.counts])
        np.savetxt(files[-1], rows, "%.2f", "\t", header="Binding Energy (eV)\tCounts", comments="")
    return files
