"""A map of any size from a file to a file: block by block, resumable, with a map of failures.

The intensities stay on disk and are read a block at a time; each block is fitted by the compiled
batch and written into a file of its own, which takes its name only when it is whole. So a run
that was killed loses the block in hand and goes on with the others done, and memory holds one
block whatever the size of the map. At the end all blocks are put together as HDF5. Numbers do not
depend on threads or interruptions: outliers are judged within their block, whose size the run
keeps.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import DataError, ShouldStop, WriteError
from ..fitting import BatchOptions, FitOptions, SpectrumStack, fit_batch
from ..fitting.batch import STATUSES, BatchResult
from ..model import Model
from ..recipe.compile import recipe_from_model
from ..recipe.text import dump_recipe

FORMAT = "doublet-map/1"
BLOCK = 4096

_ARRAYS = ("free", "free_stderr", "chi_square", "prior_chi_square", "status", "improved")


@dataclass(frozen=True)
class MapRun:
    """What became of a map.

    Attributes
    ----------
    target : Path
        The HDF5 file; there only if the run is finished.
    total, done, resumed : int
        Spectra of the map, those that are fitted, and those that were before this run.
    counts : mapping of str to int
        How many of those fitted by this and earlier runs ended how, by status.
    """

    target: Path
    total: int
    done: int
    resumed: int
    counts: Mapping[str, int]

    @property
    def finished(self) -> bool:
        """Whether every spectrum is fitted and the file is written."""
        return self.done == self.total


def fit_map(
    stack: SpectrumStack,
    model: Model,
    target: str | Path,
    *,
    options: FitOptions = FitOptions(),  # noqa: B008 - frozen
    batch: BatchOptions = BatchOptions(),  # noqa: B008 - frozen
    block: int = BLOCK,
    threads: int | None = None,
    resume: bool = False,
    progress: Callable[[int, int], None] | None = None,
    should_stop: ShouldStop | None = None,
) -> MapRun:
    """Fit all spectra of a map with one model and write the results.

    Parameters
    ----------
    stack : SpectrumStack
        Its `y` may be a dataset of an open HDF5 file.
    model : Model
        With a value, or an estimate, for every parameter.
    target : path
        HDF5 (``doublet-map/1``): ``free`` and ``free_stderr`` (M, F) in the order of the
        attribute ``paths``, ``chi_square``, ``prior_chi_square``, ``status`` (M,) into the
        attribute ``statuses``: the map of failures, whose reasons are in ``messages``.
    options, batch : FitOptions, BatchOptions
        As for `fit_batch`, within each block; a covariance is not written.
    block : int
        Spectra that are read, fitted and written at a time: what a kill may cost.
    threads : int or None
    resume : bool
        Go on with a run of the same map, model and options that did not come to its end.
    progress, should_stop : callable or None

    Raises
    ------
    DataError
        If there is a run of this name already and `resume` is False, or it is another one.
    WriteError
        If the results cannot be written.
    FitError, ModelError
        As `fit_batch`.
    """
    target = Path(target)
    folder = target.with_name(target.name + ".parts")
    _begin(folder, target, _fingerprint(stack, model, options, batch, block), resume=resume)
    total, done, resumed = len(stack), 0, 0
    for first in range(0, total, block):
        count = min(block, total - first)
        part = folder / f"{first:012d}.npz"
        if part.exists():
            resumed += count
        elif should_stop is not None and should_stop():
            break
        else:
            rows = SpectrumStack(
                stack.x,
                np.asarray(stack.y[first : first + count], dtype=float),
                stack.axis,
                stack.y_unit,
                stack.time_s,
                stack.meta,
            )
            found = fit_batch(rows, model, options=options, batch=batch, threads=threads)
            _write_part(part, found)
        done += count
        if progress is not None:
            progress(done, total)
    counts = _assembled(folder, target, total, block, sample=stack.meta.sample, done=done)
    if done == total:
        shutil.rmtree(folder)
    return MapRun(target, total, done, resumed, counts)


def _fingerprint(
    stack: SpectrumStack, model: Model, options: FitOptions, batch: BatchOptions, block: int
) -> str:
    digest = hashlib.sha256(np.ascontiguousarray(stack.x, dtype=float).tobytes())
    said = (
        dump_recipe(recipe_from_model(model)),
        options,
        asdict(batch),
        block,
        len(stack),
        stack.axis,
        stack.y_unit,
    )
    digest.update(repr((*said, stack.time_s)).encode())
    return digest.hexdigest()


def _begin(folder: Path, target: Path, fingerprint: str, *, resume: bool) -> None:
    """Make the folder of parts, or see that those in it are of this very run."""
    note = folder / "run.txt"
    if not resume and (target.exists() or note.exists()):
        raise DataError(
            "there are results of this name already.",
            hint="Go on with resume=True, or write to another file.",
            where=str(target),
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not note.exists():
            note.write_text(fingerprint)
        before = note.read_text()
    except OSError as error:
        raise WriteError(f"cannot be written: {error.strerror}.", where=str(folder)) from error
    if before != fingerprint:
        raise DataError(
            "the run that is there is of another map, model or options.",
            hint="Write to another file.",
            where=str(target),
        )


def _write_part(part: Path, found: BatchResult) -> None:
    """Write one block; it takes its name when it is whole."""
    arrays: dict[str, Any] = {name: getattr(found, name) for name in _ARRAYS}
    arrays["numbers"] = np.array(list(found.messages), dtype=np.int64)
    arrays["messages"] = np.array(list(found.messages.values()), dtype=np.str_)
    arrays["paths"] = np.array(found.problem.free_paths, dtype=np.str_)
    draft = part.with_suffix(".draft")
    try:
        with draft.open("wb") as file:
            np.savez(file, **arrays)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(part)
    except OSError as error:
        raise WriteError(f"cannot be written: {error.strerror}.", where=str(part)) from error


def _assembled(
    folder: Path, target: Path, total: int, block: int, *, sample: str, done: int
) -> dict[str, int]:
    """Put the blocks together if all are there; return how many fits ended how."""
    counts = dict.fromkeys((status.value for status in STATUSES), 0)
    draft = target.with_name(target.name + ".draft")
    file: Any = None
    try:
        if done == total:
            import h5py

            file = h5py.File(draft, "w")
        for first in range(0, total, block):
            part = folder / f"{first:012d}.npz"
            if not part.exists():
                continue
            with np.load(part, allow_pickle=False) as arrays:
                for k, status in enumerate(STATUSES):
                    counts[status.value] += int(np.sum(arrays["status"] == k))
                if file is not None:
                    _append(file, arrays, first, total)
        if file is not None:
            file.attrs["format"], file.attrs["sample"] = FORMAT, sample
            file.attrs["statuses"] = [status.value for status in STATUSES]
            file.close()
            draft.replace(target)
    except OSError as error:
        raise WriteError(f"cannot be written: {error}.", where=str(target)) from error
    return counts


def _append(file: Any, arrays: Any, first: int, total: int) -> None:
    """Write one block into the file of all."""
    import h5py

    for name in _ARRAYS:
        values = arrays[name]
        if name not in file:
            file.create_dataset(name, (total, *values.shape[1:]), values.dtype)
        file[name][first : first + len(values)] = values
    if "messages" not in file:
        text = h5py.string_dtype()
        file.create_dataset("messages", (0,), text, maxshape=(None,), chunks=(1024,))
        file.create_dataset("failed", (0,), np.int64, maxshape=(None,), chunks=(1024,))
        file.attrs["paths"] = [str(path) for path in arrays["paths"]]
    before, more = len(file["failed"]), len(arrays["numbers"])
    if more:
        for name in ("messages", "failed"):
            file[name].resize((before + more,))
        file["failed"][before:] = arrays["numbers"] + first
        file["messages"][before:] = [str(message) for message in arrays["messages"]]
