"""`doublet setup-cache` compiles ahead: what it has compiled, a later process need not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from spectra_core.fitting import engine

ROOT = Path(__file__).parents[2]
ARE_COMPILED = "from spectra_core.fitting.engine import are_compiled; print(are_compiled())"


def run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *words], cwd=ROOT, capture_output=True, text=True, check=True
    )


@pytest.mark.skipif(engine.chosen_engine() == engine.NUMPY, reason="nothing is compiled")
def test_it_says_where_the_kernels_are_and_a_later_process_has_them() -> None:
    said = run("-m", "doublet", "setup-cache").stderr
    assert "ready after" in said
    folder = Path(said.strip().splitlines()[-1].rpartition(" s: ")[2])
    assert folder.is_dir()
    assert run("-c", ARE_COMPILED).stdout.split() == ["True"]
