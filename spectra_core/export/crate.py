"""A whole piece of work as one RO-Crate: data, recipes, results, report, and how they belong.

RO-Crate 1.1 (doi:10.3233/DS-210053), written by the library of its authors.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from .. import __version__
from ..errors import WriteError
from ..spectrum import Source, Spectrum

if TYPE_CHECKING:
    from ..report import Report
    from ..runs.records import Run

_TYPES = {
    ".csv": "text/csv",
    ".html": "text/html",
    ".json": "application/json",
    ".pdf": "application/pdf",
    ".toml": "application/toml",
    ".doublet": "application/octet-stream",
}
_URL = re.compile(r"https?://\S+")
_MOST_NAMES = 8


@dataclass(frozen=True)
class CrateFile:
    """One file of a crate.

    Attributes
    ----------
    path : str
        In the crate, with forward slashes.
    description : str
    made : bool
        Whether the fit gave it; otherwise the fit began from it.
    """

    path: str
    description: str
    made: bool


def write_crate(
    run: Run,
    path: Path,
    report: Report,
    *,
    spectra: Sequence[Spectrum] = (),
    keep_project: Callable[[Path], object] | None = None,
    license: str = "",
    template: str | None = None,
) -> tuple[CrateFile, ...]:
    """Write a run, its data and its report as one RO-Crate.

    Parameters
    ----------
    run : Run
    path : Path
        A ``.zip`` to make or replace, or a folder that is not there yet or empty.
    report : Report
        Of this run: written as HTML and PDF, and its sources are the crate's citations.
    spectra : sequence of Spectrum
        What was measured; those that were fitted if empty.
    keep_project : callable or None
        Writes the project file to the path it is given.
    license : str
        The user's own: an address or words; empty states none.
    template : str or None
        Of the report, as in `ExportOptions`.

    Returns
    -------
    files : tuple of CrateFile
        What stands in it, the metadata left out.

    Raises
    ------
    WriteError
        If the library is not installed, the folder has files, or something cannot be written.
    """
    try:
        from rocrate.rocrate import ROCrate
    except ImportError as error:
        raise WriteError(
            "an RO-Crate needs the library rocrate, which is not installed.",
            hint='pip install "doublet[crate]"',
        ) from error
    if path.suffix != ".zip" and path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise WriteError(
            f"{path} is there already and not an empty folder.", hint="Name another folder."
        )
    with TemporaryDirectory() as own:
        folder = Path(own, "files")
        files = tuple(_files(run, folder, report, spectra, keep_project, template))
        crate = ROCrate(version="1.1")
        _describe(crate, folder, files, report, license)
        if path.suffix == ".zip":
            _write_zip(crate, Path(own, "crate.zip"), path)
        else:
            crate.write(path)
    return files


def _write_zip(crate: Any, made: Path, path: Path) -> None:
    import shutil

    from ..writers.atomic import replacing

    crate.write_zip(made)
    with replacing(path) as target:
        shutil.copyfile(made, target)


def _files(
    run: Run,
    folder: Path,
    report: Report,
    spectra: Sequence[Spectrum],
    keep_project: Callable[[Path], object] | None,
    template: str | None,
) -> Iterator[CrateFile]:
    """Write the files to a folder; yield what each is."""
    from ..recipe.text import dump_recipe
    from ..report import write_report
    from ..report.template import load_template
    from ..results.document import write_results
    from ..writers.atomic import write_text

    for name in ("data", "original", "recipes"):
        (folder / name).mkdir(parents=True)
    if keep_project is not None:
        keep_project(folder / "project.doublet")
        yield CrateFile("project.doublet", "The Doublet project: spectra, models, fits.", True)
    fitted = [region.spectrum for record in run.fits for region in record.regions]
    yield from _data(folder, spectra or fitted)
    for number, text in enumerate(dict.fromkeys(dump_recipe(r.recipe) for r in run.fits), 1):
        name = f"recipes/recipe-{number}.toml"
        ids = [r.sample for r in run.fits if dump_recipe(r.recipe) == text]
        write_text(text, folder / name)
        yield CrateFile(name, f"Recipe of the fits of {_some(ids)}.", False)
    write_results(run, folder / "results.json")
    yield CrateFile("results.json", "All numbers of the fits, with their errors.", True)
    for name in ("report.html", "report.pdf"):
        write_report(report, folder / name, template=load_template(template))
        yield CrateFile(name, f"Report of the fits ({name[7:].upper()}).", True)


def _data(folder: Path, spectra: Iterable[Spectrum]) -> Iterator[CrateFile]:
    """Write the spectra of each file they come from, and the file where it is unchanged."""
    from ..writers.csv import write_csv

    groups: dict[tuple[str, str], list[Spectrum]] = {}
    for spectrum in {id(own): own for own in spectra}.values():
        groups.setdefault((spectrum.source.location, spectrum.source.sha256), []).append(spectrum)
    for number, members in enumerate(groups.values(), 1):
        source = members[0].source
        file = re.sub(r"[^\w.-]+", "_", os.path.basename(source.file.replace("\\", "/")))
        name = f"data/{number}-{Path(file).stem or 'spectra'}.csv"
        write_csv(folder / name, members)
        told = _some([f"{s.meta.sample}, {s.meta.region}".strip(", ") for s in members])
        of = f" of {source.file}" if source.file else ""
        content = _original(source)
        if content is None:
            lost = " The file itself is no longer where it was, or changed." if of else ""
            yield CrateFile(name, f"Spectra{of}, axis as recorded: {told}.{lost}", False)
            continue
        yield CrateFile(name, f"Spectra{of}, axis as recorded: {told}.", False)
        (folder / f"original/{number}-{file}").write_bytes(content)
        yield CrateFile(
            f"original/{number}-{file}",
            f"{source.file} as it was read ({source.format}, SHA-256 {source.sha256}).",
            False,
        )


def _original(source: Source) -> bytes | None:
    """Return the file a spectrum was read from if it is still the same."""
    path = Path(source.location)
    try:
        content = path.read_bytes() if source.sha256 and path.is_file() else None
    except OSError:
        return None
    same = content is not None and sha256(content).hexdigest() == source.sha256
    return content if same else None


def _some(names: Iterable[str]) -> str:
    """Return names in words: each once, the first few."""
    own = [name for name in dict.fromkeys(names) if name] or ["unnamed samples"]
    more = f" and {len(own) - _MOST_NAMES} more" if len(own) > _MOST_NAMES else ""
    return "; ".join(own[:_MOST_NAMES]) + more


def _describe(
    crate: Any, folder: Path, files: Sequence[CrateFile], report: Report, license: str
) -> None:
    """Fill the metadata: files, citations, licence, and the program that made the results."""
    crate.name = report.title.plain or "Fits of spectra"
    crate.description = f"Spectra, recipes, fits and report, written by Doublet {__version__}."
    if report.synthetic:
        crate.description += " Some of the data are synthetic."
    if license:
        crate.license = _entity(crate, license, "CreativeWork") if _URL.match(license) else license
    entities = {}
    for file in files:
        about = {"name": Path(file.path).name, "description": file.description}
        if not file.path.startswith("original/"):
            about["encodingFormat"] = _TYPES[Path(file.path).suffix]
        entities[file] = crate.add_file(folder / file.path, file.path, properties=about)
    cited = [_cited(crate, work.plain, i) for i, work in enumerate(report.references, 1)]
    if cited:
        crate.root_dataset["citation"] = cited
    program = _entity(crate, "#doublet", "SoftwareApplication", name="Doublet")
    program["version"] = program["softwareVersion"] = __version__
    crate.add_action(
        program,
        identifier="#fit",
        object=[entities[file] for file in files if not file.made],
        result=[entities[file] for file in files if file.made],
        properties={"name": "Fit of the spectra by the recipes"},
    )


def _cited(crate: Any, work: str, number: int) -> Any:
    """Return a source as an entity: by its DOI where it is printed."""
    from ..report.references import DOI

    found = DOI.search(work)
    key = f"https://doi.org/{found[1]}" if found else f"#source-{number}"
    return _entity(crate, key, "ScholarlyArticle" if found else "CreativeWork", name=work)


def _entity(crate: Any, key: str, kind: str, **about: str) -> Any:
    from rocrate.model.contextentity import ContextEntity

    return crate.add(ContextEntity(crate, key, properties={"@type": kind, **about}))
