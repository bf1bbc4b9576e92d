"""Files in and out: spectra, projects, the example; nothing is written over by accident."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

from spectra_core.datafiles import data_path
from spectra_core.errors import PartialRead, SpectraError
from spectra_core.project.file import (
    SUFFIX,
    ProjectHandle,
    Recovery,
    find_recovery,
    load_project,
    open_project,
    save_project,
)
from spectra_core.project.intake import Incoming, confirmed, incoming
from spectra_core.project.project import Project, add_spectra, set_settings
from spectra_core.readers import ReadOptions, all_readers, read
from spectra_core.spectrum import Axis, Spectrum

from ..autosave import Autosave
from ..desk import Desk
from ..jobs import Reporter
from ..selection import Selection
from ..views.intake_dialog import Confirmed
from .base import Controller

EXAMPLE = "Composite cathodes after Su 2025, Fig. 5f-i (synthetic)"
_MOST_RECENT = 10
_HEAD_BYTES, _HEAD_LINES = 4096, 8


@dataclass(frozen=True, eq=False)
class Unclear:
    """A file whose axis has to be asked for, why, the photon energy it gives, and how it looks."""

    path: Path
    question: str
    photon_energy_ev: float | None
    head: str = ""
    preview: Spectrum | None = None


@dataclass(frozen=True, eq=False)
class _Intake:
    """What was read: spectra with their files, what went wrong, what is unclear."""

    spectra: tuple[Spectrum, ...]
    opened: tuple[Path, ...]
    problems: tuple[str, ...]
    unclear: tuple[Unclear, ...]
    rows: tuple[Incoming, ...] = ()
    heads: Mapping[str, str] = field(default_factory=dict)

    @property
    def waits(self) -> bool:
        """Whether what was guessed is enough to ask about all of it at once."""
        unknown = [row for row in self.rows if row.spectrum.axis is Axis.UNKNOWN]
        return bool(unknown) and all(row.axis.text for row in unknown)


@dataclass(frozen=True, eq=False)
class Waiting:
    """What waits for one confirmation, and the first lines of the files that are text."""

    rows: tuple[Incoming, ...]
    heads: Mapping[str, str]


class Files(Controller):
    """Opens and saves.

    Signals
    -------
    saved_at(str)
        Time of day of the last save.
    recent_changed(list)
        Paths, the latest first.
    axis_unclear(tuple of Unclear)
        The axis of the first of these files has to be asked for.
    confirmation_asked(Waiting)
        What was guessed of several spectra has to be confirmed.
    """

    saved_at = Signal(str)
    recent_changed = Signal(list)
    axis_unclear = Signal(object)
    confirmation_asked = Signal(object)

    def __init__(self, desk: Desk, window: QWidget, autosave: Autosave) -> None:
        super().__init__(desk)
        self._window, self._autosave = window, autosave
        self._handle: ProjectHandle | None = None
        self._dialog: QFileDialog | QMessageBox | None = None
        self._unclear: list[Unclear] = []
        self._asked: tuple[Unclear, ...] = ()
        self._waiting: tuple[str, _Intake] | None = None

    # -----------------------------------------------------------------------------
    # Opening

    def ask_open(self) -> None:
        """Ask which files to open."""
        dialog = QFileDialog(self._window, "Open spectra or a project")
        dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
        dialog.setDirectory(self.desk.last_folder)
        readers = all_readers()
        endings = sorted({suffix for reader in readers for suffix in reader.suffixes})
        everything = " ".join(f"*{suffix}" for suffix in (*endings, SUFFIX))
        kinds = [f"Spectra and projects ({everything})", f"Doublet project (*{SUFFIX})"]
        kinds += [f"{r.title} ({' '.join(f'*{s}' for s in r.suffixes)})" for r in readers]
        dialog.setNameFilters([*dict.fromkeys(kinds), "All files (*)"])
        dialog.filesSelected.connect(self.open_paths)
        self._show(dialog)

    def ask_folder(self) -> None:
        """Ask for a folder whose spectra are to be opened."""
        dialog = QFileDialog(self._window, "Open all spectra of a folder")
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setDirectory(self.desk.last_folder)
        dialog.fileSelected.connect(lambda folder: self.open_paths([folder]))
        self._show(dialog)

    def open_paths(self, paths: Iterable[str | Path]) -> None:
        """Open files and folders: spectra are added, a project takes the place of this one."""
        files = [Path(path) for path in paths]
        if files:
            self.desk.last_folder = str(files[0].parent)
        projects = [path for path in files if path.suffix.lower() == SUFFIX]
        if projects:
            self.if_nothing_is_lost(lambda: self.open_project_file(projects[0]))
            return
        if files:
            self._read(files, ReadOptions())

    def _read(self, files: Sequence[Path], options: ReadOptions) -> None:
        what = files[0].name if len(files) == 1 else f"{len(files)} files"
        is_folder = any(path.is_dir() for path in files)
        several = is_folder or len(files) > 1

        def work(report: Reporter) -> _Intake:
            return _take_in(_walked(files), options, report, guess=True)

        def done(intake: _Intake) -> None:
            asks = (is_folder and len(intake.rows) > 1) or (several and intake.waits)
            if asks and options.axis is None:
                self._complain_of(intake)
                self._waiting = what, intake
                self.confirmation_asked.emit(Waiting(intake.rows, intake.heads))
            else:
                self._took_in(what, intake)

        self.jobs.start(f"Opening {what}", work, done)

    def take_confirmed(self, answer: Sequence[Confirmed]) -> None:
        """Take in what a user confirmed of the spectra that wait."""
        if self._waiting is None:
            return
        what, intake = self._waiting
        self._waiting = None

        def work(report: Reporter) -> tuple[Spectrum, ...]:
            return _as_confirmed(intake.rows, answer)

        def done(spectra: tuple[Spectrum, ...]) -> None:
            self._add(what, spectra, intake.opened)

        self.jobs.start(f"Opening {what}", work, done)

    def _took_in(self, what: str, intake: _Intake) -> None:
        if intake.spectra:
            known = [row for row in intake.rows if row.spectrum.axis is not Axis.UNKNOWN]
            spectra = tuple(_named(row) for row in known) or intake.spectra
            self._add(what, spectra, intake.opened)
            guessed = [row for row in known if _is_named_by_guess(row)]
            if guessed:
                first = guessed[0].region
                more = f", and {len(guessed) - 1} more" if len(guessed) > 1 else ""
                self.desk.say(f"Region {first.text}, from {first.why}{more}: F2 changes it.")
        self._complain_of(intake)
        self._unclear += intake.unclear
        self._ask_axis()

    def _add(self, what: str, spectra: Sequence[Spectrum], opened: Sequence[Path]) -> None:
        first = self.document.project.last_id + 1
        self.document.apply(f"Open {what}", add_spectra, spectra, select=Selection((f"s{first}",)))
        for path in opened[-_MOST_RECENT:]:
            self.remember(str(path))

    def _complain_of(self, intake: _Intake) -> None:
        if intake.problems:
            self.desk.complain_of("Not everything could be opened", intake.problems)

    def _ask_axis(self) -> None:
        """Ask about the first unclear file, unless a question waits for its answer."""
        if self._unclear and not self._asked:
            self._asked = tuple(self._unclear)
            self.axis_unclear.emit(self._asked)

    def answer_axis(self, options: ReadOptions, for_all: bool) -> None:
        """Read the file that was asked about, or all that wait, with what a user said."""
        told = self._asked if for_all else self._asked[:1]
        self._asked = ()
        del self._unclear[: len(told)]
        self._read([one.path for one in told], options)
        self._ask_axis()

    def leave_axis(self) -> None:
        """Say which files stay closed, as a user does not say what their axis is."""
        names = ", ".join(one.path.name for one in self._unclear)
        self._asked = ()
        self._unclear.clear()
        if names:
            self.desk.complain(f"Not opened, as it was not said what the axis is: {names}.")

    def open_example(self) -> None:
        """Open the four cathode spectra that come with the program."""
        folder = data_path("resources", "examples")
        paths = sorted(folder.glob("su2025_fig5*.vms"))
        if self.document.project.spectra or self.document.is_dirty:
            self._read(paths, ReadOptions())
            return

        def work(report: Reporter) -> _Intake:
            return _take_in(paths, ReadOptions(), report)

        def done(intake: _Intake) -> None:
            def edit(project: Project) -> Project:
                return set_settings(add_spectra(project, intake.spectra), title=EXAMPLE)

            self.document.apply("Open the example", edit, select=Selection(("s1",)))

        self.jobs.start("Opening the example", work, done)

    def open_joint_example(self) -> None:
        """Open the S 2p and P 2p spectra of the second example."""
        folder = data_path("resources", "examples")
        self._read(sorted(folder.glob("su2025_fig1*.vms")), ReadOptions())

    # -----------------------------------------------------------------------------
    # Projects

    def open_project_file(self, path: Path) -> None:
        """Open a project in a job; what is open is given up."""

        def work(report: Reporter) -> ProjectHandle:
            return open_project(path)

        self.jobs.start(f"Opening {path.name}", work, self._opened)

    def _opened(self, handle: ProjectHandle) -> None:
        self._close_handle()
        self._autosave.discard()
        self._handle = handle
        self.document.open(handle.project, path=handle.path, read_only_because=handle.reason)
        self.remember(str(handle.path))
        if handle.read_only:
            self.desk.complain(
                f"{handle.path.name} is open read-only: {handle.reason}."
                " Save it under another name."
            )

    def new(self) -> None:
        """Begin an empty project."""
        self.if_nothing_is_lost(self._new)

    def _new(self) -> None:
        self._autosave.discard()
        self._close_handle()
        self.document.open(Project())

    def save(self, then: Callable[[], None] | None = None) -> None:
        """Save to the project's file, or ask for one."""
        if self.document.path is None or self.document.read_only_because:
            self.save_as(then)
        else:
            self.save_to(self.document.path, then)

    def save_as(self, then: Callable[[], None] | None = None) -> None:
        """Ask where to save."""
        dialog = QFileDialog(self._window, "Save the project")
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setNameFilter(f"Doublet project (*{SUFFIX})")
        dialog.setDefaultSuffix(SUFFIX.removeprefix("."))
        suggested = self.document.suggested
        dialog.setDirectory(str(suggested.parent) if suggested else self.desk.last_folder)
        dialog.selectFile(file_name(self.document.name or "project"))
        dialog.fileSelected.connect(lambda path: self.save_to(Path(path), then))
        self._show(dialog)

    def save_to(self, path: Path, then: Callable[[], None] | None = None) -> None:
        """Save in a job; the file is whole at every moment."""
        project = self.document.project
        own = self._handle if self._handle is not None and self._handle.path == path else None

        def work(report: Reporter) -> ProjectHandle | None:
            if own is not None:
                own.save(project)
                return None
            save_project(project, path)
            return open_project(path)

        def done(handle: ProjectHandle | None) -> None:
            if handle is not None:
                self._close_handle()
                self._handle = handle
            self.document.mark_saved(project, path)
            self.remember(str(path))
            self.saved_at.emit(datetime.now().astimezone().strftime("%H:%M"))
            if not self.document.is_dirty:
                self._autosave.discard()
            if then is not None:
                then()

        self.jobs.start(f"Saving {path.name}", work, done)

    def if_nothing_is_lost(self, then: Callable[[], None]) -> None:
        """Go on at once, or after asking what to do with unsaved changes."""
        if not self.document.is_dirty:
            then()
            return
        name = self.document.path.name if self.document.path else "this project"
        box = QMessageBox(self._window)
        box.setIcon(QMessageBox.Icon.NoIcon)
        box.setWindowTitle("Doublet")
        box.setText(f"Save the changes to {name}?")
        box.setInformativeText("Changes that are not saved are lost.")
        buttons = QMessageBox.StandardButton
        box.setStandardButtons(buttons.Save | buttons.Discard | buttons.Cancel)
        box.setDefaultButton(buttons.Save)

        def answered(code: int) -> None:
            if code == buttons.Save.value:
                self.save(then)
            elif code == buttons.Discard.value:
                then()

        box.finished.connect(answered)
        self._show(box)

    def release(self) -> None:
        """Let go of the project's file at the end of the program."""
        self._close_handle()

    def _close_handle(self) -> None:
        if self._handle is not None:
            self._handle.close()
            self._handle = None

    # -----------------------------------------------------------------------------
    # Recovery

    def recoverable(self) -> tuple[Recovery, ...]:
        """Return what an earlier run of the program left unsaved."""
        return find_recovery(self.desk.recovery_folder)

    def recover(self, path: str, then: Callable[[], None] = lambda: None) -> None:
        """Open the work of a recovery file, then go on; it stays unsaved until it is saved."""
        recovery = next((r for r in self.recoverable() if str(r.path) == path), None)
        if recovery is None:
            self.desk.complain(f"{Path(path).name} is no longer there.")
            return

        def done(project: Project) -> None:
            self._close_handle()
            self.document.open(project, saved=False, suggested=_recovered(recovery.original))
            then()

        def begin() -> None:
            self.jobs.start("Recovering", lambda report: load_project(path), done)

        self.if_nothing_is_lost(begin)

    def discard_recovery(self, path: str) -> None:
        """Remove a recovery file."""
        try:
            Path(path).unlink(missing_ok=True)
        except OSError as error:
            self.desk.complain(f"{Path(path).name} cannot be removed: {error.strerror}.")

    # -----------------------------------------------------------------------------
    # Recent files

    def recent(self) -> list[str]:
        """Return the files that were opened last and are still there."""
        stored = self.desk.settings.value("recent", [])
        paths = stored if isinstance(stored, list) else [stored] if stored else []
        return [path for path in map(str, paths) if Path(path).exists()]

    def open_recent(self, path: str) -> None:
        """Open a recent file, or say that it is gone and list it no more."""
        if Path(path).exists():
            self.open_paths([path])
            return
        name, folder = Path(path).name, Path(path).parent
        self.desk.complain(f"{name} is no longer in {folder}, so it is not listed any more.")
        self._list_recent(self.recent())

    def remember(self, path: str) -> None:
        """Put a file at the head of the recent ones."""
        try:
            whole = str(Path(path).resolve())
        except OSError:
            whole = path
        if "resources/examples" in Path(whole).as_posix():
            return
        self._list_recent([whole, *(p for p in self.recent() if p != whole)][:_MOST_RECENT])

    def _list_recent(self, paths: list[str]) -> None:
        self.desk.settings.setValue("recent", paths)
        self.recent_changed.emit(paths)

    def _show(self, dialog: QFileDialog | QMessageBox) -> None:
        self._dialog = dialog
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()


def file_name(name: str) -> str:
    """Return a project's name as that of a file: without what a file system may refuse."""
    plain = " ".join(re.sub(r'[<>:"/\\|?*\x00-\x1f]', " ", name.removesuffix(SUFFIX)).split())
    return f"{plain.rstrip('. ')[:80] or 'project'}{SUFFIX}"


def _recovered(original: str) -> Path | None:
    """Return where recovered work might be saved: beside its project, never in its place."""
    if not original:
        return None
    mark = " (recovered)"
    place = Path(original)
    return place.with_name(f"{place.stem.removesuffix(mark)}{mark}{SUFFIX}")


def _walked(paths: Iterable[Path]) -> list[Path]:
    """Return the files; folders are walked in a fixed order."""
    files: list[Path] = []
    for path in paths:
        if path.is_dir():
            files += sorted(p for p in path.rglob("*") if p.is_file() and p.name[0] != ".")
        else:
            files.append(path)
    return files


def _take_in(
    files: Sequence[Path], options: ReadOptions, report: Reporter, *, guess: bool = False
) -> _Intake:
    spectra: list[Spectrum] = []
    opened: list[Path] = []
    problems: list[str] = []
    unclear: list[Unclear] = []
    unknown: list[Spectrum] = []
    for done, path in enumerate(files):
        if report.should_stop():
            break
        report.progress(done, len(files), path.name)
        try:
            spectra += read(path, options=options)
            opened.append(path)
        except PartialRead as error:
            spectra += error.spectra
            opened.append(path)
            problems.append(str(error))
        except SpectraError as error:
            if "--axis" in error.hint and options.axis is None:
                previews = _without_axis(path)
                unknown += previews
                head = _head_of(path)
                first = next(iter(previews), None)
                photon = _photon_energy_in(previews)
                unclear.append(Unclear(path, error.message, photon, head, first))
            else:
                problems.append(str(error))
    rows = incoming([*spectra, *unknown]) if guess else ()
    heads = {row.spectrum.source.location: "" for row in rows}
    heads = {location: _head_of(Path(location)) for location in heads}
    paths = tuple(opened), tuple(problems), tuple(unclear)
    return _Intake(tuple(spectra), *paths, rows, heads)


def _without_axis(path: Path) -> list[Spectrum]:
    """Return the spectra of a file that does not say what its axis is."""
    try:
        return list(read(path, options=ReadOptions(allow_unknown_axis=True)))
    except SpectraError:
        return []


def _head_of(path: Path) -> str:
    """Return the first lines of a text file; empty for another one."""
    try:
        with path.open("rb") as stream:
            start = stream.read(_HEAD_BYTES)
    except OSError:
        return ""
    if b"\0" in start:
        return ""
    lines = start.decode("utf-8", "replace").splitlines()
    return "\n".join(line[:120] for line in lines[:_HEAD_LINES])


def _is_named_by_guess(row: Incoming) -> bool:
    return bool(row.region.why) and not row.spectrum.meta.region.strip()


def _named(row: Incoming) -> Spectrum:
    """Return a spectrum with the region that was guessed, where its file gives none."""
    if not _is_named_by_guess(row):
        return row.spectrum
    return replace(row.spectrum, meta=replace(row.spectrum.meta, region=row.region.text))


def _as_confirmed(rows: Sequence[Incoming], answer: Sequence[Confirmed]) -> tuple[Spectrum, ...]:
    """Return the confirmed spectra; files without an axis are read again with theirs."""
    read_again: dict[tuple[str, str], list[Spectrum]] = {}
    found = []
    for one in answer:
        row = rows[one.number]
        spectrum, location = row.spectrum, row.spectrum.source.location
        if one.axis:
            if (location, one.axis) not in read_again:
                options = ReadOptions(axis=one.axis)
                read_again[location, one.axis] = list(read(location, options=options))
            own = [r.spectrum for r in rows if r.spectrum.source.location == location]
            spectrum = read_again[location, one.axis][own.index(spectrum)]
        found.append(confirmed(row, spectrum, one.region, one.sample))
    return tuple(found)


def _photon_energy_in(spectra: Sequence[Spectrum]) -> float | None:
    """Return the photon energy that a file gives for all its spectra; None if it gives none."""
    energies = {spectrum.meta.excitation_energy_ev for spectrum in spectra}
    return energies.pop() if len(energies) == 1 else None
