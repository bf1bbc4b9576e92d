"""Writing spectra: the suffix of the file says the format.

`WRITERS` is the table; adding a format is one module and one row. Every writer
writes beside the file and renames at the end, so a crash never leaves half a file. Packages
of other people add formats by entry points of the group ``doublet.writers``: the name is the
suffix without its dot, the object a function of a path and spectra.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from pathlib import Path

from ..errors import SpectraError, WriteError, in_words
from ..readers.plug_ins import PlugIn, plug_ins
from ..spectrum import Spectrum

__all__ = ["WRITERS", "Writer", "all_writers", "write"]


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


@dataclass(frozen=True)
class PlugInWriter(Writer):
    """A row for a format of somebody else's package."""

    plug_in: PlugIn | None = None

    def write(self, path: Path, spectra: Sequence[Spectrum]) -> None:
        """Write `spectra` to `path`; what fails is said to be the plug-in's."""
        assert self.plug_in is not None
        try:
            self.plug_in.loaded(path, spectra)
        except (SpectraError, OSError):
            raise
        except Exception as error:
            raise WriteError(
                in_words(error, f"{self.plug_in} failed"), hint="Tell its authors.", where=path.name
            ) from error


@lru_cache(maxsize=1)
def _plug_in_writers() -> dict[str, Writer]:
    found: dict[str, Writer] = {}
    for plug_in in plug_ins("doublet.writers", ("__call__",)):
        suffix = f".{plug_in.name.lower().removeprefix('.')}"
        title = (plug_in.loaded.__doc__ or suffix).strip().partition("\n")[0]
        if suffix in WRITERS:
            plug_in.complain(ValueError(f"files {suffix} are written by Doublet itself"))
        else:
            found[suffix] = PlugInWriter(title, plug_in.name, "", plug_in=plug_in)
    return found


def all_writers() -> dict[str, Writer]:
    """Return the formats with those of plug-ins, by suffix."""
    return WRITERS | _plug_in_writers()


def write(path: str | Path, spectra: Sequence[Spectrum]) -> None:
    """Write spectra in the format that the suffix of `path` names.

    Raises
    ------
    WriteError
        If the suffix is none of `WRITERS`, there is nothing to write, or the file
        cannot be written.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    writer = WRITERS.get(suffix) or _plug_in_writers().get(suffix)
    if writer is None:
        raise WriteError(
            f"the suffix {path.suffix!r} names no format that can be written.",
            hint=f"Use one of: {', '.join(all_writers())}.",
            where=path.name,
        )
    if not spectra:
        raise WriteError("there is no spectrum to write.", where=path.name)
    try:
        writer.write(path, spectra)
    except OSError as error:
        reason = error.strerror or str(error)
        raise WriteError(f"cannot be written: {reason}.", where=path.name) from error
