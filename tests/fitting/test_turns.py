"""Commands that are started at once on a new machine do not all compile the kernels."""

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from spectra_core.errors import Cancelled
from spectra_core.fitting import engine
from spectra_core.fitting.turns import turn

ROOT = Path(__file__).resolve().parents[2]


def test_of_several_at_once_one_compiles_and_the_others_wait(tmp_path, monkeypatch):
    compiled = []

    def run(name, folder, ready, should_stop):
        compiled.append(name)
        time.sleep(0.3)
        ready.touch()
        return ""

    monkeypatch.setattr(engine, "_run_compiler", run)
    ready, said = tmp_path / "solver.ready", []
    threads = [
        threading.Thread(target=lambda: said.append(engine._compile_apart("k", tmp_path, ready)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30.0)
    assert compiled == ["k"] and said == [""] * 4


def test_the_turn_of_a_process_that_was_killed_is_free(tmp_path):
    path = tmp_path / "turn"
    code = (
        "import sys, time; from pathlib import Path; from spectra_core.fitting.turns import turn\n"
        "with turn(Path(sys.argv[1])):\n    print('mine', flush=True); time.sleep(60)"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(path)], env=environment, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "mine\n"
    with pytest.raises(Cancelled), turn(path, lambda: True):
        pass
    process.kill()
    process.communicate()
    with turn(path, lambda: False):
        pass
