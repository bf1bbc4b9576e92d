"""What a row of the peak library is: one frozen class for each kind of record.

The library keeps three layers apart. An `Observation` is what one source printed, digit
for digit, and is never corrected. An `Entry` is a consensus: what several observations
agree on, with its spread, the observations it kept, those it only compares and those it
leaves out with the reason. A preset is a recipe (`spectra_core.recipe.presets`). Beside them stand
separations, which need no charge reference, overlaps, calibration standards, sensitivity
factors, Auger lines and widths.

The files are TOML of schema ``doublet-library/1``. `build` turns one row into its record and
says what is wrong with a row that it cannot take; whether the rows agree with each other is
asked by `spectra_core.library.check`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field, fields
from decimal import Decimal, InvalidOperation
from math import isfinite
from types import MappingProxyType
from typing import Any, TypeVar

from ..core_levels import level_in
from ..errors import DataError, did_you_mean

SCHEMA = "doublet-library/1"
UNCONFIRMED = "unconfirmed"
STATUSES = ("A", "B", "C", UNCONFIRMED)
RAMAN = "Raman"
C1S_SCALE = 284.8
"""Energy of adventitious C 1s on which the consensus stands, eV."""

EVIDENCE: Mapping[str, str] = MappingProxyType(
    {
        "S": "source paper, as reported",
        "P": "text of the article",
        "N": "database record",
        "L": "laboratory reference page",
        "A": "abstract",
        "D": "digest by a third party, unconfirmed",
        "M": "from memory, unconfirmed",
    }
)
COUNTED = ("P", "N", "L", "A")
"""Evidence that counts in a consensus; D and M are unconfirmed, S is what is being tested."""

FLAGS: Mapping[str, str] = MappingProxyType(
    {
        "splitting_out_of_range": "the printed splitting is impossible for this level",
        "splitting_only_by_rounding": "the printed splitting is possible only by rounding",
        "splittings_differ_in_one_spectrum": "another doublet of this spectrum has another one",
        "separation_non_rigid": "no charge shift moves this level and its partners as printed",
        "same_position_as": "printed at the position of another species",
        "said_to_equal": "the text calls it the same as a value that differs",
        "wide_range_in_one_paper": "one species is printed more than 0.5 eV apart in one paper",
        "closer_to_another_species": "lies closer to what the same paper calls another species",
        "not_fitted": "named in the text, but no component was fitted",
        "position_not_printed": "no position is printed",
        "sample_ambiguous": "caption and text leave open which sample this is",
        "sputtered": "measured after ion etching: reduced lines may be artefacts",
        "label_rejected": "the position belongs to another species",
        "line_ambiguous": "two positions are called the same line",
    }
)

_FLOAT_TEXT = re.compile(r"\d+(\.\d+)?")

_Record = TypeVar("_Record")


@dataclass(frozen=True)
class CitedSource:
    """Where numbers come from.

    Attributes
    ----------
    key : str
        Name used in the records.
    citation : str
    doi : str
    evidence : str
        Key of `EVIDENCE`: how the source itself was read.
    charge_reference : str
        What the source says about its energy scale.
    practice : str
        What it says about the fit.
    note : str
    """

    key: str
    citation: str
    evidence: str
    doi: str = ""
    charge_reference: str = ""
    practice: str = ""
    note: str = ""

    @property
    def id(self) -> str:
        """The key."""
        return self.key


@dataclass(frozen=True)
class ChargeReference:
    """Line that an energy scale was set on, and the value it was given, as printed (eV)."""

    line: str
    value: str = ""


@dataclass(frozen=True)
class Observation:
    """What one source printed; immutable.

    Attributes
    ----------
    id : str
        Stable, ``source/row``.
    species : str
        The label as printed.
    level : str
        Core level (``"S 2p"``) or ``"Raman"``.
    source, where, how : str
        Key of a source; place in it; ``"text"``, ``"table"``, ``"record"``...
    evidence : str
        Key of `EVIDENCE`.
    values : tuple of str
        As printed, with every digit and no other; several where one row stands for
        several records of a database.
    line : str
        ``"2p3/2"``; ``"2p"`` for an unresolved envelope.
    partner : str
        The j = l - 1/2 line, as printed.
    step : str
        Printing step; left out: that of the digits of the first value.
    count : int or None
        How many records `values` summarise, where not each is given.
    quantity : str
        ``"position"``, or ``"area_ratio"``.
    unit : str
    material, sample, state : str
    observed : str
        The verb: ``"observed"``, ``"decreases"``, ``"absent"``, ``"inferred"``...
    text : str
        What the source says about it.
    no_number : str
        Why there is no value, where there is none.
    charge_reference : ChargeReference or None
        None: not stated.
    flags : tuple of str
        Keys of `FLAGS`, with ``:id`` of another observation where one is meant.
    """

    id: str
    species: str
    level: str
    source: str
    where: str
    how: str
    evidence: str
    values: tuple[str, ...] = ()
    line: str = ""
    partner: str = ""
    step: str = ""
    count: int | None = None
    quantity: str = "position"
    unit: str = "eV"
    material: str = ""
    sample: str = ""
    state: str = ""
    observed: str = "observed"
    text: str = ""
    no_number: str = ""
    charge_reference: ChargeReference | None = None
    flags: tuple[str, ...] = ()

    @property
    def value(self) -> str:
        """The first printed value; empty if none is printed."""
        return self.values[0] if self.values else ""

    @property
    def is_confirmed(self) -> bool:
        """Whether the value was read in its own source."""
        return self.evidence not in ("D", "M")

    @property
    def status(self) -> str:
        """How it was read, with the word "unconfirmed" where that is so."""
        return EVIDENCE[self.evidence]

    @property
    def printed_step(self) -> float | None:
        """Step of the last printed digit; None without a value."""
        if self.step:
            return float(self.step)
        return None if not self.values else 10.0 ** int(_last_digit(self.value))

    @property
    def implied_splitting(self) -> str:
        """Partner minus value, exact in the printed digits; empty without a partner."""
        if not (self.partner and self.values):
            return ""
        return str(Decimal(self.partner) - Decimal(self.value))

    def on_scale(self, c1s: float = C1S_SCALE) -> tuple[float, ...]:
        """Return the values with C 1s at `c1s` eV; unmoved where no C 1s value is stated."""
        shift = 0.0
        reference = self.charge_reference
        if reference is not None and reference.value and level_in(reference.line) == "C 1s":
            shift = c1s - float(reference.value)
        return tuple(float(value) + shift for value in self.values)


@dataclass(frozen=True)
class Kept:
    """An observation in a consensus, with the value used if that is not the printed one."""

    observation: str
    value: float | None = None
    reason: str = ""


@dataclass(frozen=True)
class Entry:
    """A consensus position: derived, with what it rests on.

    Attributes
    ----------
    id : str
        Stable: ``xps/ps4/s2p``, ``raman/ps4/a1``.
    label : str
        What a component is called, e.g. ``"PS4"``.
    species : str
    level : str
        Core level, or ``"Raman"``.
    status : str
        A (n >= 4, spread <= 0.3), B, C or "unconfirmed".
    center : float or None
        Of the j = l + 1/2 line in eV with adventitious C 1s at 284.8, or in cm-1; None
        where the sources contradict each other and no single position can be given.
    tolerance : float or None
        Half width of the bounds of a fit.
    spread : float or None
        Half range of the kept values; half interquartile range from six values on.
    n : int
        Kept values.
    alternatives : tuple of float
        The positions in conflict, where there is no `center`.
    kept, excluded : tuple of Kept
        Observations that count; those that do not, each with the reason.
    compared : tuple of str
        Observations that are shown beside it and never counted (D, M, S, other scales).
    mode : str
        Of a Raman band.
    fwhm : tuple of float or None
        Typical range, in the unit of the axis, where the species has its own.
    lineshape : str
        Default line shape.
    width_class : str
        Species of one class may share a width.
    stoichiometry : mapping of str to float
        Atoms of each element in the group, e.g. S 4, P 1.
    aliases : tuple of str
    unit : str
    note : str
    needs : str
        What must be in the sample before the species is thought of, e.g. ``"tungsten"``; a
        search ranks it behind those that need nothing.
    """

    id: str
    label: str
    species: str
    level: str
    status: str
    center: float | None = None
    tolerance: float | None = None
    spread: float | None = None
    n: int = 0
    alternatives: tuple[float, ...] = ()
    kept: tuple[Kept, ...] = ()
    compared: tuple[str, ...] = ()
    excluded: tuple[Kept, ...] = ()
    mode: str = ""
    fwhm: tuple[float, float] | None = None
    lineshape: str = "voigt"
    width_class: str = ""
    stoichiometry: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    aliases: tuple[str, ...] = ()
    unit: str = "eV"
    note: str = ""
    needs: str = ""

    @property
    def is_confirmed(self) -> bool:
        """Whether a primary source states the position."""
        return self.status != UNCONFIRMED

    @property
    def position(self) -> str:
        """The position in words, with "unconfirmed" where that is so."""
        if self.center is None:
            shown = " or ".join(f"{value:g}" for value in self.alternatives) or "no value"
        else:
            shown = f"{self.center:g}"
        return f"{shown} {self.unit}" + ("" if self.is_confirmed else f" ({UNCONFIRMED})")


@dataclass(frozen=True)
class Separation:
    """How far apart two lines are in one spectrum or sample: free of the charge reference.

    `value` is the centre of `a` minus the centre of `b`; `values` are the printed ones.
    """

    id: str
    a: str
    b: str
    value: float
    tolerance: float
    status: str
    n: int = 0
    values: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    unit: str = "eV"
    note: str = ""


@dataclass(frozen=True)
class Overlap:
    """Something else that lies where a species is looked for.

    `window` is where it disturbs `level`; `mistaken_for` names entries it may be taken for;
    `test` is what tells them apart.
    """

    id: str
    level: str
    window: tuple[float, float]
    what: str
    status: str
    sources: tuple[str, ...]
    elements: tuple[str, ...] = ()
    mistaken_for: tuple[str, ...] = ()
    test: str = ""
    unit: str = "eV"
    note: str = ""


@dataclass(frozen=True)
class Standard:
    """A line to calibrate an axis on; `uncertainty` is the standard uncertainty (k = 1)."""

    id: str
    technique: str
    material: str
    line: str
    value: float
    unit: str
    status: str
    sources: tuple[str, ...]
    uncertainty: float | None = None
    use: str = ""
    note: str = ""


@dataclass(frozen=True)
class Width:
    """What is known of the width of one line of a level, in eV (FWHM)."""

    level: str
    bounds: tuple[float, float]
    status: str
    sources: tuple[str, ...]
    typical: tuple[float, float] | None = None
    recorded: str = ""
    note: str = ""

    @property
    def id(self) -> str:
        """The level."""
        return self.level


@dataclass(frozen=True)
class SensitivityFactor:
    """One row of a table of sensitivity factors; `kind` is ``"total"`` or ``"line"``.

    `values` belong to the photon energies of the table; 0 where the photons do not reach.
    """

    level: str
    kind: str
    value: float
    status: str
    note: str = ""
    table: str = ""
    values: tuple[float, ...] = ()


@dataclass(frozen=True)
class SensitivityTable:
    """A named table of sensitivity factors: never mixed with another.

    It is either of one photon energy, or of several: ``"xraylib@650"`` names a factor at one.
    """

    id: str
    title: str
    definition: str
    reference: str
    status: str
    sources: tuple[str, ...]
    rows: tuple[SensitivityFactor, ...]
    photon_energy_ev: float | None = None
    photon_energies_ev: tuple[float, ...] = ()
    errata: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True)
class AugerLine:
    """Main line of an Auger series; kinetic energy, and where it is with Al K alpha (eV)."""

    id: str
    element: str
    transition: str
    binding_al_ka_ev: float
    status: str
    sources: tuple[str, ...]
    kinetic_ev: float | None = None
    tolerance_ev: float = 10.0
    note: str = ""


@dataclass(frozen=True)
class PresetHeader:
    """The ``[preset]`` table of a preset file; the rest of the file is a recipe.

    `as_reported` presets repeat what a paper printed, impossible splittings included, and
    are for reproduction only; `warnings` are shown whenever the preset is loaded.
    """

    id: str
    description: str
    warnings: tuple[str, ...]
    sources: tuple[str, ...]
    as_reported: bool = False


KINDS: Mapping[str, type[Any]] = MappingProxyType(
    {
        "sources": CitedSource,
        "observations": Observation,
        "consensus": Entry,
        "separations": Separation,
        "overlaps": Overlap,
        "standards": Standard,
        "widths": Width,
        "sensitivity": SensitivityTable,
        "auger": AugerLine,
    }
)
"""Folder or file name of the library -> class of its rows."""


# ---------------------------------------------------------------------------------
# From a row of TOML to a record


def build(kind: type[_Record], row: Any, *, where: str) -> _Record:
    """Return the record of one row.

    Parameters
    ----------
    kind : type
        One of `KINDS`, or a class inside one.
    row : mapping
        As TOML gives it.
    where : str
        File and row, for the message.

    Raises
    ------
    DataError
        If the row is not a table, a key is unknown or missing, or a value is of another type.
    """
    if not isinstance(row, Mapping):
        raise DataError(f"a table is expected, found {row!r}.", hint="Correct it.", where=where)
    known = {f.name: f for f in fields(kind)}  # type: ignore[arg-type]
    for key in row:
        if key not in known:
            hint = did_you_mean(key, known)
            raise DataError(f'the key "{key}" is unknown.', hint=hint, where=where)
    optional = {n for n, f in known.items() if not (f.default is f.default_factory is MISSING)}
    missing = [name for name in known if name not in optional and name not in row]
    if missing:
        raise DataError(f'"{missing[0]}" is missing.', hint="Add it.", where=where)
    values = {
        key: _converted(str(known[key].type), value, f"{where}: {key}")
        for key, value in row.items()
    }
    return kind(**values)


def _converted(annotation: str, value: Any, where: str) -> Any:
    try:
        return CONVERTERS[annotation.removesuffix(" | None")](value, where)
    except (TypeError, ValueError) as error:
        raise DataError(
            f"{value!r} is not {WORDS.get(annotation.removesuffix(' | None'), 'as expected')}.",
            hint="Correct it.",
            where=where,
        ) from error


def _text(value: Any, where: str) -> str:
    if not isinstance(value, str):
        raise TypeError(value)
    return value


def _number(value: Any, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not isfinite(value):
        raise TypeError(value)
    return float(value)


def _flag(value: Any, where: str) -> bool:
    if not isinstance(value, bool):
        raise TypeError(value)
    return value


def _whole(value: Any, where: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(value)
    return value


def _texts(value: Any, where: str) -> tuple[str, ...]:
    return tuple(_text(item, where) for item in _list(value))


def _numbers(value: Any, where: str) -> tuple[float, ...]:
    return tuple(_number(item, where) for item in _list(value))


def _range(value: Any, where: str) -> tuple[float, float]:
    low, high = _numbers(value, where)
    if not low < high:
        raise ValueError(value)
    return low, high


def _atoms(value: Any, where: str) -> Mapping[str, float]:
    if not isinstance(value, Mapping):
        raise TypeError(value)
    return MappingProxyType({str(key): _number(item, where) for key, item in value.items()})


def _kept(value: Any, where: str) -> tuple[Kept, ...]:
    rows = ({"observation": item} if isinstance(item, str) else item for item in _list(value))
    return tuple(build(Kept, row, where=where) for row in rows)


def _factors(value: Any, where: str) -> tuple[SensitivityFactor, ...]:
    return tuple(
        build(SensitivityFactor, item, where=f"{where} {number}")
        for number, item in enumerate(_list(value), start=1)
    )


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError(value)
    return value


CONVERTERS: Mapping[str, Callable[[Any, str], Any]] = MappingProxyType(
    {
        "str": _text,
        "float": _number,
        "int": _whole,
        "bool": _flag,
        "tuple[str, ...]": _texts,
        "tuple[float, ...]": _numbers,
        "tuple[float, float]": _range,
        "Mapping[str, float]": _atoms,
        "tuple[Kept, ...]": _kept,
        "tuple[SensitivityFactor, ...]": _factors,
        "ChargeReference": lambda value, where: build(ChargeReference, value, where=where),
    }
)
WORDS: Mapping[str, str] = MappingProxyType(
    {
        "str": "a text in quotes (printed values keep their digits that way)",
        "float": "a finite number",
        "int": "a whole number",
        "bool": "true or false",
        "tuple[str, ...]": "a list of texts in quotes (printed values keep their digits that way)",
        "tuple[float, ...]": "a list of numbers",
        "tuple[float, float]": "a list of two numbers, the lower one first",
        "Mapping[str, float]": "a table of numbers",
    }
)


def is_printed_number(text: str) -> bool:
    """Return whether a text is a plain printed number, such as ``"131.6"``."""
    if not _FLOAT_TEXT.fullmatch(text):
        return False
    try:
        return Decimal(text).is_finite()
    except InvalidOperation:
        return False


def _last_digit(text: str) -> int:
    exponent = Decimal(text).as_tuple().exponent
    return exponent if isinstance(exponent, int) else 0
