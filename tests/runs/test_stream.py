"""A map from HDF5 to HDF5: killed on the way it goes on, and gives the batch's own numbers."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import h5py
import numpy as np
import pytest

import spectra_core as sc
from benchmarks.s2p_map import RECIPE, spectra
from spectra_core.errors import DataError
from spectra_core.recipe.text import model_from_recipe, parse_recipe
from spectra_core.runs.stream import fit_map

ROOT = Path(__file__).resolve().parents[2]
COUNT, BLOCK = 600, 100
SCRIPT = """
import sys, h5py, spectra_core as sc
from benchmarks.s2p_map import RECIPE
from spectra_core.recipe.text import model_from_recipe, parse_recipe
from spectra_core.runs.stream import fit_map
with h5py.File(sys.argv[1]) as file:
    stack = sc.SpectrumStack(file["x"][:], file["y"], sc.Axis.BINDING_ENERGY, "counts")
    fit_map(stack, model_from_recipe(parse_recipe(RECIPE)), sys.argv[2], block=100, resume=True)
"""


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    path = tmp_path_factory.mktemp("map") / "map.h5"
    every = spectra(COUNT)
    y = np.array([s.y for s in every])
    y[123] = np.nan  # a dead pixel
    with h5py.File(path, "w") as file:
        file["x"], file["y"] = every[0].x, y
    return path


@pytest.fixture(scope="module")
def model():
    return model_from_recipe(parse_recipe(RECIPE))


def stack_of(file):
    return sc.SpectrumStack(file["x"][:], file["y"], sc.Axis.BINDING_ENERGY, "counts")


def test_numbers_are_those_of_the_batch_and_failures_have_their_place(source, model, tmp_path):
    with h5py.File(source) as file:
        run = fit_map(stack_of(file), model, tmp_path / "out.h5", block=BLOCK)
        plain = sc.fit_batch(stack_of(file), model, rescue=False)
        assert run.finished and run.counts["failed"] == 1
    with h5py.File(run.target) as out:
        assert list(out.attrs["paths"]) == list(plain.problem.free_paths)
        same = ~out["improved"][:]
        assert same.mean() > 0.9
        np.testing.assert_array_equal(out["free"][:][same], plain.free[same])
        assert out["failed"][:].tolist() == [123]
        assert out.attrs["statuses"][out["status"][123]] == "failed"
        assert out["messages"][0].decode()
    assert not list(tmp_path.glob("*.parts"))


@pytest.mark.skipif(os.name == "nt", reason="signals are of another kind there")
def test_killed_half_way_it_goes_on_to_the_same_bytes(source, model, tmp_path):
    whole, killed = tmp_path / "whole.h5", tmp_path / "killed.h5"
    with h5py.File(source) as file:
        fit_map(stack_of(file), model, whole, block=BLOCK)
    command = [sys.executable, "-c", SCRIPT, str(source), str(killed)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(command, env=environment)
    parts = killed.with_name("killed.h5.parts")
    end = time.monotonic() + 120.0
    while len(list(parts.glob("*.npz"))) < 2 and process.poll() is None:
        assert time.monotonic() < end
        time.sleep(0.005)
    process.kill()
    process.wait()
    with h5py.File(source) as file:
        run = fit_map(stack_of(file), model, killed, block=BLOCK, resume=True)
    assert (run.finished and run.resumed >= 2 * BLOCK) or killed.exists()
    with h5py.File(whole) as one, h5py.File(killed) as other:
        for name in ("free", "free_stderr", "chi_square", "status", "improved"):
            np.testing.assert_array_equal(one[name][:], other[name][:])


def test_another_model_does_not_go_on_with_a_run(source, model, tmp_path):
    with h5py.File(source) as file:
        stopped = fit_map(
            stack_of(file), model, tmp_path / "a.h5", block=BLOCK, should_stop=lambda: True
        )
        assert not stopped.finished and not stopped.target.exists()
        other = sc.set_parameter(model, f"{model.regions[0].name}/background/level", min=1.0)
        with pytest.raises(DataError, match="another map, model or options"):
            fit_map(stack_of(file), other, tmp_path / "a.h5", block=BLOCK, resume=True)
        with pytest.raises(DataError, match="already"):
            fit_map(stack_of(file), model, tmp_path / "a.h5", block=BLOCK)
