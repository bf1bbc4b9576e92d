"""The tools of `doublet mcp`: the commands of the command line, in one folder only.

A tool runs the command in a process of its own, so that nothing but the protocol stands on this
one's standard output, and answers with what the command says as JSON. Every answer of a fit begins
with the gate: what the referee notes, and whether the numbers may be passed on as they are.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError

from spectra_core import __version__

_LONGEST_RUN_S = 3600.0
_RESULTS = "results.json"
_PROJECT = "fit.doublet"
_INSTRUCTIONS = """Doublet fits XPS and Raman spectra. Inspect files first. A fit needs a recipe (a
TOML file in the folder) or the name of a preset. Each answer of a fit begins with the gate: where
it says that the numbers may not be passed on, tell the user its notes before any number, and do
not call the fit good. Areas and ratios are to be given with their intervals."""
_COUNTING = "Its error is that of the counts alone: fit without quick for the whole budget."
_KEPT_OF_FIT = ("id", "sample", "region", "status", "message", "statistics", "components")


@dataclass(frozen=True)
class Workplace:
    """The one folder in which files are read and written.

    Attributes
    ----------
    root : Path
        Resolved: no link is left in it.
    """

    root: Path

    def path(self, name: str) -> Path:
        """Return a path inside the folder, links followed.

        Raises
        ------
        ToolError
            If it lies outside, or, of a folder, holds a link that leads outside.
        """
        path = (self.root / name).resolve()
        self._check(path, name)
        if path.is_dir():
            for folder, folders, files in os.walk(path):
                for entry in (*folders, *files):
                    self._check((Path(folder) / entry).resolve(), f"{name}: {entry}")
        return path

    def existing(self, name: str) -> Path:
        """Return the path of a file or folder that is there (see `path`)."""
        path = self.path(name)
        if not path.exists():
            raise ToolError(f"{name} does not exist in {self.root}.")
        return path

    def recipe(self, name: str) -> Path:
        """Return the path of a recipe that names no file outside."""
        path = self.existing(name)
        try:
            document = tomllib.loads(path.read_text(encoding="utf-8-sig"))
        except (OSError, ValueError) as error:
            raise ToolError(f"{name} is no recipe: {error}.") from error
        for text in _texts(document):  # any of them may be a path
            for base in (path.parent, self.root):
                self._check((base / text).resolve(), f"{name} names {text!r}, which")
        return path

    def _check(self, path: Path, what: str) -> None:
        if not path.is_relative_to(self.root):
            raise ToolError(
                f"{what} lies outside of {self.root}: only files of that folder are read and"
                " written. Copy the file there, or start the server with another folder."
            )


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)


def server(folder: Path) -> MCPServer:
    """Return the server whose tools work in `folder`."""
    place = Workplace(folder.resolve())
    made = MCPServer(
        "doublet", instructions=_INSTRUCTIONS, version=__version__, log_level="WARNING"
    )

    @made.tool()
    def inspect(path: str, metadata: bool = False) -> dict[str, Any]:
        """List the spectra in a file or folder: axis, points, units, how they were measured.

        `metadata` adds everything that the file says of the measurement.
        """
        options = ["--metadata"] if metadata else []
        return _json(_run(place, ["inspect", str(place.existing(path)), "--json", *options]))

    @made.tool()
    def fit(
        paths: list[str], output: str, recipe: str = "", preset: str = "", quick: bool = False
    ) -> dict[str, Any]:
        """Fit spectra with a recipe (a TOML file) or a preset, and write results into `output`.

        The answer begins with the gate of the referee: pass its notes on with the numbers.
        """
        if bool(recipe) == bool(preset):
            raise ToolError("Give either a recipe or a preset.")
        model = ["--recipe", str(place.recipe(recipe))] if recipe else [f"--preset={preset}"]
        files = [str(place.existing(name)) for name in paths]
        folder = place.path(output)
        arguments = ["fit", *files, *model, "-o", str(folder), "--formats", "json,csv,svg"]
        arguments += ["--project", str(folder / _PROJECT), *(["--quick"] if quick else [])]
        folder.mkdir(parents=True, exist_ok=True)
        said = _run(place, arguments, results=folder / _RESULTS)
        return _answer(folder / _RESULTS) | {"written": str(folder), "said": said.stderr[-2000:]}

    @made.tool()
    def review(results: str) -> dict[str, Any]:
        """Return the referee's notes on the fits of a results folder, and the gate."""
        path = place.existing(results)
        return _answer(path / _RESULTS if path.is_dir() else path)

    @made.tool()
    def report(project: str, output: str, formats: str = "html,pdf") -> dict[str, Any]:
        """Write the report of a saved project, or of a results folder of the tool `fit`."""
        path = place.existing(project)
        path = place.existing(str(path / _PROJECT)) if path.is_dir() else path
        folder = place.path(output)
        before = set(folder.rglob("*"))
        said = _run(place, ["report", str(path), "-o", str(folder), f"--formats={formats}"])
        files = sorted(str(p.relative_to(place.root)) for p in set(folder.rglob("*")) - before)
        return {"written": files, "said": said.stderr[-2000:]}

    return made


def _run(
    place: Workplace, arguments: Sequence[str], *, results: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a command; what it refuses is the error of the tool."""
    program = [] if getattr(sys, "frozen", False) else ["-m", "doublet"]
    try:
        done = subprocess.run(
            [sys.executable, *program, *arguments],
            cwd=place.root,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=_LONGEST_RUN_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise ToolError(f"it took more than {_LONGEST_RUN_S:g} s and was ended.") from error
    in_part = done.returncode == 1 and (results is None or results.exists())
    if done.returncode and not in_part:
        raise ToolError(done.stderr.strip()[-4000:] or f"it ended with {done.returncode}.")
    return done


def _json(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    return dict(json.loads(done.stdout))


def _answer(path: Path) -> dict[str, Any]:
    """Return gate, ratios and fits of a results file."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        fits = [dict(one) for one in document["fits"]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ToolError(f"{path.name} holds no results of Doublet: {error}.") from error
    return {
        "gate": gate(document),
        "ratios": document.get("ratios", []),
        "fits": [{name: one.get(name) for name in _KEPT_OF_FIT} for one in fits],
    }


def gate(document: dict[str, Any]) -> dict[str, Any]:
    """Return whether the numbers of results may be passed on as they are, and every note.

    Parameters
    ----------
    document : dict
        Of a `results.json`.

    Returns
    -------
    gate : dict
        ``pass``, ``sentence``, and ``notes`` with fit, severity, message and advice. Warnings and
        alarms of the referee, fits that did not converge and failures keep it shut.
    """
    found = [
        {"of": one.get("id", ""), **{k: w.get(k, "") for k in ("severity", "message", "advice")}}
        for one in document.get("fits", ())
        for w in one.get("warnings") or ()
    ]
    found += [
        {"of": one.get("name", ""), "severity": "note", "message": one["note"]}
        for one in document.get("ratios", ())
        if one.get("note")
    ]
    found += [
        {"of": one.get("name", ""), "severity": "warning", "message": _COUNTING}
        for one in document.get("ratios", ())
        if one.get("scope") == "counting alone"
    ]
    found += [
        {"of": one.get("id", ""), "severity": "alarm", "message": one.get("message", "")}
        for one in document.get("fits", ())
        if one.get("status") != "converged"
    ]
    found += [
        {"of": "", "severity": "alarm", "message": str(one)}
        for one in (*document.get("failures", ()), *document.get("skipped", ()))
    ]
    grave = [note for note in found if note["severity"] != "note"]
    opened = not grave and bool(document.get("fits")) and not document.get("interrupted")
    sentence = (
        "The referee has nothing against these numbers."
        if opened
        else f"The numbers may not be passed on without the {len(grave)} warnings below."
    )
    return {"pass": opened, "sentence": sentence, "notes": found}
