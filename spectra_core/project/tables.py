"""A project as one JSON document and a few long arrays, and back.

All arrays of one kind, of all spectra or all fits, stand one after the other in one long
array, with a second one that says where each ends: a project of a thousand fits is then
some thirty arrays instead of ten thousand. Equal arrays (the axis that all spectra of a
series share) are kept once. Nothing is built before it is asked for, but everything is
checked: lengths, order, finite numbers, the numbers of the models.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import partial
from operator import attrgetter
from types import MappingProxyType
from typing import Any

import numpy as np

from ..calibration import ReferenceLine
from ..fitting import FitOptions, FitWarning, Status
from ..fitting.solver import TracePoint
from ..fitting.statistics import Statistics
from ..model import Model
from ..referee.context import Finding
from ..spectrum import Array, Spectrum
from ..uncertainty.ratios import Ratio
from .plain import (
    JsonTexts,
    Plain,
    check_spectrum_entry,
    damaged,
    entries,
    model_from,
    packed,
    record,
    spectrum_entry,
    spectrum_from,
    spectrum_text,
    structure,
    table,
)
from .project import Analysis, Pending, Project, RatioDefinition, Records, Settings
from .stored import StoredResult
from .stored_map import ANSWERS, MapHead, StoredMap
from .stored_series import SeriesHead, StoredSeries

Arrays = dict[str, np.ndarray]
Warnings = tuple[FitWarning | Finding, ...]

SPECTRUM_ARRAYS = ("x_recorded", "y", "counts", "sigma", "transmission")
COLUMNS = "columns"
RESULT_ARRAYS = (
    "values",
    "free_covariance",
    "at_bound",
    "point_sigmas",
    "statistics",
    "trace",
    "starts",
)
PARAMETERS = "parameters"
SERIES = "series"
MAPS = "maps"
SERIES_PARTS = ("borders", "common", "pulls", "open_errors")
RAGGED = (*SPECTRUM_ARRAYS, COLUMNS, PARAMETERS, *RESULT_ARRAYS, SERIES, MAPS)
ENDS = "_ends"
PLACES = "spectrum_places"
NAMES = (*(name + end for name in RAGGED for end in ("", ENDS)), PLACES)

_STATISTICS = tuple(f.name for f in fields(Statistics))
_WHOLE = ("n_points", "n_free", "n_priors")
_TRACE = TracePoint._fields
_ABSENT = -1
_ROWS = ("statistics", "trace", "starts")
# Each row of statistics ends with whether the residual STD is known.
_statistics_of = attrgetter(*_STATISTICS)
_trace_of = attrgetter(*_TRACE)


# ---------------------------------------------------------------------------------
# Out


class _Ragged:
    """Arrays of one kind, one after the other; `once` keeps an array once.

    With `by_content` equal arrays are one, else only what is one object: that many
    spectra have equal axes is usual, that they have equal intensities is not.
    """

    def __init__(self, dtype: type = float, *, by_content: bool = False) -> None:
        self.parts: list[np.ndarray] = []
        self.known: dict[object, int] = {}
        self.dtype = dtype
        self.by_content = by_content

    def once(self, arrays: Iterable[Array | None]) -> list[int]:
        """Return the place of each array, or -1 where there is none."""
        known, parts, places = self.known, self.parts, []
        for array in arrays:
            if array is None:
                places.append(_ABSENT)
                continue
            key = array.tobytes() if self.by_content else id(array)
            place = known.setdefault(key, len(parts))
            if place == len(parts):
                parts.append(array)
            places.append(place)
        return places

    def arrays(self, name: str) -> Iterator[tuple[str, np.ndarray]]:
        flat = [part if part.ndim == 1 else part.reshape(-1) for part in self.parts]
        joined = np.concatenate(flat) if flat else np.empty(0)
        yield name, joined.astype(self.dtype, copy=False)
        yield name + ENDS, np.cumsum([part.size for part in flat], dtype=np.int64)


def _rows_of(stored: StoredResult) -> tuple[Array, ...]:
    """Return statistics, trace and starts as rows of numbers; made once, None becomes NaN."""
    known: tuple[Array, ...] | None = stored.__dict__.get("_rows")
    if known is None:
        statistics = [
            (*_statistics_of(s), s.residual_std is not None)
            for s in (stored.statistics, *stored.region_statistics)
        ]
        trace = [_trace_of(point) for point in stored.trace]
        known = tuple(np.array(rows, dtype=float) for rows in (statistics, trace, stored.starts))
        stored.__dict__["_rows"] = known
    return known


class _Pool:
    """Things that are kept once, numbered in the order they came."""

    def __init__(self) -> None:
        self.places: dict[Any, int] = {}
        self.members: list[Any] = []
        self.seen: dict[int, int] = {}

    def place(self, key: Any, member: Any) -> int:
        place = self.places.setdefault(key, len(self.members))
        if place == len(self.members):
            self.members.append(member)
        return place

    def one(self, member: Any) -> int:
        """Return the place of an object; another that equals it has its own."""
        place = self.seen.get(id(member))
        if place is None:
            place = self.seen[id(member)] = len(self.members)
            self.members.append(member)
        return place

    def equal(self, member: Any, key: Callable[[Any], Any] = lambda member: member) -> int:
        """Return the place of what has the same key; the same object is known by its id."""
        place = self.seen.get(id(member))
        if place is None:
            place = self.seen[id(member)] = self.place(key(member), member)
        return place


class _Writer:
    """Collects what a project holds; `document` and `arrays` are what is written."""

    def __init__(self, project: Project) -> None:
        self.ragged = {name: _Ragged() for name in RAGGED}
        self.ragged["x_recorded"] = _Ragged(by_content=True)
        self.ragged["at_bound"] = _Ragged(np.uint8)
        self.spectra, self.models, self.results = _Pool(), _Pool(), _Pool()
        self.options, self.versions = _Pool(), _Pool()
        ids = list(project.spectra)
        of = [self.spectra.one(spectrum) for spectrum in project.spectra.values()]
        analyses = self._analyses(project)
        series, maps = self._series(project), self._maps(project)
        results = self._results()
        self.document: Plain = {
            "project": _head(project),
            "spectra": {"ids": ids, "of": of},
            "analyses": analyses,
            "results": results,
            SERIES: series,
            MAPS: maps,
            **self._models(),
            **self._measured(),
            "options": self.options.members,
            "versions": self.versions.members,
        }

    def arrays(self) -> Iterator[tuple[str, np.ndarray]]:
        """Yield every array; the next is made when the one before may be forgotten."""
        yield PLACES, self.places
        for name in RAGGED:
            yield from self.ragged[name].arrays(name)

    def _analyses(self, project: Project) -> Plain:
        every = list(project.analyses.values())
        return {
            "ids": list(project.analyses),
            "label": [a.label for a in every],
            "model": [self.models.one(a.model) for a in every],
            "spectra": [dict(a.spectra) for a in every],
            "options": [self.options.equal(a.options) for a in every],
            "result": [_ABSENT if a.stored is None else self.results.one(a.stored) for a in every],
            "ratios": [a.ratios for a in every],
            "warnings": [a.warnings for a in every],
            "findings": [a.findings for a in every],
            "references": [a.references for a in every],
        }

    def _series(self, project: Project) -> list[Plain]:
        self.ragged[SERIES].parts = [
            getattr(one, name) for one in project.series for name in SERIES_PARTS
        ]
        return [
            {"head": one.head, "results": [self.results.one(level) for level in one.levels]}
            for one in project.series
        ]

    def _maps(self, project: Project) -> list[Plain]:
        stored = list(project.maps.values())
        self.ragged[MAPS].parts = [array for one in stored for array in one.arrays]
        return [
            {"head": one.head, "spectra": [self.spectra.one(s) for s in one.spectra]}
            for one in stored
        ]

    def _results(self) -> Plain:
        every: list[StoredResult] = self.results.members
        self._numbers(every)
        return {
            "model": [self.models.one(r.model) for r in every],
            "spectra": [{k: self.spectra.one(s) for k, s in r.spectra.items()} for r in every],
            "options": [self.options.equal(r.options) for r in every],
            "status": [r.status.value for r in every],
            "message": [r.message for r in every],
            "method": [r.method for r in every],
            "engine": [r.engine for r in every],
            "weights": [r.weights for r in every],
            "warnings": [r.warnings for r in every],
            "versions": [
                self.versions.equal(r.versions, lambda v: tuple(v.items())) for r in every
            ],
        }

    def _numbers(self, every: Sequence[StoredResult]) -> None:
        for name in ("values", "free_covariance", "at_bound"):
            self.ragged[name].parts = [getattr(stored, name) for stored in every]
        self.ragged["point_sigmas"].parts = [s for stored in every for s in stored.sigmas]
        rows = [_rows_of(stored) for stored in every]
        for i, name in enumerate(_ROWS):
            self.ragged[name].parts = [of[i] for of in rows]

    def _models(self) -> Plain:
        structures = _Pool()
        every = [packed(model) for model in self.models.members]
        of = [structures.place(p, m) for p, m in zip(every, self.models.members, strict=True)]
        self.ragged[PARAMETERS].parts = [one.rows for one in every]
        return {"models": of, "structures": [structure(model) for model in structures.members]}

    def _measured(self) -> Plain:
        every: list[Spectrum] = self.spectra.members
        places_of = [
            self.ragged[name].once([getattr(spectrum, name) for spectrum in every])
            for name in SPECTRUM_ARRAYS
        ]
        self.places = np.array(places_of, dtype=np.int64).T.ravel()
        return {"measured": self._entries(every)}

    def _entries(self, every: Sequence[Spectrum]) -> list[Any]:
        if not any(spectrum.columns for spectrum in every):
            try:
                return JsonTexts(map(spectrum_text, every))
            except (ValueError, TypeError, RecursionError):
                pass  # `to_text` writes what is not finite, and says what cannot be written
        entries = [spectrum_entry(spectrum) for spectrum in every]
        for entry, spectrum in zip(entries, every, strict=True):
            if spectrum.columns:
                places = self.ragged[COLUMNS].once(spectrum.columns.values())
                entry["columns"] = dict(zip(spectrum.columns, places, strict=True))
        return entries


_ANALYSIS = (
    "ids",
    "label",
    "model",
    "spectra",
    "options",
    "result",
    "ratios",
    "warnings",
    "findings",
    "references",
)
_RESULT = (
    "model",
    "spectra",
    "options",
    "status",
    "message",
    "method",
    "engine",
    "weights",
    "warnings",
    "versions",
)


def tables_of(project: Project) -> tuple[Plain, Iterator[tuple[str, np.ndarray]]]:
    """Return what a project holds as one document and long arrays by name, to be used once."""
    writer = _Writer(project)
    return writer.document, writer.arrays()


def _head(project: Project) -> Plain:
    return {
        "id": project.id,
        "given": project.last_id,
        "ratios": project.ratios,
        "notes": project.notes,
        "checklist": project.checklist,
        "settings": project.settings,
    }


# ---------------------------------------------------------------------------------
# In


@dataclass(frozen=True, eq=False)
class _Parts:
    """Arrays of one kind as they lie in one long array; read-only."""

    name: str
    data: np.ndarray
    ends: np.ndarray
    made: dict[int, np.ndarray] = field(default_factory=dict)

    def __len__(self) -> int:
        return int(self.ends.size)

    def __getitem__(self, i: int) -> np.ndarray:
        """Return array number `i`; every time the same object, as `_Ragged.once` needs it."""
        if not 0 <= i < self.ends.size:
            raise damaged(f"there is no number {i} among its {self.name}")
        if i not in self.made:
            self.made[i] = self.data[self.ends[i - 1] if i else 0 : self.ends[i]]
        return self.made[i]

    @property
    def sizes(self) -> np.ndarray:
        return np.diff(self.ends, prepend=0)


def _parts(arrays: Mapping[str, np.ndarray], name: str) -> _Parts:
    data, ends = arrays[name], arrays[name + ENDS]
    last = int(ends[-1]) if ends.size else 0
    if last != data.size or (ends.size and ends[0] < 0) or (np.diff(ends) < 0).any():
        raise damaged(f"the lengths of its {name} do not add up")
    data.setflags(write=False)
    return _Parts(name, data, ends)


class _Reader:
    """Makes spectra, models and analyses from a document and arrays, each once."""

    def __init__(self, document: Plain, arrays: Mapping[str, np.ndarray]) -> None:
        self.document = document
        self.parts = {name: _parts(arrays, name) for name in RAGGED}
        self.measured = entries(document.get("measured"), "measured")
        self.places = _places(arrays[PLACES], len(self.measured), self.parts)
        self.models = _indices(document, "models", len(self.parts[PARAMETERS]))
        self.structures = entries(document.get("structures"), "structures")
        self.analyses = _columns(document, "analyses", _ANALYSIS)
        self.results = _columns(document, "results", _RESULT)
        self.series = entries(document.get(SERIES), SERIES)
        if len(self.series) * len(SERIES_PARTS) != len(self.parts[SERIES]):
            raise damaged("its series are not complete")
        self.maps = entries(document.get(MAPS), MAPS)
        if len(self.maps) * len(ANSWERS) != len(self.parts[MAPS]):
            raise damaged("its maps are not complete")
        self.options = record(tuple[FitOptions, ...], document.get("options"), "options")
        listed = record(tuple[Mapping[str, str], ...], document.get("versions"), "versions")
        self.versions = tuple(MappingProxyType(versions) for versions in listed)
        self.spectrum = _once(self._spectrum, len(self.measured), "spectrum")
        self.model = _once(self._model, len(self.models), "model")
        self.analysis = _once(self._analysis, len(self.analyses["ids"]), "analysis")
        self.result = _once(self._result, len(self.results["model"]), "result")
        self._check()
        counts = [len(spectra) for spectra in self.results["spectra"]]
        self.first_region = np.concatenate([[0], np.cumsum(counts, dtype=int)])

    def project(self) -> Project:
        head = table(self.document.get("project"), "project")
        entry = table(self.document.get("spectra"), "spectra")
        ids = _ids(entry.get("ids"), "spectra")
        of = entries(entry.get("of"), "spectra")
        if len(of) != len(ids) or any(_bad_index(i, len(self.measured)) for i in of):
            raise damaged("its list of spectra is wrong")
        analyses = _ids(self.analyses["ids"], "analyses")
        return Project(
            _project_id(head.get("id")),
            Records({k: self.spectrum[i] for k, i in zip(ids, of, strict=True)}),
            Records(dict(zip(analyses, self.analysis, strict=True))),
            record(tuple[RatioDefinition, ...], head.get("ratios"), "project/ratios"),
            record(Mapping[str, str], head.get("notes"), "project/notes"),
            record(Mapping[str, str], head.get("checklist"), "project/checklist"),
            record(Settings, head.get("settings"), "project/settings"),
            record(int, head.get("given"), "project/given"),
            tuple(self._series(i) for i in range(len(self.series))),
            Records(dict(self._map(i, set(ids)) for i in range(len(self.maps)))),
        )

    def _map(self, i: int, known: set[str]) -> tuple[str, Pending[StoredMap]]:
        where, row = f"map {i + 1}", table(self.maps[i], f"map {i + 1}")
        head = record(MapHead, row.get("head"), where)
        of = entries(row.get("spectra"), where)
        count, free = len(of), head.free
        if count != len(head.keys) or not count or not known.issuperset(head.keys):
            raise damaged(f"{where} is of spectra that do not exist")
        if any(_bad_index(place, len(self.measured)) for place in of):
            raise damaged(f"{where} is of spectra that do not exist")
        arrays = tuple(self.parts[MAPS][i * len(ANSWERS) + k] for k in range(len(ANSWERS)))
        per_pixel = {"free": free, "free_stderr": free, "covariance": free * free}
        for name, array in zip(ANSWERS, arrays, strict=True):
            if array.size != count * per_pixel.get(name, 1):
                raise damaged(f"{where} has {array.size} numbers of {name}")
        return head.keys[0], Pending(
            lambda: StoredMap(head, tuple(self.spectrum[place].get() for place in of), arrays)
        )

    def _series(self, i: int) -> StoredSeries:
        where, row = f"series {i + 1}", table(self.series[i], f"series {i + 1}")
        head = record(SeriesHead, row.get("head"), where)
        places = entries(row.get("results"), where)
        first = i * len(SERIES_PARTS)
        borders, common, pulls, errors = (
            self.parts[SERIES][first + k] for k in range(len(SERIES_PARTS))
        )
        count, wide = len(places), int(np.sqrt(common.size) + 0.5)
        fits = count > 0 and wide * wide == common.size and errors.size % count == 0
        if not fits or borders.size != errors.size * wide:
            raise damaged(f"{where} has numbers of {common.size} and {borders.size} pairs")
        if any(_bad_index(place, len(self.result)) for place in places):
            raise damaged(f"{where} is of a fit that does not exist")
        if len(head.spectra) != count:
            raise damaged(f"{where} has {count} fits of {len(head.spectra)} levels")
        return StoredSeries(
            head,
            tuple(self.result[place].get() for place in places),
            borders.reshape(count, -1, wide),
            common.reshape(wide, wide),
            pulls,
            errors.reshape(count, -1),
        )

    def _check(self) -> None:
        """Find what is wrong now and not when the first spectrum is looked at."""
        for i, entry in enumerate(self.measured):
            check_spectrum_entry(entry, f"measured {i}")
        for name in (*SPECTRUM_ARRAYS, COLUMNS):
            if not np.isfinite(self.parts[name].data).all():
                raise damaged(f"its {name} holds what is no number")
        _check_numbers(self.parts[PARAMETERS])
        _check_ascending(self.parts["x_recorded"])
        self._check_references()
        first = {of: number for number, of in reversed(list(enumerate(self.models)))}
        for number in first.values():
            self.model[number].get()

    def _check_references(self) -> None:
        """See that every analysis and result names what there is."""
        known = set(_ids(table(self.document.get("spectra"), "spectra").get("ids"), "spectra"))
        for columns, kinds in (
            (self.analyses, {"model": len(self.models), "options": len(self.options)}),
            (
                self.results,
                {
                    "model": len(self.models),
                    "options": len(self.options),
                    "versions": len(self.versions),
                },
            ),
        ):
            for name, size in kinds.items():
                if any(_bad_index(i, size) for i in columns[name]):
                    raise damaged(f"an entry under {name} does not exist")
        n_results = len(self.results["model"])
        if any(i != _ABSENT and _bad_index(i, n_results) for i in self.analyses["result"]):
            raise damaged("a result does not exist")
        for chosen in self.analyses["spectra"]:
            if not known.issuperset(table(chosen, "analyses").values()):
                raise damaged("an analysis is of a spectrum that does not exist")
        for chosen in self.results["spectra"]:
            of = table(chosen, "results").values()
            if any(_bad_index(i, len(self.measured)) for i in of):
                raise damaged("a result is of a spectrum that does not exist")

    def _spectrum(self, i: int) -> Spectrum:
        entry, where = self.measured[i], f"spectrum {i + 1}"
        arrays: dict[str, Any] = {
            name: None if place == _ABSENT else self.parts[name][place]
            for name, place in zip(SPECTRUM_ARRAYS, self.places[i], strict=True)
        }
        columns = table(entry.get("columns", {}), where)
        part = self.parts[COLUMNS]
        arrays["columns"] = {k: part[record(int, v, where)] for k, v in columns.items()}
        return spectrum_from(entry, arrays, where)

    def _model(self, i: int) -> Model:
        number = self.models[i]
        if number >= len(self.structures):
            raise damaged(f"there is no structure {number} for model {i + 1}")
        rows = self.parts[PARAMETERS][i].reshape(-1, 4)
        return model_from(self.structures[number], rows, f"model {i + 1}")

    def _analysis(self, i: int) -> Analysis:
        row, where = {name: self.analyses[name][i] for name in _ANALYSIS}, f"analysis {i + 1}"
        return Analysis(
            record(str, row["label"], where),
            self.model[row["model"]].get(),
            record(Mapping[str, str], row["spectra"], where),
            self.options[row["options"]],
            None if row["result"] == _ABSENT else self.result[row["result"]].get(),
            record(tuple[Ratio, ...], row["ratios"], f"{where}/ratios"),
            record(Warnings, row["warnings"], f"{where}/warnings"),
            record(tuple[Finding, ...], row["findings"], f"{where}/findings"),
            record(tuple[ReferenceLine, ...], row["references"], f"{where}/references"),
        )

    def _result(self, i: int) -> StoredResult:
        row, where = {name: self.results[name][i] for name in _RESULT}, f"result {i + 1}"
        rows = self._rows("statistics", i, len(_STATISTICS) + 1, where)
        every = tuple(_statistics(values) for values in rows)
        n_regions = len(row["spectra"])
        if len(every) != n_regions + 1:
            raise damaged(f"{where} has the statistics of {len(every) - 1} regions")
        first = self.first_region[i]
        covariance = self.parts["free_covariance"][i]
        n_free = int(np.sqrt(covariance.size) + 0.5)
        if n_free * n_free != covariance.size:
            raise damaged(f"{where} has a covariance of {covariance.size} numbers")
        return StoredResult(
            self.model[row["model"]].get(),
            {k: self.spectrum[v].get() for k, v in row["spectra"].items()},
            self.options[row["options"]],
            self.parts["values"][i],
            covariance.reshape(n_free, n_free),
            self.parts["at_bound"][i].astype(bool),
            tuple(self.parts["point_sigmas"][k] for k in range(first, first + n_regions)),
            record(tuple[str, ...], row["weights"], f"{where}/weights"),
            every[0],
            every[1:],
            record(Status, row["status"], f"{where}/status"),
            record(str, row["message"], f"{where}/message"),
            record(str, row["method"], f"{where}/method"),
            record(str, row["engine"], f"{where}/engine"),
            record(Warnings, row["warnings"], f"{where}/warnings"),
            tuple(
                TracePoint(int(p[0]), *p[1:])
                for p in self._rows("trace", i, len(_TRACE), where).tolist()
            ),
            tuple(self.parts["starts"][i].tolist()),
            self.versions[row["versions"]],
        )

    def _rows(self, name: str, i: int, width: int, where: str) -> Array:
        flat = self.parts[name][i]
        if flat.size % width:
            raise damaged(f"{where} has {name} of {flat.size} numbers")
        return flat.reshape(-1, width)


def project_from(document: Plain, arrays: Mapping[str, np.ndarray]) -> Project:
    """Return the project of a document and arrays that `tables_of` gave.

    Parameters
    ----------
    document : dict
    arrays : mapping of str to ndarray
        One for each of `NAMES`; they become read-only.

    Raises
    ------
    ProjectFileError
        If they contradict each other or hold what no project has.
    """
    return _Reader(document, arrays).project()


def _once(make: Any, size: int, what: str) -> list[Pending[Any]]:
    return [Pending(partial(_made, make, i, what)) for i in range(size)]


def _made(make: Any, i: int, what: str) -> Any:
    try:
        return make(i)
    except (ValueError, TypeError, OverflowError) as error:
        raise damaged(f"{what} {i + 1} cannot be made ({str(error)[:80]})") from error


def _columns(document: Plain, name: str, wanted: Sequence[str]) -> dict[str, list[Any]]:
    columns = table(document.get(name), name)
    if set(columns) != set(wanted):
        raise damaged(f"the columns of its {name} are others than {', '.join(wanted)}")
    found = {key: entries(columns[key], f"{name}/{key}") for key in wanted}
    if len({len(column) for column in found.values()}) > 1:
        raise damaged(f"the columns of its {name} have different lengths")
    return found


def _indices(document: Plain, name: str, size: int) -> list[int]:
    values = entries(document.get(name), name)
    if len(values) != size or any(type(i) is not int or i < 0 for i in values):
        raise damaged(f"its {name} are not numbered rightly")
    return values


def _bad_index(value: Any, size: int) -> bool:
    return type(value) is not int or not 0 <= value < size


def _project_id(value: Any) -> str:
    """Return the project's id; it names files, so nothing but hexadecimal digits."""
    if type(value) is not str or not re.fullmatch("[0-9a-f]{32}", value):
        raise damaged("its id is not 32 hexadecimal digits")
    return value


def _ids(value: Any, where: str) -> list[str]:
    ids = entries(value, where)
    if any(type(i) is not str for i in ids) or len(set(ids)) != len(ids):
        raise damaged(f"the ids of its {where} are no texts or not unique")
    return ids


def _places(flat: np.ndarray, n_spectra: int, parts: Mapping[str, _Parts]) -> list[list[int]]:
    if flat.size != n_spectra * len(SPECTRUM_ARRAYS):
        raise damaged("its spectra do not say where their numbers are")
    places = flat.reshape(n_spectra, len(SPECTRUM_ARRAYS))
    for column, name in enumerate(SPECTRUM_ARRAYS):
        lowest = 0 if name in ("x_recorded", "y") else _ABSENT
        own = places[:, column]
        if own.size and not (lowest <= own.min() and own.max() < len(parts[name])):
            raise damaged(f"a spectrum has {name} that the file does not have")
    listed: list[list[int]] = places.tolist()
    return listed


def _check_numbers(parts: _Parts) -> None:
    if (parts.sizes % 4).any():
        raise damaged("the numbers of a model are not complete")
    value, low, high, free = parts.data.reshape(-1, 4).T
    wrong = np.isinf(value) | np.isnan(low) | np.isnan(high) | (low > high)
    if wrong.any() or not np.isin(free, (0.0, 1.0)).all():
        raise damaged("a parameter of a model has impossible numbers")


def _check_ascending(parts: _Parts) -> None:
    if (parts.sizes < 2).any():
        raise damaged("a spectrum has fewer than two points")
    steps = np.diff(parts.data) > 0
    steps[parts.ends[:-1] - 1] = True  # from the end of one axis to the start of the next
    if not steps.all():
        raise damaged("an axis does not ascend")


def _statistics(row: np.ndarray) -> Statistics:
    values: dict[str, Any] = dict(zip(_STATISTICS, row.tolist(), strict=False))
    for name in _WHOLE:
        values[name] = int(values[name])
    found = Statistics(**values)
    return found if row[-1] else replace(found, residual_std=None)
