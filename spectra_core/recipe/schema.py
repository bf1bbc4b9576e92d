"""The tables of a recipe, ``doublet-recipe/1``: which keys there are and what they hold.

A recipe says what is done to a spectrum so completely that another user gets the
same numbers from the same file. Each table of the TOML file is one frozen class here.
In the file a component lists its line shape's parameters beside its label, and a
background its options beside its type; here they are gathered under `parameters` and
`options`, because which names are allowed depends on the row of the line shape and
background tables (see `spectra_core.recipe.text`, which gathers and scatters them).

Values that are left out are None and take the default of their table row when the
model is made (`spectra_core.recipe.compile`).
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from ..core_levels import core_level, level_in
from ..curves.backgrounds import background_kind, complete_options
from ..curves.lineshapes import lineshape
from ..curves.measured import is_measured
from ..errors import ModelError
from ..fitting import DEFAULT_STARTS
from ..quantify.entry import DEFAULT_EXPONENT, DEFAULT_TABLE, QuantifyEntry
from ..shown import Shown
from ..uncertainty.quantities import FEWEST_DRAWS
from .formats import DEFAULT_FORMATS, Format

SCHEMA: Literal["doublet-recipe/1"] = "doublet-recipe/1"

# Beyond every energy, count and time that is ever measured; squares of it are still numbers.
LARGEST = 1e15

Number = Annotated[float, Field(strict=True, allow_inf_nan=False, ge=-LARGEST, le=LARGEST)]
Positive = Annotated[float, Field(strict=True, allow_inf_nan=False, gt=0, le=LARGEST)]
NotNegative = Annotated[float, Field(strict=True, allow_inf_nan=False, ge=0, le=LARGEST)]
Whole = Annotated[int, Field(strict=True, ge=0)]
Draws = Annotated[int, Field(strict=True, ge=0, le=1_000_000)]
Flag = Annotated[bool, Field(strict=True)]
Text = Annotated[str, Field(strict=True)]
Name = Annotated[str, StringConstraints(strict=True, min_length=1, pattern=r"^\S(.*\S)?$")]


class RecipeTable(BaseModel):
    """A table of the recipe: immutable, and no key but its own."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ParameterEntry(RecipeTable):
    """One parameter: a plain number in the file, or a table with these keys."""

    value: Number | None = Field(None, description="Value, or start value of a free parameter.")
    min: Number | None = Field(None, description="Lower bound.")
    max: Number | None = Field(None, description="Upper bound.")
    free: Flag | None = Field(
        None,
        description="Whether the fit varies it; left out: yes where bounds are given, else as"
        " usual for this parameter.",
    )
    share: Name | None = Field(
        None, description="Class: all parameters of this name and class are exactly equal."
    )
    prior: Positive | None = Field(
        None,
        description="What is known before the fit: `value` with this standard deviation.",
    )
    source: Text = Field("", description="Where that is known from; reports print it.")

    @model_validator(mode="before")
    @classmethod
    def _number_is_value(cls, entry: Any) -> Any:
        if isinstance(entry, (int, float)) and not isinstance(entry, bool):
            return {"value": entry}
        if not isinstance(entry, (dict, ParameterEntry)):
            raise ValueError(
                "must be a number or a table {value, min, max, free, share, prior},"
                f" found {entry!r}"
            )
        return entry

    @model_validator(mode="after")
    def _bounds_in_order(self) -> ParameterEntry:
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"min = {self.min:g} is above max = {self.max:g}")
        return self

    @model_validator(mode="after")
    def _prior_is_about_a_value(self) -> ParameterEntry:
        if self.prior is not None and self.value is None:
            raise ValueError("a prior needs `value`, what is known")
        if self.prior is not None and self.free is False:
            raise ValueError("a prior is for a parameter that is fitted, but free = false")
        if self.source and self.prior is None:
            raise ValueError("`source` is that of a prior, but there is none")
        return self


class UnlockEntry(RecipeTable):
    """A doublet constraint taken off: the parameter of the minor line, and the reason."""

    parameter: Name = Field(description="Parameter of the minor line that is fitted by itself.")
    reason: Name = Field(description="Why; every report prints it.")
    value: Number | None = Field(None, description="Its value or start value.")
    min: Number | None = Field(None, description="Its lower bound.")
    max: Number | None = Field(None, description="Its upper bound.")
    free: Flag | None = Field(None, description="Whether the fit varies it.")
    prior: Positive | None = Field(
        None,
        description="Standard deviation of the constraint that is taken off, in its unit; of an"
        " area as a part of it.",
    )
    share: Name | None = Field(
        None,
        description="Class: the doublets of a region with this class depart from the constraint"
        " by equal amounts, in the axis unit; the first of them says by how much.",
    )
    source: Text = Field("", description="Where that is known from; reports print it.")

    @property
    def is_bare(self) -> bool:
        """Whether it says nothing but its parameter, class and reason."""
        return self == UnlockEntry(parameter=self.parameter, reason=self.reason, share=self.share)

    @model_validator(mode="after")
    def _source_has_a_prior(self) -> UnlockEntry:
        if self.source and self.prior is None:
            raise ValueError("`source` is that of a prior, but there is none")
        if self.share is not None and self.parameter in ("area", "height"):
            raise ValueError("`share` is for positions and widths, not for an area ratio")
        return self


class ComponentEntry(RecipeTable):
    """A component, or a doublet as one object where `line` is a p, d or f level."""

    use: Text = Field(
        "", description="Library entry that fills what is left out, e.g. xps/ps4/s2p."
    )
    label: Name = Field(description="What it is called in tables and figures.")
    id: Name | None = Field(None, description="Name in paths; left out: the label.")
    line: Text = Field(
        "", description='Core level ("S 2p": a doublet) or line ("S 2p3/2": a single line).'
    )
    doublet: Flag | None = Field(
        None,
        description="false: a single line although the level has two; `line` is then free text.",
    )
    species: Text = Field("", description="Species it is assigned to.")
    lineshape: Text = Field("voigt", description="Row of the table of line shapes.")
    enabled: Flag = Field(True, description="false: kept in the recipe but not evaluated.")
    splitting: NotNegative | None = Field(
        None, description="Spin-orbit splitting in eV, in place of the core level's."
    )
    ratio: Positive | None = Field(
        None, description="Minor over major area, in place of (2j+1) of the core level."
    )
    unlock: tuple[UnlockEntry, ...] = Field((), description="Doublet constraints taken off.")
    parameters: dict[str, ParameterEntry] = Field(default_factory=dict)

    @property
    def name(self) -> str:
        """Id of the component or doublet."""
        return self.id or self.label

    @property
    def is_doublet(self) -> bool:
        """Whether this is two lines of one level."""
        if self.doublet is not None or not self.line or is_measured(self.lineshape):
            return bool(self.doublet)
        level = core_level(self.line)
        return level.is_doublet and level.line is None

    @model_validator(mode="after")
    def _rows_exist(self) -> ComponentEntry:
        try:
            lineshape(self.lineshape)
            is_doublet = self.is_doublet
        except ModelError as error:
            raise ValueError(str(error)) from None
        keys = [key for key in ("splitting", "ratio") if getattr(self, key) is not None]
        keys += ["unlock"] if self.unlock else []
        if keys and not is_doublet:
            raise ValueError(
                f'{keys[0]} needs a doublet, but this is a single line: give line = "S 2p"'
                " or another p, d or f level"
            )
        if is_doublet and is_measured(self.lineshape):
            raise ValueError("a measured spectrum holds both lines of its level: no doublet of it")
        if self.doublet and not self.line:
            raise ValueError('a doublet needs its core level: give line = "S 2p" or another')
        return self


class BackgroundEntry(RecipeTable):
    """Background of a region: a row of the table of backgrounds."""

    type: Text = Field(description="Row of the table of backgrounds.")
    mode: Literal["active", "static"] | None = Field(
        None, description="Fitted with the peaks, or computed from the data beforehand."
    )
    options: dict[str, Any] = Field(default_factory=dict)
    parameters: dict[str, ParameterEntry] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _row_exists(self) -> BackgroundEntry:
        try:
            complete_options(background_kind(self.type), self.options, mode=self.mode)
        except ModelError as error:
            raise ValueError(str(error)) from None
        return self


class RegionEntry(RecipeTable):
    """A window of one spectrum with its background and components."""

    name: Name = Field(description="Unique; first part of every path.")
    match: Text = Field(
        "", description='Shell-style pattern of the spectra it is for; left out: name + "*".'
    )
    sample: Text = Field(
        "",
        description="Shell-style pattern of the sample it is for, in a recipe whose regions are"
        " of several samples; then every region has one.",
    )
    window: tuple[Number, Number] = Field(
        description="Both ends on the calibrated axis (eV or cm-1)."
    )
    background: BackgroundEntry
    shift: ParameterEntry | None = Field(
        None, description="Added to every centre of the region; fixed at 0 if left out."
    )
    component: tuple[ComponentEntry, ...] = ()

    @model_validator(mode="after")
    def _names_are_unique(self) -> RegionEntry:
        _check_unique([c.name for c in self.component], "components")
        if self.window[0] == self.window[1]:
            raise ValueError(f"window = [{self.window[0]:g}, {self.window[1]:g}] is empty")
        return self


class LinkEntry(RecipeTable):
    """An exact tie: parameter = offset + times x equals (summed if there are several)."""

    parameter: Name = Field(description='Path of the dependent parameter, "region/label/area".')
    equals: Name | tuple[Name, ...] = Field(description="Path or paths it follows from.")
    times: Number | tuple[Number, ...] = Field(1.0, description="Factor or factors.")
    offset: Number = Field(0.0, description="Added, in the unit of the parameter.")
    sensitivity: Literal["auto"] | None = Field(
        None,
        description='"auto": times is multiplied by the sensitivity factor of the parameter\'s'
        " level over that of the level it follows from.",
    )
    sensitivity_table: Text = Field(
        "", description="Table of sensitivity factors; left out: scofield-al-ka."
    )
    note: Text = Field("", description="Why; reports print it.")

    @property
    def sources(self) -> tuple[str, ...]:
        """Paths on the right-hand side."""
        return (self.equals,) if isinstance(self.equals, str) else self.equals

    @property
    def factors(self) -> tuple[float, ...]:
        """One factor for each source."""
        if isinstance(self.times, tuple):
            return self.times
        return (self.times,) * len(self.sources)

    @model_validator(mode="after")
    def _one_factor_each(self) -> LinkEntry:
        if len(self.factors) != len(self.sources):
            raise ValueError(
                f"times has {len(self.factors)} numbers for {len(self.sources)} paths in equals"
            )
        if self.sensitivity_table and self.sensitivity is None:
            raise ValueError('sensitivity_table is only for sensitivity = "auto"')
        return self


class PriorEntry(RecipeTable):
    """What is known before the fit: of - times x minus = value, with a standard deviation."""

    of: Name = Field(description='Path of a parameter, "region/label/area".')
    minus: Name | tuple[Name, ...] = Field(
        (), description="Path or paths that are subtracted, each with its factor."
    )
    times: Number | tuple[Number, ...] = Field(1.0, description="Factor or factors.")
    value: Number = Field(0.0, description="What the difference is.")
    sd: Positive | None = Field(None, description="Its standard deviation, in its unit.")
    relative: Positive | None = Field(
        None,
        description="In place of `sd`: as a part of what is subtracted (or of `value`).",
    )
    relative_to: Text = Field(
        "", description="Path of what `relative` is a part of, in place of what is subtracted."
    )
    sensitivity: Literal["auto"] | None = Field(
        None,
        description='"auto": times is multiplied by the sensitivity factor of the level of `of`'
        " over that of the level of `minus`.",
    )
    sensitivity_table: Text = Field(
        "", description="Table of sensitivity factors; left out: scofield-al-ka."
    )
    group: Literal["energies", "ties", "shape", "background", "reference"] | None = Field(
        None, description="Row of an error budget it belongs to; left out: as `of` says."
    )
    source: Text = Field("", description="Where it is known from; reports print it.")

    @property
    def sources(self) -> tuple[str, ...]:
        """Paths that are subtracted."""
        return (self.minus,) if isinstance(self.minus, str) else self.minus

    @property
    def factors(self) -> tuple[float, ...]:
        """One factor for each of them."""
        if isinstance(self.times, tuple):
            return self.times
        return (self.times,) * len(self.sources)

    @model_validator(mode="after")
    def _says_one_thing(self) -> PriorEntry:
        if (self.sd is None) == (self.relative is None):
            raise ValueError("give either `sd` or `relative`")
        if len(self.factors) != len(self.sources):
            raise ValueError(
                f"times has {len(self.factors)} numbers for {len(self.sources)} paths in minus"
            )
        if 0 in self.factors:
            raise ValueError("a factor in times is 0")
        if self.relative_to and self.relative is None:
            raise ValueError("`relative_to` is only for `relative`")
        alone = not self.sources and self.value == 0 and not self.relative_to
        if self.relative is not None and alone:
            raise ValueError("`relative` is a part of what is subtracted, and nothing is")
        if self.sensitivity_table and self.sensitivity is None:
            raise ValueError('sensitivity_table is only for sensitivity = "auto"')
        return self


class UncertaintyEntry(RecipeTable):
    """Which rows the error budget of a ratio has beside that of the counts."""

    monte_carlo: Draws = Field(500, description="Monte Carlo draws, 40 or more; 0: none.")
    background: Flag = Field(True, description="Try other windows and backgrounds.")
    model: Flag = Field(
        True, description="Try other splittings, widths, line shapes, one component more or fewer."
    )
    reference: NotNegative | None = Field(
        None,
        description="Relative standard uncertainty from sensitivity factors, for a ratio across"
        " core levels.",
    )

    @model_validator(mode="after")
    def _enough_draws(self) -> UncertaintyEntry:
        if 0 < self.monte_carlo < FEWEST_DRAWS:
            raise ValueError(
                f"monte_carlo = {self.monte_carlo} draws are too few for an interval: give"
                f" {FEWEST_DRAWS} or more, better 500, or 0 for none"
            )
        return self


class RatioEntry(RecipeTable):
    """An area ratio to report."""

    name: Name
    numerator: tuple[Name, ...] = Field(
        min_length=1, description='Labels of components or doublets, or "region/label".'
    )
    denominator: tuple[Name, ...] = Field(min_length=1, description="As numerator.")
    uncertainty: UncertaintyEntry | Literal["counting"] = Field(
        UncertaintyEntry(),
        description='Error budget; left out: all rows; "counting": that of the counts alone.',
    )

    @model_validator(mode="before")
    @classmethod
    def _text_is_one_label(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        sides = {
            key: (value[key],)
            for key in ("numerator", "denominator")
            if isinstance(value.get(key), str)
        }
        return value | sides


class CalibrationEntry(RecipeTable):
    """Charge correction: a shift, a reference with both energies, or one to be measured."""

    shift: Number | None = Field(None, description="Added to the recorded binding energy, eV.")
    reference: Text = Field("", description='What it was derived from, e.g. "C 1s".')
    assigned: Number | None = Field(
        None, description="Energy the reference is given, eV; left out for C 1s: by its kind."
    )
    measured: Number | None = Field(
        None,
        description="Energy at which it was found, eV; left out: found in the spectrum of the"
        " sample that the reference names.",
    )
    uncertainty: NotNegative | None = Field(
        None, description="Standard uncertainty, eV; of the assigned energy if it is measured here."
    )
    scale: Number = Field(0.0, description="Of a Raman axis: added times the recorded shift.")
    bend: Number = Field(0.0, description="Of a Raman axis: added times its square, 1/cm-1.")
    method: Literal["fit", "pick"] = Field(
        "fit", description="How the reference is found: a small fit, or the top of the line."
    )
    kind: Literal["adventitious", "carbon black"] | None = Field(
        None, description="Which carbon a C 1s reference is; left out: told apart by the fit."
    )
    per: Literal["sample", "spectrum"] = Field(
        "sample",
        description="One shift for the sample, or one for each of its etch levels.",
    )

    @property
    def is_measured(self) -> bool:
        """Whether the reference is to be found in a spectrum of the sample."""
        return self.shift is None and self.measured is None

    @model_validator(mode="after")
    def _shift_or_reference(self) -> CalibrationEntry:
        if self.shift is not None:
            if self.assigned is not None or self.measured is not None:
                raise ValueError("give either `shift` or `assigned` and `measured`, not both")
            return self
        carbon = level_in(self.reference) == "C 1s"
        if self.measured is None and not self.reference:
            raise ValueError(
                "give `measured`, the energy in eV, `shift`, or a `reference` to be found in a"
                ' spectrum of the sample, e.g. "C 1s"; the shift is assigned - measured'
            )
        if self.assigned is None and not (carbon and self.measured is None):
            raise ValueError(
                "give `assigned`, the energy in eV, or `shift`; the shift is assigned - measured"
            )
        if self.kind is not None and not carbon:
            raise ValueError("`kind` is only for the reference C 1s")
        return self


class QuantifyTable(RecipeTable):
    """Atomic fractions from the areas of core levels."""

    table: Name = Field(
        DEFAULT_TABLE,
        description='Sensitivity factors: a table of the library ("xraylib@ENERGY" for other'
        " photons), or a csv or TOML file.",
    )
    column: Name | None = Field(None, description='Column of a csv, e.g. "CorrectedRSF".')
    factors: dict[Name, Positive] = Field(
        {}, description='Factors in place of a table, e.g. { "S 2p" = 1.677, "In 3d5" = 4.53 }.'
    )
    holds: tuple[Literal["length", "transmission", "angle"], ...] = Field(
        (), description="What these hold beside the cross section, and is not applied again."
    )
    relative: NotNegative | None = Field(
        None, description="Relative standard uncertainty of each factor."
    )
    transmission: Literal["recorded", "none"] | Number = Field(
        "recorded", description="Of the analyser, or an exponent of the kinetic energy."
    )
    length: Name | Number = Field(
        DEFAULT_EXPONENT,
        description='"tpp2m:MATERIAL", "none", or an exponent of the kinetic energy.',
    )
    angle: Number | None = Field(
        None, description="Degrees between X-rays and analyser, for the angular term."
    )

    @model_validator(mode="after")
    def _one_source(self) -> QuantifyTable:
        if self.factors and self.table != DEFAULT_TABLE:
            raise ValueError("give either `table` or `factors`, not both")
        if self.holds and not self.factors:
            raise ValueError("`holds` is only for `factors`: a table says itself what it holds")
        return self

    @property
    def entry(self) -> QuantifyEntry:
        """The same for `spectra_core.quantify`."""
        return QuantifyEntry(
            self.table,
            self.column,
            self.transmission,
            self.length,
            self.angle,
            dict(self.factors),
            self.holds,
            self.relative,
        )


class SeriesTable(RecipeTable):
    """How the levels of a profile or series are fitted together."""

    axis: Name | None = Field(
        None,
        description='What orders the levels: "sputter_time", "voltage", "index"...; left out: the'
        " coordinate that tells them apart.",
    )
    free: tuple[Name, ...] = Field(
        (), description='Each level its own: paths, * for anything, e.g. "S 2p/*/fwhm".'
    )
    shared: tuple[Name, ...] = Field((), description="One value for all levels, as `free`.")
    smooth: dict[Name, Positive] = Field(
        {},
        description="Standard deviation of the difference between neighbours, by path or pattern,"
        ' e.g. { "*/region/shift" = 0.1 }.',
    )
    factors: Whole = Field(
        0,
        description="Non-negative factors of each region without a model, with their rotational"
        " spread; 0 makes none.",
    )
    align: Flag = Field(True, description="Slide levels back that lie more than 1 eV off.")
    rate: Positive | None = Field(None, description="Sputter rate, nm/s; makes the depth axis.")
    rate_relative: NotNegative = Field(0.1, description="Its relative standard uncertainty.")
    rate_material: Text = Field("", description='What it was measured on, e.g. "Ta2O5".')
    relative_yield: Positive = Field(
        1.0, description="Sputter yield of the film over that of this material."
    )
    yield_relative: NotNegative = Field(0.4, description="Its relative standard uncertainty.")
    film: tuple[Positive, Positive] | None = Field(
        None, description="Thickness of the film as stated, lowest and highest, nm: it is checked."
    )
    film_length: Positive = Field(
        3.2, description="Attenuation length of the substrate's line in the film, nm."
    )


class FitEntry(RecipeTable):
    """How to fit."""

    weights: Literal["auto", "poisson", "unit", "given"] = Field(
        "auto", description="auto: given standard deviations, else Poisson counts, else unit."
    )
    method: Name = Field("lm", description='"lm", or the name of an lmfit minimiser.')
    starts: Annotated[int, Field(strict=True, ge=1, le=100_000)] = Field(
        DEFAULT_STARTS,
        description="Starting points; those after the first are scattered at random.",
    )
    spread: Positive = Field(1.0, description="Size of the scatter, in typical widths / 3.")
    seed: Whole = Field(0, description="Of the scatter.")


class ReportEntry(RecipeTable):
    """What is written."""

    formats: tuple[Format, ...] = DEFAULT_FORMATS


class SimulateEntry(RecipeTable):
    """How a spectrum is simulated from this recipe."""

    sample: Text = Field("simulated", description="Sample name of the synthetic spectra.")
    axis: Literal["binding", "raman"] = Field(
        "binding", description="What the windows are: binding energy in eV, or Raman shift in cm-1."
    )
    laser: Positive | None = Field(None, description="Wavelength of the laser (Raman), nm.")
    step: Positive = Field(0.05, description="Channel width, eV or cm-1.")
    dwell: Positive = Field(0.1, description="Seconds per channel of one scan.")
    scans: Annotated[int, Field(strict=True, ge=1)] = Field(10, description="Scans added up.")
    photon_energy: Positive = Field(1486.6, description="eV.")
    peak_counts: Positive | None = Field(
        None, description="Counts at the highest channel; left out: as the areas say."
    )
    etch_time: Annotated[float, Field(strict=True, ge=0)] | None = Field(
        None, description="Sputter time before the spectra, s."
    )
    seed: Whole | None = Field(None, description="Of the counting noise.")


AT_SAMPLE = " @ "
"""Stands between region and sample in the name of a region of several samples."""


class SamplesEntry(RecipeTable):
    """Several samples in one model."""

    together: Flag = Field(True, description="Fit all samples together, in one model.")
    share: tuple[Name, ...] = Field(
        (),
        description='Parameters with one value for all samples, as "region/label/parameter";'
        " * stands for anything.",
    )

    @model_validator(mode="after")
    def _together_to_share(self) -> SamplesEntry:
        if self.share and not self.together:
            raise ValueError("samples share only what is fitted together: leave `together` out")
        return self


class MaskEntry(RecipeTable):
    """Channels that do not count; they are kept, marked, and never filled in."""

    spikes: Flag = Field(
        False, description="Look for cosmic rays and saturated channels of Raman spectra."
    )
    threshold: Positive | None = Field(
        None, description="Standard deviations that a ray stands out by; left out: 6."
    )
    windows: tuple[tuple[Number, Number], ...] = Field(
        (), description="Windows [low, high] on the calibrated axis whose channels do not count."
    )

    @model_validator(mode="after")
    def _windows_are_ascending(self) -> MaskEntry:
        for low, high in self.windows:
            if low > high:
                raise ValueError(f"the window {low:g} to {high:g} must be written low, high")
        return self


class Recipe(Shown, RecipeTable):
    """A whole recipe."""

    schema_: Literal["doublet-recipe/1"] = Field(alias="schema", description=f'"{SCHEMA}".')
    title: Text = ""
    calibration: CalibrationEntry | None = None
    mask: MaskEntry | None = Field(None, description="Channels that do not count.")
    share_shift: Flag = Field(False, description="One charge shift, fitted, for all regions.")
    samples: SamplesEntry | None = Field(
        None, description="Several samples in one model; left out: each by itself."
    )
    region: tuple[RegionEntry, ...] = Field(min_length=1)
    link: tuple[LinkEntry, ...] = ()
    prior: tuple[PriorEntry, ...] = ()
    ratio: tuple[RatioEntry, ...] = ()
    series: SeriesTable | None = Field(
        None, description="Levels fitted together by `doublet series`."
    )
    quantify: QuantifyTable | None = Field(
        None, description="Atomic fractions; left out: none are worked out."
    )
    fit: FitEntry = FitEntry()
    report: ReportEntry = ReportEntry()
    simulate: SimulateEntry | None = None

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    @model_validator(mode="after")
    def _names_are_unique(self) -> Recipe:
        _check_unique([region.name for region in self.region], "regions")
        _check_unique([ratio.name for ratio in self.ratio], "ratios")
        return self

    @model_validator(mode="after")
    def _samples_in_one_way(self) -> Recipe:
        named = [region.name for region in self.region if region.sample]
        if named and len(named) < len(self.region):
            raise ValueError(f"{named[0]} names its sample, so every region must")
        if named and self.samples is not None:
            raise ValueError("[samples] is for regions that name no sample")
        return self

    @property
    def is_together(self) -> bool:
        """Whether all samples are fitted in one model."""
        return self.samples is not None and self.samples.together


def _check_unique(names: list[str], what: str) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"two {what} are called {', '.join(twice)}")
