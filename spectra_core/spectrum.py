"""What was measured: one immutable spectrum and its metadata.

Energies ascend inside the core; only displays and files flip them. The axis as
recorded is never changed: a charge correction is metadata (`Calibration`) that
`Spectrum.x` applies and that can be taken back exactly. Raw counts stay beside
the counts per second, because the statistics of a fit are those of the counts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from functools import cached_property
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .errors import DataError
from .masked import BY_HAND, Masked
from .noise import ChannelNoise, channel_noise
from .shown import Drawn, Gridded, Tabular

Array = NDArray[np.float64]


class Axis(Enum):
    """What the abscissa is; the value is its name in files and messages."""

    BINDING_ENERGY = "binding energy"
    KINETIC_ENERGY = "kinetic energy"
    RAMAN_SHIFT = "Raman shift"
    WAVELENGTH = "wavelength"
    UNKNOWN = "unknown"

    @property
    def unit(self) -> str:
        """Unit of the abscissa: eV, cm-1 or nm; empty if the axis is unknown."""
        return _AXIS_UNITS[self]

    @property
    def is_energy(self) -> bool:
        """Whether this is an electron energy axis (XPS)."""
        return self in (Axis.BINDING_ENERGY, Axis.KINETIC_ENERGY)

    @property
    def orientation(self) -> int:
        """+1 if binding energy (or Raman shift) grows with the axis, -1 if it falls.

        Asymmetric line shapes put their tail on the high-binding-energy side.
        """
        return -1 if self is Axis.KINETIC_ENERGY else 1


_AXIS_UNITS = {
    Axis.BINDING_ENERGY: "eV",
    Axis.KINETIC_ENERGY: "eV",
    Axis.RAMAN_SHIFT: "cm-1",
    Axis.WAVELENGTH: "nm",
    Axis.UNKNOWN: "",
}
_SUBTRACTED = "work_function_subtracted_ev"  # its key in `Meta.extra`
_COUNTS_PER_UNIT = "counts_per_unit"  # its key in `Meta.extra`


@dataclass(frozen=True)
class Calibration:
    """A correction of the scale that can be taken back.

    Attributes
    ----------
    shift : float
        Added to the recorded binding energy (or Raman shift), in the axis unit.
    reference : str
        What the shift was derived from, e.g. ``"C 1s"``; empty if unknown.
    assigned, measured : float or None
        Energy the reference was given, and the one at which it was found.
    uncertainty : float or None
        Standard uncertainty of the shift; it moves all centres together.
    scale, bend : float
        Also added: scale x + bend x^2, with x as recorded. Zero but for a Raman axis that
        standards showed to be stretched.
    """

    shift: float = 0.0
    reference: str = ""
    assigned: float | None = None
    measured: float | None = None
    uncertainty: float | None = None
    scale: float = 0.0
    bend: float = 0.0

    @property
    def is_stretched(self) -> bool:
        """Whether it adds more at one end of an axis than at the other."""
        return bool(self.scale or self.bend)

    @property
    def is_applied(self) -> bool:
        """Whether it changes an axis, or says what it was referenced to."""
        return bool(self.shift or self.reference or self.is_stretched)

    def formula(self, unit: str) -> str:
        """Return what it adds in words, e.g. ``"+0.35 eV"``."""
        if not self.is_stretched:
            return f"{self.shift:+.6g} {unit}"
        terms = [f"{self.shift:+.4g}", f"{self.scale:+.4g} x"]
        terms += [f"{self.bend:+.4g} x^2"] if self.bend else []
        return f"{' '.join(terms)} {unit}, x as recorded"

    def added(self, x: Array, orientation: int = 1) -> Array | float:
        """Return what is added to a recorded axis: (N,), or one number for all of it."""
        if not self.is_stretched:
            return orientation * self.shift
        return orientation * (self.shift + x * (self.scale + self.bend * x))


JOINED_BY_USER = "user:"
"""`Source.joined` of spectra that the user gave their sample name."""


@dataclass(frozen=True)
class Source:
    """Where a spectrum came from.

    Attributes
    ----------
    file : str
        Name of the file, without its folder.
    format : str
    index : int
        Place in the file.
    sha256 : str
        Checksum of the file.
    path : str
        The file as it was given, with its folder; it tells files of one name apart.
    joined : str
        Why its sample reaches beyond the file, and where, as ``rule:place``; empty if it
        does not (see `spectra_core.runs.samples`).
    """

    file: str = ""
    format: str = ""
    index: int = 0
    sha256: str = ""
    path: str = ""
    joined: str = ""

    @property
    def location(self) -> str:
        """The file as it was given; its name where no more is known."""
        return self.path or self.file


@dataclass(frozen=True)
class Meta:
    """What is known about a measurement; None or an empty string means not recorded.

    Attributes
    ----------
    sample, region, technique, species, transition : str
        As written in the file; `region` is the user's name of the block.
    excitation_energy_ev, pass_energy_ev, work_function_ev : float or None
        Photon energy, analyser pass energy, analyser work function (recorded,
        never subtracted on its own account).
    dwell_s : float or None
        Seconds per channel of one scan.
    scans : float or None
        Number of scans that were added up.
    etch_time_s : float or None
        Sputter time before this spectrum.
    laser_nm : float or None
        Laser wavelength of a Raman spectrum.
    instrument, date, comment : str
        `comment` is kept verbatim; `date` is ISO 8601 where it could be read.
    variables : mapping of str to (value, unit)
        Experimental variables of the file, e.g. ``{"PositionX": (1.2, "mm")}``.
    extra : mapping of str to str, int or float
        Whatever else the format recorded.
    """

    sample: str = ""
    region: str = ""
    technique: str = ""
    species: str = ""
    transition: str = ""
    excitation_energy_ev: float | None = None
    pass_energy_ev: float | None = None
    work_function_ev: float | None = None
    dwell_s: float | None = None
    scans: float | None = None
    etch_time_s: float | None = None
    laser_nm: float | None = None
    instrument: str = ""
    date: str = ""
    comment: str = ""
    variables: Mapping[str, tuple[float, str]] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "variables", MappingProxyType(dict(self.variables)))
        object.__setattr__(self, "extra", MappingProxyType(dict(self.extra)))

    def __reduce__(self) -> tuple[Any, ...]:
        values = {name: getattr(self, name) for name in self.__dataclass_fields__}
        values["variables"] = dict(self.variables)
        values["extra"] = dict(self.extra)
        return _make_meta, (values,)

    @property
    def acquisition_time_s(self) -> float | None:
        """Seconds spent on each channel in all scans; None if not recorded."""
        if self.dwell_s is None or self.scans is None:
            return None
        return self.dwell_s * self.scans


def _make_meta(values: dict[str, Any]) -> Meta:
    return Meta(**values)


@dataclass(frozen=True, eq=False, repr=False)
class Spectrum(Tabular, Gridded, Drawn):
    """One measured spectrum; arrays are read-only and the axis ascends.

    Attributes
    ----------
    x_recorded : ndarray, shape (N,)
        Abscissa as recorded (before any charge correction), strictly ascending.
    y : ndarray, shape (N,)
        Intensity in `y_unit`. Numbers beyond 1e120 or below 1e-120, whose squares a computer
        does not hold, are divided by a power of ten, and the unit has it: ``"1e+160 counts"``.
    axis : Axis
        What `x_recorded` is.
    y_unit : str
        ``"counts/s"``, ``"counts"`` or ``"arbitrary"``.
    counts : ndarray, shape (N,), or None
        Detected counts, all scans together; None where they cannot be known.
    sigma : ndarray, shape (N,), or None
        Given standard deviation of `y`, in the unit of `y`.
    transmission : ndarray, shape (N,), or None
        Analyser transmission as recorded; never applied silently.
    columns : mapping of str to ndarray, shape (N,)
        Further ordinates of the file by label, e.g. another program's exported
        components, background and envelope.
    calibration : Calibration
        Applied by `x`; the recorded axis does not change.
    descending : bool
        Whether the file held the axis in descending order.
    meta, source
        Metadata, and where the spectrum came from.
    masked : Masked or None
        Channels that do not count, with their reasons (see `mask`): the arrays above are
        without them, so the axis has a gap where each stood.
    x : ndarray, shape (N,)
        The calibrated abscissa (computed).

    Raises
    ------
    DataError
        If the arrays are not one-dimensional, finite and of one length, there
        are fewer than two points, or the axis does not ascend strictly.
    """

    x_recorded: Array
    y: Array
    axis: Axis
    y_unit: str = "counts/s"
    counts: Array | None = None
    sigma: Array | None = None
    transmission: Array | None = None
    columns: Mapping[str, Array] = field(default_factory=dict)
    calibration: Calibration = field(default_factory=Calibration)
    descending: bool = False
    meta: Meta = field(default_factory=Meta)
    source: Source = field(default_factory=Source)
    masked: Masked | None = None
    x: Array = field(init=False)

    def __post_init__(self) -> None:
        axis_values = _checked_axis(self.x_recorded)
        n_points = axis_values.size
        set_field = object.__setattr__
        set_field(self, "x_recorded", axis_values)
        set_field(self, "y", _checked_column(self.y, "intensity", n_points))
        self._bring_into_range()
        for name in ("counts", "sigma", "transmission"):
            values = getattr(self, name)
            if values is not None:
                set_field(self, name, _checked_column(values, name, n_points))
        columns = {k: _checked_column(v, k, n_points) for k, v in self.columns.items()}
        set_field(self, "columns", MappingProxyType(columns))
        set_field(self, "x", _calibrated(axis_values, self.axis, self.calibration))

    def _bring_into_range(self) -> None:
        """Divide intensities whose squares are no numbers by a power of ten, and say so."""
        power = _power_beyond_squares(self.y)
        if not power:
            return
        set_field, columns = object.__setattr__, self.columns.items()
        set_field(self, "y", _divided(self.y, power))
        if self.sigma is not None:
            set_field(self, "sigma", _divided(self.sigma, power))
        set_field(self, "columns", {name: _divided(values, power) for name, values in columns})
        if self.masked is not None:
            set_field(self, "masked", self.masked.scaled(10.0**-power))
        before, _, unit = self.y_unit.rpartition(" ")
        power += int(before.removeprefix("1e")) if before.startswith("1e") else 0
        set_field(self, "y_unit", f"1e{power:+d} {unit}" if power else unit)

    def __reduce__(self) -> tuple[Any, ...]:
        names = [n for n in self.__dataclass_fields__ if n not in ("x", "columns")]
        values = {name: getattr(self, name) for name in names}
        return _make_spectrum, (values | {"columns": dict(self.columns)},)

    def __len__(self) -> int:
        return int(self.y.size)

    @property
    def label(self) -> str:
        """Sample and region in words, for messages."""
        return " / ".join(part for part in (self.meta.sample, self.meta.region) if part)

    @cached_property
    def step(self) -> float:
        """Median channel width in the axis unit."""
        steps, middle = np.sort(np.diff(self.x_recorded)), self.x_recorded.size - 1
        return float(steps[(middle - 1) // 2] + steps[middle // 2]) / 2.0

    @cached_property
    def noise(self) -> ChannelNoise:
        """The noise of `y` as its channels show it."""
        return channel_noise(self.y)

    @property
    def kinetic_energy(self) -> Array:
        """Kinetic energy in eV in the order of the points (see `to_axis`)."""
        return self._energy(Axis.KINETIC_ENERGY)

    @property
    def binding_energy(self) -> Array:
        """Binding energy in eV, calibrated, in the order of the points."""
        return self._energy(Axis.BINDING_ENERGY)

    def _energy(self, wanted: Axis) -> Array:
        if self.axis is wanted:
            return self.x
        return self._excitation_energy() - _subtracted_before(self) - self.x

    def _excitation_energy(self) -> float:
        if self.axis is Axis.UNKNOWN:
            raise DataError(
                "it is not known what the axis is.",
                hint="Say it: --axis binding|kinetic|raman|wavelength.",
                where=self.label,
            )
        if not self.axis.is_energy:
            raise DataError(f"a {self.axis.value} axis has no electron energy.", where=self.label)
        photon_energy = self.meta.excitation_energy_ev
        if photon_energy is None:
            raise DataError(
                "the photon energy is not recorded, so kinetic and binding energy"
                " cannot be converted.",
                hint="Give it, e.g. --photon-energy 1486.6.",
                where=self.label,
            )
        return photon_energy


def sample_key(spectrum: Spectrum) -> tuple[str, str]:
    """Return what tells the sample of a spectrum from every other: its place and its name.

    The place is the file, with its folder, or what the sample was joined by across files.
    """
    source = spectrum.source
    return source.joined or source.location, spectrum.meta.sample


def _make_spectrum(values: dict[str, Any]) -> Spectrum:
    return Spectrum(**values)


def make_spectrum(x: ArrayLike, y: ArrayLike, axis: Axis, **values: Any) -> Spectrum:
    """Return a `Spectrum` from arrays in any order of the axis.

    Parameters
    ----------
    x, y : array_like, shape (N,)
        Abscissa in the axis unit, ascending or descending, and intensity.
    axis : Axis
        What `x` is.
    **values
        Any other field of `Spectrum`; arrays are in the order of `x`.

    Returns
    -------
    spectrum : Spectrum
        With ascending axis; `descending` remembers the order given.

    Raises
    ------
    DataError
        As `Spectrum`; an axis that turns back is an error, never sorted silently.
    """
    abscissa = np.asarray(x, dtype=float)
    flip = abscissa.ndim == 1 and abscissa.size > 1 and abscissa[0] > abscissa[-1]
    order = slice(None, None, -1 if flip else 1)
    for name in ("counts", "sigma", "transmission"):
        if values.get(name) is not None:
            values[name] = np.asarray(values[name], dtype=float)[order]
    columns = values.pop("columns", {})
    return Spectrum(
        abscissa[order],
        np.asarray(y, dtype=float)[order],
        axis,
        columns={k: np.asarray(v, dtype=float)[order] for k, v in columns.items()},
        descending=bool(flip),
        **values,
    )


def calibrate(spectrum: Spectrum, calibration: Calibration) -> Spectrum:
    """Return `spectrum` with `calibration` in place of the one it had."""
    return replace_fields(spectrum, calibration=calibration)


def to_axis(spectrum: Spectrum, axis: Axis, *, work_function_ev: float | None = None) -> Spectrum:
    """Return `spectrum` on the other electron energy axis.

    Parameters
    ----------
    spectrum : Spectrum
        On a kinetic or binding energy axis, photon energy recorded.
    axis : Axis
        The axis wanted.
    work_function_ev : float or None
        Subtracted from (photon energy - kinetic energy). Zero where the kinetic
        energies refer to the Fermi level, as instruments write them nearly always;
        the analyser's recorded work function is *not* subtracted by itself. None:
        what an earlier conversion of this spectrum subtracted, else zero.

    Returns
    -------
    spectrum : Spectrum
        A new spectrum; the same object if it is on `axis` already.

    Raises
    ------
    DataError
        If the photon energy is not recorded or the axis is not an electron energy.

    Notes
    -----
    The choice is stored in ``meta.extra["work_function_subtracted_ev"]``, so that the way
    back gives the recorded energies.
    """
    if spectrum.axis is axis:
        return spectrum
    if not axis.is_energy:
        raise DataError(
            f"a {spectrum.axis.value} axis cannot become a {axis.value} axis.",
            where=spectrum.label,
        )
    if work_function_ev is None:
        work_function_ev = _subtracted_before(spectrum)
    total = spectrum._excitation_energy() - work_function_ev
    arrays: dict[str, Any] = {
        name: None if values is None else values[::-1]
        for name in ("counts", "sigma", "transmission")
        for values in (getattr(spectrum, name),)
    }
    extra = dict(spectrum.meta.extra) | {_SUBTRACTED: work_function_ev}
    return replace_fields(
        spectrum,
        x_recorded=total - spectrum.x_recorded[::-1],
        y=spectrum.y[::-1],
        columns={k: v[::-1] for k, v in spectrum.columns.items()},
        masked=spectrum.masked and spectrum.masked.moved(lambda x: total - x),
        axis=axis,
        descending=not spectrum.descending,
        meta=replace(spectrum.meta, extra=extra),
        **arrays,
    )


def on_binding_energy(spectrum: Spectrum) -> Spectrum:
    """Return the spectrum on a binding energy axis if it can be converted, else as it is."""
    if spectrum.axis is Axis.KINETIC_ENERGY and spectrum.meta.excitation_energy_ev is not None:
        return to_axis(spectrum, Axis.BINDING_ENERGY)
    return spectrum


def _subtracted_before(spectrum: Spectrum) -> float:
    """Return the work function in eV that an earlier `to_axis` subtracted; 0 if none."""
    return float(spectrum.meta.extra.get(_SUBTRACTED, 0.0))


def with_counts_per_unit(spectrum: Spectrum, counts: float) -> Spectrum:
    """Return `spectrum` with the counts that one unit of its intensity stands for, as measured."""
    extra = dict(spectrum.meta.extra) | {_COUNTS_PER_UNIT: float(counts)}
    return replace_fields(spectrum, meta=replace(spectrum.meta, extra=extra))


def counts_per_unit(spectrum: Spectrum) -> float | None:
    """Return the counts that one unit of the intensity was found to stand for, or None."""
    found = spectrum.meta.extra.get(_COUNTS_PER_UNIT)
    return float(found) if isinstance(found, float | int) and found > 0 else None


def crop(spectrum: Spectrum, window: tuple[float, float]) -> Spectrum:
    """Return the points of `spectrum` with ``window[0] <= x <= window[1]``.

    Raises
    ------
    DataError
        If fewer than two points lie in the window.
    """
    inside = points_in_window(spectrum, window)
    arrays: dict[str, Any] = {
        name: None if values is None else values[inside]
        for name in ("counts", "sigma", "transmission")
        for values in (getattr(spectrum, name),)
    }
    return replace_fields(
        spectrum,
        x_recorded=spectrum.x_recorded[inside],
        y=spectrum.y[inside],
        columns={k: v[inside] for k, v in spectrum.columns.items()},
        masked=masked_inside(spectrum, window),
        **arrays,
    )


def masked_inside(spectrum: Spectrum, window: tuple[float, float]) -> Masked | None:
    """Return the masked channels of a window on the calibrated axis; None if there is none."""
    if spectrum.masked is None:
        return None
    low, high = sorted(window)
    x = _calibrated_at(spectrum, spectrum.masked.x_recorded)
    pairs = zip(spectrum.masked.x_recorded, x, strict=True)
    inside = {own for own, at in pairs if low <= at <= high}
    return spectrum.masked.where(lambda own, _: own in inside)


def masked_points(spectrum: Spectrum) -> tuple[Array, Array, tuple[str, ...]]:
    """Return places on the calibrated axis (K,), intensities (K,) and reasons of what is masked."""
    masked = spectrum.masked
    if masked is None:
        return np.empty(0), np.empty(0), ()
    return _calibrated_at(spectrum, masked.x_recorded), np.array(masked.y), masked.reasons


def _calibrated_at(spectrum: Spectrum, recorded: ArrayLike) -> Array:
    places = np.asarray(recorded, dtype=float)
    return places + spectrum.calibration.added(places, spectrum.axis.orientation)


_OPTIONAL = ("counts", "sigma", "transmission")


def mask(spectrum: Spectrum, out: ArrayLike, reason: str = BY_HAND) -> Spectrum:
    """Return `spectrum` without some channels, which it keeps beside its arrays.

    Parameters
    ----------
    spectrum : Spectrum
    out : array_like of bool, shape (N,)
        True for each channel that is not to count.
    reason : str
        Why: `SPIKE`, `SATURATED`, `BY_HAND` of `spectra_core.masked`, or own words.

    Returns
    -------
    spectrum : Spectrum
        The same object if nothing is marked. What was masked before stays so.

    Raises
    ------
    DataError
        If `out` has another shape, or fewer than two channels would be left.
    """
    marks = np.asarray(out, dtype=bool)
    if marks.shape != (len(spectrum),):
        raise DataError(
            f"the mask has shape {marks.shape}, but the spectrum has {len(spectrum)} channels.",
            where=spectrum.label,
        )
    if not marks.any():
        return spectrum
    if len(spectrum) - int(marks.sum()) < 2:
        raise DataError("fewer than two channels would be left.", where=spectrum.label)
    present = {name: getattr(spectrum, name) for name in _OPTIONAL}
    present = {name: values for name, values in present.items() if values is not None}
    named = present | {f"column/{name}": values for name, values in spectrum.columns.items()}
    taken = Masked(
        tuple(spectrum.x_recorded[marks].tolist()),
        tuple(spectrum.y[marks].tolist()),
        (reason,) * int(marks.sum()),
        tuple((name, tuple(values[marks].tolist())) for name, values in named.items()),
    )
    return replace_fields(
        spectrum,
        x_recorded=spectrum.x_recorded[~marks],
        y=spectrum.y[~marks],
        columns={name: values[~marks] for name, values in spectrum.columns.items()},
        masked=taken.joined(spectrum.masked),
        **{name: values[~marks] for name, values in present.items()},
    )


def unmask(spectrum: Spectrum, chosen: Callable[[float, str], bool] | None = None) -> Spectrum:
    """Return `spectrum` with masked channels back in their places.

    Parameters
    ----------
    spectrum : Spectrum
    chosen : callable or None
        ``chosen(x_recorded, reason)`` says of each whether it comes back; None: all.

    Raises
    ------
    DataError
        If the spectrum has got a column since that they do not have.
    """
    back = spectrum.masked
    if back is not None and chosen is not None:
        back = back.where(chosen)
    if back is None or spectrum.masked is None:
        return spectrum
    places = np.searchsorted(spectrum.x_recorded, back.x_recorded)
    further = dict(back.further)

    def whole(name: str, values: Array) -> Array:
        if name not in further:
            raise DataError(f"the masked channels have no {name}.", where=spectrum.label)
        return np.insert(values, places, further[name])

    present = {name: getattr(spectrum, name) for name in _OPTIONAL}
    returned = set(back.x_recorded)
    return replace_fields(
        spectrum,
        x_recorded=np.insert(spectrum.x_recorded, places, back.x_recorded),
        y=np.insert(spectrum.y, places, back.y),
        columns={k: whole(f"column/{k}", v) for k, v in spectrum.columns.items()},
        masked=spectrum.masked.where(lambda at, _: at not in returned),
        **{name: whole(name, values) for name, values in present.items() if values is not None},
    )


def points_in_window(spectrum: Spectrum, window: tuple[float, float]) -> slice:
    """Return the slice of points with ``window[0] <= x <= window[1]``.

    A millionth of a channel is allowed at both ends, so that a window read off
    the axis keeps its end points whatever the last binary digit.
    """
    low, high = sorted(window)
    slack = 1e-6 * spectrum.step
    first = int(np.searchsorted(spectrum.x, low - slack, side="left"))
    last = int(np.searchsorted(spectrum.x, high + slack, side="right"))
    if last - first < 2:
        if spectrum.axis is Axis.KINETIC_ENERGY and spectrum.meta.excitation_energy_ev is None:
            raise DataError(
                f"the energies are kinetic, {spectrum.x[0]:g} to {spectrum.x[-1]:g} eV, and the"
                f" photon energy is not recorded, so the window {low:g} to {high:g} eV cannot be"
                " placed on them.",
                hint="Give it, e.g. --photon-energy 1486.6.",
                where=spectrum.label,
            )
        raise DataError(
            f"the window {low:g} to {high:g} {spectrum.axis.unit} holds"
            f" {max(last - first, 0)} of the {len(spectrum)} points, which run from"
            f" {spectrum.x[0]:g} to {spectrum.x[-1]:g} {spectrum.axis.unit}.",
            hint="Choose a window inside the data.",
            where=spectrum.label,
        )
    return slice(first, last)


def is_synthetic(spectrum: Spectrum) -> bool:
    """Return whether the spectrum says of itself that it is synthetic."""
    meta = spectrum.meta
    words = f"{meta.sample} {meta.comment} {meta.extra.get('file_comment', '')}".casefold()
    return "synthetic" in words or str(meta.extra.get("synthetic", "")).casefold() == "yes"


def replace_fields(spectrum: Spectrum, **values: Any) -> Spectrum:
    """Return a copy of `spectrum` with some fields replaced; new arrays are checked."""
    if not values.keys() <= _BESIDE_ARRAYS:
        return replace(spectrum, **values)
    other = object.__new__(Spectrum)
    own = spectrum.__dict__  # beside the fields it may hold what others keep of it: not of a copy
    other.__dict__.update({name: own[name] for name in Spectrum.__dataclass_fields__}, **values)
    if "calibration" in values:
        other.__dict__["x"] = _calibrated(other.x_recorded, other.axis, other.calibration)
    return other


def sibling(
    spectrum: Spectrum, y: ArrayLike, meta: Meta, *, counts: ArrayLike | None = None
) -> Spectrum:
    """Return the spectrum of other intensities on the very same axis, as those of a map are.

    The axis is shared, not copied, so that a map takes no more memory than its intensities.

    Parameters
    ----------
    spectrum : Spectrum
        Without deviations, transmission and further columns; in the unit of `y`.
    y, counts : array_like, shape (N,)
        Intensities, and counts where they are known, along the ascending axis.
    meta : Meta

    Raises
    ------
    DataError
        If they are not finite numbers, one for each point.
    """
    other = replace_fields(spectrum, meta=meta, masked=None)
    values = np.array(y, dtype=float, order="C")
    other.__dict__["y"] = _checked_column(read_only(values), "intensity", len(spectrum))
    if counts is not None or spectrum.counts is not None:
        own = None if counts is None else read_only(np.array(counts, dtype=float, order="C"))
        checked = None if own is None else _checked_column(own, "counts", len(spectrum))
        other.__dict__["counts"] = checked
    return other


_BESIDE_ARRAYS = frozenset(("meta", "source", "calibration", "masked"))


def read_only(values: Array) -> Array:
    """Return an array that is written to no more, so that spectra share it without a copy."""
    values.setflags(write=False)
    return values


def _frozen(values: ArrayLike) -> Array:
    """Return `values` as a read-only array; one that nobody can write to is shared."""
    owner: Any = values
    while isinstance(owner, np.ndarray) and not owner.flags.writeable:
        owner = owner.base
    if isinstance(values, np.ndarray) and values.dtype == float and values.flags.c_contiguous:
        return values if owner is None else read_only(values.copy())
    return read_only(np.array(values, dtype=float))


_WIDEST = 120


def _power_beyond_squares(y: Array) -> int:
    """Return the power of ten that brings intensities near 1; 0 where they may stay."""
    top = float(np.max(np.abs(y), initial=0.0))
    if top == 0.0 or 10.0**-_WIDEST <= top <= 10.0**_WIDEST:
        return 0
    return int(np.floor(np.log10(top)))


def _divided(values: ArrayLike, power: int) -> Array:
    """Return values over a power of ten that may itself be no number."""
    half = power // 2
    return np.asarray(values, dtype=float) / 10.0**half / 10.0 ** (power - half)


def _checked_column(values: ArrayLike, name: str, n_points: int) -> Array:
    array = _frozen(values)
    if array.shape != (n_points,):
        raise DataError(
            f"the {name} column has shape {array.shape} but the axis has {n_points} points."
        )
    if not np.isfinite(array).all():
        bad = np.flatnonzero(~np.isfinite(array))
        raise DataError(
            f"the {name} column is not a number at point {bad[0] + 1} of {n_points}"
            f" ({array[bad[0]]}; {bad.size} such points).",
            hint="Remove or correct these rows in the file.",
        )
    return array


def _calibrated(recorded: Array, axis: Axis, calibration: Calibration) -> Array:
    if not calibration.shift and not calibration.is_stretched:
        return recorded
    x = recorded + calibration.added(recorded, axis.orientation)
    if calibration.is_stretched and not (np.diff(x) > 0).all():
        raise DataError(
            f"a calibration with scale {calibration.scale:g} and bend {calibration.bend:g} folds"
            " this axis back on itself.",
            hint="Calibrate with a lower degree, or with lines over the whole axis.",
        )
    return read_only(x)


def _checked_axis(values: ArrayLike) -> Array:
    array = _frozen(values)
    if array.ndim != 1 or array.size < 2:
        raise DataError(f"a spectrum needs at least two points, found {array.size}.")
    array = _checked_column(array, "axis", array.size)
    if not (array[1:] > array[:-1]).all():
        i = int(np.flatnonzero(np.diff(array) <= 0)[0])
        raise DataError(
            f"the axis does not ascend strictly: {array[i]:g} is followed by"
            f" {array[i + 1]:g} at point {i + 2} of {array.size}.",
            hint="Check for joined regions or repeated rows, and split or remove them.",
        )
    return array
