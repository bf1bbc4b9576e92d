"""Which engine does a fit: compiled kernels where they can, plain numpy everywhere.

The compiled engine takes a whole fit at once: start, steps, Poisson weights and
covariance. It does every model whose shapes and backgrounds have a kernel; a line that
is broadened *and* has a free shape parameter is left to numpy, and so is a Tougaard
tail on an uneven or very long axis. The result of a fit says which engine made it.

numba is imported by the first fit, never by importing this module. It compiles once
and keeps the machine code in the user's cache folder, under a name made from the
sources of the kernels, so that a new version never runs old code.
``DOUBLET_ENGINE=numpy`` or ``numba`` chooses; without it numba is taken where it is
installed.
"""

from __future__ import annotations

import hashlib
import importlib.util
import logging
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np

from ..child import child_command
from ..curves.measured import is_measured
from ..errors import Cancelled, FitError, ShouldStop
from ..spectrum import Array
from .frame import Slot
from .priors import with_prior_rows
from .problem import Problem, RegionProblem
from .solver import Solution, TracePoint
from .start import linear_columns, open_values
from .tolerances import SOLVABLE, WELL_CONDITIONED
from .turns import turn
from .weights import Weights, counting_time, point_sigmas

if TYPE_CHECKING:
    from .kernels.regions import Plan

LOG = logging.getLogger("doublet.engine")
NUMPY, NUMBA = "numpy", "numba"
_TOO_LONG = 1500  # points: beyond, a Tougaard tail is quicker by Fourier transform
_NO_BROADENING = 1e-9
_TRACE = 1000
_MESSAGES = {
    1: "converged",
    2: "converged to the rounding of the residuals",
    4: "no downhill step was found",
}
_LOADING = threading.Lock()
_PLAIN_MEANWHILE = threading.Event()
_POLL_S = 0.1
_ENTRIES = ("solver", "baselines")  # modules of kernels, in the order they are compiled in

# Line shapes that have a kernel of their own: code, parameters it takes.
SHAPE_CODES = {
    "gaussian": (0, 3),
    "lorentzian": (1, 3),
    "voigt": (2, 4),
    "voigt_two_widths": (3, 4),
    "pseudo_voigt": (4, 4),
    "gl_sum": (5, 4),
    "gl_product": (6, 4),
    "doniach_sunjic": (7, 4),
    "bwf": (8, 4),
    "voigt_asymmetric": (12, 5),
}
_FIXED, _POISSON, _SCALED = 0, 1, 2  # how weights come about, as in `kernels.solver`
_LA_SHARP, _TABLE_AREA, _TABLE_HEIGHT, _MEASURED = 9, 10, 11, 13
_COUPLINGS = {
    "shirley": 1,
    "shirley_components": 2,
    "shirley_slope": 3,
    "tougaard_u2": 4,
    "tougaard_u3": 5,
}
_UNCOUPLED = ("none", "constant", "linear", "polynomial", "exponential")
_LOSS = (4, 5)


# ---------------------------------------------------------------------------------
# Which engine


def chosen_engine() -> str:
    """Return "numba" or "numpy", as the environment says or allows.

    Raises
    ------
    FitError
        If DOUBLET_ENGINE names no engine, or numba is asked for and not installed.
    """
    wanted = os.environ.get("DOUBLET_ENGINE", "")
    if wanted not in ("", NUMPY, NUMBA):
        raise FitError(
            f'DOUBLET_ENGINE is "{wanted}", which is no engine.', hint='Use "numba" or "numpy".'
        )
    if wanted == NUMPY or _PLAIN_MEANWHILE.is_set():
        return NUMPY
    if _numba_is_there():
        return NUMBA
    if wanted == NUMBA:
        raise FitError(
            "DOUBLET_ENGINE asks for numba, which is not installed.",
            hint="Install numba, or leave DOUBLET_ENGINE out.",
        )
    return NUMPY


@cache
def _numba_is_there() -> bool:
    return importlib.util.find_spec("numba") is not None


def plain_meanwhile(on: bool) -> None:
    """Fit with the plain engine while the kernels are being compiled, or no longer."""
    if on:
        _PLAIN_MEANWHILE.set()
    else:
        _PLAIN_MEANWHILE.clear()


def are_compiled() -> bool:
    """Return whether the kernels of fits are in the cache of this machine."""
    return (kernel_cache() / _ready_name(_ENTRIES[0])).exists()


def compile_kernels(should_stop: ShouldStop | None = None) -> Path:
    """Compile all kernels into the cache of this machine; return its folder.

    It is done in a process of its own, so that neither this one nor its interpreter lock is
    held; what is compiled already is left as it is.

    Raises
    ------
    FitError
        If they cannot be compiled here.
    Cancelled
        If `should_stop` returned True; the process is ended.
    """
    if not _numba_is_there():
        raise FitError(
            "numba is not installed, so there is nothing to compile.",
            hint="Fits are made by the plain engine. For the fast one: pip install numba.",
        )
    folder = kernel_cache()
    for module in _ENTRIES:
        ready = folder / _ready_name(module)
        problem = ""
        if not ready.exists():
            name = f"{__package__}.kernels.{module}"
            problem = _compile_apart(name, folder, ready, should_stop)
        if problem:
            raise FitError(f"the kernels could not be compiled: {problem}")
    return folder


def _ready_name(module: str) -> str:
    return f"{module}-{_processor()}.ready"


def kernels() -> ModuleType:
    """Return the module of compiled entries, imported (and compiled, once) on first use."""
    return _loaded(f"{__package__}.kernels.solver")


def baseline_kernels() -> ModuleType:
    """Return the module of compiled baselines, imported (and compiled, once) on first use."""
    kernels()  # always in this order, see `_import_kernels`
    return _loaded(f"{__package__}.kernels.baselines")


def _loaded(name: str) -> ModuleType:
    # The lock also keeps other threads from a module that is still being imported.
    with _LOADING:
        return _import_kernels(name)


@cache
def _import_kernels(name: str) -> ModuleType:
    """Import a module of kernels from the cache, which another process fills if it is empty.

    In the process that compiles them, the kernels are linked with parts that were
    compiled before them; read from the cache they bring their own. The two round
    differently in the last digit, and numbers must not tell who compiled.
    """
    from numba import config as numba_config

    config: Any = numba_config
    folder = kernel_cache()
    ready = folder / _ready_name(name.rpartition(".")[2])
    if not ready.exists():
        LOG.warning("compiling the fit kernels, once; this takes about a minute")
        if problem := _compile_apart(name, folder, ready):
            LOG.warning("the kernels are compiled in this process: %s", problem)
    before = config.CACHE_DIR
    # numba reads the folder where a function is decorated, so others keep their own.
    config.CACHE_DIR = str(folder)
    try:
        return importlib.import_module(name)
    finally:
        config.CACHE_DIR = before


def _compile_apart(
    name: str, folder: Path, ready: Path, should_stop: ShouldStop | None = None
) -> str:
    """Fill the cache from a process of its own; return why that failed, or nothing.

    Of several commands that are started at once, one does it and the others wait for it.
    """
    with turn(folder / f"{ready.stem}.turn", should_stop):
        return "" if ready.exists() else _run_compiler(name, folder, ready, should_stop)


def _run_compiler(name: str, folder: Path, ready: Path, should_stop: ShouldStop | None) -> str:
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(folder)}
    command = child_command(name)
    if command is None:
        return "no process of their own can be started"
    try:
        process = subprocess.Popen(
            command,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
    except OSError as error:
        return str(error)
    while True:
        try:
            _, said = process.communicate(timeout=_POLL_S)
            break
        except subprocess.TimeoutExpired:
            if should_stop is not None and should_stop():
                process.kill()
                process.communicate()
                message = "compiling the kernels was cancelled; the next fit compiles them."
                raise Cancelled(message) from None
    if process.returncode:
        return said.strip()[-500:] or f"the process ended with {process.returncode}"
    ready.touch()
    return ""


def _processor() -> str:
    """Return a short name of what machine code depends on beside its source."""
    import numba
    from llvmlite import binding  # type: ignore[import-untyped]

    features = binding.get_host_cpu_features().flatten()
    text = f"{binding.get_host_cpu_name()} {features} {numba.__version__} {sys.version}"
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def kernel_cache() -> Path:
    """Return the folder that keeps the machine code of these very sources."""
    # numba files machine code by the place of its source as well: the code of another
    # installation is not found, so it must not count as being there.
    digest = hashlib.sha256(str(Path(__file__).resolve().parent).encode())
    if getattr(sys, "frozen", False):
        # and by the program in place of the source: doublet and doublet-gui share nothing
        digest.update(sys.executable.encode())
    sources = Path(__file__).parent
    shared = (sources / name for name in ("folding.py", "tolerances.py"))
    for source in (*sorted((sources / "kernels").glob("*.py")), *shared):
        digest.update(source.read_bytes())
    name = f"kernels-{digest.hexdigest()[:16]}"
    for base in _cache_folders():
        folder = base / name
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError:
            continue
        if os.access(folder, os.W_OK):
            return folder
    return Path(tempfile.mkdtemp(prefix="doublet-"))


def _cache_folders() -> list[Path]:
    folder = os.environ.get("NUMBA_CACHE_DIR")
    if folder:
        return [Path(folder) / "doublet"]
    if sys.platform == "win32":
        home = Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local"))
    elif sys.platform == "darwin":
        home = Path.home() / "Library" / "Caches"
    else:
        home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return [home / "doublet", Path(tempfile.gettempdir()) / "doublet"]


# ---------------------------------------------------------------------------------
# A problem as arrays


@dataclass(frozen=True, eq=False)
class Packed:
    """A problem in the arrays that the kernels take.

    Attributes
    ----------
    problem : Problem
    plan : Plan
    linear : ndarray of int
        Free parameters that act on areas and levels only.
    places : tuple of (slice, int)
        For each region its points in the arrays, and -1 where they are turned round.
    """

    problem: Problem
    plan: Plan
    linear: np.ndarray
    places: tuple[tuple[slice, int], ...]

    @property
    def n_points(self) -> int:
        """Points of all regions together."""
        return int(self.plan.x.size)

    def turned(self, curves: list[Array]) -> Array:
        """Return one array (..., N) of the regions' arrays, as the kernels take them."""
        parts = [c[..., ::turn] for c, (_, turn) in zip(curves, self.places, strict=True)]
        return np.ascontiguousarray(np.concatenate(parts, axis=-1), dtype=float)

    def regions_of(self, values: Array) -> list[Array]:
        """Return the regions' parts (..., n) of an array of the kernels (..., N)."""
        return [values[..., place][..., ::turn] for place, turn in self.places]

    def unturned(self, values: Array) -> Array:
        """Return an array of the kernels (..., N) in the problem's own order of points."""
        if len(self.places) == 1:
            return values[..., :: self.places[0][1]]
        return np.concatenate(self.regions_of(values), axis=-1)


def relinked(packed: Packed, problem: Problem) -> Packed:
    """Return the packing of a problem of the same curves on the same points.

    Only links, free parameters, bounds and priors may be other ones.
    """
    before = packed.problem
    if problem.matrix is before.matrix and problem.offset is before.offset:
        return replace(packed, problem=problem)
    plan = packed.plan._replace(**_links(problem, packed.plan.regions))
    return Packed(problem, plan, _linear_places(problem), packed.places)


def turned_data(packed: Packed, problem: Problem) -> tuple[Array, Array]:
    """Return data and static backgrounds (N,) as the kernels take them."""
    y = packed.turned([region.y for region in problem.regions])
    return y, packed.turned([_static_curve(region) for region in problem.regions])


def pack(problem: Problem) -> Packed | None:
    """Return a problem in the arrays of the kernels, or None if one of them is missing."""
    kept = _pack(_Layout(problem))
    return None if kept is None else replace(kept, problem=problem)


class _Layout:
    """A problem as far as `pack` looks at it: neither data nor start values nor bounds."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.key = (
            problem.matrix.tobytes(),
            problem.offset.tobytes(),
            problem.matrix.shape,
            problem.flat.tobytes(),
            tuple(_structure(region) for region in problem.regions),
        )

    def __hash__(self) -> int:
        return hash(self.key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Layout) and self.key == other.key


def _structure(region: RegionProblem) -> tuple[object, ...]:
    background = region.region.background
    slots = tuple(
        (slot.shape.name, slot.own.start, slot.own.stop, slot.coupled.start, slot.coupled.stop)
        for slot in region.slots
    )
    return (
        region.x.tobytes(),
        region.orientation,
        region.part.start,
        region.part.stop,
        background.type,
        region.static is None,
        tuple(background.options.items()),
        slots,
    )


@lru_cache(maxsize=16)
def _pack(layout: _Layout) -> Packed | None:
    problem = layout.problem
    if not problem.free.size:
        return None
    packer = _Packer(problem)
    for region in problem.regions:
        if not packer.add_region(region):
            return None
    return packer.packed()


class _Packer:
    """Collects the columns of a `Plan`, region by region."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.hangs = problem.matrix != 0
        self.regions: list[list[int]] = []
        self.components: list[list[int]] = []
        self.settings: list[list[float]] = []
        self.x: list[Array] = []
        self.basis: list[Array] = []
        self.tables: list[Array] = []
        self.sizes = {"points": 0, "basis": 0, "tables": 0}

    def add_region(self, region: RegionProblem) -> bool:
        """Take one region in; False if a kernel for it is missing."""
        x = np.ascontiguousarray(region.orientation * region.x[:: region.orientation])
        first = len(self.components)
        coupling = _coupling(region)
        if coupling is None or (coupling in _LOSS and not _is_even_and_short(x)):
            return False
        if not all(self._add_component(region, slot) for slot in region.slots):
            return False
        rows, exponential = _base_rows(region)
        base = region.part.start + region.background.start
        n_base = len(rows) - (2 if exponential else 0)
        points, basis = self.sizes["points"], self.sizes["basis"]
        self.regions.append(
            [
                points,
                points + x.size,
                first,
                len(self.components),
                coupling,
                base,
                n_base,
                basis,
                base + n_base,
                int(exponential),
                region.part.start + region.shift,
                0,
                0,
            ]
        )
        self._keep("basis", self.basis, rows[:n_base].ravel())
        options = region.region.background.options
        gap, origin = float(options.get("gap", 0.0)), float(options.get("origin", 0.0))
        channel = float((x[-1] - x[0]) / (x.size - 1))
        self.settings.append([float(region.orientation), origin, gap, channel])
        self._keep("points", self.x, x)
        return True

    def _keep(self, what: str, parts: list[Any], values: np.ndarray) -> None:
        parts.append(values)
        self.sizes[what] += values.size

    def _add_component(self, region: RegionProblem, slot: Slot) -> bool:
        own = region.part.start + slot.own.start
        found = self._code(slot, own)
        if found is None:
            return False
        code, n_own, table = found
        at = self.sizes["tables"]
        self._keep("tables", self.tables, table)
        step = region.part.start + slot.coupled.start
        self.components.append([code, own, n_own, step, at, at + table.size])
        return True

    def _code(self, slot: Slot, own: int) -> tuple[int, int, Array] | None:
        """Return code, number of parameters and table of a component's kernel."""
        name = slot.shape.name
        if is_measured(name):
            return _measured(name)
        if name in SHAPE_CODES:
            return (*SHAPE_CODES[name], np.empty(0))
        shape = slice(own + 3, own + slot.own.stop - slot.own.start)
        values = self.problem.offset[shape]
        free = self.hangs[shape].any(axis=1)
        if name == "la" and not free[-1] and values[-1] < _NO_BROADENING:
            return _LA_SHARP, 5, np.empty(0)
        if free.any():
            return None
        return _tabulated(name, tuple(values.tolist()))

    def packed(self) -> Packed:
        """Return the arrays."""
        from .kernels.regions import Plan

        fixed = {
            "components": np.array(self.components, dtype=np.int64).reshape(-1, 6),
            "settings": np.array(self.settings),
            "x": np.concatenate(self.x),
            "half_widths": np.concatenate(
                [np.concatenate([[0.0], 0.5 * np.diff(x)]) for x in self.x]
            ),
            "widths": np.concatenate([_channel_widths(x) for x in self.x]),
            "basis": np.concatenate(self.basis),
            "tables": np.concatenate([*self.tables, np.empty(0)]),
        }
        linked = _links(self.problem, np.array(self.regions, dtype=np.int64))
        places = tuple(
            (slice(row[0], row[1]), region.orientation)
            for row, region in zip(self.regions, self.problem.regions, strict=True)
        )
        plan = Plan(**_read_only(fixed), **linked)
        return Packed(self.problem, plan, _linear_places(self.problem), places)


def _read_only(arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return arrays as `kernels.regions.PLAN` wants them."""
    for array in arrays.values():
        array.setflags(write=False)
    return arrays


def _linear_places(problem: Problem) -> np.ndarray:
    return np.flatnonzero(linear_columns(problem)).astype(np.int64)


def _links(problem: Problem, regions: np.ndarray) -> dict[str, np.ndarray]:
    """Return the arrays of a `Plan` that follow from what hangs on the free parameters."""
    hangs = problem.matrix != 0
    rows, columns = np.nonzero(hangs)
    pointers = np.zeros(len(problem.paths) + 1, dtype=np.int64)
    np.cumsum(np.bincount(rows, minlength=len(problem.paths)), out=pointers[1:])
    acting = [np.flatnonzero(hangs[_moving_parts(r)].any(axis=0)) for r in problem.regions]
    ends = np.cumsum([each.size for each in acting])
    placed = regions.copy()
    placed[:, -2], placed[:, -1] = ends - [each.size for each in acting], ends
    acts = np.array([hangs[r.part].any(axis=0) for r in problem.regions])
    first, stop = regions[:, :1], regions[:, 1:2]
    last = np.where(acts, stop, 0).max(axis=0)
    return _read_only(
        {
            "regions": placed,
            "acting": np.concatenate(acting).astype(np.int64),
            "pointers": pointers,
            "columns": columns.astype(np.int64),
            "factors": problem.matrix[rows, columns],
            "offset": np.array(problem.offset),
            "flat": np.array(problem.flat),
            "reach": np.column_stack([np.where(acts, first, last).min(axis=0), last]),
        }
    )


def _moving_parts(region: RegionProblem) -> list[int]:
    """Return the places of a region's shift and of the parameters of its lines."""
    start = region.part.start
    own = [start + region.shift]
    for slot in region.slots:
        own += range(start + slot.own.start, start + slot.own.stop)
    return own


def _coupling(region: RegionProblem) -> int | None:
    """Return the code of a region's coupling; None if the background is not known here."""
    name = region.kind.name
    if region.static is not None or name in _UNCOUPLED:
        return 0
    return _COUPLINGS.get(name)


def _base_rows(region: RegionProblem) -> tuple[Array, bool]:
    """Return the rows of a background's linear part, turned; whether a decay follows."""
    if region.static is not None:
        return np.empty((0, region.x.size)), False
    n = region.background.stop - region.background.start
    exponential = region.kind.name == "exponential"
    options = region.region.background.options
    _, rows = region.kind.base(region.x, np.zeros(n), options, region.orientation)
    n_coupled = {1: 1, 3: 2, 4: 2, 5: 3}.get(_coupling(region) or 0, 0)
    return np.ascontiguousarray(rows[: n - n_coupled, :: region.orientation]), exponential


def _is_even_and_short(x: Array) -> bool:
    step = (x[-1] - x[0]) / (x.size - 1)
    return bool(x.size <= _TOO_LONG and np.abs(np.diff(x) - step).max() <= 1e-6 * step)


def _channel_widths(x: Array) -> Array:
    widths = np.asarray(np.gradient(x))
    widths[0] *= 0.5
    return widths


def _measured(name: str) -> tuple[int, int, Array] | None:
    from .kernels.tables import measured_table

    table = measured_table(name)
    return None if table is None else (_MEASURED, 3, table)


def _tabulated(name: str, shape: tuple[float, ...]) -> tuple[int, int, Array] | None:
    from .kernels.tables import TABULATED, shape_table

    if name not in TABULATED:
        return None
    table = shape_table(name, shape)
    if table is None:
        return None
    by_height = name == "doniach_sunjic_convolved"
    return (_TABLE_HEIGHT if by_height else _TABLE_AREA), 3, table


# ---------------------------------------------------------------------------------
# One fit


@dataclass(frozen=True, eq=False)
class CompiledFit:
    """The compiled way from start values to a solution, for one problem.

    Attributes
    ----------
    packed : Packed
    y, static : ndarray, shape (N,)
        Data and static backgrounds, turned.
    modes : ndarray of int, shape (R,)
        FIXED, POISSON or SCALED of the kernels.
    times : ndarray, shape (R,)
        What turns intensity into counts.
    weights : ndarray, shape (N,)
        1 / sigma; not read where weights follow the answer.
    start : tuple of (ndarray, bool)
        The model's start values, and whether it gives all of them; empty in a fit that is
        only ever started from given ones.
    """

    packed: Packed
    y: Array
    static: Array
    modes: np.ndarray
    times: Array
    weights: Array
    start: tuple[Array, bool]

    def relinked(self, problem: Problem) -> CompiledFit:
        """Return the way to fit the same data, with the same weights; see `relinked`."""
        return replace(self, packed=relinked(self.packed, problem))


def compiled_fit(
    problem: Problem, weights: tuple[Weights, ...], *, with_start: bool = True
) -> CompiledFit | None:
    """Return the compiled way to fit `problem`, or None if numpy has to do it.

    `with_start`: take or estimate the model's own start values.
    """
    if chosen_engine() == NUMPY:
        return None
    packed = pack(problem)
    if packed is None:
        return None
    modes, times = weight_modes(problem, weights)
    return CompiledFit(
        packed,
        *turned_data(packed, problem),
        modes,
        times,
        packed.turned(fixed_weights(problem, weights)),
        open_values(problem) if with_start else (np.empty(0), False),
    )


def weight_modes(problem: Problem, weights: tuple[Weights, ...]) -> tuple[np.ndarray, Array]:
    """Return how the weights of each region come about (R,), and its counting time (R,)."""
    codes = {Weights.POISSON: _POISSON, Weights.UNIT: _SCALED if problem.is_scaled(weights) else 0}
    modes = np.array([codes.get(kind, _FIXED) for kind in weights], dtype=np.int64)
    times = [counting_time(region.spectrum) or 1.0 for region in problem.regions]
    return modes, np.array(times)


def fixed_weights(problem: Problem, weights: tuple[Weights, ...]) -> list[Array]:
    """Return 1 / sigma of each region where it does not depend on the model, else ones."""
    found = []
    for region, kind in zip(problem.regions, weights, strict=True):
        if kind in (Weights.GIVEN, Weights.EMPIRICAL):
            found.append(1.0 / point_sigmas(region.spectrum, region.inside, kind, region.y))
        else:
            found.append(np.ones(region.x.size))
    return found


def _static_curve(region: RegionProblem) -> Array:
    return np.zeros(region.x.size) if region.static is None else region.static.curve


Settled = tuple[Solution, tuple[Array, ...]]


def settle(
    fit: CompiledFit,
    start: Array | None,
    *,
    tolerance: float,
    max_iterations: int,
    nearby: bool = False,
    progress: Callable[[TracePoint], None] | None = None,
    should_stop: ShouldStop | None = None,
) -> Settled | None:
    """Return solution and standard deviations, or None where the numpy engine should try.

    Parameters
    ----------
    fit : CompiledFit
    start : ndarray, shape (F,), or None
        None: the model's own start values.
    nearby : bool
        `start` is next to the answer: areas and levels stay as they are.
    tolerance, max_iterations, progress, should_stop
        See `spectra_core.fitting.solver.solve`.

    Raises
    ------
    Cancelled
        If `should_stop` returned True.
    """
    work = _Work(fit, start, nearby=nearby)
    if progress is None and should_stop is None:
        work.go_on(tolerance, max_iterations, 2**40)
    else:
        _watched(work, tolerance, max_iterations, progress, should_stop)
    if not work.usable:
        return None
    return work.solution()


def _watched(
    work: _Work,
    tolerance: float,
    max_iterations: int,
    progress: Callable[[TracePoint], None] | None,
    should_stop: ShouldStop | None,
) -> None:
    while not work.done:
        if should_stop is not None and should_stop():
            raise Cancelled("the fit was cancelled; nothing was changed.")
        seen = len(work.trace())
        work.go_on(tolerance, max_iterations, 1)
        if progress is not None:
            for point in work.trace()[seen:]:
                progress(point)


def _frozen(*arrays: np.ndarray) -> list[np.ndarray]:
    """Return read-only views, the one type of array that a kernel's named tuple takes."""
    views = [array.view() for array in arrays]
    for view in views:
        view.setflags(write=False)
    return views


def _task(
    fit: CompiledFit,
    y: Array,
    static: Array,
    modes: np.ndarray,
    times: Array,
    lower: Array,
    upper: Array,
    centres: Array | None = None,
) -> Any:
    """Return what the kernels are to do; rows for each fit, or one for all of them."""
    k, problem = kernels(), fit.packed.problem
    rows, (first, constants) = problem.priors, problem.prior_first
    targets = problem.prior_targets[None]
    if centres is not None:
        targets = targets + (centres - rows.values)
    known = k.Known(
        *_frozen(problem.prior_matrix, targets, rows.sds, rows.relatives, first, constants)
    )
    linear = fit.packed.linear
    return k.Task(*_frozen(y, static, modes, times, lower, upper, linear), known)


class _Work:
    """The arrays of one running fit."""

    def __init__(self, fit: CompiledFit, start: Array | None, *, nearby: bool) -> None:
        n, n_points = fit.packed.problem.free.size, fit.y.size
        self.fit = fit
        self.kernels = kernels()
        if start is None:
            q, complete = fit.start
            self.how = self.kernels.BETTER if complete else self.kernels.LINEAR
        else:
            q, self.how = start, self.kernels.NEARBY if nearby else self.kernels.LINEAR
        self.answer = self.kernels.Answer(
            np.array(q, dtype=float)[None],
            fit.weights.copy()[None],
            np.zeros((1, len(fit.packed.problem.priors))),
            np.zeros((1, self.kernels.N_STATE)),
            np.zeros((1, n)),
            np.zeros((1, n + 1)),
            np.empty((1, _TRACE, 3)),
            np.zeros((1, n), dtype=bool),
            np.empty((1, n, n_points)),
            np.empty((1, n_points)),
            np.zeros((1, n, n)),
        )
        self.state = self.answer.state

    def go_on(self, tolerance: float, limit: int, budget: int) -> None:
        """Spend up to `budget` evaluations."""
        fit, problem = self.fit, self.fit.packed.problem
        k = self.kernels
        task = _task(
            fit,
            fit.y[None],
            fit.static[None],
            fit.modes,
            fit.times[None],
            problem.lower[None],
            problem.upper[None],
        )
        k.settle_many(
            fit.packed.plan, task, k.Course(self.how, tolerance, limit, budget), self.answer
        )

    @property
    def status(self) -> int:
        """How the fit ended; 0 while it runs."""
        return int(self.state[0, self.kernels.STATUS])

    @property
    def done(self) -> bool:
        """Whether the fit has ended."""
        return self.status != self.kernels.UNFINISHED

    @property
    def usable(self) -> bool:
        """Whether there is an answer, however badly some of it is determined."""
        return self.status != self.kernels.NOT_FINITE

    def trace(self) -> tuple[TracePoint, ...]:
        """Return what was recorded so far."""
        recorded = int(self.state[0, self.kernels.TRACED])
        rows = self.answer.trace[0, :recorded].tolist()
        return tuple(TracePoint(i, *row) for i, row in enumerate(rows, start=1))

    def solution(self) -> Settled:
        """Return the fit in the terms and the point order of the numpy engine."""
        k, packed, state = self.kernels, self.fit.packed, self.state[0].tolist()
        status, found = int(state[k.STATUS]), self.answer
        exhausted = f"no convergence after {int(state[k.IN_PASS])} evaluations"
        with np.errstate(divide="ignore"):  # a part of nothing says nothing
            sds = 1.0 / found.precision[0]
        residual, jacobian = with_prior_rows(
            packed.problem,
            found.q[0],
            sds,
            packed.unturned(-found.residual[0]),
            packed.unturned(found.jacobian[0]).T,
        )
        solution = Solution(
            found.q[0],
            state[k.CHI_SQUARE],
            residual,
            jacobian,
            found.held[0],
            status in (k.CONVERGED, k.ROUNDING),
            _MESSAGES.get(status, exhausted),
            self.trace(),
            found.covariance[0] if state[k.CONDITION] < WELL_CONDITIONED else None,
        )
        return solution, tuple(packed.regions_of(1.0 / found.weights[0]))


# ---------------------------------------------------------------------------------
# Many fits


@dataclass(frozen=True, eq=False)
class Kept:
    """Arrays (M, N) that `run_many` fills: nobody asks for them where only numbers count.

    Attributes
    ----------
    weights : ndarray
        1 / sigma; given where fixed, and as they were at the end where they follow the model.
    residual : ndarray
        (data - model) / sigma, turned.
    """

    weights: Array
    residual: Array


def run_many(
    fit: CompiledFit,
    y: Array,
    static: Array,
    times: Array,
    q: Array,
    how: int,
    *,
    tolerance: float,
    limit: int,
    damping: float = 0.0,
    budget: int = 2**40,
    weights: Array | None = None,
    lower: Array | None = None,
    upper: Array | None = None,
    kept: Kept | None = None,
    centres: Array | None = None,
    way: Array | None = None,
    spread: bool = True,
) -> tuple[Array, Array, np.ndarray, Array]:
    """Fit M spectra with the kernels, on the thread that calls.

    Parameters
    ----------
    fit : CompiledFit
        Everything but the data.
    y : ndarray, shape (M, N)
        Turned, see `Packed.turned`; one row serves all with M start values.
    static : ndarray, shape (M or 1, N)
    times : ndarray, shape (M, R)
    q : ndarray, shape (M, F)
        Start values.
    how : int
        AS_GIVEN, LINEAR, BETTER or NEARBY of the kernels.
    tolerance : float
    limit : int
        Evaluations for each pass.
    damping : float
        First damping; 0 takes the usual one.
    budget : int
        Evaluations for all passes; with 0 nothing but the start is evaluated.
    weights : ndarray, shape (M or 1, N), or None
        Fixed 1 / sigma in place of those of `fit`; the weights then stay fixed.
    lower, upper : ndarray, shape (M or 1, F), or None
        Bounds in place of the problem's.
    kept : Kept or None
        Filled with weights and residuals of every fit.
    centres : ndarray, shape (M, K), or None
        What the priors say, in place of the problem's own values.
    way : ndarray, shape (M,), or None
        Lengths, in standard errors, of the steps that led to NEARBY starts; a fit that converges
        fast enough by them takes its first step without looking where it led.
    spread : bool
        Whether covariances are wanted.

    Returns
    -------
    q : ndarray, shape (M, F)
    state : ndarray, shape (M, N_STATE)
    held : ndarray of bool, shape (M, F)
    covariance : ndarray, shape (M, F, F), or (1, 0, 0)
    """
    k = kernels()
    problem, (m, n) = fit.packed.problem, q.shape
    q = np.array(q, dtype=float)
    state = np.zeros((m, k.N_STATE))
    state[:, k.DAMPING] = damping
    state[:, k.WAY] = 0.0 if way is None else way
    held = np.zeros((m, n), dtype=bool)
    covariance = np.zeros((m, n, n) if spread else (1, 0, 0))
    modes = fit.modes if weights is None else np.zeros_like(fit.modes)
    scratch = fit.weights[None].copy() if weights is None else np.ascontiguousarray(weights)
    scratch = scratch if kept is None else kept.weights
    n_points = y.shape[1]
    task = _task(
        fit,
        np.ascontiguousarray(y),
        static,
        modes,
        times,
        problem.lower[None] if lower is None else lower,
        problem.upper[None] if upper is None else upper,
        centres,
    )
    answer = k.Answer(
        q,
        scratch,
        np.zeros((1, len(problem.priors))),
        state,
        np.zeros((1, n)),
        np.zeros((1, n + 1)),
        np.empty((1, 0, 3)),
        held,
        np.empty((1, n, n_points)),
        np.empty((1, n_points)) if kept is None else kept.residual,
        covariance,
    )
    k.settle_many(fit.packed.plan, task, k.Course(how, tolerance, limit, budget), answer)
    return q, state, held, covariance


def comparable_chi_square(fit: CompiledFit, state: Array) -> Array:
    """Return what tells minima of one spectrum apart, shape (M,); infinite where there is none.

    Chi-square of data and priors. Where the noise is taken from the residuals it says
    nothing, and their sum of squares, raised by the priors, stands for it.
    """
    k = kernels()
    found = state[:, k.CHI_SQUARE].copy()
    if (fit.modes == _SCALED).any():
        data = (found - state[:, k.PRIORS]) * state[:, k.NOISE] ** 2
        found = data * np.exp(state[:, k.PRIORS] / fit.y.size)
    finite = (state[:, k.STATUS] != k.NOT_FINITE) & np.isfinite(found)
    return np.where(finite, found, np.inf)


def residual_curve(fit: CompiledFit, y: Array, static: Array, q: Array) -> list[Array]:
    """Return data minus curve of each region, in the order of its points.

    Parameters
    ----------
    fit : CompiledFit
    y, static : ndarray, shape (N,)
        Turned.
    q : ndarray, shape (F,)
    """
    return fit.packed.regions_of(_residual(fit.packed, y, static, np.ones(y.size), q))


def usable_rows(state: Array) -> np.ndarray:
    """Return which fits the normal equations were good enough for, shape (M,)."""
    k = kernels()
    finite = state[:, k.STATUS] != k.NOT_FINITE
    return np.asarray(finite & (state[:, k.CONDITION] < SOLVABLE))


def settled_rows(state: Array) -> np.ndarray:
    """Return which fits converged, shape (M,)."""
    k, status = kernels(), state[:, kernels().STATUS]
    return np.asarray((status == k.CONVERGED) | (status == k.ROUNDING) | (status == k.LANDED))


def well_conditioned_rows(state: Array) -> np.ndarray:
    """Return which fits have a covariance that is good to eight digits, shape (M,)."""
    return np.asarray(state[:, kernels().CONDITION] < WELL_CONDITIONED)


def message_of(status: int) -> str:
    """Return how a fit ended, in words."""
    return _MESSAGES.get(status, "no convergence")


def residual_of(packed: Packed, problem: Problem, q: Array, sigmas: tuple[Array, ...]) -> Array:
    """Return (data - model) / sigma (N,) at `q`, in the order of the kernels."""
    y, static = turned_data(packed, problem)
    return _residual(packed, y, static, 1.0 / packed.turned(list(sigmas)), q)


def _residual(packed: Packed, y: Array, static: Array, weights: Array, q: Array) -> Array:
    curve, residual = np.empty(y.size), np.empty(y.size)
    jacobian = np.empty((q.size, y.size))
    kernels().weighted_rows(packed.plan, y, static, weights, q, curve, residual, jacobian)
    return residual


def peaks_of(packed: Packed, q: Array) -> list[dict[str, Array]]:
    """Return each region's components (M, N) by id, for the free parameters `q` (M, F)."""
    peaks = np.empty((len(q), len(packed.plan.components), packed.n_points))
    for own, rows in zip(q, peaks, strict=True):
        kernels().peak_curves(packed.plan, own, rows)
    found, first = [], 0
    for region, part in zip(packed.problem.regions, packed.regions_of(peaks), strict=True):
        ids = [slot.id for slot in region.slots]
        found.append({key: part[:, first + k].copy() for k, key in enumerate(ids)})
        first += len(ids)
    return found
