"""Reads the files named on standard input, one by one, and says what became of each.

A process of its own, so that a limit of memory, a hang or a crash of a library in C ends
this process and not the one that counts.
"""

from __future__ import annotations

import hashlib
import json
import sys
import traceback
import warnings
from pathlib import Path

import numpy as np

from spectra_core.errors import PartialRead, SpectraError
from spectra_core.project.file import load_project
from spectra_core.project.project import Project
from spectra_core.readers import ReadOptions, read
from spectra_core.readers.inspect import notes_of
from spectra_core.recipe.compile import recipe_from_model
from spectra_core.recipe.text import dump_recipe
from spectra_core.spectrum import Spectrum

GIB = 2**30


def numbers(spectra: list[Spectrum]) -> list[str]:
    """Return a digest of the numbers of each spectrum, and of what their noise hangs on."""
    found = []
    for spectrum in spectra:
        digest = hashlib.sha256(spectrum.x_recorded.tobytes() + spectrum.y.tobytes())
        if spectrum.counts is not None:
            digest.update(spectrum.counts.tobytes())
        digest.update(f"{spectrum.axis} {spectrum.meta.acquisition_time_s}".encode())
        found.append(digest.hexdigest())
    return found


def shapes(spectra: list[Spectrum]) -> dict[str, object]:
    """Return what the structure of a file can be held against, and what was said of it."""
    return {
        "points": sum(len(spectrum) for spectrum in spectra),
        "even": all(bool(np.ptp(np.diff(s.x_recorded)) < 0.01 * abs(s.step)) for s in spectra),
        "extremes": [[float(s.y.min()), float(s.y.max())] for s in spectra],
        "notes": [note for spectrum in spectra for note in notes_of(spectrum)],
    }


def _of_project(project: Project) -> dict[str, object]:
    spectra = list(project.spectra.values())
    models = [dump_recipe(recipe_from_model(a.model)) for a in project.analyses.values()]
    return {"outcome": "read", "numbers": [*numbers(spectra), *models], **shapes(spectra)}


def outcome(path: Path) -> dict[str, object]:
    """Return what became of reading one file."""
    try:
        with path.open("rb") as file:
            if file.read(16).startswith(b"doublet-project"):
                return _of_project(load_project(path))
        spectra = read(path, options=_OPTIONS)
        return {"outcome": "read", "numbers": numbers(spectra), **shapes(spectra)}
    except PartialRead as error:
        return {"outcome": "partial", "numbers": numbers(list(error.spectra))}
    except SpectraError as error:
        return {"outcome": "refused", "message": str(error)}
    except BaseException:  # noqa: BLE001 - what escapes the reader is what is looked for
        return {"outcome": "crash", "message": traceback.format_exc(limit=-6)}


_OPTIONS = ReadOptions(allow_unknown_axis=True)


def limit_memory(extra: int = GIB) -> None:
    """Let this process take so much more memory than it has now; nothing where that cannot be."""
    try:
        import resource
    except ImportError:  # no limits on this system
        return
    status = Path("/proc/self/statm")
    if status.exists():
        now = int(status.read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (now + extra, now + extra))


def main() -> None:
    """Answer every line of standard input with one line of JSON."""
    warnings.simplefilter("ignore")
    import h5py  # noqa: F401 - loaded before the limit is set
    import openpyxl  # noqa: F401

    limit_memory()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    for line in sys.stdin:
        sys.stdout.write(json.dumps(outcome(Path(line.rstrip("\n")))) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
