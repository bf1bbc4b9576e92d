"""Writing spectra: the suffix of the file says the format.

`WRITERS` is the table; adding a format is one module and one row. Every writer
writes beside the file and renames at the end, so a crash never leaves half a file.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from ..errors import WriteError
from ..spectrum import Spectrum

__all__ = ["WRITERS", "Writer", "write"]


@dataclass(frozen=True)
class Writer:
    """A row of the table: what it is, and the function that writes it."""

    title: str
    module: str
    function: str

    def write(self, path: Path, spectra: Sequence[Spectrum]) -> None:
        """Write `spectra` to `path`."""
        module = import_module(f"{__name__}.{self.module}")
        getattr(module, self.function)(path, spectra)


WRITERS: dict[str, Writer] = {
    ".vms": Writer("VAMAS (ISO 14976)", "vamas", "write_vamas"),
    ".csv": Writer("Doublet csv", "csv", "write_csv"),
    ".h5": Writer("Doublet HDF5", "hdf5", "write_hdf5"),
    ".hdf5": Writer("Doublet HDF5", "hdf5", "write_hdf5"),
    ".nxs": Writer("NeXus (NXxps)", "nexus", "write_nexus"),
}
"""Suffix and how to write it."""


def write(path: str | Path, spectra: Sequence[Spectrum]) -> None:
    """Write spectra in the format that the suffix of `path` names.

    Raises
    ------
    WriteError
        If the suffix is none of `WRITERS`, there is nothing to write, or the file
        cannot be written.
    """
    path = Path(path)
    writer = WRITERS.get(path.suffix.lower())
    if writer is None:
        raise WriteError(
            f"the suffix {path.suffix!r} names no format that can be written.",
            hint=f"Use one of: {', '.join(WRITERS)}.",
            where=path.name,
        )
    if not spectra:
        raise WriteError("there is no spectrum to write.", where=path.name)
    try:
        writer.write(path, spectra)
    except OSError as error:
        reason = error.strerror or str(error)
        raise WriteError(f"cannot be written: {reason}.", where=path.name) from error
