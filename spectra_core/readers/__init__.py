"""Reading spectra: the content of a file decides its format, never its name.

`READERS` is the table of formats in the order they are asked. Each module has
``FORMAT``, ``matches(head, path)``, which recognises its files by their first bytes
and never raises, and ``read(path, options)``. Adding a format is one module and one
row. Modules are imported when first asked. Packages of other people add formats by entry
points of the group ``doublet.readers``: a module with the same three names.
"""

from __future__ import annotations

import hashlib
import stat
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import Any

from ..errors import PartialRead, ReadError, SpectraError, in_words
from ..spectrum import JOINED_BY_USER, Source, Spectrum, replace_fields
from .assemble import with_answers
from .encodings import plain_head
from .foreign import looks_like
from .integrity import has_changed
from .options import AXES, ReadOptions
from .plug_ins import PlugIn, plug_ins
from .text_table import HEAD_BYTES
from .trial import SIGNATURE, try_ahead, try_hdf5

__all__ = ["AXES", "READERS", "ReadOptions", "Reader", "all_readers", "expect", "identify", "read"]


@dataclass(frozen=True)
class Reader:
    """A row of the table of formats.

    Attributes
    ----------
    name : str
        Format name, as in `Source.format` and reports.
    title : str
        What it is, for dialogs.
    suffixes : tuple of str
        Usual file name endings, for file dialogs only.
    module : str
        Module of this package.
    takes_options : bool
        Whether its ``read`` takes `ReadOptions`.
    """

    name: str
    title: str
    suffixes: tuple[str, ...]
    module: str
    takes_options: bool = True

    def matches(self, head: bytes, path: Path) -> bool:
        """Return whether a file beginning with `head` is of this format."""
        return bool(self._load().matches(head, path))

    def read(self, path: Path, options: ReadOptions) -> list[Spectrum]:
        """Return the spectra of a file of this format."""
        arguments: tuple[Any, ...] = (path, options) if self.takes_options else (path,)
        return list(self._load().read(*arguments))

    def _load(self) -> Any:
        return import_module(f"{__name__}.{self.module}")


READERS: tuple[Reader, ...] = (
    Reader("VAMAS", "VAMAS (ISO 14976)", (".vms", ".npl"), "vamas", takes_options=False),
    Reader("PHI", "PHI spectrum and depth profile", (".spe", ".pro"), "phi_binary"),
    Reader("Renishaw WDF", "Renishaw WiRE", (".wdf",), "wdf"),
    Reader("Avantage VGD", "Thermo Avantage data space", (".vgd",), "avantage_vgd"),
    Reader("Avantage AVG", "Thermo Avantage data space as text", (".avg",), "avantage_avg"),
    Reader("SPC", "Galactic (GRAMS) SPC", (".spc",), "spc"),
    Reader("Igor wave", "Igor binary wave (Scienta SES)", (".ibw",), "igor_wave"),
    Reader("Doublet HDF5", "Doublet HDF5", (".h5", ".hdf5"), "hdf5"),
    Reader("NeXus", "NeXus (NXxps and others)", (".nxs",), "nexus"),
    Reader("Excel workbook", "Excel workbook (Avantage and others)", (".xlsx",), "excel"),
    Reader("JCAMP-DX", "JCAMP-DX", (".jdx", ".dx", ".jcm"), "jcamp"),
    Reader("Doublet csv", "Doublet csv", (".csv",), "doublet_csv"),
    Reader("CasaXPS export", "CasaXPS text export", (".csv", ".txt"), "casaxps_text"),
    Reader("LG4X csv", "LG4X and LG4X-V2 fits", (".csv",), "lg4x"),
    Reader("Scienta text", "Scienta SES text", (".txt",), "scienta_text"),
    Reader("SPECS xml", "SPECS SpecsLab 2 xml", (".xml",), "specs_xml"),
    Reader("SPECS sle", "SPECS Prodigy", (".sle",), "specs_sle"),
    Reader("SPECS xy", "SPECS Prodigy / SpecsLab xy", (".xy",), "specs_xy"),
    Reader("LabSpec xml", "Horiba LabSpec xml", (".xml",), "labspec_xml"),
    Reader("TriVista", "S&I TriVista", (".tvf",), "trivista"),
    Reader("LabSpec text", "Horiba LabSpec text", (".txt",), "labspec_text"),
    Reader("WITec text", "WITec ASCII export", (".txt",), "witec_text"),
    Reader("RRUFF", "RRUFF database text", (".txt",), "rruff"),
    Reader("ROD", "Raman Open Database", (".rod",), "rod"),
    Reader("KherveFitting json", "KherveFitting", (".json",), "khervefitting"),
    Reader("Fitspy json", "Fitspy models", (".json",), "fitspy"),
    Reader("JASCO text", "JASCO Spectra Manager text", (".txt",), "jasco_text"),
    Reader("PHI text", "PHI ASCII export", (".txt",), "phi_text"),
    Reader("text columns", "Text in columns", (".txt", ".csv", ".dat", ".asc", ".xy"), "text"),
)
"""The formats, in the order they are asked; plain text last."""


@dataclass(frozen=True)
class PlugInReader(Reader):
    """A row for a format of somebody else's package."""

    plug_in: PlugIn | None = None

    def matches(self, head: bytes, path: Path) -> bool:
        """Return whether a file is of this format; False, with a warning, if that fails."""
        assert self.plug_in is not None
        try:
            return bool(self.plug_in.loaded.matches(head, path))
        except Exception as error:  # noqa: BLE001 - it must not keep others from the file
            self.plug_in.complain(error)
            return False

    def read(self, path: Path, options: ReadOptions) -> list[Spectrum]:
        """Return the spectra of a file; what fails is said to be the plug-in's."""
        assert self.plug_in is not None
        try:
            spectra = list(self.plug_in.loaded.read(path, options))
            if not all(isinstance(spectrum, Spectrum) for spectrum in spectra):
                raise TypeError("it gave something else than spectra")
            return spectra
        except SpectraError:
            raise
        except Exception as error:
            raise ReadError(
                in_words(error, f"{self.plug_in} failed"),
                hint="Tell its authors, with the file.",
            ) from error


@lru_cache(maxsize=1)
def _plug_in_readers() -> tuple[Reader, ...]:
    known = {reader.name for reader in READERS}
    found: list[Reader] = []
    for plug_in in plug_ins("doublet.readers", ("FORMAT", "matches", "read")):
        name = str(plug_in.loaded.FORMAT)
        if name in known:
            plug_in.complain(ValueError(f"there is a format {name!r} already"))
            continue
        known.add(name)
        title = str(getattr(plug_in.loaded, "TITLE", name))
        suffixes = tuple(map(str, getattr(plug_in.loaded, "SUFFIXES", ())))
        found.append(PlugInReader(name, title, suffixes, plug_in.name, plug_in=plug_in))
    return tuple(found)


def all_readers() -> tuple[Reader, ...]:
    """Return the formats with those of plug-ins, which are asked just before plain text."""
    return tuple(_asked())


def _asked() -> Iterator[Reader]:
    """Yield the formats in the order they are asked; plug-ins are loaded when it is their turn."""
    yield from READERS[:-1]
    yield from _plug_in_readers()
    yield READERS[-1]


def read(path: str | Path, *, options: ReadOptions | None = None) -> list[Spectrum]:
    """Return the spectra in a file of any known format.

    Parameters
    ----------
    path : str or Path
        The file; its name does not matter.
    options : ReadOptions, optional
        What a user says about it.

    Returns
    -------
    spectra : list of Spectrum
        In the order of the file, each with `Source`; never empty.

    Raises
    ------
    ReadError
        If the file cannot be opened, is of no known format, or is damaged.
    PartialRead
        If part of it is damaged; the error carries the spectra that are whole.
    """
    try:
        return _read(str(path), Path(path), options or ReadOptions())
    except SpectraError:
        raise
    except Exception as error:  # the net of reading: whatever a file does, it is that file's
        raise _unforeseen(error, Path(path)) from error


def _read(location: str, path: Path, options: ReadOptions) -> list[Spectrum]:
    reader = _tried_reader_of(path, _head(path))
    checksum = _checksum(path)
    try:
        spectra = reader.read(path, options)
    except PartialRead as error:
        kept = [s for s in error.spectra if isinstance(s, Spectrum)]
        raise PartialRead.of(
            [_at(problem, path) for problem in error.problems],
            _finished(kept, path, reader, checksum, options, location),
        ) from error
    except ReadError as error:
        raise _at(error, path) from error
    except SpectraError as error:
        raise _at(ReadError(error.message, hint=error.hint, where=error.where), path) from error
    if not spectra:
        raise ReadError(f"the {reader.name} file holds no spectrum.", where=path.name)
    return _finished(spectra, path, reader, checksum, options, location)


def identify(path: str | Path) -> str:
    """Return the name of a file's format, found from its first few KB.

    Raises
    ------
    ReadError
        If the file cannot be opened or is of no known format.
    """
    path = Path(path)
    try:
        return _tried_reader_of(path, _head(path)).name
    except SpectraError:
        raise
    except Exception as error:  # as in `read`
        raise _unforeseen(error, path) from error


def expect(paths: Iterable[Path]) -> None:
    """Say which files are about to be read, so that the trial of HDF5 files begins at once."""
    try_ahead(path for path in paths if _is_hdf5(path))


def _is_hdf5(path: Path) -> bool:
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            return False
        with path.open("rb") as file:
            return file.read(len(SIGNATURE)) == SIGNATURE
    except OSError:
        return False


_NO_COLUMNS = ": no columns of numbers were found in it."


def _tried_reader_of(path: Path, head: bytes) -> Reader:
    """Return the reader of a file, once its library is known to come back from it.

    What does not have its own checksum any more is refused without the library.
    """
    if head.startswith(SIGNATURE) and not has_changed(path):
        try_hdf5(path)
    return _reader_of(path, head)


def _reader_of(path: Path, head: bytes) -> Reader:
    if not head.strip():
        raise ReadError("the file is empty.", where=path.name)
    plain = plain_head(head)
    for reader in _asked():
        if reader.matches(head if reader is READERS[-1] else plain, path):
            return reader
    kind = looks_like(head)
    raise ReadError(
        "is not a spectrum file Doublet knows"
        + (f": it looks like {kind.words}." if kind.words else _NO_COLUMNS),
        hint=kind.advice,
        where=path.name,
    )


def _unforeseen(error: Exception, path: Path) -> ReadError:
    """Return the error of a file that a reader stumbled over."""
    return ReadError(
        in_words(error, "the file cannot be read"),
        hint="If it is whole, please report it with the file.",
        where=path.name,
    )


def _head(path: Path) -> bytes:
    try:
        mode = path.stat().st_mode
        if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
            kind = "a pipe" if stat.S_ISFIFO(mode) else "a device or a socket"
            raise ReadError(
                f"is {kind}, which has no end to read to.",
                hint="Save what it gives in a file first.",
                where=path.name,
            )
        with path.open("rb") as file:
            return file.read(HEAD_BYTES)
    except OSError as error:
        reason = error.strerror or str(error)
        raise ReadError(f"cannot be opened: {reason}.", where=path.name) from error


def _checksum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _at(error: ReadError, path: Path) -> ReadError:
    """Return `error` with the file's name in front, unless it names it already."""
    return error if error.where.startswith((path.name, str(path))) else _named(error, path)


def _named(error: ReadError, path: Path) -> ReadError:
    place = f"{path.name}: {error.where}" if error.where else path.name
    return ReadError(error.message, hint=error.hint, where=place)


def _finished(
    spectra: Sequence[Spectrum],
    path: Path,
    reader: Reader,
    checksum: str,
    options: ReadOptions,
    location: str,
) -> list[Spectrum]:
    joined = JOINED_BY_USER if options.sample else ""
    answers = _names_only(options, reader)
    return [
        replace_fields(
            spectrum,
            meta=with_answers(spectrum.meta, answers),
            source=Source(
                path.name, reader.name, spectrum.source.index or index, checksum, location, joined
            ),
        )
        for index, spectrum in enumerate(spectra)
    ]


def _names_only(options: ReadOptions, reader: Reader) -> ReadOptions:
    """Leave out dwell and scans where the reader has turned counts into rates itself."""
    return options if reader.takes_options else replace(options, dwell_s=None, scans=None)
